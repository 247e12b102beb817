"""Notes, parts and scores: whole ticks (480 to the quarter note), so that a MIDI file holds them exactly."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from generation.symbolic.theory import TICKS, Key, Metre

MICROSECONDS_A_MINUTE = 60_000_000


class BadNotes(ValueError):
    """Notes that no instrument and no MIDI file could hold; the message says which."""


@dataclass(frozen=True, order=True, slots=True)
class Note:
    """One note. Ordered by start, then pitch."""

    start: int  # ticks from the beginning
    pitch: int  # MIDI, 0..127, 60 = middle C
    duration: int  # ticks, at least 1
    velocity: int  # 1..127

    @property
    def end(self) -> int:
        return self.start + self.duration


@dataclass(frozen=True, kw_only=True)
class Part:
    """The notes of one instrument. Sorted, and no pitch sounds twice at once (`tidy` makes it so).

    Raises:
        BadNotes: a note out of range, out of order, or overlapping its own pitch.
    """

    role: str
    name: str
    program: int  # General MIDI program 0..127; the kit's number where `drums`
    notes: tuple[Note, ...]
    drums: bool = False
    pan: int = 64  # MIDI controller 10: 0 left, 64 centre, 127 right

    def __post_init__(self) -> None:
        if not 0 <= self.program <= 127 or not 0 <= self.pan <= 127:
            raise BadNotes(f"{self.name}: program and pan must lie between 0 and 127.")
        ends: dict[int, int] = {}
        last = 0
        for note in self.notes:
            if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and note.duration >= 1):
                raise BadNotes(f"{self.name}: {note} is out of range.")
            if note.start < last or note.start < ends.get(note.pitch, 0):
                raise BadNotes(f"{self.name}: {note} is out of order or overlaps its own pitch.")
            last, ends[note.pitch] = note.start, note.end


@dataclass(frozen=True, order=True)
class Marker:
    """A name at a tick: the beginning of a section."""

    tick: int
    text: str


@dataclass(frozen=True, order=True)
class TempoChange:
    """From a tick after the first on, the tempo is another."""

    tick: int
    us_per_quarter: int


@dataclass(frozen=True, kw_only=True)
class Score:
    """A piece: one metre, one key, a tempo and its changes.

    `us_per_quarter` is the tempo as MIDI keeps it, whole microseconds, so that what is written and what is rendered
    agree; `changes` are in order. `bars` counts whole bars; the last notes MAY ring beyond them.
    """

    us_per_quarter: int
    metre: Metre
    key: Key
    bars: int
    parts: tuple[Part, ...]
    markers: tuple[Marker, ...] = ()
    changes: tuple[TempoChange, ...] = ()

    @property
    def tempo_milli_bpm(self) -> int:
        return round(MICROSECONDS_A_MINUTE * 1000 / self.us_per_quarter)

    @property
    def length_ticks(self) -> int:
        return self.bars * self.metre.bar_ticks

    def seconds(self, tick: int) -> float:
        """Return when a tick sounds, in seconds."""
        return self._microticks(tick) / TICKS / 1e6

    def samples(self, tick: int, sample_rate_hz: int) -> int:
        """Return the sample nearest to a tick; whole-number arithmetic, the same on every machine."""
        scale = TICKS * 1_000_000
        return (2 * self._microticks(tick) * sample_rate_hz + scale) // (2 * scale)

    @property
    def end_tick(self) -> int:
        """Where the last note ends; 0 where there is none."""
        return max((note.end for part in self.parts for note in part.notes), default=0)

    def _microticks(self, tick: int) -> int:
        """When a tick sounds, in microseconds times ticks to the quarter note."""
        if not self.changes:
            return tick * self.us_per_quarter
        starts, sums, tempos = self._course
        place = bisect_right(starts, tick) - 1
        return sums[place] + (tick - starts[place]) * tempos[place]

    @cached_property
    def _course(self) -> tuple[list[int], list[int], list[int]]:
        """Where each tempo begins, in ticks and in microticks, and the tempo."""
        starts, sums, tempos = [0], [0], [self.us_per_quarter]
        for change in self.changes:
            sums.append(sums[-1] + (change.tick - starts[-1]) * tempos[-1])
            starts.append(change.tick)
            tempos.append(change.us_per_quarter)
        return starts, sums, tempos


def us_per_quarter(tempo_bpm: float) -> int:
    """Return the tempo as MIDI keeps it: whole microseconds for a quarter note."""
    return round(MICROSECONDS_A_MINUTE / tempo_bpm)


def tidy(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes sorted, with every note cut where its own pitch starts again; of twins the louder stays."""
    kept: list[Note] = []
    open_at: dict[int, int] = {}  # pitch -> index in kept
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.velocity, -n.duration)):
        before = open_at.get(note.pitch)
        if before is not None:
            old = kept[before]
            if old.start == note.start:
                continue
            if old.end > note.start:
                kept[before] = Note(old.start, old.pitch, note.start - old.start, old.velocity)
        open_at[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept)
