"""Is a piece of generated sound still in another recording? Three looks, each with a measured false-alarm rate.

- *sound*: the constellation of spectral peaks (A. Wang, An Industrial-Strength Audio Search Algorithm, ISMIR 2003):
  pairs of peaks that lie at one place of the other recording. Only the same sound gives many; level, an equaliser and
  other music on top take some away. Pairs are compared at several tempos, so a change of tempo that keeps the pitch
  (a phase vocoder's) is found too.
- *chroma*: the same chords in the same places, by cross-correlation of pitch classes. Played anew they match too.
- *onset*: the same rhythm in the same places, by cross-correlation of spectral flux.

Sound that matches is the same sound. Chroma and onset together say "alike", which people can be with their own hands.
Thresholds: `generation/audio/likeness.py`. Numpy and scipy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from generation.audio.arrays import Audio, valid_audio
from generation.audio.likeness import NOTHING, Likeness
from provenance.audiofile.resampling import resample

RATE_HZ: Final = 11_025
WINDOW: Final = 2048
HOP: Final = 512
FRAME_S: Final = HOP / RATE_HZ
#: Tempo of the target over that of the source: 0.95 to 1.05.
TEMPOS: Final = tuple(round(1 + step / 200, 3) for step in range(-10, 11))
LEAST_S: Final = 3.0
_LOW_BIN, _HIGH_BIN = 12, 930
_PEAKS_PER_S: Final = 30
_FAN_OUT: Final = 6
_ZONE: Final = (2, 43)
_PLACE: Final = 2
#: Chroma and onsets are compared in stretches of so many seconds; the best stretch counts.
_STRETCH_S: Final = 20.0
_CHROMA_STEP: Final = 8
_FULL_SCALE_SILENCE: Final = 1e-4

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Features:
    """What is compared of one recording. `peaks` [n, 2]: frame, bin; `chroma` [12, m]; `onsets` [frames]."""

    duration_s: float
    peaks: Ints
    chroma: Floats
    onsets: Floats


def features(audio: Audio, sample_rate_hz: int) -> Features:
    """The features of `audio` [channels, samples] at any rate. Raises SoundError for what is no sound."""
    mono = valid_audio(audio, max_channels=8).mean(axis=0, keepdims=True)
    at_rate = resample(mono, sample_rate_hz, RATE_HZ) if sample_rate_hz != RATE_HZ else mono
    samples = at_rate[0].astype(np.float64)
    duration_s = samples.shape[0] / RATE_HZ
    loudest = float(np.abs(samples).max()) if samples.size else 0.0
    if samples.shape[0] < WINDOW * 4 or loudest < _FULL_SCALE_SILENCE:
        return Features(duration_s, np.zeros((0, 2), np.int64), np.zeros((12, 0)), np.zeros(0))
    _, _, spectrum = signal.stft(
        samples / loudest, RATE_HZ, nperseg=WINDOW, noverlap=WINDOW - HOP, padded=False, boundary=None
    )
    power = np.log(np.abs(spectrum) + 1e-5)
    return Features(duration_s, _peaks(power), _chroma(spectrum), _onsets(power))


def likeness(source: Features, target: Features, *, harmony: bool = True) -> Likeness:
    """How much of `source` is in `target`. Recordings shorter than three seconds match nothing.

    `harmony=False` leaves chroma and onsets at 0: half the time.
    """
    if min(source.duration_s, target.duration_s) < LEAST_S or not len(source.peaks) or not len(target.peaks):
        return NOTHING
    index = _Index(target.peaks)
    found = max((index.look(source.peaks, tempo) for tempo in TEMPOS), key=lambda one: one[0])
    sound, tempo, place, frames = found
    return Likeness(
        sound=round(sound, 1),
        tempo=tempo,
        from_s=round(place * FRAME_S, 2),
        heard_s=round(frames * FRAME_S, 1),
        chroma=round(_stretches(source.chroma, target.chroma, _CHROMA_STEP), 3) if harmony else 0.0,
        onset=round(_stretches(source.onsets[None], target.onsets[None], 1), 3) if harmony else 0.0,
    )


# -- sound -------------------------------------------------------------------------------------------------------------


def _peaks(power: Floats) -> Ints:
    """The highest local maxima of every second, by time."""
    band = power[_LOW_BIN:_HIGH_BIN]
    floor = ndimage.uniform_filter(band, size=(61, 43), mode="nearest")
    highest = (band == ndimage.maximum_filter(band, size=(19, 9), mode="nearest")) & (band > floor + 0.7)
    bins, frames = np.nonzero(highest)
    height = (band - floor)[bins, frames]
    second = (frames * FRAME_S).astype(np.int64)
    order = np.lexsort((-height, second))
    place = np.arange(len(order)) - np.searchsorted(second[order], second[order])
    kept = order[place < _PEAKS_PER_S]
    found = np.stack([frames[kept], bins[kept] + _LOW_BIN], axis=1).astype(np.int64)
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def _pairs(peaks: Ints, tempo: float) -> tuple[Ints, Floats]:
    """Keys of pairs (two bins and their distance) and the time of the first, at another tempo."""
    times = peaks[:, 0] / tempo
    keys, at = [], []
    for step in range(1, _FAN_OUT * 4 + 1):
        if step >= len(peaks):
            break
        apart = np.rint(times[step:] - times[:-step]).astype(np.int64)
        fits = (apart >= _ZONE[0]) & (apart <= _ZONE[1])
        fits &= np.abs(peaks[step:, 1] - peaks[:-step, 1]) < 190
        first, second = peaks[:-step, 1][fits], peaks[step:, 1][fits]
        keys.append((first // 2) << 26 | (second // 2) << 8 | apart[fits])
        at.append(times[:-step][fits])
    if not keys:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(keys), np.concatenate(at)


class _Index:
    """The pairs of a target, sorted, so that a source's are found by bisection."""

    def __init__(self, peaks: Ints) -> None:
        keys, at = _pairs(peaks, 1.0)
        order = np.argsort(keys, kind="stable")
        self.keys, self.at = keys[order], at[order]

    def look(self, peaks: Ints, tempo: float) -> tuple[float, float, float, float]:
        """Score, tempo, place in frames of the target, and how many frames of the source lie there."""
        keys, at = _pairs(peaks, tempo)
        low = np.searchsorted(self.keys, keys, "left")
        many = np.minimum(np.searchsorted(self.keys, keys, "right") - low, 12)
        total = int(many.sum())
        if total < 4:
            return 0.0, tempo, 0.0, 0.0
        which = np.repeat(np.arange(len(keys)), many)
        inside = np.arange(total) - np.repeat(np.cumsum(many) - many, many)
        mine, theirs = at[which], self.at[low[which] + inside]
        places = np.floor((theirs - mine) / _PLACE).astype(np.int64)
        start = int(places.min())
        counts = np.bincount(places - start).astype(np.float64)
        both = counts[:-1] + counts[1:] if len(counts) > 1 else counts
        best = int(np.argmax(both))
        # What chance puts at one place: all hits over all places that the two can lie at, as a Poisson count.
        chance = 2 * total / max(len(counts), 8)
        score = (both[best] - chance) / np.sqrt(chance + 1)
        there = (places - start >= best) & (places - start <= best + 1)
        heard = np.unique((mine[there] / 21.5).astype(np.int64))
        where = float(np.median(theirs[there] - mine[there]) + mine[there].min())
        return float(score), tempo, max(0.0, where), float(len(heard) * 21.5)


# -- harmony and rhythm ------------------------------------------------------------------------------------------------


def _chroma(spectrum: NDArray[np.complex128]) -> Floats:
    """Twelve pitch classes from 65 Hz to 2 kHz, about 2.7 a second, each frame of length one."""
    frequency = np.arange(1, spectrum.shape[0]) * RATE_HZ / WINDOW
    inside = (frequency >= 65) & (frequency <= 2000)
    pitch = np.rint(12 * np.log2(np.maximum(frequency, 1) / 440)).astype(int) % 12
    fold = np.zeros((12, len(frequency)))
    fold[pitch[inside], np.flatnonzero(inside)] = 1
    raw = np.sqrt(fold @ np.abs(spectrum[1:]) ** 2)
    steps = raw.shape[1] // _CHROMA_STEP
    slow = raw[:, : steps * _CHROMA_STEP].reshape(12, steps, _CHROMA_STEP).mean(axis=2)
    chroma: Floats = slow / np.maximum(np.linalg.norm(slow, axis=0, keepdims=True), 1e-9)
    return chroma


def _onsets(power: Floats) -> Floats:
    flux = np.maximum(np.diff(power, axis=1, prepend=power[:, :1]), 0).mean(axis=0)
    onsets: Floats = flux - ndimage.uniform_filter1d(flux, 43, mode="nearest")
    return onsets


def _stretches(source: Floats, target: Floats, step: int) -> float:
    """The best correlation of any stretch of the source with any place of the target, over a few tempos."""
    length = int(_STRETCH_S / FRAME_S / step)
    length = min(length, source.shape[1], target.shape[1])
    if length * step * FRAME_S < LEAST_S:
        return 0.0
    best = 0.0
    for begin in range(0, source.shape[1] - length + 1, max(1, length // 2)):
        stretch = source[:, begin : begin + length]
        for tempo in (0.97, 1.0, 1.03):
            size = round(length / tempo)
            if size < 4 or size > target.shape[1]:
                continue
            at = np.linspace(0, length - 1, size)
            moved = np.stack([np.interp(at, np.arange(length), row) for row in stretch])
            best = max(best, _correlation(moved, target))
    return best


def _correlation(pattern: Floats, target: Floats) -> float:
    """The highest Pearson correlation of `pattern` [rows, n] with any n columns of `target`."""
    rows, size = pattern.shape
    pattern = pattern - pattern.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(pattern)
    if norm < 1e-9:
        return 0.0
    product = sum(signal.fftconvolve(target[row], pattern[row][::-1], "valid") for row in range(rows))
    sums = np.stack([np.concatenate([[0], np.cumsum(row)]) for row in target])
    squares = np.concatenate([[0], np.cumsum((target**2).sum(axis=0))])
    window = sums[:, size:] - sums[:, :-size]
    spread = squares[size:] - squares[:-size] - (window**2).sum(axis=0) / size
    highest: float = np.max(product / (norm * np.sqrt(np.maximum(spread, 1e-6))))
    return max(0.0, min(1.0, float(highest)))
