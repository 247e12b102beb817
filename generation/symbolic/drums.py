"""Drum and percussion parts: written patterns in 4/4, the same roles by rule in other metres, fills and crashes."""

import random
from dataclasses import dataclass

from generation.symbolic.form import Section
from generation.symbolic.notes import Note
from generation.symbolic.setting import Setting, level, velocity
from generation.symbolic.theory import Metre

KICK, STICK, SNARE, CLAP = 36, 37, 38, 39
HAT, PEDAL, OPEN_HAT, RIDE, CRASH = 42, 44, 46, 51, 49
LOW_TOM, MID_TOM, HIGH_TOM, FLOOR_TOM = 45, 47, 50, 43
TAMBOURINE, SHAKER, HIGH_CONGA, LOW_CONGA = 54, 70, 63, 64
STEP = 120  # sixteenths
ACCENTS = {"x": 0.5, "o": -0.1, "-": -1.3}


@dataclass(frozen=True, kw_only=True)
class DrumStyle:
    """Patterns of sixteen sixteenths: x accent, o normal, - ghost, . rest; one tuple of choices for each level 0..2."""

    kicks: tuple[tuple[str, ...], ...]
    backbeat: tuple[int, int, int]  # the drum at each level
    backbeats: tuple[str, ...] = ("....x.......x...",)
    time: tuple[int, int, int] = (HAT, HAT, HAT)
    times: tuple[tuple[str, ...], ...]
    colour: tuple[tuple[int, str], ...] = ()  # played at level 2
    four: bool = False  # a kick on each pulse
    toms: bool = True  # fills on toms; else on the snare
    crash: bool = True


_EIGHTHS = "x.o.x.o.x.o.x.o."
_SIXTEENTHS = "xooo" * 4
_QUARTERS = "x...o...x...o..."

STYLES: dict[str, DrumStyle] = {
    "pop": DrumStyle(
        kicks=(
            ("x.......x.......",),
            ("x.....o.x.......", "x.......x.o.....", "x..o....x......."),
            ("x..o..o.x.o.....", "x.o...o.x..o....", "x...x...x...x..."),
        ),
        backbeat=(STICK, SNARE, SNARE),
        times=((_QUARTERS, _EIGHTHS), (_EIGHTHS,), (_EIGHTHS, _SIXTEENTHS)),
        colour=((OPEN_HAT, "..............o."),),
    ),
    "sparse": DrumStyle(
        kicks=(("x...............",), ("x.........o.....",), ("x.....o...o.....",)),
        backbeat=(STICK, STICK, STICK),
        backbeats=("........o.......", "............o..."),
        time=(PEDAL, HAT, HAT),
        times=(("....-.......-...",), ("..-...-...-...-.",), ("o.-.o.-.o.-.o.-.",)),
        toms=False,
        crash=False,
    ),
    "boom bap": DrumStyle(
        kicks=(
            ("x.........o.....", "x......o........"),
            ("x.....o...x.....", "x..o......x.....", "x......o..x....."),
            ("x..o......x..o..", "x.o....o..x.....", "x.....oo..x....."),
        ),
        backbeat=(STICK, SNARE, SNARE),
        backbeats=("....x.......x...", "....x..-....x...", "....x....-..x..-"),
        times=((_QUARTERS, _EIGHTHS), (_EIGHTHS, "x.o.x.oox.o.x.o."), (_EIGHTHS, "x.oox.o.x.oox.oo")),
        colour=((OPEN_HAT, "......o........."),),
        toms=False,
        crash=False,
    ),
    "four on the floor": DrumStyle(
        kicks=(("x...x...x...x...",),) * 3,
        backbeat=(CLAP, CLAP, CLAP),
        times=(("..o...o...o...o.",), ("..x...x...x...x.", "..x.-.x.-.x.-.x."), (_SIXTEENTHS,)),
        time=(HAT, OPEN_HAT, HAT),
        colour=((OPEN_HAT, "..x...x...x...x."),),
        four=True,
        toms=False,
    ),
    "folk": DrumStyle(
        kicks=(("x.......o.......",), ("x.......x.......", "x.....o.x......."), ("x...o...x.o.o...",)),
        backbeat=(STICK, SNARE, SNARE),
        backbeats=("....o.......o...", "....o..-....o.-."),
        times=((_QUARTERS,), (_EIGHTHS,), (_EIGHTHS,)),
        colour=((TAMBOURINE, "....x.......x..."),),
        crash=False,
    ),
    "swing": DrumStyle(
        kicks=(
            ("-.......-.......",),
            ("-...-...-...-...", "o.......-.....-."),
            ("o..-..-.o...-...", "-...o...-..o...."),
        ),
        backbeat=(PEDAL, PEDAL, PEDAL),
        time=(RIDE, RIDE, RIDE),
        times=(("x...x...x...x...",), ("o...x.o.o...x.o.",), ("o...x.o.o...x.o.", "o.o.x.o.o.o.x.o.")),
        colour=((SNARE, "......-....-..-."),),
        toms=False,
        crash=False,
    ),
    "cinematic": DrumStyle(
        kicks=(
            ("x...............",),
            ("x.........x.....", "x.....x........."),
            ("x..x..x.x..x..x.", "x.x...x.x.x...x."),
        ),
        backbeat=(FLOOR_TOM, FLOOR_TOM, SNARE),
        backbeats=("............x...", "............x.x."),
        time=(LOW_TOM, LOW_TOM, LOW_TOM),
        times=(("............-.o.",), ("x..o..o.x..o..o.",), ("xo.ox.o.xo.ox.oo", "x.oox.oox.oox.oo")),
    ),
    "rock": DrumStyle(
        kicks=(
            ("x.......x.......",),
            ("x.......x.x.....", "x.x.....x......."),
            ("x.x...x.x.x.....", "x.....x.x.x...x."),
        ),
        backbeat=(SNARE, SNARE, SNARE),
        time=(HAT, HAT, RIDE),
        times=((_QUARTERS, _EIGHTHS), (_EIGHTHS,), (_EIGHTHS, _QUARTERS)),
    ),
}  # fmt: skip


def write(setting: Setting) -> list[Note]:
    """Return the drums of all sections in which they play; the ending's stroke is not in it."""
    style = STYLES[setting.genre.drums]
    notes: list[Note] = []
    for section, bar, origin in setting.playing("drums"):
        hard = level(section.energy + 0.4 * (setting.density - 0.5))
        rng = setting.material("drums", section)
        change = setting.stream(f"drums/{bar}")
        fill = _fill_from(setting, section, bar, hard, change)
        pattern = _pattern(style, setting.metre, hard, rng)
        for offset, drum, mark in pattern:
            if offset < fill or (drum == KICK and offset == 0):
                if mark == "o" and change.random() < 0.06:
                    continue
                notes.append(_stroke(origin + offset, drum, velocity(section.energy, ACCENTS[mark])))
        notes += _fill(style, setting.metre, origin, fill, section.energy, hard, change)
        if style.crash and bar == section.start_bar and bar > 0 and hard:
            notes.append(_stroke(origin, CRASH, velocity(section.energy, 0.2)))
    return notes


def percussion(setting: Setting) -> list[Note]:
    """Return shaker, tambourine or congas over the sections in which percussion plays."""
    notes: list[Note] = []
    for section, _, origin in setting.playing("percussion"):
        rng = setting.material("percussion", section)
        kind = rng.choice(("shaker", "tambourine", "congas"))
        hard = level(section.energy)
        grid = STEP if hard == 2 and kind == "shaker" else 240
        for tick in range(0, setting.metre.bar_ticks, grid):
            on_pulse = tick in setting.metre.pulse_starts
            loud = velocity(section.energy, 0.3 if on_pulse else -0.7)
            if kind == "shaker":
                notes.append(_stroke(origin + tick, SHAKER, loud))
            elif kind == "tambourine" and (tick in _backbeats(setting.metre) or (hard and not on_pulse)):
                notes.append(_stroke(origin + tick, TAMBOURINE, loud))
            elif kind == "congas" and rng.random() < 0.65:
                notes.append(_stroke(origin + tick, rng.choice((HIGH_CONGA, LOW_CONGA)), loud))
    return notes or [_stroke(0, SHAKER, 60)]


def ending(setting: Setting, last_energy: float) -> list[Note]:
    """Return the last stroke: kick and cymbal together, left to ring."""
    style = STYLES[setting.genre.drums]
    cymbal = CRASH if style.crash else RIDE
    loud = velocity(last_energy, -0.2)
    return [_stroke(setting.final_tick, KICK, loud), _stroke(setting.final_tick, cymbal, max(30, loud - 20))]


def _pattern(style: DrumStyle, metre: Metre, hard: int, rng: random.Random) -> list[tuple[int, int, str]]:
    """Return (offset, drum, mark) for a bar, in time order."""
    choices = [rng.random() for _ in range(3)]  # drawn first: the metre must not shift what chance gives
    kick, back, time = (
        _pick(style.kicks[hard], choices[0]),
        _pick(style.backbeats, choices[1]),
        _pick(style.times[hard], choices[2]),
    )
    lines = [(KICK, kick), (style.backbeat[hard], back), (style.time[hard], time)]
    lines += list(style.colour) if hard == 2 else []
    if str(metre) == "4/4":
        hits = [
            (place * STEP, drum, mark)
            for drum, line in lines
            for place, mark in enumerate(line)
            if mark != "."
        ]
    else:
        hits = _by_rule(style, metre, hard, time, rng)
    return sorted(hits)


def _by_rule(
    style: DrumStyle, metre: Metre, hard: int, time: str, rng: random.Random
) -> list[tuple[int, int, str]]:
    """The same roles in any metre: kick on strong pulses, backbeat between them, time on every eighth or pulse."""
    hits: list[tuple[int, int, str]] = []
    answers = _backbeats(metre)
    starts = metre.pulse_starts if style.four else [start for start in metre.strong if start not in answers]
    hits += [(start, KICK, "x" if start == 0 else "o") for start in starts]
    if hard == 2 and not style.four:
        spare = [t for t in range(240, metre.bar_ticks, 240) if t not in metre.pulse_starts]
        hits.append((rng.choice(spare), KICK, "o"))
    hits += [(start, style.backbeat[hard], "x") for start in answers]
    every_pulse = len(metre.pulses) > 2 and (hard == 0 or (style.time[hard] == RIDE and "o.o" not in time))
    for tick in range(0, metre.bar_ticks, STEP if time == _SIXTEENTHS else 240):
        on_pulse = tick in metre.pulse_starts
        if on_pulse or not every_pulse:
            hits.append((tick, style.time[hard], "x" if on_pulse else "o"))
    if style.time[hard] == RIDE:  # the skip before the next strong pulse
        hits.append((metre.bar_ticks - 240, RIDE, "o"))
    return list(dict.fromkeys(hits))


def _backbeats(metre: Metre) -> tuple[int, ...]:
    """Return the pulses that answer: 2 and 4 of four, 2 and 3 of three, the fourth of five, the last group of seven."""
    starts = metre.pulse_starts
    match str(metre):
        case "3/4" | "9/8":
            return starts[1:]
        case "5/4":
            return (starts[3],)
        case "7/8":
            return (starts[2],)
        case "6/4":
            return (starts[3],)
        case _:
            return starts[1::2]


def _fill_from(setting: Setting, section: Section, bar: int, hard: int, rng: random.Random) -> int:
    """Return the tick in the bar where a fill begins, the bar's length where there is none."""
    last_of_section = bar == section.end_bar - 1 or bar == setting.bars - 2
    metre = setting.metre
    if last_of_section and section.bars > 1 and hard and "drums" in section.roles:
        short = hard == 1 or rng.random() < 0.5
        return metre.pulse_starts[-1 if short else len(metre.pulses) // 2]
    return metre.bar_ticks


def _fill(
    style: DrumStyle, metre: Metre, origin: int, start: int, energy: float, hard: int, rng: random.Random
) -> list[Note]:
    ticks = range(start, metre.bar_ticks, STEP)
    drums = (HIGH_TOM, MID_TOM, LOW_TOM, FLOOR_TOM) if style.toms else (SNARE,)
    notes: list[Note] = []
    for place, tick in enumerate(ticks):
        if tick != start and rng.random() < (0.25 if hard == 2 else 0.45):
            continue
        drum = drums[place * len(drums) // len(ticks)]
        notes.append(_stroke(origin + tick, drum, velocity(energy, -0.3 + 0.6 * place / len(ticks))))
    return notes


def _stroke(tick: int, drum: int, loud: int) -> Note:
    return Note(tick, drum, STEP if drum not in (CRASH, RIDE, OPEN_HAT) else 240, loud)


def _pick(options: tuple[str, ...], chance: float) -> str:
    return options[int(chance * len(options))]
