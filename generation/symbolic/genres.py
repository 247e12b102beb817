"""Genres as data: tempo, harmony, who plays and how. A new genre is a new row, not a branch in code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Progressions are scale degrees, one per chord. Families: major-like modes and minor-like modes.
Progressions = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Genre:
    """How a genre is played. `programs` are General MIDI programs per role; the seed picks among them."""

    name: str
    words: tuple[str, ...]
    tempo_bpm: float
    key: str
    metre: str = "4/4"
    programs: Mapping[str, tuple[int, ...]]
    drums: str  # row of drums.STYLES
    bass: tuple[str, ...]  # names in bass.STYLES
    comp: Mapping[str, tuple[str, ...]]  # role -> names in comping.STYLES
    major: Progressions
    minor: Progressions
    kinds: tuple[str, ...] = ("triad",)  # chord colours, the seed picks per chord
    final_kind: str = "triad"
    bars_per_chord: int = 1
    swing: float = 0.0  # 0 straight .. 1 triplets
    swing_grid: int = 240  # ticks: 240 swings eighths, 120 sixteenths
    melody_density: float = 0.5
    reverb: float = 0.3
    ducking: float = 0.0  # how deep kick drums push pads and keys down
    lead_low: int = 64  # above the chords
    power_chords: bool = False  # guitars leave the third to others
    energy: float = 0.5
    structures: Mapping[int, tuple[str, ...]]  # from this many bars on


_SONG = {
    0: ("A",),
    3: ("A", "B"),
    7: ("intro", "A", "B"),
    13: ("intro", "A", "B", "A'", "outro"),
    28: ("intro", "A", "B", "A'", "B'", "outro"),
    44: ("intro", "A", "B", "A'", "B'", "bridge", "B''", "outro"),
}
_CLUB = {
    0: ("A",),
    3: ("A", "drop"),
    9: ("intro", "drop", "break"),
    13: ("intro", "A", "break", "drop", "outro"),
    40: ("intro", "A", "break", "drop", "A'", "break", "drop", "outro"),
}
_DRIFT = {0: ("A",), 4: ("A", "B"), 8: ("intro", "A", "B", "outro"), 24: ("intro", "A", "B", "A'", "outro")}
_HEAD = {
    0: ("A",),
    3: ("A", "B"),
    9: ("A", "A'", "B"),
    17: ("intro", "A", "A'", "B", "A''", "outro"),
}

GENRES: tuple[Genre, ...] = (
    Genre(
        name="pop",
        words=("pop", "indie", "indie pop", "singer-songwriter", "r&b", "soul", "disco", "ballad"),
        tempo_bpm=108,
        key="C major",
        programs={
            "lead": (80, 73, 4, 11), "keys": (0, 4, 1), "guitar": (25, 27), "pads": (89, 50), "strings": (48,),
            "bass": (33, 34, 38), "drums": (0, 8), "percussion": (0,),
        },
        drums="pop",
        bass=("groove", "eighths", "roots"),
        comp={"keys": ("pulse", "syncopated", "broken"), "guitar": ("strum", "arpeggio"), "pads": ("sustain",)},
        major=((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 5, 4), (3, 0, 4, 5), (0, 2, 3, 4)),
        minor=((0, 5, 2, 6), (0, 3, 5, 6), (5, 6, 0, 0), (0, 6, 5, 6), (0, 2, 6, 3), (5, 2, 6, 0)),
        kinds=("triad", "triad", "triad", "add9", "sus2"),
        melody_density=0.6,
        reverb=0.25,
        energy=0.6,
        structures=_SONG,
    ),
    Genre(
        name="ambient",
        words=("ambient", "drone", "new age", "meditation", "soundscape", "downtempo", "chillout"),
        tempo_bpm=70,
        key="D dorian",
        programs={
            "lead": (11, 88, 73, 108), "keys": (4, 88, 8, 0), "pads": (89, 95), "strings": (49, 50),
            "guitar": (46, 24), "bass": (39, 35), "drums": (24, 0), "percussion": (0,),
        },
        drums="sparse",
        bass=("drone", "roots"),
        comp={"keys": ("arpeggio", "broken", "sparse"), "pads": ("sustain",), "guitar": ("arpeggio",)},
        major=((0, 3), (0, 4, 3, 3), (0, 2, 3, 0), (3, 0, 5, 4), (0, 1, 3, 0)),
        minor=((0, 5), (0, 3), (0, 6, 5, 6), (0, 2, 5, 3), (0, 4, 5, 3)),
        kinds=("add9", "sus2", "seventh", "ninth"),
        final_kind="add9",
        bars_per_chord=2,
        melody_density=0.25,
        reverb=0.75,
        energy=0.3,
        structures=_DRIFT,
    ),
    Genre(
        name="lo-fi hip-hop",
        words=("lo-fi", "lofi", "lo fi", "hip-hop", "hip hop", "hiphop", "boom bap", "trap", "chillhop", "trip-hop"),
        tempo_bpm=82,
        key="F minor",
        programs={
            "lead": (11, 4, 73, 26), "keys": (4, 5, 0), "guitar": (26, 24), "pads": (89, 50), "strings": (48,),
            "bass": (33, 35, 38), "drums": (25, 8), "percussion": (0,),
        },
        drums="boom bap",
        bass=("syncopated", "roots"),
        comp={"keys": ("lazy", "syncopated"), "guitar": ("lazy", "arpeggio"), "pads": ("sustain",)},
        major=((1, 4, 0, 5), (0, 5, 1, 4), (3, 2, 1, 0), (0, 2, 3, 1), (3, 4, 2, 5)),
        minor=((0, 3, 6, 2), (0, 5, 2, 6), (3, 0, 5, 4), (5, 4, 0, 0), (0, 4, 5, 3)),
        kinds=("seventh", "ninth", "seventh"),
        final_kind="seventh",
        swing=0.5,
        swing_grid=120,
        melody_density=0.4,
        reverb=0.3,
        ducking=0.25,
        energy=0.45,
        structures=_SONG,
    ),
    Genre(
        name="house",
        words=("house", "techno", "edm", "electronic", "electronica", "dance", "trance", "club", "synthwave", "garage"),
        tempo_bpm=124,
        key="A minor",
        programs={
            "lead": (80, 81, 90, 87), "keys": (4, 90, 17), "pads": (89, 95, 50), "strings": (50,), "guitar": (28,),
            "bass": (38, 39), "drums": (24, 25), "percussion": (0,),
        },
        drums="four on the floor",
        bass=("offbeat", "sixteenths", "groove"),
        comp={"keys": ("offbeat", "syncopated"), "guitar": ("offbeat",), "pads": ("sustain", "pulse")},
        major=((5, 3, 0, 4), (0, 4, 5, 3), (3, 4, 5, 5), (1, 3, 0, 4)),
        minor=((0, 5, 2, 6), (0, 0, 5, 6), (0, 6, 5, 6), (5, 6, 0, 2), (0, 2, 3, 5)),
        kinds=("triad", "seventh", "triad", "add9"),
        swing=0.12,
        swing_grid=120,
        melody_density=0.55,
        reverb=0.3,
        ducking=0.6,
        energy=0.75,
        structures=_CLUB,
    ),
    Genre(
        name="folk",
        words=("folk", "acoustic", "americana", "country", "celtic", "bluegrass", "traditional"),
        tempo_bpm=100,
        key="G major",
        programs={
            "lead": (110, 73, 74), "guitar": (25, 24), "keys": (21, 0), "strings": (48,), "pads": (49,),
            "bass": (32,), "drums": (40, 8), "percussion": (0,),
        },
        drums="folk",
        bass=("root and fifth", "roots"),
        comp={"guitar": ("strum", "broken", "arpeggio"), "keys": ("pulse", "sustain"), "pads": ("sustain",)},
        major=((0, 3, 0, 4), (0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4), (0, 1, 4, 0), (0, 0, 3, 4)),
        minor=((0, 6, 5, 6), (0, 3, 0, 6), (0, 6, 2, 3), (0, 2, 6, 0), (0, 5, 6, 0)),
        swing=0.08,
        melody_density=0.6,
        reverb=0.3,
        lead_low=65,
        energy=0.5,
        structures=_SONG,
    ),
    Genre(
        name="jazz",
        words=("jazz", "swing", "bebop", "bossa", "bossa nova", "blues", "big band", "fusion"),
        tempo_bpm=126,
        key="Bb major",
        programs={
            "lead": (66, 65, 59, 71, 11), "keys": (0, 4), "guitar": (26,), "strings": (48,), "pads": (49,),
            "bass": (32,), "drums": (40, 32), "percussion": (0,),
        },
        drums="swing",
        bass=("walking",),
        comp={"keys": ("charleston", "lazy"), "guitar": ("pulse", "charleston"), "pads": ("sustain",)},
        major=((1, 4, 0, 5), (0, 5, 1, 4), (2, 5, 1, 4), (3, 2, 1, 0), (0, 3, 2, 5, 1, 4, 0, 0)),
        minor=((1, 4, 0, 0), (0, 3, 6, 2), (0, 5, 1, 4), (3, 6, 2, 5, 1, 4, 0, 0)),
        kinds=("seventh", "seventh", "ninth"),
        final_kind="sixth",
        swing=0.9,
        melody_density=0.65,
        reverb=0.25,
        lead_low=61,
        energy=0.55,
        structures=_HEAD,
    ),
    Genre(
        name="cinematic",
        words=("cinematic", "film", "soundtrack", "score", "orchestral", "epic", "trailer", "classical"),
        tempo_bpm=84,
        key="C minor",
        programs={
            "lead": (60, 40, 68, 73), "keys": (0, 46), "strings": (48, 49), "pads": (52, 89), "guitar": (46,),
            "bass": (43,), "drums": (16, 8), "percussion": (0,),
        },
        drums="cinematic",
        bass=("roots", "drone"),
        comp={"strings": ("ostinato", "sustain"), "keys": ("arpeggio", "broken"), "pads": ("sustain",)},
        major=((0, 4, 5, 2), (0, 2, 3, 4), (0, 5, 3, 4), (3, 4, 5, 0)),
        minor=((0, 5, 2, 6), (0, 2, 5, 3), (0, 6, 5, 3), (0, 4, 5, 2), (5, 6, 0, 0)),
        kinds=("triad", "triad", "add9", "sus4"),
        melody_density=0.35,
        reverb=0.6,
        energy=0.5,
        structures=_DRIFT,
    ),
    Genre(
        name="rock",
        words=("rock", "punk", "metal", "grunge", "alternative", "indie rock", "hard rock", "shoegaze", "garage rock"),
        tempo_bpm=128,
        key="E minor",
        programs={
            "lead": (29, 27, 16), "guitar": (29, 30), "keys": (16, 17), "strings": (48,), "pads": (50,),
            "bass": (34, 33), "drums": (16, 0), "percussion": (0,),
        },
        drums="rock",
        bass=("eighths", "groove"),
        comp={"guitar": ("power", "strum"), "keys": ("sustain", "pulse"), "pads": ("sustain",)},
        major=((0, 3, 4, 3), (0, 4, 5, 3), (0, 4, 3, 3), (0, 3, 0, 4), (5, 3, 0, 4)),
        minor=((0, 5, 6, 0), (0, 2, 6, 3), (0, 6, 5, 6), (0, 3, 5, 6), (0, 5, 2, 6)),
        melody_density=0.5,
        reverb=0.2,
        power_chords=True,
        energy=0.75,
        structures=_SONG,
    ),
)  # fmt: skip
DEFAULT = GENRES[0]

# Who plays in each genre when the brief names nobody, in the order in which layers enter.
ROLES: dict[str, tuple[str, ...]] = {
    "pop": ("keys", "bass", "drums", "lead", "pads"),
    "ambient": ("pads", "keys", "bass", "lead"),
    "lo-fi hip-hop": ("keys", "drums", "bass", "lead", "pads"),
    "house": ("drums", "bass", "pads", "keys", "lead", "percussion"),
    "folk": ("guitar", "bass", "lead", "drums"),
    "jazz": ("keys", "bass", "drums", "lead"),
    "cinematic": ("strings", "pads", "bass", "keys", "drums", "lead"),
    "rock": ("guitar", "bass", "drums", "lead", "keys"),
}


def find(text: str) -> Genre | None:
    """Return the genre whose longest word occurs first in length order, or None: "indie rock" is rock, not pop."""
    words = sorted(
        ((word, genre) for genre in GENRES for word in genre.words), key=lambda pair: -len(pair[0])
    )
    for word, genre in words:
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.I):
            return genre
    return None
