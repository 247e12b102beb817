"""Loudness after ITU-R BS.1770-5 (annex 1) and EBU R 128, and all measures of one piece of sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import signal

from generation.audio.arrays import Audio, Samples, decibels, pieces, valid_audio
from generation.audio.truepeak import true_peak_dbtp

_HOP_S: Final = 0.1
_HOPS_PER_BLOCK: Final = 4
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_OFFSET: Final = -0.691
_SHORT_S: Final = 3
_CHUNK: Final = 1 << 18


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """Measures of one piece of sound. None where there is nothing to measure: silence, or less than 400 ms."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None

    def facts(self) -> dict[str, int]:
        """As whole numbers, for records that hold no floats; what is None is left out."""
        values = (
            ("lufs_milli", self.integrated_lufs, 1000),
            ("true_peak_millibel", self.true_peak_dbtp, 100),
            ("sample_peak_millibel", self.sample_peak_dbfs, 100),
        )
        return {name: round(value * factor) for name, value, factor in values if value is not None}


def measure(audio: Audio, sample_rate_hz: int) -> Loudness:
    """All measures of `[channels, samples]`, one or two channels. Raises SoundError."""
    audio = valid_audio(audio)
    peak = max(float(audio.max()), -float(audio.min())) if audio.size else 0.0
    return Loudness(
        integrated_lufs=integrated_lufs(audio, sample_rate_hz),
        true_peak_dbtp=true_peak_dbtp(audio),
        sample_peak_dbfs=decibels(peak) if peak > 0 else None,
    )


def integrated_lufs(audio: Audio, sample_rate_hz: int) -> float | None:
    """`LoudnessMeter.integrated_lufs` of a whole sound. Raises SoundError."""
    audio = valid_audio(audio)
    meter = LoudnessMeter(sample_rate_hz, audio.shape[0])
    for piece in pieces(audio, _CHUNK):
        meter.add(piece)
    return meter.integrated_lufs


class LoudnessMeter:
    """Loudness of sound that comes in blocks: the same bits, however it was cut. Gated when it is asked for.

    Keeps a number for each tenth of a second and for each second.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sections = k_weighting(sample_rate_hz)
        self._state = np.zeros((len(self._sections), channels, 2))
        self._tenths = _HopPower(round(_HOP_S * sample_rate_hz), channels)
        self._seconds = _HopPower(sample_rate_hz, channels)
        self._samples, self._rate = 0, sample_rate_hz

    def add(self, block: Audio) -> None:
        """`[channels, samples]`, finite."""
        if not block.shape[1]:
            return
        self._samples += block.shape[1]
        weighted, self._state = signal.sosfilt(
            self._sections, block.astype(np.float64), axis=1, zi=self._state
        )
        np.square(weighted, out=weighted)
        self._tenths.add(weighted)
        self._seconds.add(weighted)

    @property
    def integrated_lufs(self) -> float | None:
        """Gated loudness of the whole, in LUFS. One channel is measured as one loudspeaker (BS.1770, annex 1).

        None when the sound is shorter than one block of 400 ms, or never rises above the absolute gate of -70 LUFS.
        """
        power = self._tenths.power
        if len(power) < _HOPS_PER_BLOCK:
            return None
        # Blocks of 400 ms that overlap by three quarters: means of four hops each.
        blocks = np.convolve(power, np.full(_HOPS_PER_BLOCK, 1 / _HOPS_PER_BLOCK), mode="valid")
        heard = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(heard):
            return None
        gate = heard.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
        return float(_OFFSET + 10 * np.log10(heard[heard > gate].mean()))

    @property
    def range_lu(self) -> float | None:
        """Loudness range in steps of one second (EBU Tech 3342: windows of 3 s, gates at -70 LUFS and 20 LU below,
        10th to 95th percentile); None for what is shorter than 6 s or silent.
        """
        if self._samples < 2 * _SHORT_S * self._rate:
            return None
        power = np.convolve(self._seconds.power, np.full(_SHORT_S, 1 / _SHORT_S), mode="valid")
        levels = _OFFSET + 10 * np.log10(power + 1e-20)
        loud = levels[levels > _ABSOLUTE_GATE_LUFS]
        if len(loud) < 3:
            return None
        gate = _OFFSET + 10 * np.log10(np.mean(10 ** ((loud - _OFFSET) / 10))) - 20
        low, high = np.percentile(loud[loud >= gate], [10, 95])
        return float(high - low)


class _HopPower:
    """Mean squares of all channels together, for each whole hop."""

    def __init__(self, hop: int, channels: int) -> None:
        self._hop = hop
        self._rest: Samples = np.zeros((channels, 0))
        self._found: list[Samples] = []

    def add(self, squares: Samples) -> None:
        both = np.concatenate((self._rest, squares), axis=1) if self._rest.shape[1] else squares
        hops = both.shape[1] // self._hop
        if hops:
            total: Samples = np.zeros(hops)
            for channel in both:
                total += channel[: hops * self._hop].reshape(hops, self._hop).mean(axis=1)
            self._found.append(total)
        self._rest = both[:, hops * self._hop :].copy()

    @property
    def power(self) -> Samples:
        return np.concatenate(self._found) if self._found else np.zeros(0)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


@lru_cache(maxsize=16)
def k_weighting(rate: int) -> Samples:
    """The two filters of BS.1770 for any rate, as second-order sections.

    The standard gives coefficients for 48 kHz only; these are its analogue prototypes, transformed with
    prewarping, which at 48 kHz agree with the standard's to 1e-6.
    """
    shelf_gain, shelf_hz, shelf_q = 3.999843853973347, 1681.974450955533, 0.7071752369554196
    high = 10 ** (shelf_gain / 20)
    band = high**0.4996667741545416
    k = math.tan(math.pi * shelf_hz / rate)
    a0 = 1 + k / shelf_q + k * k
    shelf = [
        (high + band * k / shelf_q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / shelf_q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / shelf_q + k * k) / a0,
    ]
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / rate)
    a0 = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / pass_q + k * k) / a0]
    return np.array([shelf, high_pass])
