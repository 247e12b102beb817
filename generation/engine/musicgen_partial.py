"""MusicGen's takes as sound while their codes still come: for listening only, beside the takes themselves.

Imported in the model process only: it loads torch.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from generation.engine.base import PartialAudio
from generation.engine.fast.codec import ChunkedDecoder, Codec, codec_of, push_together
from generation.engine.fast.shape import Unsupported

CHUNK_FRAMES = 50
"""A second at a time; 12 frames in 62 are decoded twice."""
FIRST_CHUNK_FRAMES = CHUNK_FRAMES + ChunkedDecoder.LAG
"""As many as settle the first second of sound, so that it waits for no second chunk."""

TOGETHER = 8
"""By arithmetic, a second of so many takes at once needs some 200 MB."""


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
    """Decodes codes as they come. Trouble here ends the listening, never the making.

    Takes of a request that are at the same place are decoded as one batch: one by one, thirty would launch the codec's
    hundred small kernels thirty times for every second.
    """

    def __init__(
        self, codec: Codec, hear: Callable[[PartialAudio], None], *, frames: int, samples: int
    ) -> None:
        self._codec, self._hear = codec, hear
        self._frames, self._samples = frames, samples
        self._takes: dict[int, ChunkedDecoder] = {}
        self._told: dict[int, int] = {}
        self._silent = False

    def __call__(self, chunks: Sequence[tuple[int, int, torch.Tensor]]) -> None:
        """Of each: the number of the take, and its codes `[codebooks, n]` from frame `first` on, each take's in
        order.
        """
        if self._silent:
            return
        alike: dict[object, list[tuple[int, int, torch.Tensor]]] = {}
        for index, first, codes in chunks:
            decoder = self._takes.setdefault(index, ChunkedDecoder(self._codec))
            alike.setdefault((decoder.place, first, codes.shape), []).append((index, first, codes))
        for group in alike.values():
            for at in range(0, len(group), TOGETHER):
                self._decode(group[at : at + TOGETHER])

    def _decode(self, group: Sequence[tuple[int, int, torch.Tensor]]) -> None:
        if self._silent:
            return
        codes = torch.stack([one for _, _, one in group])
        last = group[0][1] + codes.shape[-1] >= self._frames
        try:
            sounds = push_together([self._takes[index] for index, _, _ in group], codes, last=last)
        except RuntimeError:  # no memory left, for one: the takes need it more
            self._silent = True
            self._takes.clear()
            return
        for (index, _, _), sound in zip(group, sounds, strict=True):
            if last:
                del self._takes[index]
            self._tell(index, sound)

    def _tell(self, index: int, sound: torch.Tensor) -> None:
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
