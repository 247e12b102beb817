"""The one gatekeeper for arrays, and the error that all functions here raise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from provenance.errors import UserFault

Audio: TypeAlias = NDArray[np.float32]
Samples: TypeAlias = NDArray[np.float64]

#: Samples in a block of sound that is measured piece by piece.
PIECE: Final = 1 << 16


class SoundError(UserFault):
    """Sound that a function here cannot work with; the message says what to do."""

    code = "bad_sound"


def valid_audio(audio: object, *, max_channels: int = 2) -> Audio:
    """The array itself (as float32) if it is `[channels, samples]` with 1 to `max_channels` and finite values.

    Raises SoundError: wrong_shape, not_finite.
    """
    array = np.asarray(audio)
    if array.ndim != 2 or not 1 <= array.shape[0] <= max_channels or array.dtype.kind != "f":
        raise SoundError(
            f"Sound is a float array of 1 to {max_channels} channels by samples, not {array.dtype} {array.shape}.",
            code="wrong_shape",
        )
    result: Audio = array.astype(np.float32, copy=False)
    if result.size and not (np.isfinite(result.min()) and np.isfinite(result.max())):
        raise SoundError(
            "The sound holds values that are no numbers (NaN or infinity). Make it again.", code="not_finite"
        )
    return result


def pieces(audio: Audio, samples: int = PIECE) -> Iterator[Audio]:
    """The sound in blocks of `samples`, the last one shorter; views, no copies."""
    for first in range(0, audio.shape[1], samples):
        yield audio[:, first : first + samples]


def decibels(amplitude: float) -> float:
    """20 log10 of an amplitude above 0."""
    return float(20 * np.log10(amplitude))


def amplitude(level_db: float) -> float:
    """The amplitude of a level, rounded to 2**-40, so that processors that differ in the last bit agree."""
    return float(round(10 ** (level_db / 20) * 2**40) / 2**40)
