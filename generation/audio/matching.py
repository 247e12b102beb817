"""Is a piece of generated sound still in another recording? Three looks, each with a measured false-alarm rate.

- *sound*: the constellation of spectral peaks (`generation/audio/constellation.py`): pairs of peaks that lie at one
  place of the other recording. Only the same sound gives many; level, an equaliser and other music on top take some
  away. Another tempo, a transposition, another speed and the same backwards are looked for too.
- *chroma*: the same chords in the same places, by cross-correlation of pitch classes. Played anew they match too.
- *onset*: the same rhythm in the same places, by cross-correlation of spectral flux.

Sound that matches is the same sound. Chroma and onset together say "alike", which people can be with their own hands.
Thresholds: `generation/audio/likeness.py`. Numpy and scipy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from generation.audio.arrays import Audio, valid_audio
from generation.audio.constellation import AROUND, STRETCH, Constellation, peaks
from generation.audio.likeness import NOTHING, Likeness
from generation.audio.spool import Spool
from provenance.audiofile.resampling import resample

RATE_HZ: Final = 11_025
WINDOW: Final = 2048
HOP: Final = 512
FRAME_S: Final = HOP / RATE_HZ
LEAST_S: Final = 3.0
#: Chroma and onsets are compared in stretches of so many seconds; the best stretch counts.
_STRETCH_S: Final = 20.0
_CHROMA_STEP: Final = 8
#: Frames of the spectrogram that are held at a time, a minute and a half; whole steps of chroma.
_STRETCH: Final = STRETCH * _CHROMA_STEP * 6
_SCANNED: Final = 1 << 20
_FULL_SCALE_SILENCE: Final = 1e-4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """What is compared of one recording. `chroma` [12, m]; `onsets` [frames]."""

    duration_s: float
    stars: Constellation
    chroma: Floats
    onsets: Floats


def features(audio: Audio, sample_rate_hz: int) -> Features:
    """The features of `audio` [channels, samples] at any rate. Raises SoundError for what is no sound."""
    mono = valid_audio(audio, max_channels=8).mean(axis=0, keepdims=True)
    with Spool() as kept:
        kept.add(resample(mono, sample_rate_hz, RATE_HZ) if sample_rate_hz != RATE_HZ else mono)
        return features_of(kept)


def features_of(kept: Spool) -> Features:
    """The features of one channel at `RATE_HZ`, finite. Looked at in stretches: memory hardly grows with the sound."""
    duration_s = len(kept) / RATE_HZ
    loudest = max(
        (float(np.abs(kept.span(at, at + _SCANNED)).max()) for at in range(0, len(kept), _SCANNED)),
        default=0.0,
    )
    if len(kept) < WINDOW * 4 or loudest < _FULL_SCALE_SILENCE:
        return Features(duration_s, Constellation(np.zeros((0, 2))), np.zeros((12, 0)), np.zeros(0))
    frames = (len(kept) - WINDOW) // HOP + 1
    stars, chroma, flux = [], [], []
    for first in range(0, frames, _STRETCH):
        last = min(frames, first + _STRETCH)
        low, high = max(0, first - AROUND), min(frames, last + AROUND)
        samples = kept.span(low * HOP, (high - 1) * HOP + WINDOW).astype(np.float64)
        _, _, spectrum = signal.stft(
            samples / loudest, RATE_HZ, nperseg=WINDOW, noverlap=WINDOW - HOP, padded=False, boundary=None
        )
        power = np.log(np.abs(spectrum) + 1e-5)
        inner = slice(first - low, last - low)
        stars.append(peaks(power, at=low, within=(inner.start, inner.stop)))
        chroma.append(_chroma(spectrum[:, inner]))
        flux.append(_flux(power)[inner])
    return Features(
        duration_s,
        Constellation(np.concatenate(stars)),
        np.concatenate(chroma, axis=1),
        _onsets(np.concatenate(flux)),
    )


def likeness(source: Features, target: Features, *, harmony: bool = True, turned: bool = True) -> Likeness:
    """How much of `source` is in `target`. Recordings shorter than three seconds match nothing.

    `harmony=False` leaves chroma and onsets at 0; `turned=False` looks for the piece only as it is.
    """
    if min(source.duration_s, target.duration_s) < LEAST_S or not len(source.stars) or not len(target.stars):
        return NOTHING
    found = target.stars.find(source.stars, turned=turned)
    return Likeness(
        sound=round(found.score, 1),
        tempo=round(found.view.tempo, 3),
        semitones=round(12 * math.log2(found.view.pitch), 2),
        backwards=found.view.backwards,
        from_s=round(found.at * FRAME_S, 2),
        begins_s=round(found.begins * FRAME_S, 2),
        heard_s=round(found.frames * FRAME_S, 1),
        chroma=round(_stretches(source.chroma, target.chroma, _CHROMA_STEP), 3) if harmony else 0.0,
        onset=round(_stretches(source.onsets[None], target.onsets[None], 1), 3) if harmony else 0.0,
    )


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


def _flux(power: Floats) -> Floats:
    """How much begins in each frame; nothing in the first."""
    flux: Floats = np.maximum(np.diff(power, axis=1, prepend=power[:, :1]), 0).mean(axis=0)
    return flux


def _onsets(flux: Floats) -> Floats:
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
