"""Bass lines: roots on the strong beats, everything else from the key."""

import random
from collections.abc import Callable
from itertools import pairwise

from generation.symbolic.chords import AnyChord
from generation.symbolic.notes import Note
from generation.symbolic.setting import Setting, level, velocity
from generation.symbolic.theory import Metre

LOW, HIGH = 28, 50  # E1 .. D3

# A line for one bar: (offset, duration, what) with what = root, fifth, third, octave, step (leads to the next root).
Line = list[tuple[int, int, str]]


def write(setting: Setting) -> list[Note]:
    """Return the bass of all sections in which it plays; the ending's note is not in it."""
    notes: list[Note] = []
    previous = 38
    for section, bar, origin in setting.playing("bass"):
        rng = setting.material("bass", section)
        style = rng.choice(setting.genre.bass)
        if section.energy < 0.3 and style not in ("drone", "walking"):
            style = "roots"
        change = setting.stream(f"bass/{bar}")
        following = setting.chord(origin + setting.metre.bar_ticks)
        line = STYLES[style](
            setting.metre, level(section.energy + 0.4 * (setting.density - 0.5)), rng, change
        )
        for offset, duration, what in _with_changes(line, setting.changes(origin)):
            chord = setting.chord(origin + offset)
            pitch = _pitch(setting, chord, following, what, previous, change)
            accent = 0.3 if offset in setting.metre.strong else -0.2
            notes.append(Note(origin + offset, pitch, max(60, duration), velocity(section.energy, accent)))
            if what != "octave":
                previous = pitch
    return notes


def _with_changes(line: Line, changes: list[int]) -> Line:
    """Return a bar's line with a root on every chord that begins inside the bar."""
    for change in changes:
        before = [(at, min(length, change - at), what) for at, length, what in line if at < change]
        after = [one for one in line if one[0] >= change]
        if not after or after[0][0] > change:
            until = after[0][0] if after else change + 480
            after.insert(0, (change, until - change, "root"))
        after[0] = (*after[0][:2], "root")
        line = before + after
    return line


def root_near(chord: AnyChord, pitch: int) -> int:
    """Return the chord's bass note inside the bass register, nearest to a pitch; low ones win ties."""
    options = [p for p in range(LOW, HIGH - 2) if p % 12 == chord.bass_note]
    return min(options, key=lambda option: (abs(option - pitch) + abs(option - 37) * 0.5, option))


def _pitch(
    setting: Setting, chord: AnyChord, following: AnyChord, what: str, previous: int, rng: random.Random
) -> int:
    root = root_near(chord, previous)
    if chord.bass_note != chord.root and what in ("third", "fifth"):
        return root
    match what:
        case "fifth":
            fifth = root + chord.intervals[1]
            return fifth if fifth <= HIGH else fifth - 12
        case "third":
            return root + chord.intervals[0]
        case "octave":
            return root + 12
        case "step":
            goal = setting.key.index(root_near(following, previous))
            below = setting.key.pitch(goal - 1)
            return below if rng.random() < 0.5 and below >= LOW else setting.key.pitch(goal + 1)
        case _:
            return root


def _roots(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return [(0, metre.bar_ticks - 60, "root")]
    cuts = (*metre.strong, metre.bar_ticks)
    if len(metre.strong) == 1:
        last = metre.pulse_starts[-1]
        return [(0, last - 40, "root"), (last, metre.bar_ticks - last - 40, rng.choice(("root", "fifth")))]
    return [(a, b - a - 40, "root") for a, b in pairwise(cuts)]


def _drone(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    return [(0, metre.bar_ticks - 20, "root")]


def _root_and_fifth(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    line: Line = []
    starts = metre.strong if len(metre.strong) > 1 else (0, metre.pulse_starts[-1])
    for count, start in enumerate(starts):
        line.append((start, 400, "fifth" if count % 2 else "root"))
    if hard == 2 and change.random() < 0.5:
        line.append((metre.bar_ticks - 240, 220, "step"))
    return line


def _eighths(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return _roots(metre, 1, rng, change)
    line: Line = [(tick, 220, "root") for tick in range(0, metre.bar_ticks, 240)]
    if change.random() < 0.4:
        line[-1] = (line[-1][0], 220, "step")
    return line


def _offbeat(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return _roots(metre, 0, rng, change)
    line: Line = [(start + 240, 200, "root") for start in metre.pulse_starts]
    if hard == 2:
        line[-1] = (line[-1][0], 200, rng.choice(("octave", "fifth", "root")))
    return [(0, 200, "root"), *line] if rng.random() < 0.3 else line


def _sixteenths(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return _roots(metre, 1, rng, change)
    line: Line = []
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        line += [
            (start + tick, 100, "octave" if tick == pulse - 120 and rng.random() < 0.4 else "root")
            for tick in range(120, pulse, 120)
        ]
    return line


def _syncopated(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return _roots(metre, 0, rng, change)
    line: Line = [(0, rng.choice((360, 480, 600)), "root")]
    later = metre.strong[-1] if len(metre.strong) > 1 else metre.pulse_starts[-1]
    line.append((later + rng.choice((-120, 120, 240)), 220, rng.choice(("root", "fifth", "octave"))))
    if hard == 2 or change.random() < 0.3:
        line.append((metre.bar_ticks - 120, 110, "step"))
    return sorted(line)


def _groove(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    if hard == 0:
        return _roots(metre, 1, rng, change)
    line: Line = []
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        if start in metre.strong:
            line.append((start, 340, "root"))
            if rng.random() < 0.6:
                line.append((start + pulse - 120, 110, "root"))
        elif rng.random() < 0.6:
            line.append((start + 240, 200, rng.choice(("root", "fifth", "octave"))))
    if change.random() < 0.35 and line[-1][0] < metre.bar_ticks - 240:
        line.append((metre.bar_ticks - 240, 220, "step"))
    return line


def _walking(metre: Metre, hard: int, rng: random.Random, change: random.Random) -> Line:
    line: Line = [(0, metre.pulses[0] - 30, "root")]
    for start, pulse in list(zip(metre.pulse_starts, metre.pulses, strict=True))[1:-1]:
        line.append((start, pulse - 30, change.choice(("third", "fifth", "fifth", "root"))))
    last, length = metre.pulse_starts[-1], metre.pulses[-1]
    if last in metre.strong:  # a strong beat keeps its chord tone; the step comes after it
        line.append((last, length - 270, change.choice(("third", "fifth"))))
        last, length = last + length - 240, 240
    line.append((last, length - 30, "step"))
    return line


STYLES: dict[str, Callable[[Metre, int, random.Random, random.Random], Line]] = {
    "roots": _roots,
    "drone": _drone,
    "root and fifth": _root_and_fifth,
    "eighths": _eighths,
    "offbeat": _offbeat,
    "sixteenths": _sixteenths,
    "syncopated": _syncopated,
    "groove": _groove,
    "walking": _walking,
}
