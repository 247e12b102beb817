"""What every part-writer is given: the plan of the piece, its chords, and the small words they share."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from generation.symbolic.chords import AnyChord
from generation.symbolic.form import Section
from generation.symbolic.genres import Genre
from generation.symbolic.harmony import Span, chord_at
from generation.symbolic.theory import Key, Metre


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The plan of one take. `density` 0..1 scales how many notes are played; `end_tick` is where the last chord is let
    go, at or after the beginning of the last bar.
    """

    genre: Genre
    key: Key
    metre: Metre
    us_per_quarter: int
    bars: int
    end_tick: int
    sections: tuple[Section, ...]
    roles: tuple[str, ...]
    spans: tuple[Span, ...]
    density: float
    seed: int

    def stream(self, name: str) -> random.Random:
        """Return a source of chance that depends only on the seed and a name: parts do not disturb each other."""
        return random.Random(f"deadwax-sketch/{self.seed}/{name}")  # noqa: S311 (music, not secrets)

    def material(self, name: str, section: Section) -> random.Random:
        """Return the same source for every section that shares the section's material."""
        return self.stream(f"{name}/{section.material}")

    def playing(self, role: str) -> Iterator[tuple[Section, int, int]]:
        """Yield (section, bar, tick) for each bar in which the role plays; the piece's last bar is the ending's."""
        for section in self.sections:
            if role in section.roles:
                for bar in range(section.start_bar, min(section.end_bar, self.bars - 1)):
                    yield section, bar, bar * self.metre.bar_ticks

    def chord(self, tick: int) -> AnyChord:
        return chord_at(self.spans, tick)

    def changes(self, origin: int) -> list[int]:
        """Return the ticks inside the bar from `origin` on, after its first, where another chord begins."""
        end = origin + self.metre.bar_ticks
        return [span.start - origin for span in self.spans if origin < span.start < end]

    @property
    def bar_s(self) -> float:
        return self.metre.bar_ticks * self.us_per_quarter / 480e6

    @property
    def final_tick(self) -> int:
        """Where the last chord is struck."""
        return (self.bars - 1) * self.metre.bar_ticks

    def spans_for(self, role: str) -> list[Span]:
        """Return the chords of the sections in which a role plays, cut at bar lines of the ending."""
        active = [
            (s.start_bar * self.metre.bar_ticks, s.end_bar * self.metre.bar_ticks)
            for s in self.sections
            if role in s.roles
        ]
        return [
            span
            for span in self.spans
            if span.start < self.final_tick and any(a <= span.start < b for a, b in active)
        ]


def level(energy: float) -> int:
    """Return how hard to play: 0 gently, 1 steadily, 2 fully."""
    return 0 if energy < 0.42 else 1 if energy < 0.72 else 2


def velocity(energy: float, accent: float = 0.0) -> int:
    """Return a MIDI velocity for an energy 0..1, moved by an accent of about -1..1."""
    return round(min(124.0, max(24.0, 58 + 42 * energy + 14 * accent)))
