"""Chords along the piece, and their voicing: diatonic, each idea with its own progression, a cadence at the end."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from generation.symbolic.chords import AnyChord
from generation.symbolic.form import Section
from generation.symbolic.genres import Genre
from generation.symbolic.theory import Chord, Key, Metre

TONIC, SUBDOMINANT, DOMINANT, SUBTONIC = 0, 3, 4, 6


@dataclass(frozen=True)
class Span:
    """A chord from a tick to a tick."""

    start: int
    end: int
    chord: AnyChord


def plan(
    sections: Sequence[Section], *, key: Key, metre: Metre, genre: Genre, rng: random.Random
) -> tuple[Span, ...]:
    """Return one chord for each bar, joined where it stays: spans fill the piece without gaps.

    Equal materials get equal progressions, different ones different progressions. The last bar is the tonic, the bar
    before it leads there.
    """
    progressions = _progressions(sections, key=key, genre=genre, rng=rng)
    bars: list[Chord] = []
    for section in sections:
        loop = progressions[section.material]
        hold = genre.bars_per_chord if section.bars >= 2 * genre.bars_per_chord else 1
        bars += [loop[bar // hold % len(loop)] for bar in range(section.bars)]
    if len(bars) > 2:
        bars[-2] = _cadence(key, genre, bars[-3], rng)
    bars[-1] = Chord(key, TONIC, genre.final_kind)
    return _joined(bars, sections, metre)


def _progressions(
    sections: Sequence[Section], *, key: Key, genre: Genre, rng: random.Random
) -> dict[str, tuple[Chord, ...]]:
    table = genre.minor if key.is_minor else genre.major
    materials = list(dict.fromkeys(section.material for section in sections))
    drawn: list[tuple[int, ...]] = []
    for place in range(len(materials)):
        fresh = [row for row in table if row not in drawn] or list(table)
        if place == 0:  # the first idea makes the key plain: it begins on the tonic where the table can
            fresh = [row for row in fresh if row[0] == TONIC] or fresh
        drawn.append(rng.choice(fresh))
    return {
        material: tuple(_chord(key, degree, genre, rng) for degree in row)
        for material, row in zip(materials, drawn, strict=True)
    }


def _chord(key: Key, degree: int, genre: Genre, rng: random.Random) -> Chord:
    kind = rng.choice(genre.kinds)
    chord = Chord(key, degree, kind)
    if chord.is_stable:
        return chord
    if kind in ("seventh", "ninth") and degree == 1:  # ii half-diminished is idiomatic where sevenths are
        return Chord(key, degree, "seventh")
    for other in (2, 5, 3):  # the chord a third above shares two notes
        substitute = Chord(key, (degree + other) % 7, kind)
        if substitute.is_stable:
            return substitute
    return Chord(key, TONIC, kind)


def _cadence(key: Key, genre: Genre, before: Chord, rng: random.Random) -> Chord:
    """Return the chord that leads home: V where it is stable, or IV, or the seventh degree of minor-like modes."""
    options = [DOMINANT, DOMINANT, SUBDOMINANT]
    if key.is_minor:
        options = [SUBTONIC, DOMINANT, SUBDOMINANT]
    kind = "seventh" if "seventh" in genre.kinds else "triad"
    stable = [degree for degree in options if Chord(key, degree).is_stable] or [SUBDOMINANT]
    fresh = [degree for degree in stable if degree != before.degree] or stable
    return Chord(key, rng.choice(fresh), kind)


def _joined(bars: Sequence[Chord], sections: Sequence[Section], metre: Metre) -> tuple[Span, ...]:
    """Join equal neighbours, but never across the beginning of a section or into the last bar."""
    cuts = {section.start_bar for section in sections} | {len(bars) - 1}
    spans: list[Span] = []
    for bar, chord in enumerate(bars):
        start, end = bar * metre.bar_ticks, (bar + 1) * metre.bar_ticks
        if spans and bar not in cuts and spans[-1].chord == chord:
            spans[-1] = Span(spans[-1].start, end, chord)
        else:
            spans.append(Span(start, end, chord))
    return tuple(spans)


def chord_at(spans: Sequence[Span], tick: int) -> AnyChord:
    """Return the chord that sounds at a tick; beyond the end, the last one."""
    for span in spans:
        if span.start <= tick < span.end:
            return span.chord
    return spans[-1].chord


def voicings(
    spans: Sequence[Span], *, low: int, high: int, centre: int, size: int = 4
) -> tuple[tuple[int, ...], ...]:
    """Return close voicings, ascending MIDI pitches, one for each span, each as near to the one before as it gets.

    At most `size` notes inside `low`..`high`; the third and the colour stay, the root may go where notes are many.
    """
    chosen: list[tuple[int, ...]] = []
    previous: tuple[int, ...] | None = None
    for span in spans:
        classes = span.chord.pitch_classes
        if len(classes) > size:
            classes = classes[1:] if span.chord.kind in ("seventh", "ninth") else classes[:size]
        options = _inversions(classes, low, high)
        target = previous or tuple(centre for _ in classes)
        best = min(options, key=lambda option: (_distance(option, target) + _drift(option, centre), option))
        chosen.append(best)
        previous = best
    return tuple(chosen)


def _inversions(classes: Sequence[int], low: int, high: int) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for turn in range(len(classes)):
        order = (*classes[turn:], *classes[:turn])
        for bottom in range(low, low + 12):
            if bottom % 12 == order[0]:
                pitches = [bottom]
                for pitch_class in order[1:]:
                    pitches.append(pitches[-1] + 1 + (pitch_class - pitches[-1] - 1) % 12)
                while pitches[-1] <= high:
                    found.append(tuple(pitches))
                    pitches = [pitch + 12 for pitch in pitches]
    if found:
        return found
    return [tuple(sorted(low + (pitch_class - low) % 12 for pitch_class in classes))]


def _distance(option: Sequence[int], target: Sequence[int]) -> float:
    return sum(min(abs(pitch - other) for other in target) for pitch in option) / len(option)


def _drift(option: Sequence[int], centre: int) -> float:
    """Pull towards the middle of the register, so that voice leading does not wander off."""
    middle = sum(option) / len(option)
    return 0.15 * abs(middle - centre) + (2.0 if option[-1] - option[0] > 14 else 0.0)
