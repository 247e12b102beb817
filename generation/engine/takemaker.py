"""The way of a request through a pipeline of diffusers: what is given, latents in batches, sound, seams, facts.

Imported in model processes only: it loads torch. What differs between pipelines is in their runners.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from generation.engine import diffusion, sections
from generation.engine.base import Audio, GenerationOutput, GivenInput, Kept, Made, Progress
from generation.engine.diffusion import Loaded
from generation.engine.sections import Stretch
from generation.modes import CONTINUATION, REFERENCE_INPUT, REPLACEMENT

NOTHING_KEPT: tuple[Kept, ...] = ()


class TakeMaker(ABC):
    """One request. `steps` are set by the subclass before `takes` is called."""

    ENGINE: ClassVar[str]

    def __init__(self, job: Mapping[str, Any], loaded: Loaded, progress: Progress, *, steps: int) -> None:
        self.job, self.loaded, self.pipeline = job, loaded, loaded.pipeline
        self.rate_hz = int(self.pipeline.vae.config.sampling_rate)
        self.hop = diffusion.hop_of(self.pipeline.vae)
        self.channels = int(self.pipeline.vae.config.audio_channels)
        self.steps = steps
        self.sound: Tensor | None = None
        """What the model works on, `[channels, samples]` in whole frames."""
        self.part: Stretch | None = None
        self.samples = round(job["duration_s"] * self.rate_hz)
        """How many of the result are wanted (or of the stretch, where there is one)."""
        self._progress = progress
        self._done, self._total = 0, steps * len(job["seeds"])

    @abstractmethod
    def check(self) -> None:
        """Raise RequestRefused for what only the loaded model can tell."""

    @abstractmethod
    def latents(self, at: int, seeds: Sequence[int]) -> Tensor:
        """Latents `[takes, channels, frames]` of so many takes at once, the first of them the request's number `at`."""

    @abstractmethod
    def levelled(self, audio: Audio) -> Audio:
        """A take without seams at the level that it leaves with."""

    @abstractmethod
    def facts(self) -> dict[str, str | int]:
        """What this pipeline was asked for beside mode and steps."""

    def takes(self) -> Iterator[Made]:
        """Yield each take as it is decoded, in the order of the seeds. Whatever `progress` raises passes through,
        from within a step, too.
        """
        self.loaded.tick = self.tick
        try:
            self._take_up()
            self.check()
            self.tick()
            size = self.job["batch"] or self.loaded.batch
            made = diffusion.in_batches(self.job["seeds"], size, self.latents, name=self.job["model"]["name"])
            for index, latents, facts in made:
                self.tick()
                audio = diffusion.decoded(self.pipeline.vae, latents, self.samples, self.tick)
                yield self._finished(index, audio, facts)
        finally:
            self.loaded.tick = lambda: None

    def tick(self) -> None:
        self._progress(self._done, self._total)

    def told(self, at: int, step: int, together: int) -> None:
        """So many takes made their step number `step` together. A batch that is made again counts no step twice."""
        self._done = max(self._done, at * self.steps + (step + 1) * together)
        self.tick()

    def given(self, role: str) -> GivenInput | None:
        return next((one for one in self.job["inputs"] if one.role == role), None)

    def _take_up(self) -> None:
        source = next((one for one in self.job["inputs"] if one.role != REFERENCE_INPUT), None)
        if source is None:
            return
        if self.job["mode"] in {REPLACEMENT, CONTINUATION}:
            self.part = sections.stretch(
                self.job, source, rate_hz=self.rate_hz, channels=self.channels, hop=self.hop
            )
            self.sound, self.samples = self.part.sound, self.part.sound.shape[-1]
            return
        sound = diffusion.fitted(source, self.rate_hz, self.channels)
        if self.job["length"] == "source":
            self.samples = sound.shape[-1]
        lacking = max(0, self.samples - sound.shape[-1])
        self.sound = diffusion.padded(sound[:, : self.samples], self.hop, after=lacking)

    def _finished(self, index: int, audio: Audio, facts: dict[str, str | int]) -> Made:
        seed, rate, kept = self.job["seeds"][index], self.rate_hz, NOTHING_KEPT
        failed = diffusion.trouble(audio, index, seed)
        if failed is not None:
            return failed
        if self.part is None:
            audio = self.levelled(audio)
        else:
            audio, rate, seam, kept = sections.joined(self.job, self.part, audio, rate)
            facts = facts | seam
        return GenerationOutput(
            index=index, seed=seed, audio=np.ascontiguousarray(audio), sample_rate_hz=rate, kept=kept,
            facts={
                "engine": self.ENGINE, **self.loaded.facts, "mode": self.job["mode"], "seed": seed,
                "steps": self.steps, **self.facts(), **facts,
            },
        )  # fmt: skip
