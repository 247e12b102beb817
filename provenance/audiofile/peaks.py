"""The picture of a file: minimum and maximum per pixel, in audiowaveform's data format, version 2."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.audiofile.errors import BadAudio
from provenance.audiofile.header import MAX_DURATION_S
from provenance.audiofile.reading import counted_blocks, open_audio

SAMPLES_PER_PIXEL: Final = 256
_VERSION: Final = 2
_EIGHT_BIT: Final = 1
#: version, flags, sample rate, samples per pixel, pixels, channels; little-endian (audiowaveform, DataFormat.md).
_HEADER: Final = struct.Struct("<iIiiIi")


def peaks(path: Path | str) -> bytes:
    """The .dat file (version 2, 8 bit, one channel) for all of a file: pairs of minimum and maximum, full scale 128.

    Channels are averaged; the last pixel may cover fewer samples. Read in blocks: memory does not grow with the
    file by more than two bytes per 256 samples. Raises BadAudio.
    """
    lows: list[NDArray[np.float32]] = []
    highs: list[NDArray[np.float32]] = []
    rest = np.empty(0, dtype=np.float32)
    with open_audio(path) as reader:
        rate = reader.header.sample_rate_hz
        too_long = BadAudio("too_long", "This file is longer than two hours. Split it.")
        for block in counted_blocks(reader, max_samples=MAX_DURATION_S * rate, too_long=too_long):
            mono = _mono(block)
            if len(rest):
                mono = np.concatenate((rest, mono))
            whole = len(mono) // SAMPLES_PER_PIXEL * SAMPLES_PER_PIXEL
            pixels = mono[:whole].reshape(-1, SAMPLES_PER_PIXEL)
            lows.append(pixels.min(axis=1))
            highs.append(pixels.max(axis=1))
            rest = mono[whole:].copy()
    if len(rest):
        lows.append(rest.min(keepdims=True))
        highs.append(rest.max(keepdims=True))
    pairs = np.stack((np.concatenate(lows), np.concatenate(highs)), axis=1)
    values = np.clip(np.rint(pairs * 128), -128, 127).astype(np.int8)
    header = _HEADER.pack(_VERSION, _EIGHT_BIT, rate, SAMPLES_PER_PIXEL, len(values), 1)
    return header + values.tobytes()


def _mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    if block.shape[1] == 1:
        return block[:, 0]
    total = block[:, 0] + block[:, 1]
    for channel in range(2, block.shape[1]):
        total += block[:, channel]
    return total * np.float32(1 / block.shape[1])
