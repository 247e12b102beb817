"""The mean power spectrum of a sound that comes in blocks (P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 1967)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from generation.audio.arrays import Samples


class Spectrum:
    """`scipy.signal.welch` of the whole, to the rounding of float32: half-overlapping Hann windows of `window` samples.

    What remains at the end and fills no window counts for nothing.
    """

    def __init__(self, sample_rate_hz: int, window: int) -> None:
        self._rate, self._window, self._hop = sample_rate_hz, window, window - window // 2
        self._rest = np.zeros(0, dtype=np.float32)
        self._sum: Samples = np.zeros(window // 2 + 1)
        self._count = 0

    def add(self, mono: NDArray[np.float32]) -> None:
        """`[samples]`, one channel."""
        sound = np.concatenate((self._rest, mono))
        windows = (len(sound) - self._window) // self._hop + 1 if len(sound) >= self._window else 0
        if windows:
            used = self._window + (windows - 1) * self._hop
            _, power = signal.welch(sound[:used], self._rate, nperseg=self._window)
            self._sum += power.astype(np.float64) * windows
            self._count += windows
        self._rest = sound[windows * self._hop :].copy()

    @property
    def frequencies_hz(self) -> Samples:
        return np.asarray(np.fft.rfftfreq(self._window, 1 / self._rate), dtype=np.float64)

    @property
    def power(self) -> Samples | None:
        """`[window // 2 + 1]`: the density at each of `frequencies_hz`; None for less sound than one window."""
        return self._sum / self._count if self._count else None
