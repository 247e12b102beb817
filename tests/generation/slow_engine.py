"""An engine in the place of sketch that makes sound about as fast as it is heard, and hands it out as it comes.

A worker gets it by `slow_worker.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from generation.engine.base import (
    Capabilities,
    GenerationOutput,
    GenerationRequest,
    Listener,
    ModeSpec,
    PartialAudio,
    Progress,
)

RATE_HZ = 16_000
PIECE_S = 0.5


class SlowEngine:
    """A tone a take. `each` is called before every piece: a test's own way of taking time."""

    def __init__(self, each: Callable[[int, int], None] = lambda index, piece: time.sleep(PIECE_S)) -> None:
        self._each = each

    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="sketch", version="1", title="Sketch", modes=(ModeSpec(name="text_to_music"),), min_duration_s=1.0,
            max_duration_s=60.0, max_variations=30, available=True, unavailable_reason="", needs_gpu=False,
            tool="sketch",
        )  # fmt: skip

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[GenerationOutput]:
        return self._takes(request, progress, None)

    def generate_audibly(
        self, request: GenerationRequest, progress: Progress, listener: Listener
    ) -> Iterator[GenerationOutput]:
        return self._takes(request, progress, listener)

    def _takes(
        self, request: GenerationRequest, progress: Progress, listener: Listener | None
    ) -> Iterator[GenerationOutput]:
        pieces = round(request.duration_s / PIECE_S)
        size, total = round(PIECE_S * RATE_HZ), pieces * len(request.seeds)
        for index, seed in enumerate(request.seeds):
            audio = tone(seed, pieces * size)
            for piece in range(pieces):
                progress(index * pieces + piece, total)
                self._each(index, piece)
                if listener is not None:
                    at = piece * size
                    part = audio[:, at : at + size]
                    listener(
                        PartialAudio(
                            index=index, start=at, audio=part, sample_rate_hz=RATE_HZ, samples=audio.shape[1]
                        )
                    )
            yield GenerationOutput(index=index, seed=seed, audio=audio, sample_rate_hz=RATE_HZ)


def tone(seed: int, samples: int) -> np.ndarray:
    t = np.arange(samples) / RATE_HZ
    return np.stack([0.3 * np.sin(2 * np.pi * (220 + seed) * t)] * 2).astype(np.float32)


def engine() -> SlowEngine:
    return SlowEngine()
