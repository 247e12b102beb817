"""Sample rate conversion that gives the same samples everywhere."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

#: Zero crossings of the sinc on each side, and the shape of its Kaiser window. At a lower rate of 44.1 kHz: flat to
#: 20 kHz, -6 dB at 22.05 kHz, below -80 dB from 24.1 kHz on; what folds back stays above 20 kHz.
_ZERO_CROSSINGS: Final = 32
_KAISER_BETA: Final = 9.6
#: Taps are rounded to multiples of this: sine tables differ between processors in the last bit, results must not.
_TAP_STEP: Final = 2.0**-40


def resample(audio: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Convert `[channels, samples]` to another rate by a linear-phase polyphase filter, computed in float64.

    Deterministic: the same input gives the same bits on every processor of one architecture. The result has
    `ceil(samples * to_hz / from_hz)` samples and starts at the same moment.
    """
    if from_hz <= 0 or to_hz <= 0:
        raise ValueError("sample rates are positive")
    if from_hz == to_hz or audio.shape[1] == 0:
        return audio
    divisor = math.gcd(from_hz, to_hz)
    up, down = to_hz // divisor, from_hz // divisor
    _taps(max(up, down))  # made once, before two threads would
    with ThreadPoolExecutor(max_workers=2) as pool:  # each channel is its own sum: threads change no bit
        return np.stack(list(pool.map(lambda channel: _convert(channel, up, down), audio)))


class Resampler:
    """`resample` for sound that comes in blocks: the same bits, however it was cut.

    `add` takes `[channels, samples]` and gives what no later sample can change any more, which may be nothing; `end`
    gives the rest. Holds a few seconds of sound at most.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        if from_hz <= 0 or to_hz <= 0:
            raise ValueError("sample rates are positive")
        divisor = math.gcd(from_hz, to_hz)
        self._up, self._down = to_hz // divisor, from_hz // divisor
        ratio = max(self._up, self._down)
        reach = _ZERO_CROSSINGS * ratio // self._up + 2
        # All places are multiples of `down`, where the filter's phases begin anew.
        self._margin = -(-reach // self._down) * self._down
        #: Each call costs as much as preparing the filter: rates with no common divisor have long ones.
        self._least = max(1 << 17, 2 * _ZERO_CROSSINGS * ratio)
        self._kept: list[NDArray[np.float32]] = []
        self._first = self._done = self._total = 0

    def add(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._up == self._down:
            return block
        self._kept.append(block)
        self._total += block.shape[1]
        certain = (self._total - self._margin) // self._down * self._down
        if certain - self._done < self._least:
            return np.empty((block.shape[0], 0), dtype=np.float32)
        result = self._converted()[:, self._out(self._done) : self._out(certain)]
        self._done = certain
        first = max(0, certain - self._margin)
        self._kept = [self._joined()[:, first - self._first :].copy()]
        self._first = first
        return result

    def end(self) -> NDArray[np.float32]:
        if not self._kept:
            return np.empty((1, 0), dtype=np.float32)
        result = self._converted()[:, self._out(self._done) :]
        self._kept = []
        return result

    def _joined(self) -> NDArray[np.float32]:
        if len(self._kept) > 1:
            self._kept = [np.concatenate(self._kept, axis=1)]
        return self._kept[0]

    def _converted(self) -> NDArray[np.float32]:
        joined = self._joined()
        if joined.shape[1] == 0:
            return joined
        return np.stack([_convert(channel, self._up, self._down) for channel in joined])

    def _out(self, sample: int) -> int:
        """Where a sample of the input, a multiple of `down`, lies in what `_converted` gives."""
        return (sample - self._first) // self._down * self._up


def _convert(channel: NDArray[np.float32], up: int, down: int) -> NDArray[np.float32]:
    wide = signal.resample_poly(channel.astype(np.float64), up, down, window=_taps(max(up, down)))
    return np.asarray(wide, dtype=np.float32)


@lru_cache(maxsize=16)
def _taps(ratio: int) -> NDArray[np.float64]:
    taps = signal.firwin(2 * _ZERO_CROSSINGS * ratio + 1, 1 / ratio, window=("kaiser", _KAISER_BETA))
    rounded: NDArray[np.float64] = np.rint(taps / _TAP_STEP) * _TAP_STEP
    rounded.setflags(write=False)
    return rounded
