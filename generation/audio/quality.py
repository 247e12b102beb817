"""What a first listen would miss about a finished file: where it came from and how it will travel. Numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage, signal

from generation.audio.arrays import Audio, valid_audio
from generation.audio.loudness import k_weighting

#: Above a codec's cut there is nothing; real recordings fall off slowly. Steepness within 700 Hz that no room makes.
_WALL_DB: Final = 30.0
_FFT: Final = 8192
#: EBU Tech 3342: windows of 3 s, gates at -70 LUFS and 20 LU below, 10th to 95th percentile.
_SHORT_S: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Quality:
    """`bandwidth_hz`: where sound ends; `lossy_wall`: it ends as at a codec's low-pass, in a format that has none.

    `mono_loss_db`: how much quieter the sum of the channels is than the channels (0 for mono, 3 for unrelated ones).
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
    bandwidth, wall = bandwidth_hz(audio, sample_rate_hz)
    return Quality(
        bandwidth_hz=bandwidth,
        lossy_wall=wall,
        mono_loss_db=mono_loss_db(audio),
        loudness_range_lu=loudness_range_lu(audio, sample_rate_hz),
        longest_silence_ms=longest_silence_ms(audio, sample_rate_hz),
    )


def bandwidth_hz(audio: Audio, sample_rate_hz: int) -> tuple[int | None, bool]:
    """The highest frequency with sound in it, and whether it ends there as if cut.

    Long-term spectrum, loudest parts count most. None where there is no sound. A hint, never a proof: an old sampler
    or a radio sounds the same.
    """
    if audio.shape[1] < _FFT or not np.any(np.abs(audio) > 1e-4):
        return None, False
    frequencies, power = signal.welch(audio.mean(axis=0), sample_rate_hz, nperseg=_FFT)
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


def mono_loss_db(audio: Audio) -> float | None:
    """Power of the channels over that of their mean, in dB; None in silence."""
    if audio.shape[0] == 1:
        return 0.0
    both = float(np.mean(np.square(audio, dtype=np.float64)))
    one = float(np.mean(np.square(audio.mean(axis=0), dtype=np.float64)))
    if both < 1e-10:
        return None
    return min(60.0, max(0.0, 10 * float(np.log10(both / max(one, 1e-16)))))


def loudness_range_lu(audio: Audio, sample_rate_hz: int) -> float | None:
    """EBU Tech 3342 in steps of one second; None for what is shorter than 6 s or silent."""
    window, hop = round(_SHORT_S * sample_rate_hz), sample_rate_hz
    if audio.shape[1] < 2 * window:
        return None
    sections = k_weighting(sample_rate_hz)
    sums = np.zeros(audio.shape[1] // hop)
    for channel in audio:
        weighted = signal.sosfilt(sections, channel.astype(np.float64))
        sums += np.square(weighted[: len(sums) * hop]).reshape(len(sums), hop).mean(axis=1)
    power = np.convolve(sums, np.ones(3) / 3, mode="valid")
    levels = -0.691 + 10 * np.log10(power + 1e-20)
    loud = levels[levels > -70]
    if len(loud) < 3:
        return None
    gate = -0.691 + 10 * np.log10(np.mean(10 ** ((loud + 0.691) / 10))) - 20
    kept = loud[loud >= gate]
    low, high = np.percentile(kept, [10, 95])
    return float(high - low)


def longest_silence_ms(audio: Audio, sample_rate_hz: int) -> int:
    """The longest stretch below -60 dBFS."""
    quiet = np.abs(audio).max(axis=0) < 10 ** (-60 / 20)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    lengths = edges[1::2] - edges[::2]
    return int(lengths.max() * 1000 // sample_rate_hz) if len(lengths) else 0
