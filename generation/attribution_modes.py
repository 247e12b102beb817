"""What the takes of each mode are, element by element and stretch by stretch: the rows of the rules, for engines.

A row names the kind of engine that the rules were written with; here it is the engine that made the take (`by`): rules
and chance, or a trained model. Tools that add nothing of their own (`Mode.creates` is False) have rows without one.
Pure: no Django, no engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from generation import modes
from generation.attribution import BadAttribution
from generation.attribution_rules import RULES, RULES_VERSION, Rule, Step
from provenance.elements import (
    COMPOSITION_ELEMENTS,
    ROLE_ELEMENTS,
    Basis,
    Origin,
    elements_of,
    performance,
)

__all__ = ["STEPS", "GivenAsset", "Made", "Untouched", "attribute", "part_of"]

#: The row that speaks for each mode.
STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {
        modes.TEXT_TO_MUSIC: Step.TEXT_TO_MUSIC,
        modes.UNCONDITIONAL: Step.TEXT_TO_MUSIC,
        modes.MELODY: Step.MELODY_GUIDED,
        modes.CONTINUATION: Step.CONTINUATION,
        modes.REPLACEMENT: Step.SECTION_REPLACEMENT,
        modes.AUDIO_TO_AUDIO: Step.AUDIO_TO_AUDIO,
        modes.REFERENCE: Step.STYLE_REFERENCE,
        modes.LYRICS: Step.LYRICS_TO_SONG,
        modes.PARTS: Step.PARTS,
        modes.STEMS: Step.SEPARATION,
        modes.SOUND_EFFECTS: Step.SOUND_EFFECTS,
        modes.TO_NOTES: Step.NOTES_TO_AUDIO,
        modes.CHORDS: Step.CHORDS,
        modes.HARMONISE: Step.HARMONISATION,
        modes.ACCOMPANY: Step.ACCOMPANIMENT,
        modes.CONTINUE_NOTES: Step.NOTES_CONTINUATION,
        modes.VARY: Step.VARIATION,
        modes.HUMANISE: Step.HUMANISE,
        modes.PLAY_NOTES: Step.NOTES_TO_AUDIO,
    }
)
#: Modes whose take sounds like what they are given: an extended bass line is a bass line.
LIKE_THEIR_SOURCE: Final = frozenset(
    (
        modes.CONTINUATION, modes.REPLACEMENT, modes.AUDIO_TO_AUDIO, modes.TO_NOTES, modes.CONTINUE_NOTES, modes.VARY,
        modes.HUMANISE, modes.PLAY_NOTES,
    )
)  # fmt: skip
#: Which given thing a row's "source", "melody" or "notes" is: the first of these roles that was given.
_SOURCES: Final = ("source", "notes", "melody")
_ENGINES: Final = frozenset({Origin.TRAINED_MODEL, Origin.PROCEDURAL})
_SINGS: Final = frozenset({"full_mix", "lead_vocal", "backing_vocal"})
TRACK: Final = "take"


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenAsset:
    """What the take was made out of. `part`: its role among parts; `from_ms`: where the given stretch begins."""

    role: str
    sha256: str
    part: str = "full_mix"
    from_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Untouched:
    """A stretch of the take that is an input as it was given (`engine.base.Kept`)."""

    role: str
    from_ms: int
    to_ms: int
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came out of one take: digests and roles, and what the request said that matters for who made it.

    `stems` and `notes`: digest -> role. `lyrics`, `chords`: the artist wrote some. `section_ms` in the take's time.
    """

    mode: str
    by: Origin
    sha256: str
    part: str
    length_ms: int
    stems: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    given: Sequence[GivenAsset] = ()
    kept: Sequence[Untouched] = ()
    section_ms: tuple[int, int] | None = None
    lyrics: bool = False
    chords: bool = False


def attribute(made: Made) -> dict[str, Any]:
    """The `authorship` object of a take's entry. Raises `BadAttribution`.

    Bytes that are one of the inputs again say nothing here: what they are is known already.
    """
    if made.mode not in STEPS or made.by not in _ENGINES:
        raise BadAttribution(f"No row of the rules speaks for {made.mode!r} by {made.by}.")
    for role in (made.part, *made.stems.values(), *made.notes.values()):
        if role not in ROLE_ELEMENTS:
            raise BadAttribution(f"No role is called {role!r}.")
    inputs = {one.sha256 for one in made.given}
    outputs: dict[str, Any] = {}
    whole = {"role": made.part, "claims": _claims(made, made.part, whole=True)}
    if regions := _regions(made):
        whole["regions"] = regions
    outputs[made.sha256] = whole
    for sha256, role in made.stems.items():
        outputs.setdefault(sha256, {"role": role, "claims": _claims(made, role, whole=False)})
    for sha256, role in made.notes.items():
        outputs.setdefault(sha256, {"role": role, "claims": _written(made, role)})
    return {
        "rules": RULES_VERSION,
        "outputs": {sha256: output for sha256, output in outputs.items() if sha256 not in inputs},
    }


def _claims(made: Made, role: str, *, whole: bool) -> list[dict[str, Any]]:
    """One claim per element that the role carries; a whole take also takes over all that its source carries."""
    source = _source(made)
    carried = set(elements_of(role))
    found: list[dict[str, Any]] = []
    for rule in RULES[_step(made)]:
        element = performance(role) if rule.element == "performance" else rule.element
        if element == "*":
            if whole and source is not None:
                found.append({"element": "*", "from": [source.sha256]})
            elif made.mode == modes.STEMS and source is not None:
                found += [{"element": name, "from": [source.sha256]} for name in elements_of(role)]
            continue
        if element not in carried or (element == "lyrics" and (_sung(made) or rule.origin is None)):
            continue  # words come from the artist, from the engine, or not at all: notes carry none
        found.append(_claim(made, rule, element, source))
    if _sung(made) and role in _SINGS:
        found.append(_lyrics(made, source))
    if (
        made.chords
        and made.mode in (modes.CHORDS, modes.ACCOMPANY)
        and source is None
        and "harmony" in carried
    ):
        found.append({"element": "harmony", "origin": Origin.HUMAN.value, "basis": Basis.DECLARED.value})
    return found


def _written(made: Made, role: str) -> list[dict[str, Any]]:
    """What notes carry: what is composed, neither playing nor sound. A rhythm alone counts as arrangement."""
    composed = tuple(name for name in ROLE_ELEMENTS[role] if name != "lyrics") or ("arrangement",)
    if made.mode == modes.TO_NOTES:
        source = _source(made)
        if source is None:
            raise BadAttribution("Notes of a recording need the recording.")
        return [_from(name, source) for name in composed]
    found = [claim for claim in _claims(made, "full_mix", whole=False) if claim["element"] in composed]
    return found or [{"element": name, "origin": made.by.value} for name in composed]


def _claim(made: Made, rule: Rule, element: str, source: GivenAsset | None) -> dict[str, Any]:
    claim: dict[str, Any] = {}
    if rule.inherits is not None:
        if source is None:
            raise BadAttribution(f"{made.mode} needs the digest of what it is given.")
        claim = _from(element, source)
    claim["element"] = element
    if rule.origin is not None:
        creates = modes.MODES[made.mode].creates and rule.origin in _ENGINES
        claim["origin"] = (made.by if creates else rule.origin).value
    return claim


def _from(element: str, source: GivenAsset) -> dict[str, Any]:
    """Inheritance of an element; a single part calls it otherwise: a hummed bass line is tune and harmony alike."""
    claim: dict[str, Any] = {"element": element, "from": [source.sha256]}
    if element not in COMPOSITION_ELEMENTS or element == "lyrics" or source.part == "full_mix":
        return claim
    carries = [name for name in ROLE_ELEMENTS[source.part] if name != "lyrics"]
    if element not in carries:
        claim["of"] = carries[0] if carries else performance(source.part)
    return claim


def _lyrics(made: Made, source: GivenAsset | None) -> dict[str, Any]:
    """Words that were typed in are the artist's, as they state by typing them; sung over a source, its words stay."""
    claim: dict[str, Any] = {
        "element": "lyrics", "origin": Origin.HUMAN.value, "basis": Basis.DECLARED.value,
    }  # fmt: skip
    if made.mode == modes.REPLACEMENT and source is not None and source.part in _SINGS - {"full_mix"}:
        claim["from"] = [source.sha256]
    return claim


def _regions(made: Made) -> list[dict[str, Any]]:
    """What is kept and what is new, from beginning to end; empty where all is of one kind."""
    given = {one.role: one for one in made.given}
    found: list[dict[str, Any]] = []
    at = 0
    for kept in sorted(made.kept, key=lambda one: one.at_ms):
        source = given.get(kept.role)
        start, end = max(at, kept.at_ms), min(made.length_ms, kept.at_ms + kept.to_ms - kept.from_ms)
        if source is None or kept.from_ms < 0 or kept.at_ms < 0 or end <= start:
            continue
        found += _new(made, at, start)
        where = source.from_ms + kept.from_ms + start - kept.at_ms
        region = _region(made, start, end) | {"asset": source.sha256, "source_ms": where}
        if made.mode in (modes.CONTINUE_NOTES, modes.VARY):
            region["origin"] = made.by.value  # the notes are kept, their sound is rendered anew
        found.append(region)
        at = end
    return [*found, *_new(made, at, made.length_ms)] if found else []


def _new(made: Made, start: int, end: int) -> list[dict[str, Any]]:
    """A stretch that the engine made. Around a replaced section it is a seam: the source is heard beneath."""
    if end <= start:
        return []
    own = {"asset": made.sha256, "origin": made.by.value}
    source = _source(made)
    if made.section_ms is None or source is None:
        return [_region(made, start, end) | own]
    found = []
    section = (max(start, made.section_ms[0]), min(end, made.section_ms[1]))
    for begin, stop, seam in (
        (start, min(end, section[0]), True), (*section, False), (max(start, section[1]), end, True),
    ):  # fmt: skip
        if stop <= begin:
            continue
        beneath = {"asset": source.sha256, "source_ms": source.from_ms + begin, "origin": made.by.value}
        found.append(_region(made, begin, stop) | (beneath if seam else own))
    return found


def _region(made: Made, start: int, end: int) -> dict[str, Any]:
    return {"track": TRACK, "role": made.part, "from_ms": start, "to_ms": end}


def _step(made: Made) -> Step:
    step = STEPS[made.mode]
    return Step.CHORDS if step is Step.ACCOMPANIMENT and _source(made) is None else step


def _source(made: Made) -> GivenAsset | None:
    """What the row's inheritance is about; a reference is an input and never an origin."""
    by_role = {one.role: one for one in made.given}
    return next((by_role[role] for role in _SOURCES if role in by_role), None)


def _sung(made: Made) -> bool:
    return made.lyrics and modes.MODES[made.mode].lyrics != "none"


def part_of(mode: str, targets: Sequence[str], given: Sequence[GivenAsset]) -> str:
    """The role of a take's whole sound: the one part that was asked for, its source's, an effect, else the full mix."""
    if mode == modes.PARTS and len(targets) == 1 and targets[0] in ROLE_ELEMENTS:
        return targets[0]
    if mode == modes.SOUND_EFFECTS:
        return "effects"
    if mode in LIKE_THEIR_SOURCE:
        return next((one.part for one in given if one.role in _SOURCES), "full_mix")
    return "full_mix"
