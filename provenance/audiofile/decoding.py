"""The samples of a file: all at once, or a piece at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.audiofile.errors import BadAudio, too_long
from provenance.audiofile.header import MAX_DURATION_S
from provenance.audiofile.reading import counted_blocks, open_audio
from provenance.audiofile.resampling import resample


@dataclass(frozen=True)
class Decoding:
    """A file while it is being read. `blocks` gives its samples once, in order, as float32 `[channels, samples]`;
    each block is a copy that may be kept.
    """

    sample_rate_hz: int
    channels: int
    blocks: Iterator[NDArray[np.float32]]


@contextlib.contextmanager
def decoding(path: Path | str, *, max_duration_s: int = MAX_DURATION_S) -> Iterator[Decoding]:
    """Read a file piece by piece: hours take the memory of a second or two. Raises BadAudio, also between blocks."""
    with open_audio(path) as reader:
        rate, channels = reader.header.sample_rate_hz, reader.header.channels
        if rate <= 0 or not 1 <= channels <= 64:
            raise BadAudio("damaged", "The header of this file makes no sense. Export it again.")
        refusal = too_long(max_duration_s)
        declared = reader.header.declared_samples
        if declared is not None and declared > max_duration_s * rate:
            raise refusal  # before hours of it are worked on for nothing
        counted = counted_blocks(reader, max_samples=max_duration_s * rate, too_long=refusal)
        yield Decoding(rate, channels, (np.array(block.T, order="C") for block in counted))


def decode(
    path: Path | str, sample_rate_hz: int | None = None, *, max_duration_s: int = MAX_DURATION_S
) -> tuple[NDArray[np.float32], int]:
    """All samples as float32 `[channels, samples]` (full scale is 1.0) and their rate in Hz.

    With `sample_rate_hz`, converted to it (see `resample`). Raises BadAudio; never returns NaN or infinity. Takes the
    memory of the whole sound twice: what may be long is read with `decoding`.
    """
    with decoding(path, max_duration_s=max_duration_s) as sound:
        rate = sound.sample_rate_hz
        audio: NDArray[np.float32] = np.concatenate(list(sound.blocks), axis=1)
    if sample_rate_hz is None or sample_rate_hz == rate:
        return audio, rate
    return resample(audio, rate, sample_rate_hz), sample_rate_hz
