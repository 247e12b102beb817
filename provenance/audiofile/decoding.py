"""The samples of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.audiofile.errors import BadAudio
from provenance.audiofile.header import MAX_DURATION_S
from provenance.audiofile.reading import counted_blocks, open_audio
from provenance.audiofile.resampling import resample


def decode(
    path: Path | str, sample_rate_hz: int | None = None, *, max_duration_s: int = MAX_DURATION_S
) -> tuple[NDArray[np.float32], int]:
    """All samples as float32 `[channels, samples]` (full scale is 1.0) and their rate in Hz.

    With `sample_rate_hz`, converted to it (see `resample`). Raises BadAudio; never returns NaN or infinity.
    """
    with open_audio(path) as reader:
        rate = reader.header.sample_rate_hz
        if rate <= 0 or not 1 <= reader.header.channels <= 64:
            raise BadAudio("damaged", "The header of this file makes no sense. Export it again.")
        too_long = BadAudio("too_long", f"This file is longer than {max_duration_s // 60} minutes. Split it.")
        blocks = [
            block.T.copy()
            for block in counted_blocks(reader, max_samples=max_duration_s * rate, too_long=too_long)
        ]
    audio: NDArray[np.float32] = np.concatenate(blocks, axis=1)
    if sample_rate_hz is None or sample_rate_hz == rate:
        return audio, rate
    return resample(audio, rate, sample_rate_hz), sample_rate_hz
