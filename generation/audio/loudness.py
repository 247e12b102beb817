"""Loudness after ITU-R BS.1770-5 (annex 1) and EBU R 128, and all measures of one piece of sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from generation.audio.arrays import Audio, Samples, decibels, valid_audio
from generation.audio.truepeak import true_peak_dbtp

_HOP_S: Final = 0.1
_HOPS_PER_BLOCK: Final = 4
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_OFFSET: Final = -0.691
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
    peak = float(np.abs(audio).max()) if audio.size else 0.0
    return Loudness(
        integrated_lufs=integrated_lufs(audio, sample_rate_hz),
        true_peak_dbtp=true_peak_dbtp(audio),
        sample_peak_dbfs=decibels(peak) if peak > 0 else None,
    )


def integrated_lufs(audio: Audio, sample_rate_hz: int) -> float | None:
    """Gated loudness of the whole, in LUFS. One channel is measured as one loudspeaker (BS.1770, annex 1).

    None when the sound is shorter than one block of 400 ms, or never rises above the absolute gate of -70 LUFS.
    Raises SoundError.
    """
    audio = valid_audio(audio)
    hop = round(_HOP_S * sample_rate_hz)
    hops = audio.shape[1] // hop
    if hops < _HOPS_PER_BLOCK:
        return None
    power: Samples = np.zeros(hops)
    for channel in audio:
        power += _weighted_power(channel, sample_rate_hz, hop=hop, hops=hops)
    # Blocks of 400 ms that overlap by three quarters: means of four hops each.
    blocks = np.convolve(power, np.full(_HOPS_PER_BLOCK, 1 / _HOPS_PER_BLOCK), mode="valid")
    heard = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(heard):
        return None
    gate = heard.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
    return float(_OFFSET + 10 * np.log10(heard[heard > gate].mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


def _weighted_power(channel: NDArray[np.float32], rate: int, *, hop: int, hops: int) -> Samples:
    """Mean square of the K-weighted channel in each hop; filtered piece by piece, so that memory stays flat."""
    sections = k_weighting(rate)
    state = np.zeros((len(sections), 2))
    power: Samples = np.empty(hops)
    per_chunk = max(1, _CHUNK // hop)
    for first in range(0, hops, per_chunk):
        last = min(hops, first + per_chunk)
        piece = channel[first * hop : last * hop].astype(np.float64)
        weighted, state = signal.sosfilt(sections, piece, zi=state)
        power[first:last] = np.mean(np.square(weighted).reshape(-1, hop), axis=1)
    return power


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
