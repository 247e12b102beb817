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
    AUDIO_TO_AUDIO = "audio_to_audio"
    PARTS = "parts"
    SOUND_EFFECTS = "sound_effects"
    CHORDS = "chord_progression"
    ACCOMPANIMENT = "accompaniment"
    HARMONISATION = "harmonisation"
    NOTES_CONTINUATION = "notes_continuation"
    VARIATION = "variation"
    HUMANISE = "humanise"
    NOTES_TO_AUDIO = "notes_to_audio"
    SEPARATION = "separation"
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
#: What is composed, taken from an input; how it sounds is the renderer's, which plays by rules.
_PLAYED: Final = (
    *(Rule(name, inherits="source") for name in COMPOSITION_ELEMENTS),
    Rule("performance", Origin.PROCEDURAL),
    Rule("production", Origin.PROCEDURAL),
)
_CARRIED: Final = (Rule("*", inherits="source"),)

RULES: Final[Mapping[Step, tuple[Rule, ...]]] = MappingProxyType(
    {
        Step.OWN_PERFORMANCE: _all(Origin.HUMAN),
        Step.NOTES_BY_HAND: tuple(Rule(name, Origin.HUMAN) for name in COMPOSITION_ELEMENTS),
        Step.TEXT_TO_MUSIC: _MODEL,
        Step.MELODY_GUIDED: _replace(_MODEL, Rule("melody", inherits="melody")),
        Step.CONTINUATION: (*_CARRIED, *_also(_MODEL, "source")),
        Step.SECTION_REPLACEMENT: (*_CARRIED, *_also(_MODEL, "source")),
        Step.STYLE_REFERENCE: _MODEL,
        Step.LYRICS_TO_SONG: _replace(_MODEL, Rule("lyrics", inherits="lyrics")),
        Step.SKETCH: _all(Origin.PROCEDURAL),
        Step.AUDIO_TO_AUDIO: _also(_MODEL, "source"),
        Step.PARTS: _replace(_MODEL, Rule("harmony", Origin.TRAINED_MODEL, "source")),
        Step.SOUND_EFFECTS: _MODEL,
        Step.CHORDS: _all(Origin.PROCEDURAL),
        Step.ACCOMPANIMENT: _replace(_all(Origin.PROCEDURAL), Rule("harmony", inherits="source")),
        Step.NOTES_CONTINUATION: _replace(
            _all(Origin.PROCEDURAL),
            *(Rule(name, Origin.PROCEDURAL, "source") for name in COMPOSITION_ELEMENTS),
        ),
        Step.VARIATION: _replace(
            _all(Origin.PROCEDURAL),
            *(Rule(name, Origin.PROCEDURAL, "source") for name in COMPOSITION_ELEMENTS),
        ),
        Step.HUMANISE: _PLAYED,
        Step.NOTES_TO_AUDIO: _PLAYED,
        Step.SEPARATION: _CARRIED,
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
        Step.AUDIO_TO_AUDIO: (
            "The source's and the trained model's in every element: what of the course was kept cannot be told apart."
        ),
        Step.PARTS: "The engine's; its harmony follows what it was made for, whose harmony it therefore also is.",
        Step.SOUND_EFFECTS: "The engine's; the description is evidence, not authorship.",
        Step.CHORDS: "The engine's; chords that a person wrote are also theirs, how they are laid is the engine's.",
        Step.ACCOMPANIMENT: "The harmony is that of the chords given; the rest is the engine's.",
        Step.NOTES_CONTINUATION: "The notes given keep their origin, more come from the engine; the sound is rendered.",
        Step.VARIATION: "The same idea, otherwise: of what was given and of the engine in all that is composed.",
        Step.HUMANISE: "A tool: what is composed inherits; errors of time and touch are chance, the sound is rendered.",
        Step.NOTES_TO_AUDIO: "A tool: what is composed inherits; the sound is the renderer's.",
        Step.SEPARATION: "A tool, also where a trained model does it: every stem inherits what its role carries.",
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
