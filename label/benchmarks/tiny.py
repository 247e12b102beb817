"""A tiny engine in the place of sketch: a second of tone, made in no time, so that all that is measured is the system.

A worker gets it by DEADWAX_WORKER_MODULES=label.benchmarks.tiny.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from generation.engine import registry
from generation.engine.base import Capabilities, GenerationOutput, GenerationRequest, Made, ModeSpec, Progress

RATE_HZ = 44_100
SECONDS = 1.0


class TinyEngine:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="sketch", version="1", title="Sketch", modes=(ModeSpec(name="text_to_music"),),
            min_duration_s=SECONDS, max_duration_s=60.0, max_variations=30, available=True, unavailable_reason="",
            needs_gpu=False, tool="sketch",
        )  # fmt: skip

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        samples = round(request.duration_s * RATE_HZ)
        t = np.arange(samples) / RATE_HZ
        for index, seed in enumerate(request.seeds):
            progress(index, len(request.seeds))
            tone = 0.3 * np.sin(2 * np.pi * (110 + seed % 880) * t)
            yield GenerationOutput(
                index=index, seed=seed, audio=np.stack([tone] * 2).astype(np.float32), sample_rate_hz=RATE_HZ
            )


def engine() -> TinyEngine:
    return TinyEngine()


registry.MODULES["sketch"] = __name__
