"""The modes of generation as data: what each does, what it is given, and how long its result is. Pure.

Pages, services and engines share these names. How well an engine serves a mode is in its `ModeSpec`
(`generation/engine/base.py`); what a mode means for authorship is in `generation/attribution_rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

TEXT_TO_MUSIC: Final = "text_to_music"
UNCONDITIONAL: Final = "unconditional"
MELODY: Final = "melody_guided"
CONTINUATION: Final = "continuation"
REPLACEMENT: Final = "section_replacement"
AUDIO_TO_AUDIO: Final = "audio_to_audio"
REFERENCE: Final = "style_reference"
LYRICS: Final = "lyrics_to_song"
PARTS: Final = "parts"
STEMS: Final = "stem_separation"
SOUND_EFFECTS: Final = "sound_effects"
TO_NOTES: Final = "audio_to_notes"
CHORDS: Final = "chord_progression"
HARMONISE: Final = "harmonisation"
ACCOMPANY: Final = "accompaniment"
CONTINUE_NOTES: Final = "notes_continuation"
VARY: Final = "variation"
HUMANISE: Final = "humanise"
PLAY_NOTES: Final = "notes_to_audio"

AUDIO: Final = "audio"
NOTES: Final = "notes"

SOURCE: Final = "source"
MELODY_INPUT: Final = "melody"
REFERENCE_INPUT: Final = "reference"
NOTES_INPUT: Final = "notes"


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that a mode is given. `kinds`: sound, notes (MIDI, MusicXML), or either."""

    role: str
    title: str
    kinds: tuple[str, ...]
    required: bool = True
    min_s: float = 0.5
    max_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of asking.

    `prompt` and `lyrics`: required, optional or none. `length`: `asked` (the duration is the result's), `added` (it is
    what is added to the source), `source` (the result is as long as what is given; no duration is asked).
    `section`: a range of the source must be given. `chords`: a progression may be given in words.
    `creates` is False for a tool that adds no origin of its own (stems, notes of sound).
    """

    key: str
    title: str
    sentence: str
    given: tuple[Given, ...] = ()
    prompt: str = "optional"
    lyrics: str = "none"
    length: str = "asked"
    section: bool = False
    chords: bool = False
    creates: bool = True


_SOUND: Final = (AUDIO,)
_EITHER: Final = (AUDIO, NOTES)
_MODES: Final = (
    Mode(TEXT_TO_MUSIC, "From words", "Music after a description.", prompt="required"),
    Mode(UNCONDITIONAL, "From nothing", "Whatever the model comes up with.", prompt="none"),
    Mode(
        MELODY, "From a melody", "A tune that is hummed, played or written is kept; the music around it is new.",
        (Given(MELODY_INPUT, "Melody", _EITHER, min_s=1.0, max_s=300.0),),
    ),
    Mode(
        CONTINUATION, "Extend", "Goes on where a piece ends, or leads up to where it begins.",
        (Given(SOURCE, "What to extend", _SOUND, min_s=1.0),), length="added",
    ),
    Mode(
        REPLACEMENT, "Replace a section", "Makes one section anew; the rest stays as it is.",
        (Given(SOURCE, "What to change", _SOUND, min_s=2.0),), lyrics="optional", length="source", section=True,
    ),
    Mode(
        AUDIO_TO_AUDIO, "Turn into", "Makes something new out of the course of a sound.",
        (Given(SOURCE, "What to turn", _SOUND, min_s=1.0),), length="source",
    ),
    Mode(
        REFERENCE, "After a reference", "Takes up the style or timbre of a piece, and none of its notes.",
        (Given(REFERENCE_INPUT, "Reference", _SOUND, min_s=1.0),), lyrics="optional",
    ),
    Mode(LYRICS, "From lyrics", "A song with a voice that sings the words.", prompt="required", lyrics="required"),
    Mode(
        PARTS, "Add a part", "A single part that fits what is there: a bass line for this, drums for that.",
        (Given(SOURCE, "What it is for", _EITHER, min_s=1.0),), lyrics="optional", length="source",
    ),
    Mode(
        STEMS, "Take apart", "Separates a recording into its parts.",
        (Given(SOURCE, "What to take apart", _SOUND),), prompt="none", length="source", creates=False,
    ),
    Mode(SOUND_EFFECTS, "Sounds and ambience", "A sound or a place after a description.", prompt="required"),
    Mode(
        TO_NOTES, "To notes", "Writes down what a recording plays.",
        (Given(SOURCE, "What to write down", _SOUND),), prompt="none", length="source", creates=False,
    ),
    Mode(CHORDS, "Chords", "A chord progression in a style, played.", chords=True),
    Mode(
        HARMONISE, "Harmonise", "Chords under a melody.",
        (Given(MELODY_INPUT, "Melody", _EITHER, min_s=1.0, max_s=300.0),), length="source",
    ),
    Mode(
        ACCOMPANY, "Accompany", "Bass, drums and comping for chords.",
        (Given(NOTES_INPUT, "Chords as notes", (NOTES,), required=False),), chords=True,
    ),
    Mode(
        CONTINUE_NOTES, "Go on with notes", "More bars after those given.",
        (Given(NOTES_INPUT, "Notes", (NOTES,)),), length="added",
    ),
    Mode(
        VARY, "Vary notes", "The same idea, otherwise.", (Given(NOTES_INPUT, "Notes", (NOTES,)),), length="source",
    ),
    Mode(
        HUMANISE, "Loosen the timing", "Small errors of time and touch, as a player makes them.",
        (Given(NOTES_INPUT, "Notes", (NOTES,)),), prompt="none", length="source", creates=False,
    ),
    Mode(
        PLAY_NOTES, "Play notes", "Notes as sound.",
        (Given(NOTES_INPUT, "Notes", (NOTES,)),), prompt="none", length="source", creates=False,
    ),
)  # fmt: skip

MODES: Final = MappingProxyType({mode.key: mode for mode in _MODES})
