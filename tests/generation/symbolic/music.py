"""Helpers that ask a piece of music questions with known answers."""

from generation.symbolic.compose import Composition, compose
from generation.symbolic.harmony import chord_at
from generation.symbolic.notes import Note, Part
from generation.symbolic.planning import Planned, Wishes, plan
from generation.symbolic.theory import Chord

PITCHED = ("lead", "keys", "guitar", "strings", "pads", "bass")


def planned(duration_s: float = 30.0, **wishes: object) -> Planned:
    return plan(Wishes(**wishes), duration_s=duration_s, sample_rate_hz=44_100)  # type: ignore[arg-type]


def composed(seed: int = 1, duration_s: float = 30.0, **wishes: object) -> Composition:
    return compose(planned(duration_s, **wishes).plan, seed=seed)


def part(parts: tuple[Part, ...], role: str) -> Part:
    return next(item for item in parts if item.role == role)


def bar_notes(piece: Composition, item: Part, bar: int) -> list[Note]:
    length = piece.score.metre.bar_ticks
    return [note for note in item.notes if bar * length <= note.start < (bar + 1) * length]


def chord_tones(piece: Composition, tick: int) -> set[int]:
    """Notes of the chord as voiced, and its triad: a ninth chord without its fifth still rests on it."""
    chord = chord_at(piece.spans, tick)
    return set(chord.pitch_classes) | set(Chord(chord.key, chord.degree).pitch_classes)


def strong_share(piece: Composition, item: Part) -> float:
    """Share of the notes on strong beats that belong to the chord there."""
    metre = piece.score.metre
    on_strong = [n for n in item.notes if n.start % metre.bar_ticks in metre.strong]
    fitting = [n for n in on_strong if n.pitch % 12 in chord_tones(piece, n.start)]
    return len(fitting) / len(on_strong) if on_strong else 1.0
