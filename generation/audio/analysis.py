"""What a listener would say about a piece in numbers: for workers only, because librosa is loaded when it runs.

Sound is taken in blocks, so that a set of two hours takes little more memory than a song: `AnalysisMeter`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from generation.audio import music
from generation.audio.arrays import Audio, decibels, pieces, valid_audio
from generation.audio.loudness import LoudnessMeter
from generation.audio.runs import Runs
from generation.audio.spectrum import Spectrum
from generation.audio.spool import Spool
from generation.audio.truepeak import TruePeakMeter
from provenance.audiofile.resampling import Resampler

_SILENT_BELOW: Final = 10 ** (-60 / 20)
_SILENCE_BLOCK_S: Final = 0.1
_LEAST_MUSIC_S: Final = 3.0
_CLIPPED_FROM: Final = 1.0 - 2.0**-15
_CLIPPED_RUN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Measures and estimates. Estimates are None where there is too little sound; `key_margin` is 0 (a guess) to 1.

    `clipped_samples` counts values that stay at full scale for three samples or longer.
    """

    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    tempo_bpm: float | None
    key: str | None
    key_margin: float | None
    silence_share: float
    spectral_centroid_hz: float | None
    clipped_samples: int

    def facts(self) -> dict[str, int | str]:
        """As whole numbers and text, for records that hold no floats; what is None is left out."""
        values: tuple[tuple[str, float | None, int], ...] = (
            ("duration_ms", self.duration_s, 1000),
            ("lufs_milli", self.integrated_lufs, 1000),
            ("true_peak_millibel", self.true_peak_dbtp, 100),
            ("tempo_milli_bpm", self.tempo_bpm, 1000),
            ("key_margin_permille", self.key_margin, 1000),
            ("silence_permille", self.silence_share, 1000),
            ("spectral_centroid_hz", self.spectral_centroid_hz, 1),
            ("clipped_samples", self.clipped_samples, 1),
        )
        numbers: dict[str, int | str] = {n: round(v * factor) for n, v, factor in values if v is not None}
        return numbers | ({"key": self.key} if self.key else {})


def analyse(audio: Audio, sample_rate_hz: int) -> Analysis:
    """Everything above for `[channels, samples]`. Raises SoundError."""
    audio = valid_audio(audio)
    with AnalysisMeter(sample_rate_hz, audio.shape[0]) as meter:
        for piece in pieces(audio):
            meter.add(piece)
        return meter.end()


class AnalysisMeter:
    """The analysis of sound that comes in blocks, the same however it was cut; memory hardly grows with it.

    What is needed for tempo and key, one channel at 22,050 Hz, waits in a temporary file until it is closed; with what
    is found on the way that is about 500 MB for an hour, in TMPDIR, which had better be a disk.

    `loudness` may be shared with others that measure the same blocks.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self.loudness = LoudnessMeter(sample_rate_hz, channels)
        self._rate, self._samples = sample_rate_hz, 0
        self._peak = TruePeakMeter(channels)
        self._silence = _SilentSteps(sample_rate_hz)
        self._clipping = [Runs() for _ in range(channels)]
        self._clipped = 0
        self._resampler = Resampler(sample_rate_hz, music.RATE_HZ)
        self._mono = Spool()
        self._spectrum = Spectrum(music.RATE_HZ, 4096)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._mono.close()

    def add(self, block: Audio) -> None:
        """`[channels, samples]`, finite. Raises OSError where the disk is full."""
        self._samples += block.shape[1]
        self.loudness.add(block)
        self._peak.add(block)
        self._silence.add(block)
        for runs, channel in zip(self._clipping, block, strict=True):
            self._clipped += _long_enough(runs.add(np.abs(channel) >= _CLIPPED_FROM))
        self._keep(self._resampler.add(block.mean(axis=0, keepdims=True, dtype=np.float32)))

    def end(self, step: Callable[[], None] = lambda: None) -> Analysis:
        """The analysis of all that was added. `step` is called now and then, and what it raises ends the work."""
        self._keep(self._resampler.end())
        peak = self._peak.end()
        loud = self.loudness.integrated_lufs
        musical = loud is not None and len(self._mono) >= _LEAST_MUSIC_S * music.RATE_HZ
        tempo, key = music.tempo_and_key(self._mono, step) if musical else (None, None)
        return Analysis(
            duration_s=self._samples / self._rate,
            integrated_lufs=loud,
            true_peak_dbtp=decibels(peak) if peak > 0 else None,
            tempo_bpm=tempo,
            key=key[0] if key else None,
            key_margin=key[1] if key else None,
            silence_share=self._silence.end(),
            spectral_centroid_hz=self._centroid_hz() if musical else None,
            clipped_samples=self._clipped + sum(_long_enough(runs.end()) for runs in self._clipping),
        )

    def _keep(self, mono: Audio) -> None:
        self._mono.add(mono)
        self._spectrum.add(mono[0])

    def _centroid_hz(self) -> float | None:
        """The centre of the mean power spectrum."""
        power = self._spectrum.power
        if power is None:
            return None
        return float((self._spectrum.frequencies_hz * power).sum() / max(power.sum(), 1e-30))


def silence_share(audio: Audio, sample_rate_hz: int) -> float:
    """Share of the time, in steps of 0.1 s, in which every sample stays below -60 dBFS; 1.0 for no sound at all."""
    steps = _SilentSteps(sample_rate_hz)
    for piece in pieces(audio):
        steps.add(piece)
    return steps.end()


def clipped_samples(audio: Audio) -> int:
    """Values at full scale in runs of at least three: one sample that touches it is no clipping."""
    total = 0
    for channel in audio:
        runs = Runs()
        total += _long_enough(runs.add(np.abs(channel) >= _CLIPPED_FROM)) + _long_enough(runs.end())
    return total


def _long_enough(lengths: NDArray[np.int64] | int) -> int:
    found = np.atleast_1d(lengths)
    return int(found[found >= _CLIPPED_RUN].sum())


class _SilentSteps:
    """`silence_share` of sound that comes in blocks."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._step = max(1, round(_SILENCE_BLOCK_S * sample_rate_hz))
        self._rest = np.zeros(0, dtype=np.float32)
        self._steps = self._silent = 0

    def add(self, block: Audio) -> None:
        highest = np.concatenate((self._rest, np.abs(block).max(axis=0)))
        whole = len(highest) // self._step
        self._count(highest[: whole * self._step].reshape(whole, self._step))
        self._rest = highest[whole * self._step :].copy()

    def end(self) -> float:
        """The last step may be shorter than the others."""
        if len(self._rest):
            self._count(self._rest[None])
        return self._silent / self._steps if self._steps else 1.0

    def _count(self, steps: Audio) -> None:
        self._steps += len(steps)
        if steps.size:
            self._silent += int(np.count_nonzero(steps.max(axis=1) < _SILENT_BELOW))
