"""The attribution rules, version 1, as data: step -> element -> origin or inheritance, with a note in words.

A changed rule is a new version of this table: every entry names the version under which it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from provenance.elements import COMPOSITION_ELEMENTS, Origin

RULES_VERSION: Final = "1"


class Step(StrEnum):
    OWN_PERFORMANCE = "own_performance"
    NOTES_BY_HAND = "notes_by_hand"
    TEXT_TO_MUSIC = "text_to_music"
    MELODY_GUIDED = "melody_guided"
    CONTINUATION = "continuation"
    SECTION_REPLACEMENT = "section_replacement"
    STYLE_REFERENCE = "style_reference"
    LYRICS_TO_SONG = "lyrics_to_song"
    SKETCH = "sketch"
    HARMONISATION = "harmonisation"
    PROCESSING = "processing"
    AUDIO_TO_NOTES = "audio_to_notes"
    ARRANGING = "arranging"
    MIXING_BY_HAND = "mixing_by_hand"
    MASTERING_BY_HAND = "mastering_by_hand"
    MASTERING_BY_RULES = "mastering_by_rules"
    MASTERING_BY_MODEL = "mastering_by_model"
    COPY = "copy"
    THIRD_PARTY = "third_party"
    IMPORT = "import"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of the table: a fixed origin, what the named input carries, or the union of both.

    `element` is an element, `performance` (the role's), or `*` for all that the input carries.
    """

    element: str
    origin: Origin | None = None
    inherits: str | None = None


def _all(origin: Origin) -> tuple[Rule, ...]:
    names = (*COMPOSITION_ELEMENTS, "performance", "production")
    return tuple(Rule(name, origin) for name in names)


def _replace(rules: tuple[Rule, ...], *changes: Rule) -> tuple[Rule, ...]:
    changed = {rule.element: rule for rule in changes}
    return tuple(changed.get(rule.element, rule) for rule in rules)


def _also(rules: tuple[Rule, ...], source: str) -> tuple[Rule, ...]:
    return tuple(Rule(rule.element, rule.origin, source) for rule in rules)


_MODEL: Final = _all(Origin.TRAINED_MODEL)
_CARRIED: Final = (Rule("*", inherits="source"),)

RULES: Final[Mapping[Step, tuple[Rule, ...]]] = MappingProxyType(
    {
        Step.OWN_PERFORMANCE: _all(Origin.HUMAN),
        Step.NOTES_BY_HAND: tuple(Rule(name, Origin.HUMAN) for name in COMPOSITION_ELEMENTS),
        Step.TEXT_TO_MUSIC: _MODEL,
        Step.MELODY_GUIDED: _replace(_MODEL, Rule("melody", inherits="melody")),
        Step.CONTINUATION: _also(_MODEL, "source"),
        Step.SECTION_REPLACEMENT: _also(_MODEL, "source"),
        Step.STYLE_REFERENCE: _MODEL,
        Step.LYRICS_TO_SONG: _replace(_MODEL, Rule("lyrics", inherits="lyrics")),
        Step.SKETCH: _all(Origin.PROCEDURAL),
        Step.HARMONISATION: _replace(_all(Origin.PROCEDURAL), Rule("melody", inherits="melody")),
        Step.PROCESSING: _CARRIED,
        Step.AUDIO_TO_NOTES: tuple(Rule(name, inherits="source") for name in COMPOSITION_ELEMENTS),
        Step.ARRANGING: (*_CARRIED, Rule("arrangement", Origin.HUMAN, "source")),
        Step.MIXING_BY_HAND: (*_CARRIED, Rule("mix", Origin.HUMAN)),
        Step.MASTERING_BY_HAND: (*_CARRIED, Rule("mastering", Origin.HUMAN)),
        Step.MASTERING_BY_RULES: (*_CARRIED, Rule("mastering", Origin.PROCEDURAL)),
        Step.MASTERING_BY_MODEL: (*_CARRIED, Rule("mastering", Origin.TRAINED_MODEL)),
        Step.COPY: _CARRIED,
        Step.THIRD_PARTY: _all(Origin.THIRD_PARTY),
        Step.IMPORT: _MODEL,
        Step.CHOICE: (),
    }
)

NOTES: Final[Mapping[Step, str]] = MappingProxyType(
    {
        Step.OWN_PERFORMANCE: "Human, by declaration; observed if it was recorded in the browser.",
        Step.NOTES_BY_HAND: "Human for the notes touched; the sound is the renderer's.",
        Step.TEXT_TO_MUSIC: "Trained model in every element; the prompt is evidence, not authorship.",
        Step.MELODY_GUIDED: "The melody keeps its own origin; the rest is the trained model's.",
        Step.CONTINUATION: "The source's for its range, then the trained model's.",
        Step.SECTION_REPLACEMENT: "The trained model's for the range, the rest untouched.",
        Step.STYLE_REFERENCE: "Trained model; the reference is an input, never an origin.",
        Step.LYRICS_TO_SONG: "The lyrics keep their own origin; the rest is the trained model's.",
        Step.SKETCH: "Procedural (rules, chance, soundfont), not a trained model: the labels differ.",
        Step.HARMONISATION: "The melody keeps its origin; the harmony is procedural or the model's.",
        Step.PROCESSING: "Separation, noise reduction, pitch or time change: a tool, no new origin.",
        Step.AUDIO_TO_NOTES: "Composition inherits; notes carry no performance and no sound.",
        Step.ARRANGING: "All inherits; several sources arranged or cut are evidence of human arrangement.",
        Step.MIXING_BY_HAND: "All inherits; the mix is human.",
        Step.MASTERING_BY_HAND: "All inherits; the mastering is human.",
        Step.MASTERING_BY_RULES: "All inherits; the mastering is procedural: measured and set to a target.",
        Step.MASTERING_BY_MODEL: "All inherits; the mastering is the trained model's.",
        Step.COPY: "All inherits: another format of the same sound.",
        Step.THIRD_PARTY: "Third party, by declaration, with its licence.",
        Step.IMPORT: "As its terms and declaration say; with a content credential: imported.",
        Step.CHOICE: "Choosing a take is evidence of process, never authorship by itself.",
    }
)
