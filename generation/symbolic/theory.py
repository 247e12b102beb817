"""Keys, modes, chords and metres: parsing, membership, names. All diatonic; pitch classes 0 = C .. 11 = B.

Times are ticks, 480 to the quarter note.
"""

import re
from dataclasses import dataclass
from functools import cached_property

TICKS = 480  # per quarter note: divisible by 2, 3, 4, 5, 6, 8, 16

LETTERS = "CDEFGAB"
LETTER_PC = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTAL = {"": 0, "#": 1, "b": -1}

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
MODE_WORDS = {
    "": "major", "maj": "major", "major": "major", "ionian": "major",
    "m": "minor", "min": "minor", "minor": "minor", "aeolian": "minor", "natural minor": "minor",
    "harmonic minor": "harmonic minor",
    "dorian": "dorian", "phrygian": "phrygian", "lydian": "lydian", "mixolydian": "mixolydian",
    "locrian": "locrian",
}  # fmt: skip
# Degree of the relative major on which each mode is built, as semitones above that major's tonic.
MODE_OFFSET = {
    "major": 0,
    "dorian": 2,
    "phrygian": 4,
    "lydian": 5,
    "mixolydian": 7,
    "minor": 9,
    "locrian": 11,
}

SIGNS = {"": "", "#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}
KEY_PATTERN = re.compile(
    r"([A-Ga-g])\s*(#|♯|b|♭|-?sharp|-?flat)?\s*((?:(?:natural|harmonic) +)?[a-z]*)", re.IGNORECASE
)
ROMAN_SUFFIX = {"triad": "", "seventh": "7", "ninth": "9", "sixth": "6", "power": "5"}
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")


class BadTheory(ValueError):
    """A key or metre that is not one; `message` says what may be written."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Key:
    """A tonic as spelled ("Bb") and one of `MODES`."""

    tonic: str
    mode: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read "D minor", "F# dorian", "Bb", "Am", "E flat major". Raises BadTheory."""
        match = KEY_PATTERN.fullmatch(text.strip())
        if match:
            letter, accidental, word = match[1], match[2] or "", match[3] or ""
            mode = "major" if word == "M" else MODE_WORDS.get(" ".join(word.lower().split()))
            if mode:
                sign = {"sharp": "#", "flat": "b", "♯": "#", "♭": "b"}.get(
                    accidental.lower().lstrip("-"), accidental
                )
                return cls(letter.upper() + sign.lower(), mode)
        raise BadTheory(
            "key",
            f"{text[:40]!r} is not a key. Write a note and a mode, such as 'D minor' or 'Bb dorian'.",
        )

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"

    @cached_property
    def pitch_class(self) -> int:
        return (LETTER_PC[self.tonic[0]] + ACCIDENTAL[self.tonic[1:]]) % 12

    @cached_property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes, from the tonic."""
        return tuple((self.pitch_class + step) % 12 for step in MODES[self.mode])

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return MODES[self.mode][2] == 3

    def holds(self, pitch: int) -> bool:
        """Whether a MIDI pitch belongs to the key."""
        return pitch % 12 in self.scale

    def index(self, pitch: int) -> int:
        """Return where the nearest scale note (below on a tie) lies, in scale steps from the lowest tonic."""
        for distance in (0, -1, 1):
            if self.holds(pitch + distance):
                found = pitch + distance
                degree = self.scale.index(found % 12)
                return (found - self.pitch_class) // 12 * 7 + degree
        raise AssertionError("no scale here has two neighbouring gaps")

    def pitch(self, index: int) -> int:
        """Return the MIDI pitch at a position as `index` counts them."""
        octave, degree = divmod(index, 7)
        return self.pitch_class + 12 * octave + MODES[self.mode][degree]

    def note_name(self, degree: int) -> str:
        """Spell a degree (0..6) of the scale with its own letter: the third of D major is F#, never Gb."""
        letter = LETTERS[(LETTERS.index(self.tonic[0]) + degree) % 7]
        shift = (self.scale[degree % 7] - LETTER_PC[letter] + 6) % 12 - 6
        return letter + ("#" * shift if shift > 0 else "b" * -shift)

    def signature(self) -> str:
        """Return the MIDI key signature with the same accidentals: 'Dm' for D minor, 'C' for D dorian."""
        if self.mode in ("minor", "harmonic minor"):
            return _SIGNATURES_MINOR[self.pitch_class] if self.tonic not in _MINOR_NAMES else f"{self.tonic}m"
        major = (self.pitch_class - MODE_OFFSET[self.mode]) % 12
        if self.mode == "major" and self.tonic in _MAJOR_NAMES:
            return self.tonic
        return _SIGNATURES_MAJOR[major]


_SIGNATURES_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_SIGNATURES_MINOR = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")
_MAJOR_NAMES = frozenset(("C", "C#", "Cb", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"))
_MINOR_NAMES = frozenset(("C", "C#", "D", "D#", "Eb", "E", "F", "F#", "G", "G#", "Ab", "A", "A#", "Bb", "B"))


@dataclass(frozen=True)
class Chord:
    """A chord built on a degree (0..6) of a key from that key's own notes.

    `kind`: triad, seventh, ninth (no fifth), add9, sus2, sus4, sixth, power.
    """

    key: Key
    degree: int
    kind: str = "triad"

    STEPS = {
        "triad": (0, 2, 4), "seventh": (0, 2, 4, 6), "ninth": (0, 2, 6, 8), "add9": (0, 2, 4, 8),
        "sus2": (0, 1, 4), "sus4": (0, 3, 4), "sixth": (0, 2, 4, 5), "power": (0, 4),
    }  # fmt: skip

    @cached_property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes, root first."""
        return tuple(self.key.scale[(self.degree + step) % 7] for step in self.STEPS[self.kind])

    @property
    def root(self) -> int:
        return self.key.scale[self.degree]

    @property
    def bass_note(self) -> int:
        return self.root

    @cached_property
    def intervals(self) -> tuple[int, int, int]:
        """Semitones of the third, fifth and seventh above the root."""
        third, fifth, seventh = (
            (self.key.scale[(self.degree + step) % 7] - self.root) % 12 for step in (2, 4, 6)
        )
        return third, fifth, seventh

    @property
    def is_stable(self) -> bool:
        """Whether the fifth is perfect: diminished and augmented chords do not rest."""
        return self.intervals[1] == 7

    def roman(self) -> str:
        """Roman numeral inside the key: 'i', 'VI' (the scale says which sixth), 'ii°', 'V7'."""
        third, fifth, _ = self.intervals
        numeral = ROMAN[self.degree] if third == 4 else ROMAN[self.degree].lower()
        mark = "°" if fifth == 6 and third == 3 else "+" if fifth == 8 else ""
        return numeral + mark + ROMAN_SUFFIX.get(self.kind, self.kind)

    def symbol(self) -> str:
        """Letter name: 'Dm7', 'Bbmaj7', 'F#m7b5', 'Gsus4'."""
        third, fifth, seventh = self.intervals
        name = self.key.note_name(self.degree)
        minor = "m" if third == 3 else ""
        flat = "b5" if fifth == 6 else "#5" if fifth == 8 else ""
        match self.kind:
            case "triad":
                return name + ("dim" if flat == "b5" and minor else minor + flat)
            case "power":
                return name + "5" + (f"({flat})" if flat else "")
            case "sus2" | "sus4":
                return name + self.kind
            case "add9":
                return name + minor + "add9" + flat
            case "sixth":
                return name + minor + "6" + flat
            case _:
                number = "9" if self.kind == "ninth" else "7"
                quality = "maj" if seventh == 11 else ""
                return name + minor + quality + number + flat


@dataclass(frozen=True)
class Metre:
    """A time signature that the composer knows how to feel.

    `pulses` are the felt beats in ticks and fill the bar; `strong` are the ticks where chord tones belong.
    """

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> "Metre":
        """Read "4/4" and the other metres of `METRES`. Raises BadTheory."""
        name = text.replace(" ", "")
        if name not in METRES:
            raise BadTheory(
                "metre", f"{text[:20]!r} is not a metre we know. Choose one of: {', '.join(METRES)}."
            )
        above, below = name.split("/")
        return cls(int(above), int(below))

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_ticks(self) -> int:
        return self.numerator * TICKS * 4 // self.denominator

    @property
    def pulses(self) -> tuple[int, ...]:
        return METRES[str(self)][0]

    @property
    def strong(self) -> tuple[int, ...]:
        return METRES[str(self)][1]

    @cached_property
    def pulse_starts(self) -> tuple[int, ...]:
        return tuple(sum(self.pulses[:i]) for i in range(len(self.pulses)))

    @property
    def is_compound(self) -> bool:
        """Whether every pulse divides in three."""
        return all(pulse % 360 == 0 for pulse in self.pulses)


_Q, _D = TICKS, TICKS * 3 // 2
METRES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "4/4": ((_Q,) * 4, (0, 2 * _Q)),
    "3/4": ((_Q,) * 3, (0,)),
    "6/8": ((_D,) * 2, (0, _D)),
    "5/4": ((_Q,) * 5, (0, 3 * _Q)),
    "7/8": ((_Q, _Q, _D), (0, 2 * _Q)),
    "2/4": ((_Q,) * 2, (0,)),
    "6/4": ((_Q,) * 6, (0, 3 * _Q)),
    "9/8": ((_D,) * 3, (0,)),
    "12/8": ((_D,) * 4, (0, 2 * _D)),
}
