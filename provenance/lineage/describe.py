"""Titles and notes of lineage nodes from the public part of entries. Whatever is missing is left out.

Names that a person gave are sealed in the vault; a page that may show them passes them to `graph` as `names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from provenance.authorship.bodies import EntryBody
from provenance.elements import ROLES, role_label

STEP_NOUNS = {
    "run": "prompt run",
    "prompt_run": "prompt run",
    "version": "arrangement",
    "arrangement_version": "arrangement",
    "arrangement": "arrangement",
}
"""Subjects that stand between what went into a step and what came out, most telling first."""

_LEFT_OUT = frozenset({"full_mix", "other"})


def short(digest: str) -> str:
    """A digest as people compare it: "9f2c…e41"."""
    return f"{digest[:4]}…{digest[-3:]}" if len(digest) > 8 else digest


def step_of(entry: EntryBody) -> str | None:
    """The subject of an entry that is a step of its own, such as the prompt run of a take."""
    nouns = {subject.partition(":")[0]: subject for subject in entry.subjects}
    return next((nouns[noun] for noun in STEP_NOUNS if noun in nouns), None)


def step_noun(subject: str) -> str:
    """What people call the step: "prompt run" for "run:..."."""
    noun = subject.partition(":")[0]
    return STEP_NOUNS.get(noun, noun.replace("_", " "))


def noun_of(entry: EntryBody) -> str:
    """The noun of an event kind: "take" of `take.generated`."""
    return entry.kind.partition(".")[0]


#: Subjects whose entries are called after something else: versions are saved as "arrangement.saved".
_SPOKEN_OF: Final = {"version": "arrangement"}


def describe_step(subject: str, entries: Sequence[EntryBody]) -> tuple[str, str]:
    """Title and note of a step from the entries about it that made no sound."""
    name = subject.partition(":")[2]
    title = step_noun(subject).capitalize()
    facts: dict[str, object] = {}
    edits: int | None = None
    kind = subject.partition(":")[0]
    for entry in entries:
        # A decision about a take concerns its run too, but its numbers are the take's.
        facts.update(entry.public if noun_of(entry) in (kind, _SPOKEN_OF.get(kind)) else {})
        counts = entry.public.get("edit_counts")
        if isinstance(counts, Mapping):
            edits = (edits or 0) + sum(n for n in counts.values() if isinstance(n, int))
    number = _number(facts, "number")
    if number is not None:
        title += f" v{number}" if title == "Arrangement" else f" {number}"
    if edits is not None:
        return title, f"{edits} {'edit' if edits == 1 else 'edits'}"
    engine, variations = facts.get("engine"), _number(facts, "variations")
    if isinstance(engine, str) and engine:
        return title, engine + (f" · {variations} takes" if variations else "")
    return title, short(name)


def describe_assets(
    entry: EntryBody, digests: Sequence[str], roles: Sequence[str], target: str
) -> tuple[str, str]:
    """Title and note of what one entry made; several digests are outputs that went the same way."""
    noun = noun_of(entry)
    title = noun.replace("_", " ").capitalize()
    number = _number(entry.public, "number")
    if number is not None and noun not in {"render", "version", "arrangement"}:
        title += f" {number}"
    parts = [role_label(role) for role in roles if role in ROLES and role not in _LEFT_OUT]
    if len(digests) > 1:
        title += f", {len(digests)} stems" if len(parts) == len(digests) else f", {len(digests)} files"
    elif parts:
        title += f", {parts[0]}"
    return title, _note(entry, digests, number if noun == "render" else None)


def _note(entry: EntryBody, digests: Sequence[str], version: int | None) -> str:
    engine, seed = entry.public.get("engine"), _number(entry.public, "seed")
    if isinstance(engine, str) and engine:
        return engine + (f" · seed {seed}" if seed is not None else "")
    loudness = _loudness(entry.public.get("report"))
    if loudness:
        return loudness
    if version is not None:
        return f"of version {version}"
    bases = {claims.basis or entry.basis for sha, claims in entry.authorship.items() if sha in digests}
    if noun_of(entry) in {"upload", "recording", "import"} and len(bases) == 1:
        return next(iter(bases)).label
    return short(digests[0])


def _loudness(report: object) -> str:
    """The integrated loudness that a master's report ends with, "−14.0 LUFS"."""
    if not isinstance(report, Mapping):
        return ""
    for name in ("after_lufs_milli", "lufs_milli", "integrated_lufs_milli", "after_integrated_lufs_milli"):
        value = report.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value / 1000:.1f} LUFS".replace("-", "\N{MINUS SIGN}")
    return ""


def _number(facts: Mapping[str, object], name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
