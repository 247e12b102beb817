"""Plans around what is given: a melody, chords or a whole source; who plays, in which sections, over which chords.

A given melody is kept note for note, given chords chord for chord.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generation.symbolic import form
from generation.symbolic.chords import Progression
from generation.symbolic.compose import NAMES, PAN, Composition, compose
from generation.symbolic.form import Section
from generation.symbolic.harmonising import fitted
from generation.symbolic.harmony import Span
from generation.symbolic.instruments import HARMONY_ROLES
from generation.symbolic.notes import Marker, Note, Part, Score, TempoChange, us_per_quarter
from generation.symbolic.planning import RING_S, Planned, Wishes, plan
from generation.symbolic.source import chords_of, heard_key, melody_of, slots, spans_of, whole_bars
from generation.symbolic.theory import TICKS, Key, Metre

MELODY_TRUST = 2.4
INTRO_BARS = 4
PHRASE_BARS = 8
FADE_S = 0.25
Harmony = Callable[[int], tuple[Span, ...] | None]


@dataclass(frozen=True, kw_only=True)
class Arranged:
    """What makes a take of each seed: a plan, chords by seed (None: the genre's own), and parts that are kept.

    What is composed moves by `shift` ticks, which may be before the beginning; `notes` say what was decided.
    """

    planned: Planned
    harmony: Harmony
    given: Mapping[str, Part] = field(default_factory=dict)
    changes: tuple[TempoChange, ...] = ()
    shift: int = 0
    notes: Mapping[str, str | int] = field(default_factory=dict)

    def composed(self, seed: int) -> Composition:
        """Return the music of a seed."""
        music = compose(self.planned.plan, seed=seed, spans=self.harmony(seed), given=self.given)
        score = replace(music.score, changes=self.changes)
        return replace(music, score=moved(score, self.shift) if self.shift else score)


def around_melody(
    wishes: Wishes, score: Score, *, duration_s: float, sample_rate_hz: int, colour: float, halves: bool
) -> Arranged:
    """Return an arrangement in which the melody sounds as often as it fits, note for note, after an introduction where
    there is room for one. A melody that is longer than what is asked for is heard as far as it goes.
    """
    tune, tempo_us, metre = melody_of(score), _tempo(wishes, score), _metre(wishes, score)
    key, known = heard_key(score, wishes.key)
    length = whole_bars(tune.notes, metre)
    bar_us = metre.bar_ticks * tempo_us / TICKS
    bars = max(1, int((duration_s * 1e6 + 1) // bar_us))
    times, left = max(1, bars // length), bars - length * max(1, bars // length)
    intro = min(INTRO_BARS, left) if left > 0 else 0
    layout = [("intro", intro)] if intro else []
    layout += [("A" + "'" * min(turn, 3), min(length, bars)) for turn in range(times)]
    layout += [("outro", left - intro)] if left > intro else []
    starts = [intro + turn * length for turn in range(times)]
    kept = [
        replace(note, start=note.start + start * metre.bar_ticks)
        for start in starts
        for note in tune.notes
        if note.start + start * metre.bar_ticks < bars * metre.bar_ticks
    ]
    planned = _with_lead(_framed(wishes, key, metre, tempo_us, duration_s, sample_rate_hz, layout))

    def harmony(seed: int) -> tuple[Span, ...]:
        once = _for_melody(tune.notes, key, metre, length, colour=colour, halves=halves, seed=seed)
        return _over(once, metre, length, first=intro, bars=bars)

    return Arranged(
        planned=planned,
        harmony=harmony,
        given={"lead": _lead(tune, kept, planned)},
        notes={
            "melody": "kept note for note",
            "melody_part": tune.name,
            "melody_notes": len(tune.notes),
            "melody_times": times,
            "melody_from_bar": intro + 1,
            "melody_notes_left_out": len(tune.notes) * times - len(kept),
            "key_known": known,
            "harmony": "procedural",
        },
    )


def under_melody(
    wishes: Wishes, score: Score, *, sample_rate_hz: int, colour: float, halves: bool
) -> Arranged:
    """Return chords under a melody that is kept note for note: as long as it is, and the last chord rings out."""
    tune, tempo_us, metre = melody_of(score), _tempo(wishes, score), _metre(wishes, score)
    key, known = heard_key(score, wishes.key)
    bars = whole_bars(tune.notes, metre)
    planned = _with_lead(
        _framed(
            wishes, key, metre, tempo_us, None, sample_rate_hz, phrases(bars), among=("lead", *HARMONY_ROLES)
        )
    )
    return Arranged(
        planned=planned,
        harmony=lambda seed: _for_melody(
            tune.notes, key, metre, bars, colour=colour, halves=halves, seed=seed
        ),
        given={"lead": _lead(tune, list(tune.notes), planned)},
        changes=score.changes if tempo_us == score.us_per_quarter else (),
        notes={
            "melody": "kept note for note",
            "melody_part": tune.name,
            "melody_notes": len(tune.notes),
            "key_known": known,
            "harmony": "procedural",
        },
    )


def over_chords(
    wishes: Wishes,
    progression: Progression | None,
    *,
    key: Key | None,
    duration_s: float,
    sample_rate_hz: int,
) -> Arranged:
    """Return a style's players over a progression, round and round; None: over chords of the genre's own.

    `wishes.roles` says who plays; where it is empty, chordal instruments alone.
    """
    told = wishes if key is None else replace(wishes, key=str(key))
    found = plan(told, duration_s=duration_s, sample_rate_hz=sample_rate_hz).plan
    among = None if wishes.roles else HARMONY_ROLES
    layout = phrases(found.bars)
    spans: tuple[Span, ...] | None = None
    if progression is not None:
        spans, layout = looped(progression, metre=found.metre, bars=found.bars)
    planned = _framed(
        told, found.key, found.metre, found.us_per_quarter, duration_s, sample_rate_hz, layout, among=among
    )
    return Arranged(
        planned=planned,
        harmony=lambda seed: spans,
        notes={"harmony": "procedural" if progression is None else "kept chord for chord"},
    )


def beside(
    wishes: Wishes,
    *,
    key: Key,
    metre: Metre,
    tempo_us: int,
    spans: tuple[Span, ...],
    samples: int,
    sample_rate_hz: int,
    changes: tuple[TempoChange, ...] = (),
    shift: int = 0,
) -> Arranged:
    """Return parts (`wishes.roles`) for something that is there: its tempo, key and chords, its exact length."""
    bars = -(-spans[-1].end // metre.bar_ticks)
    planned = _framed(wishes, key, metre, tempo_us, None, sample_rate_hz, phrases(bars))
    fade = min(round(FADE_S * sample_rate_hz), samples // 4)
    return Arranged(
        planned=replace(planned, samples=samples, fade_from=samples - fade),
        harmony=lambda seed: spans,
        changes=changes,
        shift=shift,
        notes={"harmony": "of the source"},
    )


def beside_notes(wishes: Wishes, score: Score, *, sample_rate_hz: int) -> Arranged:
    """Return parts for given notes."""
    key, known = heard_key(score, wishes.key)
    samples = score.samples(score.end_tick, sample_rate_hz)
    found = beside(
        wishes, key=key, metre=score.metre, tempo_us=score.us_per_quarter, spans=chords_of(score, key),
        samples=samples, sample_rate_hz=sample_rate_hz, changes=score.changes,
    )  # fmt: skip
    return replace(found, notes={**found.notes, "key_known": known})


def phrases(bars: int) -> list[tuple[str, int]]:
    """Return sections of eight bars that fill `bars`, the rest with the last."""
    count = max(1, bars // PHRASE_BARS)
    lengths = [PHRASE_BARS] * count if bars >= PHRASE_BARS else [bars]
    lengths[-1] += bars - sum(lengths)
    return [("A" + "'" * min(place, 3), length) for place, length in enumerate(lengths)]


def looped(
    progression: Progression, *, metre: Metre, bars: int
) -> tuple[tuple[Span, ...], list[tuple[str, int]]]:
    """Return the chords round and round over so many bars, and the sections that they make."""
    spans: list[Span] = []
    for bar in range(bars):
        here = progression.bars[bar % len(progression.bars)]
        cuts = _shares(metre, len(here))
        origin = bar * metre.bar_ticks
        spans += [
            Span(origin + start, origin + end, chord)
            for chord, start, end in zip(here, cuts[:-1], cuts[1:], strict=True)
        ]
    layout: list[tuple[str, int]] = []
    left, turn = bars, 0
    while left > 0:
        for label, length in progression.sections:
            if left > 0:
                _add_phrase(layout, label + "'" * min(turn, 3), min(length, left))
                left -= length
        turn += 1
    return tuple(spans), layout


def _add_phrase(layout: list[tuple[str, int]], label: str, bars: int) -> None:
    """Add a section; short rounds of a short progression make one phrase."""
    if layout and layout[-1][1] + bars <= PHRASE_BARS and form.base_of(layout[-1][0]) == form.base_of(label):
        layout[-1] = (layout[-1][0], layout[-1][1] + bars)
    else:
        layout.append((label, bars))


def _shares(metre: Metre, count: int) -> list[int]:
    """Return where each of `count` chords begins in a bar, and its end: on pulses, as evenly as they go."""
    if count == len(metre.strong):
        return [*metre.strong, metre.bar_ticks]
    pulses = len(metre.pulses)
    if count > pulses:  # more chords than pulses
        return [round(place * metre.bar_ticks / count / 120) * 120 for place in range(count)] + [
            metre.bar_ticks
        ]
    return [metre.pulse_starts[place * pulses // count] for place in range(count)] + [metre.bar_ticks]


def _framed(
    wishes: Wishes,
    key: Key,
    metre: Metre,
    tempo_us: int,
    duration_s: float | None,
    sample_rate_hz: int,
    layout: Sequence[tuple[str, int]],
    among: Sequence[str] | None = None,
) -> Planned:
    """Return a plan with these sections (label, bars). Without a duration it ends with them, and rings out after.

    Who plays: the genre and the wishes decide, in layers; `among` keeps only such roles, and those, like
    `wishes.roles`, play throughout.
    """  # fmt: skip
    bars = sum(length for _, length in layout)
    bar_s = metre.bar_ticks * tempo_us / TICKS / 1e6
    told = replace(wishes, key=str(key), metre=str(metre), tempo_bpm=60e6 / tempo_us, structure=(), energy=())
    found = plan(told, duration_s=duration_s or bars * bar_s, sample_rate_hz=sample_rate_hz)
    programs = {role: some for role, some in found.plan.programs.items() if among is None or role in among}
    lift = found.plan.genre.energy - 0.5
    everybody = tuple(programs) if among is not None or wishes.roles else ()
    sections = _sections(layout, wishes.energy, lift, everybody)
    if not everybody:
        sections = form.with_layers(sections, tuple(programs))
    piece = replace(found.plan, us_per_quarter=tempo_us, bars=bars, sections=sections, programs=programs)
    if duration_s is not None:
        return replace(found, plan=piece)
    end = round(bars * bar_s * sample_rate_hz)
    return replace(
        found, plan=replace(piece, end_tick=bars * metre.bar_ticks), samples=end + round(RING_S * sample_rate_hz),
        fade_from=end,
    )  # fmt: skip


def _sections(
    layout: Sequence[tuple[str, int]], energy: Sequence[float], lift: float, everybody: tuple[str, ...]
) -> tuple[Section, ...]:
    sections: list[Section] = []
    heard: dict[str, int] = {}
    total, start = sum(bars for _, bars in layout), 0
    for label, bars in layout:
        kind, material = form.kind_of(label), form.base_of(label)
        variation = heard.get(material, 0)
        heard[material] = variation + 1
        value = form.ENERGY[kind] + lift + 0.06 * variation
        if energy:
            value = energy[min(len(energy) - 1, int((start + bars / 2) / total * len(energy)))]
        value = min(1.0, max(0.0, value))
        sections.append(Section(label, kind, material, variation, start, bars, value, frozenset(everybody)))
        start += bars
    return tuple(sections)


def _for_melody(
    notes: Sequence[Note], key: Key, metre: Metre, bars: int, *, colour: float, halves: bool, seed: int
) -> tuple[Span, ...]:
    """Return chords for a melody; where it leaves the choice, each seed makes its own."""
    places = slots(notes, metre, bars, texture=False, halves=halves)
    rng = random.Random(f"deadwax-sketch/{seed}/harmonise")  # noqa: S311 (music, not secrets)
    return spans_of(places, fitted(places, key, trust=MELODY_TRUST, colour=colour, rng=rng))


def _over(once: Sequence[Span], metre: Metre, length: int, *, first: int, bars: int) -> tuple[Span, ...]:
    """Return a melody's chords over the whole piece: they go round before and after it; the piece ends as it does."""
    bar = metre.bar_ticks
    spans: list[Span] = []
    for place in range(bars):
        source = (place - first) % length if place >= first else place % length
        if place == bars - 1:
            spans.append(Span(place * bar, (place + 1) * bar, once[-1].chord))
            continue
        for span in once:
            start, end = max(span.start, source * bar), min(span.end, (source + 1) * bar)
            if start < end:
                move = (place - source) * bar
                spans.append(Span(start + move, end + move, span.chord))
    return tuple(spans)


def _with_lead(planned: Planned) -> Planned:
    """Return the plan with the lead among the players, even where the wishes forbid one: the melody is given."""
    piece = planned.plan
    if "lead" in piece.programs:
        return planned
    return replace(
        planned, plan=replace(piece, programs={**piece.programs, "lead": piece.genre.programs["lead"]})
    )


def _lead(tune: Part, notes: Sequence[Note], planned: Planned) -> Part:
    """Return the melody as the lead: its own instrument, or the genre's where a file only has its first programme."""
    genre = planned.plan.programs.get("lead", (tune.program,))
    program = tune.program if tune.program and not tune.drums else genre[0]
    return Part(role="lead", name=NAMES["lead"], program=program, notes=tuple(notes), pan=PAN["lead"])


def _tempo(wishes: Wishes, score: Score) -> int:
    return us_per_quarter(wishes.tempo_bpm) if wishes.tempo_bpm else score.us_per_quarter


def _metre(wishes: Wishes, score: Score) -> Metre:
    return Metre.parse(wishes.metre) if wishes.metre else score.metre


def moved(score: Score, ticks: int) -> Score:
    """Return a score later, or earlier and without what would begin before the beginning."""
    parts = tuple(
        replace(
            part, notes=tuple(replace(n, start=n.start + ticks) for n in part.notes if n.start + ticks >= 0)
        )
        for part in score.parts
    )
    markers = tuple(Marker(one.tick + ticks, one.text) for one in score.markers if one.tick + ticks >= 0)
    return replace(score, parts=parts, markers=markers)
