"""What a file says of itself, and how much of it is read at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.audiofile.sniffing import Container

BLOCK_FRAMES: Final = 65_536
#: Nothing that this program decodes may run longer; a caller's own limit is usually lower.
MAX_DURATION_S: Final = 2 * 3600

Block = NDArray[np.float32]
"""`[frames, channels]`, full scale 1.0."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The facts in a file's header. `declared_samples` is None where it does not say, or cannot be believed."""

    container: Container
    codec: str
    sample_rate_hz: int
    channels: int
    declared_samples: int | None
    bit_depth: int | None
