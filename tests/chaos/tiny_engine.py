"""An engine in the place of sketch: tones of a second, in no time; one seed never comes, and memory is short.

Loaded by a worker through DEADWAX_WORKER_MODULES.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from generation.engine import registry
from generation.engine.base import (
    Capabilities,
    FailedTake,
    GenerationOutput,
    GenerationRequest,
    Made,
    ModeSpec,
    Progress,
)
from tests.generation.slow_engine import RATE_HZ, tone

#: A take with this seed is broken, whatever is tried.
BROKEN = 13


class TinyEngine:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="sketch", version="1", title="Sketch", modes=(ModeSpec(name="text_to_music"),), min_duration_s=1.0,
            max_duration_s=60.0, max_variations=30, available=True, unavailable_reason="", needs_gpu=False,
            tool="sketch",
        )  # fmt: skip

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        for index, seed in enumerate(request.seeds):
            progress(index, len(request.seeds))
            time.sleep(0.05)
            if seed == BROKEN:
                yield FailedTake(index=index, seed=seed, code="silent", message="Nothing came.")
                continue
            yield GenerationOutput(
                index=index, seed=seed, audio=tone(seed % 400, RATE_HZ), sample_rate_hz=RATE_HZ,
                facts={"batch": 1, "batch_asked": len(request.seeds)},
            )  # fmt: skip


def engine() -> TinyEngine:
    return TinyEngine()


registry.MODULES["sketch"] = "tests.chaos.tiny_engine"
