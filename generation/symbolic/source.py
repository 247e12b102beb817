"""What is read out of given notes: which part is the melody, which key it is in, which chords sound in which bar."""

from collections.abc import Sequence
from dataclasses import replace

from generation.symbolic.chords import AnyChord
from generation.symbolic.harmonising import Slot, fitted
from generation.symbolic.harmony import Span
from generation.symbolic.keyfinding import fit, key_of
from generation.symbolic.notes import Note, Part, Score
from generation.symbolic.theory import Key, Metre

ACCENT = 1.6  # what begins on a strong beat says more about the chord there
PASSING = 0.7  # what begins off the beat says less


def melody_of(score: Score) -> Part:
    """Return the part that carries the tune: the one that is called so, else the highest that plays one note at a time.

    Kits are none; a score of kits alone gives its first part.
    """
    pitched = [part for part in score.parts if not part.drums] or list(score.parts)
    leads = [part for part in pitched if part.role == "lead"]
    return max(leads or pitched, key=lambda part: (_singable(part), -score.parts.index(part)))


def _singable(part: Part) -> float:
    """Return how much a part looks like a tune: high, and alone."""
    if not part.notes:
        return -1.0
    alone = len({note.start for note in part.notes}) / len(part.notes)
    height = sum(note.pitch for note in part.notes) / len(part.notes)
    return alone * 60 + height - (40 if part.role == "bass" else 0)


def heard_key(score: Score, stated: str = "") -> tuple[Key, str]:
    """Return the key that notes are taken to be in, and how it is known: stated, written, heard.

    A stated or written key that holds less of the notes than what is heard, by a tenth of their time, is not theirs.
    """
    notes = [note for part in score.parts if not part.drums for note in part.notes]
    heard = key_of(notes) or score.key
    best = fit(heard, notes)
    if stated and fit(Key.parse(stated), notes) >= best - 0.1:
        return Key.parse(stated), "stated"
    if fit(score.key, notes) >= best - 0.1:
        return score.key, "written"
    return heard, "heard"


def slots(
    notes: Sequence[Note], metre: Metre, bars: int, *, texture: bool, halves: bool = True
) -> list[Slot]:
    """Return the stretches that get a chord each, and what sounds there: whole bars, or from strong beat to the next.

    `texture`: the lowest note tells, too.
    """
    cuts = metre.strong if halves else (0,)
    found: list[Slot] = []
    ordered = sorted(notes)
    for bar in range(bars):
        origin = bar * metre.bar_ticks
        for place, begin in enumerate(cuts):
            end = cuts[place + 1] if place + 1 < len(cuts) else metre.bar_ticks
            found.append(_slot(ordered, metre, origin, origin + begin, origin + end, texture=texture))
    return found


def _slot(notes: Sequence[Note], metre: Metre, origin: int, start: int, end: int, *, texture: bool) -> Slot:
    weights = [0.0] * 12
    lows: dict[int, float] = {}
    for note in notes:
        if note.start >= end:
            break
        sounding = min(note.end, end) - max(note.start, start)
        if sounding <= 0:
            continue
        place = (note.start - origin) % metre.bar_ticks
        weight = sounding * (
            ACCENT if place in metre.strong else 1.0 if place in metre.pulse_starts else PASSING
        )
        weights[note.pitch % 12] += weight
        lows[note.pitch] = lows.get(note.pitch, 0.0) + sounding
    low = None
    if texture and lows:
        held = [pitch for pitch, length in lows.items() if length >= 0.2 * (end - start)]
        low = min(held or lows) % 12
    return Slot(start, end, tuple(weights), low, first_of_bar=start == origin)


def chords_of(score: Score, key: Key) -> tuple[Span, ...]:
    """Return the chords that a whole texture plays, by strong beats."""
    notes = [note for part in score.parts if not part.drums for note in part.notes]
    found = slots(notes, score.metre, score.bars, texture=True)
    return spans_of(found, fitted(found, key, trust=6.0, colour=0.7, ends=False))


def spans_of(places: Sequence[Slot], chords: Sequence[AnyChord]) -> tuple[Span, ...]:
    """Return spans without gaps; equal neighbours inside a bar are one."""
    spans: list[Span] = []
    for slot, chord in zip(places, chords, strict=True):
        span = Span(slot.start, slot.end, chord)
        if spans and spans[-1].chord == chord and not slot.first_of_bar:
            spans[-1] = replace(spans[-1], end=slot.end)
        else:
            spans.append(span)
    return tuple(spans)


def whole_bars(notes: Sequence[Note], metre: Metre) -> int:
    """Return how many bars hold all notes; a last note may ring a sixteenth into the next."""
    end = max((note.end for note in notes), default=0)
    return max(1, -(-(end - 120) // metre.bar_ticks))
