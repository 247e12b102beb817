"""ACE-Step 1.5 in its model process: diffusers' own pipeline, faster by `fast/acestep.py`, a seed for each take.

Imported only there (see `host.py`): it loads torch. A take's noise comes of its seed alone, so a take can be made again
without its siblings: bit by bit where takes are made one by one (without a GPU), else equal but for rounding, as the
matrix library chooses other kernels for other batches. The fact `batch` says how many were made together.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine import diffusion
from generation.engine.acestep import LAYOUTS
from generation.engine.base import Audio, Made, Progress
from generation.engine.diffusion import Cabinet, Loaded
from generation.engine.fast.acestep import PEAK, FastAceStep
from generation.engine.host_process import Hear
from generation.engine.takemaker import TakeMaker
from generation.modes import REFERENCE_INPUT

MAX_TEXT_TOKENS = 256
MAX_LYRIC_TOKENS = 2048
"""What the pipeline reads of the description and of the lyrics."""
ENCODING_SEED = 0
"""The codec draws a little noise of its own where it encodes sound: the same for every take and every request."""


def runner() -> "AceStepRunner":
    """The runner for `host_process`."""
    torch.backends.cudnn.benchmark = False  # the same seed, the same bits
    torch.backends.cudnn.deterministic = True
    return AceStepRunner()


class AceStepRunner:
    """Keeps the last model in memory."""

    def __init__(self) -> None:
        self._cabinet = Cabinet(LAYOUTS)

    def run(self, job: Mapping[str, Any], progress: Progress, hear: Hear | None = None) -> Iterator[Made]:
        """Yield one take a seed, each as it is decoded. `progress` counts denoising steps of all takes.

        Raises:
            EngineUnavailable: the weights cannot be used, and why.
            RequestRefused, EngineFailure: see their messages.
        """
        loaded = self._cabinet.ready(job)
        if loaded.faster is None:
            loaded.faster = FastAceStep(loaded.pipeline)
        yield from _AceStepTakes(job, loaded, loaded.faster, progress).takes()


class _AceStepTakes(TakeMaker):
    ENGINE = "acestep"

    def __init__(self, job: Mapping[str, Any], loaded: Loaded, fast: FastAceStep, progress: Progress) -> None:
        # A turbo model has its guidance built in.
        turbo, asked = bool(loaded.pipeline.is_turbo), job["parameters"]
        steps, guidance = asked["steps"], asked["guidance"]
        super().__init__(job, loaded, progress, steps=(8 if turbo else 50) if steps is None else int(steps))
        self._guidance = 1.0 if turbo else 7.0 if guidance is None else float(guidance)
        self._fast = fast

    def check(self) -> None:
        job, pipeline = self.job, self.pipeline
        options = {name: job["task_options"].get(name) for name in ("bpm", "keyscale", "timesignature")}
        text, lyrics = pipeline._format_prompt(
            prompt=job["prompt"], lyrics=job["lyrics"], vocal_language=job["language"],
            audio_duration=job["duration_s"], **options,
        )  # fmt: skip
        diffusion.check_length(pipeline.tokenizer, "prompt", text, MAX_TEXT_TOKENS)
        diffusion.check_length(pipeline.tokenizer, "lyrics", lyrics, MAX_LYRIC_TOKENS)

    def latents(self, at: int, seeds: Sequence[int]) -> Tensor:
        job, pipeline = self.job, self.pipeline
        if self.sound is None:
            duration_s = job["duration_s"]
            frames = math.ceil(duration_s * pipeline.latents_per_second)
        else:
            duration_s, frames = self.sound.shape[-1] / self.rate_hz, self.sound.shape[-1] // self.hop
        width = int(pipeline.transformer.config.audio_acoustic_hidden_dim)
        noise = torch.stack(
            [torch.randn((frames, width), generator=one) for one in self.loaded.generators(seeds)]
        )

        def told(_: Any, step: int, __: Any, ___: Any) -> None:
            self.told(at, step, len(seeds))

        torch.manual_seed(ENCODING_SEED)
        with torch.no_grad(), self._fast.step.in_place():
            made: Tensor = pipeline(
                prompt=[job["prompt"]] * len(seeds), lyrics=[job["lyrics"]] * len(seeds),
                vocal_language=job["language"], audio_duration=duration_s, num_inference_steps=self.steps,
                guidance_scale=self._guidance, latents=noise, output_type="latent", callback_on_step_end=told,
                src_audio=self.sound, task_type=job["task"], **job["task_options"], **self._reference(),
                **self._window(),
            ).audios  # fmt: skip
        return made.transpose(1, 2)

    def levelled(self, audio: Audio) -> Audio:
        """A whole piece at -1 dBFS, as the pipeline sets it; a part as loud as it fits what it is for, unless it
        clips.
        """
        loudest = float(np.abs(audio).max())
        if self.job["task"] in {"text2music", "cover"} or loudest > PEAK:
            return audio * np.float32(PEAK / loudest)
        return audio

    def facts(self) -> dict[str, str | int]:
        step = self._fast.step
        return {
            "task": self.job["task"],
            "guidance_milli": round(self._guidance * 1000),
            "language": self.job["language"],
            "step": "eager" if step.reason else "captured",
        }

    def _window(self) -> dict[str, float]:
        """Where the pipeline repaints, in whole frames around the section."""
        if self.part is None:
            return {}
        each = self.pipeline.latents_per_second
        return {
            "repainting_start": (math.floor(self.part.start_s * each) + 0.01) / each,
            "repainting_end": (math.ceil(self.part.end_s * each) + 0.01) / each,
        }

    def _reference(self) -> dict[str, Tensor]:
        given = self.given(REFERENCE_INPUT)
        if given is None:
            return {}
        return {"reference_audio": diffusion.fitted(given, self.rate_hz, self.channels)}
