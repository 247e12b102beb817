"""Writing sound as 24-bit WAV and FLAC, and as float WAV: the same bytes for the same samples.

No dither: rounding to 24 bits leaves its error at -146 dBFS, far under the noise of any converter, and dither
would make two renders differ. The bytes hold no date and no name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from generation.audio.arrays import Audio, SoundError, pieces, valid_audio

_FULL_SCALE: Final = 1 << 23
_BLOCK: Final = 1 << 16
_IEEE_FLOAT: Final = 3
#: RIFF, format with an empty extension, fact, data (Microsoft, Multimedia Data Standards Update, 1994).
_FLOAT_HEADER: Final = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")


def write_wav(path: Path | str, audio: Audio, sample_rate_hz: int) -> int:
    """Write a 24-bit WAV; see `quantise`. Returns how many values had to be clipped."""
    audio = valid_audio(audio)
    return _write(path, pieces(audio, _BLOCK), audio.shape[0], sample_rate_hz, "WAV")


def write_flac(path: Path | str, audio: Audio, sample_rate_hz: int) -> int:
    """Write a 24-bit FLAC with the same samples as `write_wav`. Returns how many values had to be clipped."""
    audio = valid_audio(audio)
    return write_flac_blocks(path, pieces(audio, _BLOCK), audio.shape[0], sample_rate_hz)


def write_flac_blocks(path: Path | str, blocks: Iterable[Audio], channels: int, sample_rate_hz: int) -> int:
    """`write_flac` of sound that comes in blocks: the same bytes, however it was cut."""
    return _write(path, blocks, channels, sample_rate_hz, "FLAC")


def write_wav_float(path: Path | str, audio: Audio, sample_rate_hz: int) -> int:
    """Write a WAV of 32-bit floats: every sample exactly, also beyond full scale, where 24 bits would clip.

    For mixes that are still to be mastered. Written by hand, because libsndfile adds the time of writing to float
    files. Returns 0, for nothing is clipped. Raises SoundError (`too_long`) beyond the 4 GB of the format.
    """
    audio = valid_audio(audio)
    channels, samples = audio.shape
    data_bytes = channels * samples * 4
    if data_bytes + _FLOAT_HEADER.size > 0xFFFF_FFFF:
        raise SoundError(
            "This is longer than a WAV file can hold. Render it at a lower rate.", code="too_long"
        )
    header = _FLOAT_HEADER.pack(
        *(b"RIFF", data_bytes + _FLOAT_HEADER.size - 8, b"WAVE"),
        *(
            b"fmt ",
            18,
            _IEEE_FLOAT,
            channels,
            sample_rate_hz,
            sample_rate_hz * channels * 4,
            channels * 4,
            32,
            0,
        ),
        *(b"fact", 4, samples),
        *(b"data", data_bytes),
    )
    with Path(path).open("wb") as file:
        file.write(header)
        for first in range(0, samples, _BLOCK):
            file.write(np.ascontiguousarray(audio[:, first : first + _BLOCK].T, dtype="<f4").tobytes())
    return 0


def passes_full_scale(audio: Audio) -> bool:
    """Whether 24 bits would clip."""
    return bool(audio.size) and bool(audio.max() > 1.0 or audio.min() < -1.0)


def quantise(audio: Audio) -> tuple[NDArray[np.int32], int]:
    """To whole numbers of 24 bits (`round(x * 2**23)`, ties to even) and the count of values beyond full scale.

    A value k / 2**23 comes back exactly. What is beyond is clipped: it would wrap around otherwise.
    """
    scaled = np.rint(audio.astype(np.float64) * _FULL_SCALE)
    clipped = int(np.count_nonzero((scaled > _FULL_SCALE) | (scaled < -_FULL_SCALE)))
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32), clipped


def _write(
    path: Path | str, blocks: Iterable[Audio], channels: int, rate: int, container: Literal["WAV", "FLAC"]
) -> int:
    clipped = 0
    with sf.SoundFile(
        str(path), "w", samplerate=rate, channels=channels, format=container, subtype="PCM_24"
    ) as file:
        for block in blocks:
            values, beyond = quantise(block)
            clipped += beyond
            # libsndfile takes the upper 24 bits of each 32: no scaling of its own comes between.
            file.write(np.ascontiguousarray(values.T) << 8)
    return clipped
