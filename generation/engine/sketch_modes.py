"""What the sketch engine offers: its modes, and what each control does, in a producer's words."""

from generation.engine.base import ModeSpec, ParameterSpec
from generation.modes import (
    ACCOMPANY,
    AUDIO,
    CHORDS,
    CONTINUE_NOTES,
    HARMONISE,
    HUMANISE,
    MELODY,
    MELODY_INPUT,
    NOTES,
    PARTS,
    PLAY_NOTES,
    SOURCE,
    TEXT_TO_MUSIC,
    VARY,
)

ROLES = ("lead", "keys", "guitar", "strings", "pads", "bass", "drums", "percussion")
RHYTHM, CONTOUR = "rhythm", "contour"
BAR, HALF_BAR = "bar", "half bar"

PARAMETERS = (
    ParameterSpec(
        name="density", title="Density", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="How many notes are played: 0 sparse, 1 busy.",
    ),
    ParameterSpec(
        name="swing", title="Swing", kind="float", default=None, minimum=0.0, maximum=1.0,
        help="0 straight, 1 triplets. Empty: as the genre swings; straight beside given notes.",
    ),
    ParameterSpec(
        name="humanise", title="Humanise", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="Small errors of time and touch: 0 exactly on the grid, 1 loose.",
    ),
    ParameterSpec(
        name="reverb", title="Reverb", kind="float", default=None, minimum=0.0, maximum=1.0,
        help="How large the room is. Empty: as the genre has it.",
    ),
    ParameterSpec(
        name="lead", title="Lead melody", kind="bool", default=True,
        help="Off leaves the melody to you.",
    ),
    ParameterSpec(
        name="colour", title="Colour", kind="float", default=0.3, minimum=0.0, maximum=1.0,
        help="How far chords may leave the key: 0 its own chords only, 1 freely.",
    ),
    ParameterSpec(
        name="harmonic_rhythm", title="A chord for each", kind="choice", default=BAR, choices=(BAR, HALF_BAR),
        help="How often chords may change under the melody.",
    ),
    ParameterSpec(
        name="keep", title="Keep", kind="choice", default=RHYTHM, choices=(RHYTHM, CONTOUR),
        help="Rhythm: notes stay in time and change pitch. Contour: pitches stay in order and change time.",
    ),
    ParameterSpec(
        name="strength", title="How far", kind="float", default=0.5, minimum=0.0, maximum=1.0,
        help="How far it goes from what is given: 0 hardly, 1 as far as it can.",
    ),
)  # fmt: skip

_PLAYING = ("density", "swing", "humanise", "reverb")
_HARMONY = ("colour", "harmonic_rhythm")

MODES = (
    ModeSpec(name=TEXT_TO_MUSIC, brief=True, parameters=(*_PLAYING, "lead")),
    ModeSpec(
        name=MELODY, brief=True, parameters=(*_PLAYING, *_HARMONY), inputs={MELODY_INPUT: (AUDIO, NOTES)},
    ),
    ModeSpec(name=CHORDS, brief=True, parameters=_PLAYING),
    ModeSpec(
        name=HARMONISE, brief=True, parameters=(*_PLAYING, *_HARMONY), inputs={MELODY_INPUT: (AUDIO, NOTES)},
    ),
    ModeSpec(name=ACCOMPANY, brief=True, parameters=_PLAYING, targets=ROLES),
    ModeSpec(name=PARTS, brief=True, parameters=_PLAYING, inputs={SOURCE: (AUDIO, NOTES)}, targets=ROLES),
    ModeSpec(name=CONTINUE_NOTES, parameters=("strength", "reverb")),
    ModeSpec(name=VARY, parameters=("keep", "strength", "reverb")),
    ModeSpec(name=HUMANISE, parameters=("humanise", "reverb")),
    ModeSpec(name=PLAY_NOTES, parameters=("reverb",), chance=False),
)  # fmt: skip
