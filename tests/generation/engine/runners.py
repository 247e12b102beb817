"""What runs in the model process when the host itself is tested: no model, every kind of trouble."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from generation.engine.base import (
    EngineFailure,
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    Kept,
    Made,
    PartialAudio,
    Progress,
    RequestRefused,
    StemAudio,
)


class Runner:
    def __init__(self) -> None:
        self.requests = 0

    def run(
        self, job: Mapping[str, Any], progress: Progress, hear: Callable[[PartialAudio], None] | None
    ) -> Iterator[Made]:
        self.requests += 1
        match job.get("trouble"):
            case "refused":
                raise RequestRefused("prompt", "Write a shorter prompt.")
            case "unavailable":
                raise EngineUnavailable("weights", "The weights are damaged.")
            case "failure":
                raise EngineFailure("out_of_memory", "No room.", retryable=True)
            case "bug":
                raise ValueError("seven is not a chord\nsecond line")
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "echo":
                yield from _echo(job)
                return
            case "deaf":
                progress(0, 1)
                time.sleep(600)
        print("libraries print what they like")
        os.write(1, b"and so do C libraries\n")
        steps = job.get("steps", 1)
        total = len(job["seeds"]) * steps
        for index, seed in enumerate(job["seeds"]):
            for step in range(steps):
                time.sleep(job.get("step_s", 0))
                progress(index * steps + step + 1, total)
            audio = np.random.default_rng(seed).standard_normal((2, 1000)).astype(np.float32)
            if hear is not None:
                for start in range(0, 1000, 100):
                    piece = audio[:, start : start + 100]
                    hear(
                        PartialAudio(
                            index=index, start=start, audio=piece, sample_rate_hz=32_000, samples=1000
                        )
                    )
            stems = [StemAudio(role=role, name=role.title(), audio=audio / 2) for role in ("bass", "pads")]
            yield GenerationOutput(
                index=index, seed=seed, audio=audio, sample_rate_hz=32_000, midi=b"MThd\0", stems=tuple(stems),
                facts={"requests": self.requests, "pid": os.getpid(), "secrets": ",".join(sorted(_private()))},
            )  # fmt: skip


def _echo(job: Mapping[str, Any]) -> Iterator[Made]:
    """What was given comes back."""
    source, melody = job["inputs"]
    yield GenerationOutput(
        index=0, seed=job["seeds"][0], audio=source.audio, sample_rate_hz=source.sample_rate_hz, midi=melody.notes,
        facts={one.role: one.sha256 for one in job["inputs"]},
        kept=(Kept(role="source", from_ms=0, to_ms=11, at_ms=3),),
    )  # fmt: skip
    yield FailedTake(index=1, seed=job["seeds"][1], code="silent", message="Nothing came.")


def _private() -> list[str]:
    return [name for name in os.environ if name.startswith(("DEADWAX_", "DATABASE_", "DJANGO_"))]


def runner() -> Runner:
    return Runner()
