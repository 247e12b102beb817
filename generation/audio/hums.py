"""Whether a melody that somebody hummed, played or uploaded can be followed: checked before any model is loaded. Numpy
alone.

A tone stands out of its neighbourhood in the spectrum by far more than chance lets noise of any colour stand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from generation.audio.analysis import clipped_samples
from generation.audio.arrays import Audio, Samples, SoundError, valid_audio
from provenance.audiofile.resampling import resample

MIN_S: Final = 1.0
MAX_S: Final = 300.0
SILENT: Final = 10 ** (-60 / 20)
_RATE_HZ: Final = 22_050
_FFT: Final = 4096
_HOP: Final = 2048
_MOST_FRAMES: Final = 600
"""A minute is looked at throughout; of what is longer, so many moments."""
_LOW_HZ, _HIGH_HZ = 70.0, 4_000.0
_TONE_DB: Final = 17.0
"""Above the median of the bins around it. Noise reaches 12 dB in one frame of twenty, a tone 25 and more."""
_NEAR_BINS: Final = 101
_QUIET_DB: Final = -35.0
"""Frames that are quieter than the loudest by more than this do not count as sounding."""
_LEAST_PITCHED: Final = 0.25
_LEAST_PITCHED_S: Final = 0.5
_CLIPPED: Final = 0.002
_BROKEN: Final = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Melody:
    """What can be followed: `audio` float32 `[channels, samples]`, cut where it was too long.

    `pitched_permille`: the share of the sounding time that has a pitch. `notices`: sentences for whoever gave it.
    """

    audio: Audio
    sample_rate_hz: int
    pitched_permille: int
    clipped_permille: int
    notices: tuple[str, ...] = ()

    def facts(self) -> dict[str, int]:
        """As whole numbers, for records that hold no floats."""
        return {
            "melody_ms": round(self.audio.shape[1] * 1000 / self.sample_rate_hz),
            "melody_pitched_permille": self.pitched_permille,
            "melody_clipped_permille": self.clipped_permille,
        }


def check_melody(audio: Audio, sample_rate_hz: int) -> Melody:
    """The melody, or why it cannot be followed, in a sentence for whoever gave it.

    Narrowed with a notice: longer than 5 minutes (its beginning is used), overdriven.
    Raises SoundError: wrong_shape, not_finite, too_short, silent, clipped (nothing but full scale), no_pitch.
    """
    audio = valid_audio(audio)
    if sample_rate_hz <= 0:
        raise SoundError("The recording has no sample rate. Save it anew as WAV.", code="wrong_shape")
    seconds = audio.shape[1] / sample_rate_hz
    if seconds < MIN_S:
        raise SoundError(
            f"The melody is {seconds:.1f} seconds long, too short to follow. Give at least {MIN_S:g} second.",
            code="too_short",
        )
    notices = []
    if seconds > MAX_S:
        audio = audio[:, : round(MAX_S * sample_rate_hz)]
        notices.append(
            f"The melody is {seconds / 60:.0f} minutes long; only its first {MAX_S / 60:.0f} minutes are used."
        )
    if not audio.size or float(np.abs(audio).max()) < SILENT:
        raise SoundError("The melody is silent. Check the microphone, or choose another file.", code="silent")
    clipped = clipped_samples(audio) / audio.size
    if clipped > _BROKEN:
        raise SoundError(
            "The recording is overdriven throughout: most of it stands at full scale. Record it again with less gain.",
            code="clipped",
        )
    if clipped > _CLIPPED:
        notices.append(
            "The recording is overdriven in places; with less gain its melody is followed more closely."
        )
    share, sounding_s = pitched(audio, sample_rate_hz)
    if share < _LEAST_PITCHED or share * sounding_s < _LEAST_PITCHED_S:
        raise SoundError(
            "No pitch was found in this melody: it sounds like noise. Hum or play single notes, close to the "
            "microphone.",
            code="no_pitch",
        )
    return Melody(
        audio=audio,
        sample_rate_hz=sample_rate_hz,
        pitched_permille=round(1000 * share),
        clipped_permille=round(1000 * clipped),
        notices=tuple(notices),
    )


def pitched(audio: Audio, sample_rate_hz: int) -> tuple[float, float]:
    """The share of the sounding time with a tone in it, 0..1, and the sounding time in seconds."""
    mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), sample_rate_hz, _RATE_HZ)[0]
    found: list[NDArray[np.float64]] = []
    levels: list[NDArray[np.float64]] = []
    window = signal.windows.hann(_FFT, sym=False)
    bins = slice(round(_LOW_HZ * _FFT / _RATE_HZ), round(_HIGH_HZ * _FFT / _RATE_HZ))
    padded = np.pad(mono, (0, max(0, _FFT - len(mono)))).astype(np.float64)
    hop = max(_HOP, len(padded) // _MOST_FRAMES)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::hop]
    for first in range(0, len(frames), 256):  # memory stays flat
        piece = frames[first : first + 256]
        power: Samples = np.abs(np.fft.rfft(piece * window, axis=1)) ** 2
        around = ndimage.median_filter(power[:, bins], size=(1, _NEAR_BINS), mode="reflect")
        # What 16 bits cannot hold is no tone; without it, digital silence between harmonics would be one.
        ratio = power[:, bins] / (around + 1e-9 * power[:, bins].max(axis=1, keepdims=True) + 1e-12)
        found.append(10 * np.log10(ratio.max(axis=1) + 1e-12))
        levels.append(10 * np.log10(np.mean(piece**2, axis=1) + 1e-20))
    tone, level = np.concatenate(found), np.concatenate(levels)
    sounding = level > max(float(level.max()) + _QUIET_DB, -70.0)
    if not sounding.any():
        return 0.0, 0.0
    return float(np.mean(tone[sounding] > _TONE_DB)), float(sounding.sum() * hop / _RATE_HZ)
