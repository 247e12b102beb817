"""Given notes made into others: gone on with, varied, loosened. Whatever is not touched stays as it was."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from generation.symbolic.chords import AnyChord
from generation.symbolic.harmonising import candidates, function_of
from generation.symbolic.harmony import Span, chord_at
from generation.symbolic.notes import Note, Part, Score, tidy
from generation.symbolic.performance import played
from generation.symbolic.source import chords_of, heard_key, melody_of
from generation.symbolic.theory import Key, Metre

MATERIAL_BARS = 8
GRID = 120
LEAST = 120  # ticks of a note whose neighbours moved


@dataclass(frozen=True, kw_only=True)
class Reworked:
    """The result, the source's length in it (ticks, 0 where it is not in it), and in words what was done."""

    score: Score
    source_ticks: int = 0
    notes: dict[str, str | int] = field(default_factory=dict)


def stream(seed: int, name: str) -> random.Random:
    """Return a source of chance that depends only on the seed and a name."""
    return random.Random(f"deadwax-sketch/{seed}/{name}")  # noqa: S311 (music, not secrets)


def continued(score: Score, *, bars: int, strength: float, seed: int) -> Reworked:
    """Return the score with so many bars after it, made of its last ones: their rhythms and figures over a new course
    of chords that comes home at the end.

    `strength` 0..1: how far the new bars go from what they are made of.
    """
    metre, key = score.metre, heard_key(score)[0]
    rng = stream(seed, "continue")
    phrase = next(size for size in (4, 2, 1) if score.bars >= size)
    count = max(phrase, min(MATERIAL_BARS, score.bars) // phrase * phrase)
    first = score.bars - count
    spans = chords_of(score, key)
    chords = [chord_at(spans, (first + bar) * metre.bar_ticks) for bar in range(count)]
    course = _course(chords, key, bars, strength, rng)
    tune = melody_of(score)
    parts: list[Part] = []
    for part in score.parts:
        added: list[Note] = []
        for bar, chord in enumerate(course):
            source = first + bar % count
            move = (score.bars + bar - source) * metre.bar_ticks
            figure = _bar(part, metre, source)
            last = bar == bars - 1
            if not part.drums:
                old = chord_at(spans, source * metre.bar_ticks)
                figure = _onto(figure, old, chord, key, metre)
                if part is tune and not last and rng.random() < strength:
                    figure = _new_pitches(figure, chord, key, metre, 0.6, rng)
            if last:
                figure = _ending(figure, part, chord, key, metre, source, melodic=part is tune)
            added += [replace(note, start=note.start + move) for note in figure]
        kept = [_cut(note, score.length_ticks) if bars else note for note in part.notes]
        parts.append(replace(part, notes=tidy([*kept, *added])))
    names = " | ".join(chord.symbol() for chord in course)
    return Reworked(
        score=replace(score, bars=score.bars + bars, parts=tuple(parts)),
        source_ticks=score.length_ticks,
        notes={
            "source_bars": score.bars, "added_bars": bars, "material_bars": f"{first + 1} to {score.bars}",
            "chords": names, "source": "kept note for note",
        },
    )  # fmt: skip


def _course(
    chords: Sequence[AnyChord], key: Key, bars: int, strength: float, rng: random.Random
) -> list[AnyChord]:
    """Return the chords of the new bars: the source's again, some exchanged for others of their function, then home."""
    options = candidates(key, colour=0.0)
    course: list[AnyChord] = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        function = function_of(key, chord.root)
        others = [one.chord for one in options if one.function == function and one.chord.root != chord.root]
        course.append(
            rng.choice(others) if others and bar % len(chords) and rng.random() < 0.5 * strength else chord
        )
    home = next(one.chord for one in options if one.chord.root == key.pitch_class)
    course[-1] = home
    if bars > 2:
        ways = [one.chord for one in options if one.function == "D" and one.cost < 0.5]
        course[-2] = rng.choice(ways) if ways else course[-2]
    return course


def _bar(part: Part, metre: Metre, bar: int) -> list[Note]:
    """Return what begins in a bar, none longer than the bar."""
    start, end = bar * metre.bar_ticks, (bar + 1) * metre.bar_ticks
    return [
        replace(note, duration=min(note.duration, end - note.start))
        for note in part.notes
        if start <= note.start < end
    ]


def _onto(notes: Sequence[Note], old: AnyChord, new: AnyChord, key: Key, metre: Metre) -> list[Note]:
    """Return a figure moved from a chord to another: its chord tones to the new one's, the others to the nearest of the
    key; the figure's shape stays.
    """
    if old.pitch_classes == new.pitch_classes:
        return list(notes)
    shift = (new.root - old.root + 6) % 12 - 6
    tones, scale = set(new.pitch_classes), set(key.scale)
    return [
        replace(
            note, pitch=_near(note.pitch + shift, tones if note.pitch % 12 in old.pitch_classes else scale)
        )
        for note in notes
    ]


def _near(pitch: int, classes: set[int]) -> int:
    for distance in (0, -1, 1, -2, 2, -3, 3, -4, 4):
        if 0 <= pitch + distance <= 127 and (pitch + distance) % 12 in classes:
            return pitch + distance
    return min(127, max(0, pitch))


def _ending(
    figure: list[Note], part: Part, chord: AnyChord, key: Key, metre: Metre, bar: int, *, melodic: bool
) -> list[Note]:
    """Return the last bar: what is struck first is held; a tune ends on the tonic."""
    if not figure:
        return figure
    first = min(note.start for note in figure)
    origin = bar * metre.bar_ticks
    held = [note for note in figure if note.start < first + GRID // 2]
    if part.drums:
        return [note for note in figure if note.start - origin < metre.pulse_starts[1 % len(metre.pulses)]]
    classes = {key.pitch_class} if melodic else set(chord.pitch_classes)
    return [
        replace(note, pitch=_near(note.pitch, classes) if melodic or note.pitch % 12 not in classes else note.pitch,
                duration=max(LEAST, origin + metre.bar_ticks - note.start))
        for note in held
    ]  # fmt: skip


def _cut(note: Note, end: int) -> Note:
    return note if note.end <= end else replace(note, duration=max(1, end - note.start))


def varied(score: Score, *, keep: str, strength: float, seed: int) -> Reworked:
    """Return the same piece otherwise. `keep` "rhythm": every note stays in its place, some at other pitches;
    "contour": every pitch stays in its order, some begin and end elsewhere. `strength` 0..1: how many notes.

    Pitched parts vary; kits keep their strokes and vary their touch.
    """
    key = heard_key(score)[0]
    spans = chords_of(score, key)

    def vary(part: Part, rng: random.Random) -> list[Note]:
        if keep == "rhythm":
            return _other_pitches(part, spans, key, score.metre, strength, rng)
        return _other_times(part, strength, rng)

    parts: list[Part] = []
    changed = 0
    for place, part in enumerate(score.parts):
        rng = stream(seed, f"vary/{place}")
        notes = _touched(part.notes, strength, rng) if part.drums else vary(part, rng)
        before = {(note.start, note.pitch, note.duration) for note in part.notes}
        changed += sum((note.start, note.pitch, note.duration) not in before for note in notes)
        parts.append(replace(part, notes=tidy(notes)))
    return Reworked(
        score=replace(score, parts=tuple(parts)),
        notes={"kept": keep, "notes_changed": changed, "strength_percent": round(100 * strength)},
    )


def _other_pitches(
    part: Part, spans: Sequence[Span], key: Key, metre: Metre, strength: float, rng: random.Random
) -> list[Note]:
    low, high = min(n.pitch for n in part.notes), max(n.pitch for n in part.notes)
    low, high = min(low, high - 7), max(high, low + 7)
    struck: dict[int, int] = {}
    for note in part.notes:
        struck[note.start] = struck.get(note.start, 0) + 1
    notes: list[Note] = []
    taken: set[tuple[int, int]] = {(note.start, note.pitch) for note in part.notes}
    edge = (part.notes[0].start, part.notes[-1].start)
    for note in part.notes:
        if (note.start in edge and len(part.notes) > 2) or rng.random() >= 0.15 + 0.7 * strength:
            notes.append(note)
            continue
        chord = chord_at(spans, note.start)
        structural = (
            note.start % metre.bar_ticks in metre.strong or struck[note.start] > 1 or part.role == "bass"
        )
        classes = set(chord.pitch_classes) if structural else set(key.scale)
        options = [
            pitch
            for pitch in range(max(low, note.pitch - 7), min(high, note.pitch + 7) + 1)
            if pitch % 12 in classes and pitch != note.pitch and (note.start, pitch) not in taken
        ]
        if options:
            weights = [1 / (1 + abs(pitch - note.pitch)) for pitch in options]
            note = replace(note, pitch=rng.choices(options, weights)[0])
            taken.add((note.start, note.pitch))
        notes.append(note)
    return notes


def _new_pitches(
    figure: Sequence[Note], chord: AnyChord, key: Key, metre: Metre, strength: float, rng: random.Random
) -> list[Note]:
    if not figure:
        return []
    whole = [Span(0, max(note.end for note in figure) + 1, chord)]
    part = Part(role="lead", name="", program=0, notes=tidy(figure))
    return _other_pitches(part, whole, key, metre, strength, rng)


def _other_times(part: Part, strength: float, rng: random.Random) -> list[Note]:
    """Return the notes with the borders between neighbours moved by a sixteenth or an eighth; chords stay together."""
    starts = sorted({note.start for note in part.notes})
    ends: dict[int, int] = {}
    for note in part.notes:
        ends[note.start] = max(ends.get(note.start, 0), note.end)
    moved = dict(zip(starts, starts, strict=True))
    for before, start, after in zip(starts, starts[1:], [*starts[2:], None], strict=False):
        if rng.random() >= 0.15 + 0.7 * strength:
            continue
        room_before = start - moved[before] - LEAST
        room_after = (ends[start] if after is None else after) - start - LEAST
        options = [step for step in (-2 * GRID, -GRID, GRID, 2 * GRID) if -room_before <= step <= room_after]
        if options:
            moved[start] = start + rng.choice(options)
    following = dict(pairwise(starts))
    notes: list[Note] = []
    for note in part.notes:
        start, end = moved[note.start], note.end
        after = following.get(note.start)
        if after is not None and note.end >= after - GRID // 2:  # it reached its neighbour: so it does now
            end = moved[after] if note.end <= after else max(note.end, moved[after])
        notes.append(replace(note, start=start, duration=max(1, end - start)))
    return notes


def _touched(notes: Sequence[Note], strength: float, rng: random.Random) -> list[Note]:
    return [
        replace(note, velocity=min(127, max(1, note.velocity + round(rng.gauss(0, 18 * strength)))))
        for note in notes
    ]


def humanised(score: Score, *, amount: float, seed: int) -> Reworked:
    """Return the score as people play it: small errors of time and touch; no pitch and no number of notes changes."""
    parts = tuple(
        replace(
            part,
            notes=played(
                part.notes, role=part.role, amount=amount, us_per_quarter=score.us_per_quarter,
                rng=stream(seed, f"touch/{place}/{part.role}"), strum=False,
            ),
        )
        for place, part in enumerate(score.parts)
    )  # fmt: skip
    late = [
        abs(new.start - old.start)
        for before, after in zip(score.parts, parts, strict=True)
        for old, new in zip(before.notes, after.notes, strict=False)
    ]
    mean_ms = score.us_per_quarter / 480_000 * sum(late) / max(1, len(late))
    return Reworked(
        score=replace(score, parts=parts),
        notes={"humanise_percent": round(100 * amount), "mean_shift_us": round(1000 * mean_ms)},
    )
