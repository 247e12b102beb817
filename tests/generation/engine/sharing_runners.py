"""A runner that has several requests open at a time, each step of each in its turn."""

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
        total = len(job["seeds"]) * job["steps"]
        try:
            for index, seed in enumerate(job["seeds"]):
                for step in range(job["steps"]):
                    time.sleep(job.get("step_s", 0))
                    progress(index * job["steps"] + step + 1, total)
                    yield None
                yield GenerationOutput(
                    index=index, seed=seed, audio=np.zeros((1, 10), np.float32), sample_rate_hz=32_000,
                    facts={"pid": os.getpid(), "open": self.open},
                )  # fmt: skip
        finally:
            self.open -= 1


def runner() -> SharingRunner:
    return SharingRunner()
