"""How a master was made, in words: computed from a method check and the authorship fold, never written by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from generation.audio.likeness import measured
from generation.models import MethodCheck
from provenance.elements import element_label
from provenance.words import join
from release.evidence import Evidence, evidence_for

VERDICTS = {"confirmed": "Confirmed", "refuted": "Refuted", "undecided": "Undecided"}


@dataclass(frozen=True)
class RuleLine:
    sentence: str
    verdict: str
    because: str
    entries: int
    compared: int

    @property
    def verdict_words(self) -> str:
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class Account:
    """What a stranger reads: who, by which rules, what was found, and how sure that is."""

    title: str
    artist: str
    statement: str
    method_number: int
    method_from: dt.datetime
    checked_at: dt.datetime
    checked_entry: str
    lines: tuple[RuleLine, ...]
    elements: tuple[tuple[str, str], ...]
    entries: int
    comparisons: int
    measured: str

    @property
    def summary(self) -> str:
        counts = [
            (sum(line.verdict == verdict for line in self.lines), words.lower())
            for verdict, words in VERDICTS.items()
        ]
        return join(f"{many} {words}" for many, words in counts if many)


def account(check: MethodCheck, *, evidence: Evidence | None = None) -> Account:
    """The account of a finished check. Uploads and takes are named by their role and number only."""
    master = check.master
    evidence = evidence or evidence_for(master)
    recording = getattr(master, "recording", None)
    method = check.method
    return Account(
        title=recording.title if recording else master.project.title,
        artist=master.project.artist.name,
        statement=method.statement,
        method_number=method.number,
        method_from=method.created_at,
        checked_at=check.entry.at,
        checked_entry=bytes(check.entry.leaf_hash).hex(),
        lines=tuple(
            RuleLine(one["sentence"], one["verdict"], one["because"], len(one["entries"]), one["compared"])
            for one in check.outcomes
        ),
        elements=tuple(
            (
                element_label(finding.element),
                join(sorted(origin.replace("_", " ") for origin in finding.origins)),
            )
            for finding in evidence.findings
        ),
        entries=len(evidence.map.entries),
        comparisons=check.comparisons,
        measured=error_rates(),
    )


def error_rates() -> str:
    """How often the comparison of sound is wrong, in a sentence, from what was measured."""
    found = measured()
    alarms, hits = found["false_alarms"], found["hits"]
    real, made = alarms["real"], alarms["rendered"]
    under = {
        name: hits[name]
        for name in ("as loud as other music", "6 dB below other music", "12 dB below other music")
    }
    told = join(f"{one['sound']} of {one['n']} {name}" for name, one in under.items())
    return (
        f"Measured on {found['measured_on']}: of {real['n']} pairs of different recordings {real['sound']} were taken "
        f"for the same sound; of {made['n']} pairs of takes by one synthesiser, which share its samples, "
        f"{made['sound']} were, and {made['sister']} by the stricter bound that counts there. Found were {told}."
    )
