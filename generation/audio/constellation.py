"""The constellation of spectral peaks, and where one lies in another. Numpy and scipy only.

A. Wang, An Industrial-Strength Audio Search Algorithm (ISMIR 2003): two peaks and their distance are a key; the same
sound has many keys in common, all at one place. What an editor does to a piece moves its keys in a known way, so the
piece is looked for in many *views*: at another tempo with its pitch kept, transposed with its tempo kept, both at once
(varispeed), and backwards. A share of the keys chooses the likeliest views, all keys decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LOW_BIN, _HIGH_BIN = 12, 930
_PEAKS_PER_S: Final = 30
_FAN_OUT: Final = 24
_ZONE: Final = (2, 43)
_WIDTH: Final = 190
_PLACE: Final = 2
#: The most places that one key is looked up at.
_MOST: Final = 12
#: So many keys choose the views that are looked at in full, and so many views those are.
_SAMPLE: Final = 3600
_FULL_LOOKS: Final = 5
#: The piece as it is counts as the best view while no other is better by more.
_BETTER: Final = 1.25
#: From this score on a view is looked at more closely.
_PROMISING: Final = 12.0
#: So much of a piece has to lie in one place in another view than as it is: eight seconds.
TURNED_FRAMES: Final = 8 * 21.5
#: A second belongs to the part that is found where it has this share of the fullest second's keys.
_DENSE: Final = 0.25
#: A second, in frames, in which matching keys are counted once.
_SECOND: Final = 21.5
#: The floor under a peak is the mean over so many frames, so that many less one, halved, around a stretch decide too.
_AROUND_SIZE: Final = 43
AROUND: Final = _AROUND_SIZE // 2
#: Stretches of the whole begin at multiples of so many frames: two seconds to the frame.
STRETCH: Final = 43


@dataclass(frozen=True)
class View:
    """What may have been done to a piece: `tempo` and `pitch` are those of the target over those of the source."""

    tempo: float = 1.0
    pitch: float = 1.0
    backwards: bool = False


def _around(most: int) -> list[float]:
    """Per cents around one, without one."""
    return [round(1 + step / 100, 2) for step in range(-most, most + 1) if step]


PLAIN: Final = View()
#: Tempos from 0.9 to 1.1 with the pitch kept; semitones up and down with the tempo kept; speeds by a quarter.
TEMPOS: Final = tuple(View(tempo=tempo) for tempo in _around(10))
PITCHES: Final = tuple(View(pitch=2 ** (step / 12)) for step in (-12, *range(-7, 0), *range(1, 8), 12))
SPEEDS: Final = tuple(View(tempo=speed, pitch=speed) for speed in _around(25))
VIEWS: Final = (*TEMPOS, *PITCHES, *SPEEDS)
BACKWARDS: Final = View(backwards=True)


@dataclass(frozen=True)
class Found:
    """The best place. `score` counts matching keys beyond chance in chance's own spread; times are in frames.

    `at` is where the matching part begins in the target, `begins` where in the source, `frames` how much lies there.
    """

    score: float = 0.0
    view: View = PLAIN
    at: float = 0.0
    begins: float = 0.0
    frames: float = 0.0


def peaks(power: Floats, *, at: int = 0, within: tuple[int, int] | None = None) -> Floats:
    """[n, 2]: frame, and bin to a fraction; the highest local maxima of every second of log `power`, by time.

    Of a stretch: `at` is the frame of its first column in the whole. Only the columns `within` count, from a multiple
    of `STRETCH` in the whole on; `AROUND` more on either side, where the sound goes on, belong to the stretch.
    """
    band = power[_LOW_BIN:_HIGH_BIN]
    floor = ndimage.uniform_filter(band, size=(61, _AROUND_SIZE), mode="nearest")
    highest = (band == ndimage.maximum_filter(band, size=(19, 9), mode="nearest")) & (band > floor + 0.7)
    if within is not None:
        highest[:, : within[0]] = highest[:, within[1] :] = False
    bins, frames = np.nonzero(highest)
    height = (band - floor)[bins, frames]
    second = ((frames + at) / _SECOND).astype(np.int64)
    order = np.lexsort((-height, second))
    place = np.arange(len(order)) - np.searchsorted(second[order], second[order])
    kept = order[place < _PEAKS_PER_S]
    kept = kept[np.lexsort((bins[kept], frames[kept]))]
    frame, middle = frames[kept], bins[kept] + _LOW_BIN
    # The top of the parabola through three bins: a transposed piece's bins are fractions.
    below, top, above = (power[middle + step, frame] for step in (-1, 0, 1))
    bend = below - 2 * top + above
    aside = np.where(bend < -1e-9, 0.5 * (below - above) / np.minimum(bend, -1e-9), 0.0)
    return np.stack([frame + at, middle + np.clip(aside, -0.5, 0.5)], axis=1).astype(np.float64)


class Constellation:
    """The peaks of one recording, as what is looked for and as what is looked in."""

    def __init__(self, found: Floats) -> None:
        self.frames, self.bins = found[:, 0], found[:, 1]

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        """Every two peaks that can be a pair in some view."""
        first, second = [], []
        for step in range(1, min(_FAN_OUT, len(self) - 1) + 1):
            apart = self.frames[step:] - self.frames[:-step]
            wide = np.abs(self.bins[step:] - self.bins[:-step])
            fits = np.flatnonzero((apart >= 1) & (apart <= _ZONE[1] * 1.3) & (wide < _WIDTH * 2))
            first.append(fits)
            second.append(fits + step)
        if not first:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return np.concatenate(first), np.concatenate(second)

    @cached_property
    def _some(self) -> tuple[Ints, Ints]:
        first, second = self._pairs
        stride = max(1, len(first) // _SAMPLE)
        return first[::stride], second[::stride]

    def keys(self, view: View, pairs: tuple[Ints, Ints]) -> tuple[Ints, Floats]:
        """Keys of pairs (two bins and their distance) and the time of the first, as they are in a view."""
        first, second = (pairs[1], pairs[0]) if view.backwards else pairs
        times = self.frames / (-view.tempo if view.backwards else view.tempo)
        bins = np.rint(self.bins * view.pitch).astype(np.int64)
        apart = np.rint(times[second] - times[first]).astype(np.int64)
        low, high = bins[first], bins[second]
        fits = (apart >= _ZONE[0]) & (apart <= _ZONE[1]) & (np.abs(high - low) < _WIDTH)
        fits &= (low < _HIGH_BIN) & (high < _HIGH_BIN)
        keys = ((low[fits] // 2) << 26) | ((high[fits] // 2) << 8) | apart[fits]
        return keys, times[first[fits]]

    @cached_property
    def _index(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Keys in order, each once; where its times begin and how many they are; the times."""
        keys, at = self.keys(PLAIN, self._pairs)
        order = np.argsort(keys, kind="stable")
        unique, begin, count = np.unique(keys[order], return_index=True, return_counts=True)
        return unique, begin, np.minimum(count, _MOST), at[order]

    def find(self, source: Constellation, *, turned: bool = True) -> Found:
        """Where `source` lies in this one, in whichever view it is found best; `turned=False`: only as it is."""
        if not len(source) or not len(self):
            return Found()
        plain = self._look(source, PLAIN)
        if not turned:
            return plain
        likely = sorted(VIEWS, key=lambda view: -self._score(source, view))[:_FULL_LOOKS]
        best = max((self._look(source, view) for view in (BACKWARDS, *likely)), key=lambda found: found.score)
        if best.score > _PROMISING and not best.view.backwards:
            best = max((self._look(source, view) for view in (BACKWARDS, *likely)), key=_worth)
        if best.score > _PROMISING and not best.view.backwards:
            best = max((best, *(self._look(source, view) for view in _near(best.view))), key=_worth)
        # A note that both play somewhere is soon found at another pitch; so much of the piece is not.
        if best.frames < TURNED_FRAMES or best.score <= plain.score * _BETTER:
            return plain
        return best

    def _hits(self, source: Constellation, view: View, pairs: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
        """Times in the source (as the view has them) and in here of every key that both have."""
        unique, begin, count, times = self._index
        keys, at = source.keys(view, pairs)
        if not len(unique) or not len(keys):
            return np.zeros(0), np.zeros(0)
        place = np.minimum(np.searchsorted(unique, keys), len(unique) - 1)
        hit = np.flatnonzero(unique[place] == keys)
        place = place[hit]
        many = count[place]
        inside = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        return np.repeat(at[hit], many), times[np.repeat(begin[place], many) + inside]

    def _score(self, source: Constellation, view: View) -> float:
        mine, theirs = self._hits(source, view, source._some)
        return _best(mine, theirs)[0] if len(mine) >= 4 else 0.0

    def _look(self, source: Constellation, view: View) -> Found:
        mine, theirs = self._hits(source, view, source._pairs)
        if len(mine) < 4:
            return Found()
        score, best, places = _best(mine, theirs)
        there = (places >= best) & (places <= best + 1)
        begins = mine[there]
        seconds, counts = np.unique(np.floor(begins / _SECOND).astype(np.int64), return_counts=True)
        heard = len(np.unique((begins / _SECOND).astype(np.int64))) * _SECOND
        # A stray key lies anywhere; the part begins where keys are dense.
        start = float(seconds[np.argmax(counts >= counts.max() * _DENSE)] * _SECOND)
        start = max(start, float(begins.min()))
        at = float(np.median(theirs[there] - begins) + start)
        where = -start if view.backwards else start * view.tempo
        return Found(score, view, max(0.0, at), max(0.0, where), heard)


def _worth(found: Found) -> tuple[bool, float]:
    return found.frames >= TURNED_FRAMES, found.score


def _near(view: View) -> tuple[View, ...]:
    """Half a per cent beside a view: what lies between the steps."""
    sides = (0.995, 1.005)
    if view in PITCHES:
        return ()
    return tuple(
        View(tempo=view.tempo * side, pitch=view.pitch * side if view in SPEEDS else view.pitch)
        for side in sides
    )


def _best(mine: Floats, theirs: Floats) -> tuple[float, int, Ints]:
    """The score of the best place, the place, and the place of every hit."""
    places = np.floor((theirs - mine) / _PLACE).astype(np.int64)
    places -= places.min()
    counts = np.bincount(places).astype(np.float64)
    both = counts[:-1] + counts[1:] if len(counts) > 1 else counts
    best = int(np.argmax(both))
    # What chance puts at one place: all hits over all places that the two can lie at, as a Poisson count.
    chance = 2 * len(places) / max(len(counts), 8)
    return float((both[best] - chance) / np.sqrt(chance + 1)), best, places
