"""What a form of generation is made of: modes in groups, the engines that serve one, and what each of them would take.

Pure over what workers said of themselves (`EngineOffer.capabilities`): pages know no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from generation import modes
from generation.modes import AUDIO, MODES, NOTES, Given, Mode

#: The modes as an artist looks for them: by what is at hand.
GROUPS: Final = (
    (
        "From an idea",
        (modes.TEXT_TO_MUSIC, modes.LYRICS, modes.MELODY, modes.CHORDS, modes.SOUND_EFFECTS, modes.UNCONDITIONAL),
    ),
    (
        "From a recording",
        (
            modes.CONTINUATION, modes.REPLACEMENT, modes.PARTS, modes.AUDIO_TO_AUDIO, modes.REFERENCE, modes.STEMS,
            modes.TO_NOTES,
        ),
    ),
    (
        "From notes",
        (
            modes.HARMONISE, modes.ACCOMPANY, modes.CONTINUE_NOTES, modes.VARY, modes.HUMANISE, modes.PLAY_NOTES,
        ),
    ),
)  # fmt: skip


class Offered(Protocol):
    """An `EngineOffer`, as far as it is read here."""

    name: str
    title: str
    version: str
    tool_key: str
    available: bool
    unavailable_reason: str
    capabilities: Any


@dataclass(frozen=True, kw_only=True)
class Way:
    """One engine that serves a mode: what it understands there, and why not where it cannot."""

    engine: str
    title: str
    version: str
    tool_key: str
    available: bool
    reason: str
    needs_gpu: bool
    most: int
    min_s: float
    max_s: float
    chance: bool
    negative_prompt: bool
    reads_brief: bool
    targets: tuple[str, ...]
    languages: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    parameters: tuple[dict[str, Any], ...] = ()
    models: tuple[dict[str, Any], ...] = field(default=())

    @property
    def model(self) -> dict[str, Any] | None:
        """The parameter that chooses among its models, where there is one."""
        return next((one for one in self.parameters if one["name"] == "model"), None)

    def reads(self, given: Given) -> tuple[str, ...]:
        """The kinds that it takes under this role; none where it has no use for an optional one."""
        if given.role in self.inputs:
            return tuple(kind for kind in self.inputs[given.role] if kind in given.kinds)
        return given.kinds if given.required else ()

    def tool_of(self, model: str) -> str:
        """The catalogue's key of the terms of what this model makes; the engine's own without one."""
        return next(
            (one["tool"] for one in self.models if one["name"] == model and one.get("tool")), self.tool_key
        )


def ways(offers: Iterable[Offered], mode: str) -> list[Way]:
    """The engines that serve *mode*, those that are ready first."""
    found = [way for way in (_way(offer, mode) for offer in offers) if way is not None]
    return sorted(found, key=lambda way: (not way.available, way.engine != "sketch", way.title))


def ready(offers: Iterable[Offered]) -> frozenset[str]:
    """The modes that some engine can serve here and now."""
    return frozenset(
        str(spec["name"])
        for offer in offers
        if offer.available
        for spec in offer.capabilities.get("modes", ())
    )


def chosen(found: Sequence[Way], engine: str) -> Way | None:
    """The engine that was asked for if it serves the mode, else the first that is ready."""
    asked = next((way for way in found if way.engine == engine), None)
    return asked or next((way for way in found if way.available), None)


def _way(offer: Offered, mode: str) -> Way | None:
    said = offer.capabilities
    spec = next((one for one in said.get("modes", ()) if one["name"] == mode), None)
    if spec is None:
        return None
    names = spec.get("parameters")
    parameters = tuple(one for one in said.get("parameters", ()) if names is None or one["name"] in names)

    def bound(name: str, otherwise: float) -> float:
        value = spec.get(name)
        return float(said.get(name) or otherwise) if value is None else float(value)

    return Way(
        engine=offer.name,
        title=offer.title,
        version=offer.version,
        tool_key=offer.tool_key,
        available=offer.available,
        reason=offer.unavailable_reason,
        needs_gpu=bool(said.get("needs_gpu")),
        most=int(said.get("max_variations") or 30),
        min_s=bound("min_duration_s", 1),
        max_s=bound("max_duration_s", 600),
        chance=bool(spec.get("chance", True)),
        negative_prompt=bool(spec.get("negative_prompt")),
        reads_brief=bool(spec.get("brief")),
        targets=tuple(spec.get("targets", ())),
        languages=tuple(spec.get("languages", ())),
        inputs={role: tuple(kinds) for role, kinds in (spec.get("inputs") or {}).items()},
        parameters=parameters,
        models=tuple(said.get("models", ())),
    )


@dataclass(frozen=True, kw_only=True)
class Use:
    """One thing to do with a sound or with notes: a way into the form."""

    mode: str
    words: str
    role: str
    section: bool = False
    query: str = ""


#: In a producer's words, in the order of how often it is wanted.
_USES: Final = (
    Use(mode=modes.REPLACEMENT, words="Replace a section", role=modes.SOURCE, section=True),
    Use(mode=modes.CONTINUATION, words="Extend", role=modes.SOURCE),
    Use(mode=modes.STEMS, words="Take apart", role=modes.SOURCE, section=True),
    Use(mode=modes.TO_NOTES, words="To notes", role=modes.SOURCE, section=True),
    Use(mode=modes.PARTS, words="Add a part", role=modes.SOURCE, section=True),
    Use(mode=modes.REFERENCE, words="More like this", role=modes.REFERENCE_INPUT, section=True),
    Use(mode=modes.AUDIO_TO_AUDIO, words="Turn into something else", role=modes.SOURCE, section=True),
    Use(mode=modes.MELODY, words="Keep its tune", role=modes.MELODY_INPUT, section=True),
    Use(mode=modes.HARMONISE, words="Harmonise", role=modes.MELODY_INPUT),
)
_NOTE_USES: Final = (
    Use(mode=modes.VARY, words="Vary the notes", role=modes.NOTES_INPUT),
    Use(mode=modes.CONTINUE_NOTES, words="Go on with the notes", role=modes.NOTES_INPUT),
    Use(mode=modes.ACCOMPANY, words="Accompany the notes", role=modes.NOTES_INPUT),
    Use(mode=modes.HUMANISE, words="Loosen the timing", role=modes.NOTES_INPUT),
    Use(mode=modes.PLAY_NOTES, words="Play the notes", role=modes.NOTES_INPUT),
)


def uses(kinds: Iterable[str]) -> list[Use]:
    """What can be made of a thing of these kinds."""
    there = set(kinds)
    found = (
        [use for use in _USES if there & set(given_of(use.mode, use.role).kinds)]
        if AUDIO in there
        else [use for use in _USES if NOTES in given_of(use.mode, use.role).kinds]
    )
    return found + (list(_NOTE_USES) if NOTES in there else [])


def given_of(mode: str, role: str) -> Given:
    return next(given for given in MODES[mode].given if given.role == role)


def mode_of(key: str) -> Mode:
    """The mode of this name; the first one for a name that is none."""
    return MODES.get(key, MODES[modes.TEXT_TO_MUSIC])
