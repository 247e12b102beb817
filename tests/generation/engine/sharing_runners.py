"""A runner that has several requests open at a time, each step of each in its turn.

A worker that loads this module (DEADWAX_WORKER_MODULES) has it in MusicGen's place.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generation.engine.base import GenerationOutput, Progress


class SharingRunner:
    shares = True

    def __init__(self) -> None:
        self.open = 0

    def run(
        self, job: Mapping[str, Any], progress: Progress, hear: object
    ) -> Iterator[GenerationOutput | None]:
        self.open += 1
        steps, step_s = job.get("steps", 100), job.get("step_s", 0.02)
        total = len(job["seeds"]) * steps
        try:
            for index, seed in enumerate(job["seeds"]):
                for step in range(steps):
                    time.sleep(step_s)
                    progress(index * steps + step + 1, total)
                    yield None
                yield GenerationOutput(
                    index=index, seed=seed, audio=_noise(seed), sample_rate_hz=32_000,
                    facts={"pid": os.getpid(), "open": self.open},
                )  # fmt: skip
        finally:
            self.open -= 1


def _noise(seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((1, 32_000)) * 0.1).astype(np.float32)


def runner() -> SharingRunner:
    return SharingRunner()


if os.environ.get("DEADWAX_WORKER_MODULES") == __name__:
    from generation.engine import registry
    from generation.engine.host import ModelHost

    registry.engine("audiocraft")._host = ModelHost(__name__, environment=dict)  # type: ignore[attr-defined]
