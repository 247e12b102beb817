"""What a first listen would miss about a finished file: where it came from and how it will travel.

Sound is taken in blocks: `QualityMeter`. Numpy and scipy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from generation.audio.arrays import Audio, Samples, pieces, valid_audio
from generation.audio.loudness import LoudnessMeter
from generation.audio.runs import Runs
from generation.audio.spectrum import Spectrum

#: Above a codec's cut there is nothing; real recordings fall off slowly. Steepness within 700 Hz that no room makes.
_WALL_DB: Final = 30.0
_FFT: Final = 8192
_SOUND_FROM: Final = 1e-4
_SILENT_BELOW: Final = 10 ** (-60 / 20)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """`bandwidth_hz`: where sound ends; `lossy_wall`: it ends as at a codec's low-pass, in a format that has none.

    `bandwidth_hz` and `lossy_wall` come from the long-term spectrum, in which the loudest parts count most: a hint,
    never a proof, for an old sampler or a radio sounds the same; None where there is no sound. `mono_loss_db`: how much
    quieter the mean of the channels is than the channels (0 for mono, 3 for unrelated ones, 60 at most); None in
    silence. `loudness_range_lu`: see `LoudnessMeter.range_lu`. `longest_silence_ms`: below -60 dBFS.
    """

    bandwidth_hz: int | None
    lossy_wall: bool
    mono_loss_db: float | None
    loudness_range_lu: float | None
    longest_silence_ms: int

    def facts(self) -> dict[str, int | bool]:
        """As whole numbers, for records that hold no floats."""
        found: dict[str, int | bool] = {
            "lossy_wall": self.lossy_wall,
            "longest_silence_ms": self.longest_silence_ms,
        }
        if self.bandwidth_hz is not None:
            found["bandwidth_hz"] = self.bandwidth_hz
        if self.mono_loss_db is not None:
            found["mono_loss_millibel"] = round(self.mono_loss_db * 100)
        if self.loudness_range_lu is not None:
            found["loudness_range_milli"] = round(self.loudness_range_lu * 1000)
        return found


def quality(audio: Audio, sample_rate_hz: int) -> Quality:
    """All of it for `[channels, samples]`. Raises SoundError."""
    audio = valid_audio(audio)
    loudness = LoudnessMeter(sample_rate_hz, audio.shape[0])
    meter = QualityMeter(sample_rate_hz, audio.shape[0], loudness)
    for piece in pieces(audio):
        loudness.add(piece)
        meter.add(piece)
    return meter.end()


class QualityMeter:
    """The quality of sound that comes in blocks, however it was cut; memory does not grow with it.

    `loudness` MUST be given the same blocks by whoever owns it: it is costly, and the analysis needs it too.
    """

    def __init__(self, sample_rate_hz: int, channels: int, loudness: LoudnessMeter) -> None:
        self._rate, self._channels, self._loudness = sample_rate_hz, channels, loudness
        self._spectrum = Spectrum(sample_rate_hz, _FFT)
        self._highest = 0.0
        self._samples = 0
        self._both = self._one = 0.0
        self._quiet = Runs()
        self._longest = 0

    def add(self, block: Audio) -> None:
        """`[channels, samples]`, finite."""
        if not block.shape[1]:
            return
        highest = np.abs(block).max(axis=0)
        self._highest = max(self._highest, float(highest.max()))
        self._longest = max(self._longest, int(self._quiet.add(highest < _SILENT_BELOW).max(initial=0)))
        mono = block.mean(axis=0)
        self._spectrum.add(mono)
        self._samples += block.shape[1]
        if self._channels > 1:
            self._both += float(np.square(block, dtype=np.float64).sum()) / self._channels
            self._one += float(np.square(mono, dtype=np.float64).sum())

    def end(self) -> Quality:
        """The quality of all that was added."""
        longest = max(self._longest, self._quiet.end())
        bandwidth, wall = None, False
        power = self._spectrum.power
        if power is not None and self._highest > _SOUND_FROM:
            bandwidth, wall = _bandwidth_hz(self._spectrum.frequencies_hz, power, self._rate)
        return Quality(
            bandwidth_hz=bandwidth,
            lossy_wall=wall,
            mono_loss_db=self._mono_loss_db(),
            loudness_range_lu=self._loudness.range_lu,
            longest_silence_ms=longest * 1000 // self._rate,
        )

    def _mono_loss_db(self) -> float | None:
        """Power of the channels over that of their mean."""
        if self._channels == 1:
            return 0.0
        if self._both < 1e-10 * self._samples or not self._samples:
            return None
        return min(60.0, max(0.0, 10 * float(np.log10(self._both / max(self._one, 1e-16 * self._samples)))))


def _bandwidth_hz(frequencies: Samples, power: Samples, sample_rate_hz: int) -> tuple[int | None, bool]:
    """The highest frequency with sound in it, and whether it ends there as if cut."""
    level = 10 * np.log10(power + 1e-20)
    width = frequencies[1] - frequencies[0]
    smooth = ndimage.uniform_filter1d(level, 9, mode="nearest")
    floor = max(float(smooth.max()) - 85.0, -125.0)
    above = np.flatnonzero(smooth > floor)
    if not len(above):
        return None, False
    top = int(above[-1])
    edge = float(frequencies[top])
    step = max(1, round(700 / width))
    before = float(np.median(smooth[max(0, top - 2 * step) : max(1, top - step // 2)]))
    after = smooth[min(len(smooth) - 1, top + step // 4) : top + 2 * step]
    drop = before - float(np.median(after)) if len(after) else 0.0
    wall = 10_000 < edge < 0.47 * sample_rate_hz and edge < 20_600 and drop >= _WALL_DB
    return round(edge), wall
