"""Chords in words: `Dm | Bb F | C7/E`, Roman numerals in a key, named sections. Known, or refused with a sentence."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from generation.symbolic.theory import ACCIDENTAL, LETTER_PC, Key

MAX_BARS = 256


class AnyChord(Protocol):
    """What part-writers read of a chord: built on a key (`theory.Chord`) or named freely (`NamedChord`)."""

    @property
    def kind(self) -> str: ...
    @property
    def root(self) -> int: ...
    @property
    def bass_note(self) -> int: ...
    @property
    def pitch_classes(self) -> tuple[int, ...]: ...
    @property
    def intervals(self) -> tuple[int, int, int]: ...
    def symbol(self) -> str: ...


class BadChords(ValueError):
    """Words that are no chords; `message` says which, and what may be written."""

    code = "chords"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# Semitones above the root, in the order in which a voicing gives them up last to first.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "5": (0, 7), "sus2": (0, 2, 7),
    "sus4": (0, 5, 7), "sus": (0, 5, 7), "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "69": (0, 4, 7, 9, 2),
    "m69": (0, 3, 7, 9, 2), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "mmaj7": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9), "m7b5": (0, 3, 6, 10), "7b5": (0, 4, 6, 10), "7#5": (0, 4, 8, 10), "aug7": (0, 4, 8, 10),
    "maj7#5": (0, 4, 8, 11), "maj7b5": (0, 4, 6, 11), "7sus4": (0, 5, 7, 10), "7sus": (0, 5, 7, 10),
    "7sus2": (0, 2, 7, 10), "9": (0, 4, 7, 10, 2), "maj9": (0, 4, 7, 11, 2), "m9": (0, 3, 7, 10, 2),
    "mmaj9": (0, 3, 7, 11, 2), "9sus4": (0, 5, 7, 10, 2), "9sus": (0, 5, 7, 10, 2), "add9": (0, 4, 7, 2),
    "add2": (0, 4, 7, 2), "madd9": (0, 3, 7, 2), "add4": (0, 4, 7, 5), "add11": (0, 4, 7, 5),
    "madd11": (0, 3, 7, 5), "11": (0, 7, 10, 2, 5), "m11": (0, 3, 10, 2, 5), "maj11": (0, 4, 11, 2, 6),
    "13": (0, 4, 10, 2, 9), "m13": (0, 3, 10, 2, 9), "maj13": (0, 4, 11, 2, 9), "7b9": (0, 4, 7, 10, 1),
    "7#9": (0, 4, 7, 10, 3), "7#11": (0, 4, 7, 10, 6), "maj7#11": (0, 4, 7, 11, 6), "7b13": (0, 4, 10, 8),
    "13b9": (0, 4, 10, 1, 9), "7alt": (0, 4, 10, 3, 8), "m7#5": (0, 3, 8, 10), "m5": (0, 3, 7), "b5": (0, 4, 6),
}  # fmt: skip
_DEGREES = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5, "VII": 6}
_NAMED = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-G])([#b]?))?")
_ROMAN = re.compile(r"([#b]?)(VII|VI|V|IV|III|II|I|vii|vi|v|iv|iii|ii|i)((?![IVXivx]).*)?")
_REPEAT = re.compile(r"\(?\s*[x×]\s*(\d{1,2})\s*\)?$", re.I)
_LABEL = re.compile(r"\s*\[?([^|:\[\]]{1,40}?)\]?\s*:(?!\|)(.*)", re.S)
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class NamedChord:
    """A chord as written: a root, semitones above it, perhaps another bass note."""

    root: int
    steps: tuple[int, ...]
    text: str
    bass: int | None = None

    @property
    def kind(self) -> str:
        return {2: "power", 3: "triad", 4: "seventh"}.get(len(self.steps), "ninth")

    @property
    def bass_note(self) -> int:
        return self.root if self.bass is None else self.bass

    @cached_property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.root + step) % 12 for step in self.steps)

    @cached_property
    def intervals(self) -> tuple[int, int, int]:
        """Semitones of what stands for the third, the fifth and the seventh."""

        def first(options: tuple[int, ...], otherwise: int) -> int:
            return next((step for step in options if step in self.steps), otherwise)

        return first((4, 3, 5, 2), 7), first((7, 6, 8), 7), first((10, 11, 9), 10)

    def symbol(self) -> str:
        return self.text


@dataclass(frozen=True)
class Progression:
    """Chords by bars; `sections` are names with how many bars each has, and fill the bars."""

    bars: tuple[tuple[NamedChord, ...], ...]
    sections: tuple[tuple[str, int], ...]

    def symbols(self) -> str:
        """Return the bars as they are read back equal."""
        return " | ".join(" ".join(chord.text for chord in bar) for bar in self.bars)


def parse(text: str, *, key: Key | None = None, most_in_bar: int = 4) -> Progression:
    """Return the chords in words.

    Bars are parted by `|`; without any, each chord is a bar. `%` repeats a bar, `x2` a line; lines or `;` part
    sections, which may have names: `verse: Dm | Bb`. Roman numerals need a key. Raises BadChords.
    """
    bars: list[tuple[NamedChord, ...]] = []
    sections: list[tuple[str, int]] = []
    for line in re.split(r"[;\n]+", text.translate(_PLAIN)):
        label, rest = "", line
        if match := _LABEL.fullmatch(line):
            label, rest = match[1].strip(), match[2]
        times = 1
        if match := _REPEAT.search(rest.strip()):
            times, rest = max(1, int(match[1])), rest.strip()[: match.start()]
        found = _line(rest, key, bars[-1] if bars else None, most_in_bar) * times
        if found:
            bars += found
            sections.append((label or "A", len(found)))
        if len(bars) > MAX_BARS:
            raise BadChords(f"The progression is longer than {MAX_BARS} bars; shorten it.")
    if not bars:
        raise BadChords("Write chords, such as Dm | Bb | F | C.")
    return Progression(tuple(bars), tuple(sections))


_PLAIN = str.maketrans(
    {"♯": "#", "♭": "b", "–": "-", "—": "-", "→": " ", ",": " ", "‖": "|", "△": "Δ", "𝄀": "|"}
)


def _line(
    text: str, key: Key | None, before: tuple[NamedChord, ...] | None, most: int
) -> list[tuple[NamedChord, ...]]:
    cells = [cell.split() for cell in text.replace("|:", "|").replace(":|", "|").split("|")]
    if "|" not in text:
        cells = [[part] for word in cells[0] for part in _words(word, key)]
    bars: list[tuple[NamedChord, ...]] = []
    for cell in cells:
        words = [part for word in cell for part in _words(word, key)]
        if not words:
            continue
        if words == ["%"]:
            last = bars[-1] if bars else before
            if last is None:
                raise BadChords("The sign % repeats the bar before it; the first bar has none.")
            bars.append(last)
            continue
        if len(words) > most:
            raise BadChords(
                f"The bar {' '.join(words)[:60]!r} holds more than {most} chords; part bars with |."
            )
        bars.append(tuple(chord(word, key) for word in words))
    return bars


def _words(word: str, key: Key | None) -> list[str]:
    """Return a word, or what it strings together by hyphens: I-V-vi-IV."""
    if word in ("-", ".", "/"):
        return []
    if "-" in word and not _is_chord(word, key):
        return [part for part in word.split("-") if part]
    return [word]


def _is_chord(word: str, key: Key | None) -> bool:
    try:
        chord(word, key)
    except BadChords:
        return False
    return True


def chord(word: str, key: Key | None = None) -> NamedChord:
    """Return the chord of one word: F#m7b5, C/E, bVII, ii7. Raises BadChords."""
    bad = BadChords(
        f"{word[:20]!r} is not a chord we know. Write a note and a quality, such as Dm, F#m7, Bbmaj7, Gsus4 or C/E."
    )
    if match := _NAMED.fullmatch(word.replace("6/9", "69")):
        letter, sign, quality, under, under_sign = match.groups()
        steps = QUALITIES.get(_quality(quality))
        if steps is not None:
            bass = None if under is None else (LETTER_PC[under] + ACCIDENTAL[under_sign]) % 12
            return NamedChord((LETTER_PC[letter] + ACCIDENTAL[sign]) % 12, steps, word, bass)
        raise bad
    if match := _ROMAN.fullmatch(word):
        sign, numeral, rest = match[1], match[2], match[3] or ""
        if key is None:
            raise BadChords(f"{word[:20]!r} needs a key: state it in the brief, or write note names.")
        minor = numeral.islower()
        quality = _quality(rest)
        if minor and not quality.startswith(("m7b5", "dim")):
            quality = "m" + quality.removeprefix("m")
        steps = QUALITIES.get(quality)
        if steps is None:
            raise bad
        degree = _DEGREES[numeral.upper()]
        root = (key.scale[degree] + ACCIDENTAL[sign]) % 12
        name = key.note_name(degree) if not sign and len(key.note_name(degree)) <= 2 else NAMES[root]
        return NamedChord(root, steps, name + quality)
    raise bad


def _quality(text: str) -> str:
    """Return a quality in one spelling: min7, mi7 and -7 are m7; Δ, M7 and ma7 are maj7; ø is m7b5."""
    plain = text.replace("(", "").replace(")", "").replace(" ", "")
    plain = plain.replace("Δ7", "maj7").replace("Δ", "maj7").replace("ø7", "m7b5").replace("ø", "m7b5")
    plain = plain.replace("°", "dim").replace("6/9", "69")
    plain = re.sub(r"^(?:min|mi|-)", "m", plain)
    plain = re.sub(r"^(m?)(?:maj|Maj|MAJ|ma|M|j)(?=$|[0-9#b(])", r"\1maj", plain)
    plain = re.sub(r"^(?:o|Dim)(?=$|7)", "dim", plain)
    plain = re.sub(r"^\+", "aug", plain).replace("+", "#").replace("m7-5", "m7b5")
    return "" if plain == "maj" else plain
