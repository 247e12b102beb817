"""MusicGen's takes as sound while their codes still come: for listening only, beside the takes themselves.

Imported in the model process only: it loads torch.
"""

from collections.abc import Callable
from typing import Any

import torch

from generation.engine.base import PartialAudio
from generation.engine.fast.codec import ChunkedDecoder, Codec, codec_of
from generation.engine.fast.shape import Unsupported

CHUNK_FRAMES = 50
"""A second at a time: the first sound comes after about 0.8 s of it, and 12 frames in 62 are decoded twice."""


def codec_for_chunks(model: Any) -> Codec | None:
    """The codec of a loaded model, or None where it cannot be decoded in pieces."""
    try:
        return codec_of(model.compression_model)
    except (
        Unsupported,
        AttributeError,
        RuntimeError,
        TypeError,
    ):  # a codec of another kind lacks what is asked of it
        return None


class Partials:
    """Decodes codes as they come. Trouble here ends the listening, never the making."""

    def __init__(
        self, codec: Codec, hear: Callable[[PartialAudio], None], *, frames: int, samples: int
    ) -> None:
        self._codec, self._hear = codec, hear
        self._frames, self._samples = frames, samples
        self._takes: dict[int, ChunkedDecoder] = {}
        self._told: dict[int, int] = {}
        self._silent = False

    def __call__(self, index: int, first: int, codes: torch.Tensor) -> None:
        """`codes` `[codebooks, n]` of take `index` from frame `first` on; each take's in order."""
        if self._silent:
            return
        decoder = self._takes.setdefault(index, ChunkedDecoder(self._codec))
        last = first + codes.shape[-1] >= self._frames
        try:
            sound = decoder.push(codes, last=last)
        except RuntimeError:  # no memory left, for one: the takes need it more
            self._silent = True
            self._takes.clear()
            return
        if last:
            del self._takes[index]
        start = self._told.get(index, 0)
        sound = sound[:, : self._samples - start]
        if not sound.shape[-1]:
            return
        self._told[index] = start + sound.shape[-1]
        self._hear(
            PartialAudio(
                index=index, start=start, audio=sound.numpy(), sample_rate_hz=self._codec.sample_rate_hz,
                samples=self._samples,
            )
        )  # fmt: skip
