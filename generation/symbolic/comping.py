"""Chordal parts (keys, guitar, pads, strings): voicings led smoothly, played in a genre's patterns."""

import random
from collections.abc import Callable, Sequence

from generation.symbolic.chords import AnyChord
from generation.symbolic.harmony import Span, voicings
from generation.symbolic.notes import Note
from generation.symbolic.setting import Setting, level, velocity
from generation.symbolic.theory import Metre

# Registers: lowest, highest, centre, most notes.
REGISTER = {
    "keys": (48, 76, 60, 4),
    "guitar": (45, 72, 57, 4),
    "pads": (48, 76, 60, 4),
    "strings": (50, 84, 66, 4),
}

Voicing = tuple[int, ...]
# One hit: offset in the bar, duration, pitches, accent -1..1.
Hit = tuple[int, int, Voicing, float]
Style = Callable[[Metre, Voicing, int, random.Random, random.Random], list[Hit]]


def write(setting: Setting, role: str) -> list[Note]:
    """Return a chordal part for all sections in which the role plays; the last chord of the piece is not in it."""
    spans = setting.spans_for(role)
    voiced = dict(zip((span.start for span in spans), voiced_for(setting, role, spans), strict=True))
    notes: list[Note] = []
    current: Voicing = ()
    names = setting.genre.comp.get(role, ("sustain",))
    for section, _, origin in setting.playing(role):
        if origin in voiced:
            current = voiced[origin]
        rng = setting.material(f"comp/{role}", section)
        style = rng.choice(names)
        if role != "pads" and section.kind in ("intro", "break", "outro") and "drums" not in section.roles:
            style = "sustain" if style in ("pulse", "offbeat", "power", "charleston") else style
        busy = level(section.energy + 0.5 * (setting.density - 0.5))
        inside = [origin + change for change in setting.changes(origin) if origin + change in voiced]
        if style == "sustain":
            for begin in (origin, *inside):
                if begin in voiced:  # once for each chord, not for each bar
                    end = next(span.end for span in spans if span.start == begin)
                    length = min(end, setting.final_tick) - begin - 30
                    notes += _chord(begin, length, voiced[begin], velocity(section.energy, -0.3))
            current = voiced[inside[-1]] if inside else current
            continue
        cuts = [*inside, origin + setting.metre.bar_ticks]
        for begin, end in zip([origin, *inside], cuts, strict=True):
            current = voiced[begin] if begin > origin else current
            # The same pattern for each chord of the bar, of which each chord takes its stretch.
            rng = setting.material(f"comp/{role}", section)
            rng.choice(names)
            change = setting.stream(f"comp/{role}/{origin}")
            hits = STYLES[style](setting.metre, current, busy, rng, change)
            if inside:
                hits = _struck(hits, begin - origin, end - origin, current)
            for offset, duration, pitches, accent in hits:
                notes += _chord(origin + offset, duration, pitches, velocity(section.energy, accent))
    return notes


def _struck(hits: list[Hit], begin: int, end: int, voicing: Voicing) -> list[Hit]:
    """Return what of a bar's pattern falls into a chord's stretch of it, so that nothing rings into the next chord; a
    chord inside the bar is struck as it comes.
    """
    inside = [
        (offset, min(duration, end - offset), pitches, accent)
        for offset, duration, pitches, accent in hits
        if begin <= offset < end
    ]
    if begin and not any(offset == begin for offset, *_ in inside):
        until = min((offset for offset, *_ in inside), default=end)
        inside.insert(0, (begin, max(60, until - begin - 30), voicing, 0.0))
    return inside


def voiced_for(setting: Setting, role: str, spans: Sequence[Span]) -> tuple[Voicing, ...]:
    """Return the role's voicings of the chords: power chords for a distorted guitar, led voices for everybody else."""
    low, high, centre, size = REGISTER[role]
    if role == "guitar" and setting.genre.power_chords:
        return tuple(_power_chord(span.chord) for span in spans)
    return voicings(spans, low=low, high=high, centre=centre, size=size)


def _power_chord(chord: AnyChord) -> Voicing:
    """Root, fifth and octave from E2 up: a third through distortion is mud."""
    root = 40 + (chord.root - 40) % 12
    return (root, root + chord.intervals[1], root + 12)


def _chord(start: int, duration: int, pitches: Voicing, loud: int) -> list[Note]:
    # The top note leads a little, so that a chord sounds played rather than stamped.
    return [
        Note(start, pitch, max(40, duration), min(127, loud + (4 if pitch == pitches[-1] else 0)))
        for pitch in pitches
    ]


def _pulse(metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random) -> list[Hit]:
    hits: list[Hit] = []
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        if busy == 0 and start not in metre.strong:
            continue
        hits.append((start, round(pulse * 0.85), voicing, 0.2 if start in metre.strong else -0.2))
        if busy == 2 and change.random() < 0.25:
            hits.append((start + pulse - 240, 180, voicing[1:], -0.5))
    return hits


def _offbeat(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    hits: list[Hit] = [(start + 240, 160, voicing, 0.1) for start in metre.pulse_starts]
    if busy == 0:
        return hits[1::2] or hits
    if busy == 2 and rng.random() < 0.6:
        hits.append((metre.pulse_starts[-1] + metre.pulses[-1] - 120, 100, voicing, -0.2))
    return hits


def _syncopated(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    places = {0}
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        if rng.random() < 0.25 + 0.2 * busy:
            places.add(start + rng.choice((240, pulse - 120)))
    return _held(sorted(places), metre, voicing, longest=720)


def _lazy(metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random) -> list[Hit]:
    """Lay a chord on the first beat and answer late in the bar, the top voices alone."""
    later = metre.strong[-1] if len(metre.strong) > 1 else metre.pulse_starts[-1]
    answer = later + rng.choice((0, 240, 360))
    hits: list[Hit] = [(0, answer - 60 if busy == 0 else min(answer - 60, 840), voicing, 0.1)]
    if answer < metre.bar_ticks - 120:
        hits.append((answer, metre.bar_ticks - answer - 40, voicing[1:], -0.4))
    if busy == 2 and change.random() < 0.5:
        hits.append((metre.bar_ticks - 120, 100, voicing[-2:], -0.6))
    return hits


def _charleston(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    shapes = [(0, 720), (240, 1200), (480, 1200), (720,), (0, 1200), (240, 960)]
    places = [tick for tick in change.choice(shapes) if tick < metre.bar_ticks - 120]
    if busy == 2 and metre.bar_ticks > 1680 and change.random() < 0.4:
        places.append(1680)
    return _held(places or [0], metre, voicing, longest=change.choice((200, 400)))


def _arpeggio(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    step = 480 if busy == 0 and metre.bar_ticks % 480 == 0 else 240
    if busy == 2 and rng.random() < 0.3:
        step = 120
    up = list(range(len(voicing)))
    orders = (up, up[::-1], up + up[-2:0:-1], [0, *up[:0:-1]])
    order = rng.choice(orders)
    return [
        (tick, step * 2 - 20, (voicing[order[place % len(order)]],), 0.2 if tick in metre.strong else -0.3)
        for place, tick in enumerate(range(0, metre.bar_ticks, step))
    ]


def _broken(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    """Low note on the pulse, upper notes after it: finger-picking, or a left hand."""
    hits: list[Hit] = []
    upper = voicing[1:] or voicing
    for count, (start, pulse) in enumerate(zip(metre.pulse_starts, metre.pulses, strict=True)):
        low = voicing[0] if count % 2 == 0 else voicing[min(1, len(voicing) - 1)]
        hits.append((start, pulse - 20, (low,), 0.2))
        for tick in range(240, pulse, 240):
            if busy == 0:
                hits.append((start + tick, 400, (upper[(count + tick // 240) % len(upper)],), -0.4))
            else:
                hits.append((start + tick, 220, upper[-2:] if rng.random() < 0.5 else upper[-1:], -0.3))
    return hits


def _strum(metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random) -> list[Hit]:
    hits: list[Hit] = []
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        hits.append((start, pulse - 60, voicing, 0.4 if start in metre.strong else 0.0))
        for tick in range(240, pulse, 240):
            if busy and (busy == 2 or rng.random() < 0.6):
                hits.append((start + tick, 200, voicing[1:], -0.6))  # the upstroke misses the low string
    return hits


def _power(metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random) -> list[Hit]:
    if busy == 0:
        return _held(list(metre.strong), metre, voicing, longest=metre.bar_ticks)
    long_ones = rng.random() < 0.3
    if long_ones:
        return _held(list(metre.pulse_starts[::2]), metre, voicing, longest=metre.bar_ticks)
    accents = {0, *(tick for tick in range(0, metre.bar_ticks, 240) if rng.random() < 0.25)}
    return [
        (tick, 230 if tick in accents else 130, voicing, 0.3 if tick in accents else -0.5)
        for tick in range(0, metre.bar_ticks, 240)
    ]


def _ostinato(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    if busy == 0:
        return [(0, metre.bar_ticks - 20, voicing, -0.3)]
    cell = rng.choice(((0, 1, 0, 2), (0, 2, 1, 2), (0, 0, 1, 0)))
    hits: list[Hit] = [(0, metre.bar_ticks - 20, voicing[-2:], -0.4)]
    for place, tick in enumerate(range(0, metre.bar_ticks, 240)):
        pitch = voicing[cell[place % 4] % len(voicing)]
        hits.append((tick, 200, (pitch,), 0.4 if tick in metre.pulse_starts else -0.2))
    return hits


def _sparse(
    metre: Metre, voicing: Voicing, busy: int, rng: random.Random, change: random.Random
) -> list[Hit]:
    """One or two single notes in a bar, long."""
    ticks = [metre.pulse_starts[change.randrange(len(metre.pulses))] for _ in range(1 + busy)]
    return [
        (tick, metre.bar_ticks - tick - 20, (change.choice(voicing),), -0.2) for tick in sorted(set(ticks))
    ]


def _held(places: list[int], metre: Metre, voicing: Voicing, *, longest: int) -> list[Hit]:
    ends = [*places[1:], metre.bar_ticks]
    return [
        (start, min(longest, end - start - 40), voicing, 0.2 if start in metre.strong else -0.1)
        for start, end in zip(places, ends, strict=True)
    ]


STYLES: dict[str, Style] = {
    "pulse": _pulse,
    "offbeat": _offbeat,
    "syncopated": _syncopated,
    "lazy": _lazy,
    "charleston": _charleston,
    "arpeggio": _arpeggio,
    "broken": _broken,
    "strum": _strum,
    "power": _power,
    "ostinato": _ostinato,
    "sparse": _sparse,
}
