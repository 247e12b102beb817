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
    taps = _taps(max(up, down))

    def convert(channel: NDArray[np.float32]) -> NDArray[np.float32]:
        wide = signal.resample_poly(channel.astype(np.float64), up, down, window=taps)
        return np.asarray(wide, dtype=np.float32)

    with ThreadPoolExecutor(max_workers=2) as pool:  # each channel is its own sum: threads change no bit
        return np.stack(list(pool.map(convert, audio)))


@lru_cache(maxsize=16)
def _taps(ratio: int) -> NDArray[np.float64]:
    taps = signal.firwin(2 * _ZERO_CROSSINGS * ratio + 1, 1 / ratio, window=("kaiser", _KAISER_BETA))
    rounded: NDArray[np.float64] = np.rint(taps / _TAP_STEP) * _TAP_STEP
    rounded.setflags(write=False)
    return rounded
