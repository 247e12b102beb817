"""From a plan and a seed to a score: every part written, the ending added, then played with swing and touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from generation.symbolic import bass, comping, drums, harmony, melody
from generation.symbolic.form import Section
from generation.symbolic.genres import Genre
from generation.symbolic.harmony import Span
from generation.symbolic.notes import Marker, Note, Part, Score, tidy
from generation.symbolic.performance import one_at_a_time, played, swung
from generation.symbolic.setting import Setting, velocity
from generation.symbolic.theory import Key, Metre

NAMES = {
    "lead": "Lead", "keys": "Keys", "guitar": "Guitar", "strings": "Strings", "pads": "Pads", "bass": "Bass",
    "drums": "Drums", "percussion": "Percussion",
}  # fmt: skip
PAN = {
    "lead": 68, "keys": 52, "guitar": 84, "strings": 46, "pads": 64, "bass": 64, "drums": 64, "percussion": 88,
}  # fmt: skip
KIT_ROLES = ("drums", "percussion")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is fixed before chance plays: equal for all seeds of one request, so that takes can be mixed and matched.

    `programs` gives each role, in layer order, the General MIDI programs among which the seed picks.
    """

    genre: Genre
    key: Key
    metre: Metre
    us_per_quarter: int
    bars: int
    end_tick: int
    sections: tuple[Section, ...]
    programs: Mapping[str, tuple[int, ...]]
    density: float = 0.5
    swing: float = 0.0
    humanise: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A take as notes: `score` as played; `spans` the chords; `written` the same parts before swing and touch."""

    score: Score
    written: tuple[Part, ...]
    spans: tuple[Span, ...]


def compose(
    plan: Plan,
    *,
    seed: int,
    spans: tuple[Span, ...] | None = None,
    given: Mapping[str, Part] = MappingProxyType({}),
) -> Composition:
    """Return the music of a seed. The same plan and seed give equal notes on every machine.

    `spans` are chords that are there already; they fill the piece. `given` are parts that are kept note for note.
    """
    setting = Setting(
        genre=plan.genre, key=plan.key, metre=plan.metre, us_per_quarter=plan.us_per_quarter, bars=plan.bars,
        end_tick=plan.end_tick, sections=plan.sections, roles=tuple(plan.programs), spans=(), density=plan.density,
        seed=seed,
    )  # fmt: skip
    if spans is None:
        spans = harmony.plan(
            plan.sections, key=plan.key, metre=plan.metre, genre=plan.genre, rng=setting.stream("harmony")
        )
    setting = replace(setting, spans=spans)
    written = tuple(given[role] if role in given else _part(setting, plan, role) for role in plan.programs)
    score = Score(
        us_per_quarter=plan.us_per_quarter,
        metre=plan.metre,
        key=plan.key,
        bars=plan.bars,
        parts=tuple(part if part.role in given else _played(setting, plan, part) for part in written),
        markers=tuple(Marker(s.start_bar * plan.metre.bar_ticks, s.label) for s in plan.sections),
    )
    return Composition(score=score, written=written, spans=spans)


def _part(setting: Setting, plan: Plan, role: str) -> Part:
    notes = _notes(setting, role)
    programs = plan.programs[role]
    program = programs[setting.stream(f"program/{role}").randrange(len(programs))]
    return Part(
        role=role,
        name=NAMES[role],
        program=program,
        notes=tidy(note for note in notes if note.start < plan.end_tick),
        drums=role in KIT_ROLES,
        pan=PAN[role],
    )


def _notes(setting: Setting, role: str) -> list[Note]:
    last = setting.sections[-1]
    start, length = setting.final_tick, max(120, setting.end_tick - setting.final_tick)
    loud = velocity(last.energy, -0.2)
    tonic = setting.spans[-1]
    match role:
        case "lead":
            line = melody.write(setting)
            line.append(Note(start, melody.final_pitch(setting, line), length, loud))
            return one_at_a_time(line)
        case "bass":
            line = bass.write(setting)
            near = line[-1].pitch if line else 38
            line.append(Note(start, bass.root_near(tonic.chord, near), length, loud))
            return one_at_a_time(line)
        case "drums":
            return drums.write(setting) + drums.ending(setting, last.energy)
        case "percussion":
            return drums.percussion(setting)
        case _:
            spans = [span for span in setting.spans_for(role) if span.end <= start][-1:]
            chord = comping.voiced_for(setting, role, [*spans, tonic])[-1]
            return comping.write(setting, role) + [Note(start, pitch, length, loud) for pitch in chord]


def _played(setting: Setting, plan: Plan, part: Part) -> Part:
    swing = plan.swing if not (plan.metre.is_compound and plan.genre.swing_grid == 240) else 0.0
    notes: Sequence[Note] = swung(part.notes, amount=swing, grid=plan.genre.swing_grid)
    notes = played(
        notes,
        role=part.role,
        amount=plan.humanise,
        us_per_quarter=plan.us_per_quarter,
        rng=setting.stream(f"touch/{part.role}"),
        strum=part.role == "guitar" and plan.humanise > 0,
    )
    if part.role in ("lead", "bass"):
        notes = tidy(one_at_a_time(notes))
    return replace(part, notes=tuple(notes))


def described(sections: Sequence[Section], spans: Sequence[Span], metre: Metre) -> tuple[str, str]:
    """Return the form ("intro 2, A 4, ...") and the chords by bar ("Dm7 | Gm7 | ..."), for people to read."""
    form = ", ".join(f"{section.label} {section.bars}" for section in sections)
    chords: list[str] = []
    for section in sections:
        bars = range(section.start_bar, section.end_bar)
        names = [_bar_symbols(spans, bar * metre.bar_ticks, metre.bar_ticks) for bar in bars]
        chords.append(f"{section.label}: " + " | ".join(names))
    return form, "; ".join(chords)


def _bar_symbols(spans: Sequence[Span], start: int, length: int) -> str:
    inside = [span.chord.symbol() for span in spans if start < span.start < start + length]
    return " ".join([harmony.chord_at(spans, start).symbol(), *inside])
