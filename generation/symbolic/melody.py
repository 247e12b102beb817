"""A melody of motifs: one idea for each material, varied along phrases; chord tones on strong beats; a tonic to end on.

A motif is a bar's rhythm with a contour in scale steps. A phrase of up to four bars strings motifs together as a, a
varied, b, cadence; the contour of the phrase is an arch whose height follows the section's energy.
"""

import math
import random
from dataclasses import dataclass

from generation.symbolic.chords import AnyChord
from generation.symbolic.form import Section
from generation.symbolic.notes import Note
from generation.symbolic.setting import Setting, velocity
from generation.symbolic.theory import Key, Metre

SPAN = 17  # semitones of range above the lead's lowest note
LEAP = 7  # semitones; a chord tone may lie two further
STEPS = (-2, -1, -1, -1, 0, 1, 1, 1, 2, 2, -3, 3)
PHRASES = ("aavc", "avbc", "abac", "aabc", "abvc")

# Rhythm cells for a pulse of two eighths and of three: (offset, duration) in ticks, and how busy each is, 0..1.
DUPLE: tuple[tuple[float, tuple[tuple[int, int], ...]], ...] = (
    (0.0, ()),
    (0.2, ((0, 480),)),
    (0.35, ((240, 240),)),
    (0.5, ((0, 360), (360, 120))),
    (0.6, ((0, 240), (240, 240))),
    (0.85, ((0, 240), (240, 120), (360, 120))),
    (0.95, ((0, 120), (120, 120), (240, 240))),
)
TRIPLE: tuple[tuple[float, tuple[tuple[int, int], ...]], ...] = (
    (0.0, ()),
    (0.2, ((0, 720),)),
    (0.35, ((480, 240),)),
    (0.5, ((0, 480), (480, 240))),
    (0.65, ((0, 240), (240, 480))),
    (0.9, ((0, 240), (240, 240), (480, 240))),
)


@dataclass(frozen=True)
class Tone:
    """A note of a motif: offset and duration in ticks, `step` in scale steps from the bar's anchor."""

    offset: int
    duration: int
    step: int


Motif = tuple[Tone, ...]


def write(setting: Setting) -> list[Note]:
    """Return the melody of all sections in which the lead plays; the ending's note is not in it."""
    notes: list[Note] = []
    ideas: dict[str, tuple[Motif, Motif, str]] = {}
    previous = setting.genre.lead_low + SPAN // 2
    for section in setting.sections:
        if "lead" not in section.roles:
            continue
        if section.material not in ideas:
            ideas[section.material] = _idea(setting, section, len(ideas))
        for note in _section(setting, section, ideas[section.material], previous):
            notes.append(note)
            previous = note.pitch
    return notes


def final_pitch(setting: Setting, notes: list[Note]) -> int:
    """Return the tonic nearest to where the melody stopped, inside the lead's range."""
    last = notes[-1].pitch if notes else setting.genre.lead_low + SPAN // 2
    low = setting.genre.lead_low
    options = [p for p in range(low, low + SPAN + 1) if p % 12 == setting.key.pitch_class]
    return min(options, key=lambda pitch: (abs(pitch - last), pitch))


def _idea(setting: Setting, section: Section, count: int) -> tuple[Motif, Motif, str]:
    rng = setting.material("melody", section)
    busy = setting.genre.melody_density * (0.5 + setting.density)
    busy += 0.25 * (section.energy - 0.5) + (0.12 if count % 2 else 0.0)
    first = motif(setting.metre, busy=busy, slow=setting.bar_s > 3.2, rng=rng)
    second = motif(setting.metre, busy=busy + rng.choice((-0.15, 0.15)), slow=setting.bar_s > 3.2, rng=rng)
    return first, second, rng.choice(PHRASES)


def motif(metre: Metre, *, busy: float, slow: bool, rng: random.Random) -> Motif:
    """Return a bar-long idea with two notes at least, that fits the metre. `slow` bars have room for more."""
    busy = min(0.95, max(0.1, busy + (0.12 if slow else 0.0)))
    rhythm: list[tuple[int, int]] = []
    for start, pulse in zip(metre.pulse_starts, metre.pulses, strict=True):
        cells = TRIPLE if pulse == 720 else DUPLE
        weights = [math.exp(-(((need - busy) / 0.28) ** 2)) for need, _ in cells]
        if start == 0:
            weights[0] *= 0.3
        cell = rng.choices([shape for _, shape in cells], weights)[0]
        rhythm += [(start + offset, duration) for offset, duration in cell]
    if len(rhythm) < 2:
        half = metre.pulse_starts[len(metre.pulses) // 2]
        rhythm = [(0, half), (half, metre.bar_ticks - half)]
    step = 0
    tones: list[Tone] = []
    for offset, duration in _legato(rhythm, metre, rng):
        tones.append(Tone(offset, duration, step))
        move = rng.choice(STEPS)
        step += move if abs(step + move) <= 5 else -move
    return tuple(tones)


def _legato(rhythm: list[tuple[int, int]], metre: Metre, rng: random.Random) -> list[tuple[int, int]]:
    """Let notes before a rest ring into it sometimes: a melody of equal short notes sounds typed."""
    longer: list[tuple[int, int]] = []
    for place, (offset, duration) in enumerate(rhythm):
        following = rhythm[place + 1][0] if place + 1 < len(rhythm) else metre.bar_ticks
        gap = following - offset - duration
        longer.append((offset, duration + (gap if gap and rng.random() < 0.6 else 0)))
    return longer


def varied(idea: Motif, rng: random.Random) -> Motif:
    """Return a variation that keeps the rhythm's outline: a sequence, a mirrored tail, or an ornamented long note."""
    match rng.choice(("sequence", "tail", "ornament")):
        case "sequence":
            shift = rng.choice((-2, -1, 1, 2))
            return tuple(Tone(t.offset, t.duration, t.step + shift) for t in idea)
        case "tail":
            half = len(idea) // 2
            pivot = idea[half].step
            return idea[:half] + tuple(Tone(t.offset, t.duration, 2 * pivot - t.step) for t in idea[half:])
        case _:
            place = max(range(len(idea)), key=lambda i: (idea[i].duration, -i))
            long = idea[place]
            if long.duration < 480:
                return tuple(Tone(t.offset, t.duration, t.step + 1) for t in idea)
            cut = long.duration // 2 // 120 * 120
            neighbour = Tone(long.offset + cut, long.duration - cut, long.step + rng.choice((-1, 1)))
            return (*idea[:place], Tone(long.offset, cut, long.step), neighbour, *idea[place + 1 :])


def _section(setting: Setting, section: Section, idea: tuple[Motif, Motif, str], previous: int) -> list[Note]:
    first, second, form = idea
    rng = setting.stream(f"melody/{section.material}/{section.variation}/{section.kind}")
    if section.variation:  # heard before: come back changed, but recognisable
        second = varied(second, rng)
    notes: list[Note] = []
    end = min(section.end_bar, setting.bars - 1)
    for bar in range(section.start_bar, end):
        place = (bar - section.start_bar) % 4
        role = "c" if bar == end - 1 and end - section.start_bar > 1 else form[place]
        if section.energy < 0.35 and place % 2 and role != "c":
            continue  # quiet sections breathe
        shape = {"a": first, "b": second, "v": varied(first, rng), "c": first}[role]
        arch = math.sin(math.pi * (place + 0.5) / 4)
        for note in _bar(setting, section, bar, shape, arch, previous, rng, cadence=role == "c"):
            notes.append(note)
            previous = note.pitch
    return notes


def _bar(
    setting: Setting, section: Section, bar: int, shape: Motif, arch: float, previous: int,
    rng: random.Random, *, cadence: bool,
) -> list[Note]:  # fmt: skip
    metre, key = setting.metre, setting.key
    origin = bar * metre.bar_ticks
    low, high = setting.genre.lead_low, setting.genre.lead_low + SPAN
    if cadence:
        shape = _cadence(shape, metre)
    centre = low + 4 + 5 * section.energy + 4 * arch
    anchor = key.index(nearest_chord_tone(setting.chord(origin), round((centre + previous) / 2), low, high))
    notes: list[Note] = []
    for place, tone in enumerate(shape):
        chord = setting.chord(origin + tone.offset)
        pitch = _reflected(key.pitch(anchor + tone.step), low, high)
        pitch = _in_key(key, _nearer(pitch, previous), low, high)
        last = place == len(shape) - 1
        if tone.offset in metre.strong or tone.duration >= 720 or (cadence and last):
            pitch = nearest_chord_tone(chord, pitch, low, high)
        accent = (0.5 if tone.offset in metre.strong else -0.2) + 0.3 * arch + rng.uniform(-0.15, 0.15)
        held = max(60, round(tone.duration * 0.95))
        notes.append(Note(origin + tone.offset, pitch, held, velocity(section.energy, accent)))
        previous = pitch
    return notes


def _cadence(shape: Motif, metre: Metre) -> Motif:
    """Return the motif's head, then one long note that leaves room for a breath at the end of the bar."""
    turn = metre.strong[-1] if len(metre.strong) > 1 else metre.pulse_starts[len(metre.pulses) // 2]
    head = tuple(Tone(t.offset, min(t.duration, turn - t.offset), t.step) for t in shape if t.offset < turn)[
        :3
    ]
    length = metre.bar_ticks - turn
    breath = 240 if length > 720 else 120
    return (*head, Tone(turn, length - breath, 0))


def nearest_chord_tone(chord: AnyChord, pitch: int, low: int, high: int) -> int:
    """Return the chord tone nearest to a pitch inside `low`..`high` (at least an octave); the lower one on a tie."""
    options = [p for p in range(low, high + 1) if p % 12 in chord.pitch_classes]
    return min(options, key=lambda option: (abs(option - pitch), option))


def _reflected(pitch: int, low: int, high: int) -> int:
    """Turn a line back at the edges of the range, as a singer would, rather than let it jump an octave."""
    pitch = 2 * high - pitch if pitch > high else pitch
    pitch = 2 * low - pitch if pitch < low else pitch
    return min(high, max(low, pitch))


def _in_key(key: Key, pitch: int, low: int, high: int) -> int:
    index = key.index(pitch)
    if key.pitch(index) < low:
        index += 1
    elif key.pitch(index) > high:
        index -= 1
    return key.pitch(index)


def _nearer(pitch: int, previous: int) -> int:
    """Shorten a leap to a fifth, in its direction."""
    return previous + max(-LEAP, min(LEAP, pitch - previous))
