"""From written notes to played ones: swing, then small errors of time and touch that a seed decides."""

import random
from collections.abc import Sequence

from generation.symbolic.notes import Note, tidy

# How far roles sit from the grid when played freely, in milliseconds: (spread, lean), a positive lean is late.
FEEL = {
    "drums": (4.0, 0.0), "percussion": (5.0, 0.0), "bass": (6.0, 4.0), "keys": (8.0, 2.0), "guitar": (8.0, 2.0),
    "strings": (10.0, 0.0), "pads": (10.0, 0.0), "lead": (11.0, 5.0),
}  # fmt: skip
STRUM_MS = 9.0


def swung(notes: Sequence[Note], *, amount: float, grid: int) -> list[Note]:
    """Return the notes with every off-beat of `grid` ticks moved late: amount 0 straight, 1 as triplets.

    Time is bent piecewise, so that order, beats and the ends of bars stay.
    """
    if amount <= 0:
        return list(notes)
    return [
        Note(start, n.pitch, max(1, _bent(n.end, amount, grid) - start), n.velocity)
        for n in notes
        for start in (_bent(n.start, amount, grid),)
    ]


def _bent(tick: int, amount: float, grid: int) -> int:
    pair, inside = divmod(tick, 2 * grid)
    middle = grid * (1 + amount / 3)
    bent = inside * middle / grid if inside <= grid else middle + (inside - grid) * (2 * grid - middle) / grid
    return pair * 2 * grid + round(bent)


def played(
    notes: Sequence[Note], *, role: str, amount: float, us_per_quarter: int, rng: random.Random, strum: bool
) -> tuple[Note, ...]:
    """Return the notes as a person plays them: `amount` 0 exactly as written, 1 loosely. Pitches stay.

    Notes struck together move together; `strum` spreads them from low to high. Starts never fall before 0.
    """
    ticks_per_ms = 480_000 / us_per_quarter
    spread, lean = FEEL[role]
    out: list[Note] = []
    chord_start, moved, step = -1, 0.0, 0
    for note in sorted(notes):
        if note.start != chord_start:
            chord_start, step = note.start, 0
            moved = (rng.gauss(0, spread) * amount + lean * min(amount, 1.0)) * ticks_per_ms
        late = moved + (step * STRUM_MS * ticks_per_ms if strum else 0.0)
        step += 1
        start = max(0, round(note.start + late))
        louder = rng.gauss(0, 6.0) * amount
        touch = round(min(127.0, max(1.0, note.velocity + louder)))
        out.append(Note(start, note.pitch, max(1, note.end - start), touch))
    return tidy(out)


def one_at_a_time(notes: Sequence[Note]) -> list[Note]:
    """Return a line in which each note ends at the latest where the next begins; of notes struck together the first."""
    line: list[Note] = []
    for note in sorted(notes):
        if line and line[-1].start == note.start:
            continue
        if line and line[-1].end > note.start:
            last = line[-1]
            line[-1] = Note(last.start, last.pitch, note.start - last.start, last.velocity)
        line.append(note)
    return line
