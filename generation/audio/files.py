"""Writing sound as 24-bit WAV and FLAC, the same bytes for the same samples.

No dither: rounding to 24 bits leaves its error at -146 dBFS, far under the noise of any converter, and dither
would make two renders differ. The bytes hold no date and no name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from generation.audio.arrays import Audio, valid_audio

_FULL_SCALE: Final = 1 << 23
_BLOCK: Final = 1 << 16


def write_wav(path: Path | str, audio: Audio, sample_rate_hz: int) -> int:
    """Write a 24-bit WAV; see `quantise`. Returns how many values had to be clipped."""
    return _write(path, audio, sample_rate_hz, "WAV")


def write_flac(path: Path | str, audio: Audio, sample_rate_hz: int) -> int:
    """Write a 24-bit FLAC with the same samples as `write_wav`. Returns how many values had to be clipped."""
    return _write(path, audio, sample_rate_hz, "FLAC")


def quantise(audio: Audio) -> tuple[NDArray[np.int32], int]:
    """To whole numbers of 24 bits (`round(x * 2**23)`, ties to even) and the count of values beyond full scale.

    A value k / 2**23 comes back exactly. What is beyond is clipped: it would wrap around otherwise.
    """
    scaled = np.rint(audio.astype(np.float64) * _FULL_SCALE)
    clipped = int(np.count_nonzero((scaled > _FULL_SCALE) | (scaled < -_FULL_SCALE)))
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32), clipped


def _write(path: Path | str, audio: Audio, rate: int, container: Literal["WAV", "FLAC"]) -> int:
    audio = valid_audio(audio)
    clipped = 0
    with sf.SoundFile(
        str(path), "w", samplerate=rate, channels=audio.shape[0], format=container, subtype="PCM_24"
    ) as file:
        for first in range(0, audio.shape[1], _BLOCK):
            values, beyond = quantise(audio[:, first : first + _BLOCK])
            clipped += beyond
            # libsndfile takes the upper 24 bits of each 32: no scaling of its own comes between.
            file.write(np.ascontiguousarray(values.T) << 8)
    return clipped
