"""Stable Audio in its model process, by diffusers' own pipelines: one model in memory serves all of its modes.

Imported only there (see `host.py`): it loads torch. A take's noise comes of its seed alone, its scheduler's noise, too;
so a take can be made again without its siblings: bit by bit where takes are made one by one (without a GPU), else equal
but for rounding. The fact `batch` says how many were made together.
"""

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.engine import diffusion
from generation.engine.base import Audio, Made, Progress
from generation.engine.diffusion import Cabinet, Loaded
from generation.engine.fast.acestep import PEAK
from generation.engine.host_process import Hear
from generation.engine.stableaudio import LAYOUTS, THREE
from generation.engine.takemaker import TakeMaker
from generation.modes import AUDIO_TO_AUDIO, REPLACEMENT, UNCONDITIONAL

MAX_TOKENS = 256
"""What Stable Audio 3 reads of a description; Stable Audio Open reads what its tokenizer says."""


def runner() -> "StableAudioRunner":
    """The runner for `host_process`."""
    torch.backends.cudnn.benchmark = False  # the same seed, the same bits
    torch.backends.cudnn.deterministic = True
    warnings.filterwarnings("ignore", module="torchsde")  # of times that differ in the seventh digit
    return StableAudioRunner()


class StableAudioRunner:
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
        kind = _ThreeTakes if loaded.folder.pipeline == THREE else _OpenTakes
        yield from kind(job, loaded, progress).takes()


class _StableAudioTakes(TakeMaker):
    ENGINE = "stable-audio"
    guidance: float

    def check(self) -> None:
        most = min(int(getattr(self.pipeline.tokenizer, "model_max_length", MAX_TOKENS)), MAX_TOKENS)
        diffusion.check_length(self.pipeline.tokenizer, "prompt", self.job["prompt"], most)
        diffusion.check_length(self.pipeline.tokenizer, "negative_prompt", self.job["negative_prompt"], most)

    def levelled(self, audio: Audio) -> Audio:
        """As it comes out; at -1 dBFS where it would clip."""
        loudest = float(np.abs(audio).max())
        return audio * np.float32(PEAK / loudest) if loudest > 1.0 else audio

    def facts(self) -> dict[str, str | int]:
        found: dict[str, str | int] = {"guidance_milli": round(self.guidance * 1000)}
        if self.job["mode"] == AUDIO_TO_AUDIO:
            found["strength_milli"] = round(float(self.job["parameters"]["strength"]) * 1000)
        return found

    def guided(self, usual: float) -> float:
        asked = self.job["parameters"].get("guidance")
        return 1.0 if self.job["mode"] == UNCONDITIONAL else usual if asked is None else float(asked)


class _OpenTakes(_StableAudioTakes):
    """Stable Audio Open always makes its whole window; what is not asked for is not decoded."""

    def __init__(self, job: Mapping[str, Any], loaded: Loaded, progress: Progress) -> None:
        super().__init__(job, loaded, progress, steps=int(job["parameters"]["steps"] or 100))
        self.guidance = self.guided(7.0)

    def latents(self, at: int, seeds: Sequence[int]) -> Tensor:
        job, pipeline, count = self.job, self.pipeline, len(seeds)
        negative = job["negative_prompt"]
        generators = self.loaded.generators(seeds)
        with torch.no_grad(), self._scheduler() as scheduler:
            made: Tensor = pipeline(
                prompt=[job["prompt"]] * count, negative_prompt=[negative] * count if negative else None,
                audio_end_in_s=self.samples / self.rate_hz, num_inference_steps=self.steps,
                guidance_scale=self.guidance, generator=generators, output_type="latent",
                latents=self._start(generators, scheduler),
                callback=lambda step, _, __: self.told(at, step, count),
            ).audios  # fmt: skip
        return made

    @contextlib.contextmanager
    def _scheduler(self) -> Iterator[Any]:
        """The model's own; for sound that is given one that begins at less noise, so that some of it is left."""
        own = self.pipeline.scheduler
        if self.sound is None:
            yield own
            return
        least, most = float(own.config.sigma_min), float(own.config.sigma_max)
        level = least * (most / least) ** float(self.job["parameters"]["strength"])
        self.pipeline.scheduler = type(own).from_config(own.config, sigma_max=level)
        try:
            yield self.pipeline.scheduler
        finally:
            self.pipeline.scheduler = own

    def _start(self, generators: Sequence[torch.Generator], scheduler: Any) -> Tensor | None:
        """Where the takes start: noise, or what is given under as much noise as the scheduler begins with."""
        if self.sound is None:
            return None
        vae, frames = self.pipeline.vae, int(self.pipeline.transformer.config.sample_size)
        silence = max(0, frames * self.hop - self.sound.shape[-1])
        whole = diffusion.padded(self.sound, self.hop, after=silence)[:, : frames * self.hop]
        x = whole.unsqueeze(0).to(self.loaded.device, next(vae.parameters()).dtype)
        known = vae.encode(x).latent_dist.mode().float().cpu()
        noise = torch.stack([torch.randn(known.shape[1:], generator=one) for one in generators])
        start: Tensor = noise + known / float(scheduler.init_noise_sigma)
        return start.to(self.loaded.device, self.pipeline.transformer.dtype)


class _ThreeTakes(_StableAudioTakes):
    """Stable Audio 3: its pipelines for words, for sound to sound and for sections share one model."""

    def __init__(self, job: Mapping[str, Any], loaded: Loaded, progress: Progress) -> None:
        distilled = bool(loaded.pipeline.scheduler.config.stochastic_sampling)
        super().__init__(
            job, loaded, progress, steps=int(job["parameters"]["steps"] or (8 if distilled else 100))
        )
        # Guidance is for words alone: the other two pipelines have none.
        edits = job["mode"] in {AUDIO_TO_AUDIO, REPLACEMENT}
        self.guidance = 1.0 if edits else self.guided(1.0 if distilled else 7.0)

    def latents(self, at: int, seeds: Sequence[int]) -> Tensor:
        count = len(seeds)

        def told(_: Any, step: int, __: Any, ___: Any) -> dict[str, Tensor]:
            self.told(at, step, count)
            return {}

        with torch.no_grad(), self._encoding_in_tiles():
            made: Tensor = self._pipeline()(
                prompt=[self.job["prompt"]] * count, num_inference_steps=self.steps, output_type="latent",
                generator=self.loaded.generators(seeds), callback_on_step_end=told, **self._asked(),
            ).audios  # fmt: skip
        return made

    def _pipeline(self) -> Any:
        import diffusers

        library: Any = diffusers
        names = {
            AUDIO_TO_AUDIO: "StableAudio3AudioToAudioPipeline",
            REPLACEMENT: "StableAudio3InpaintPipeline",
        }
        name = names.get(self.job["mode"])
        if name is None:
            return self.pipeline
        made = getattr(library, name)(**self.pipeline.components)
        made.set_progress_bar_config(disable=True)
        return made

    def _asked(self) -> dict[str, Any]:
        if self.sound is None:
            negative = self.job["negative_prompt"]
            return {
                "duration": self.samples / self.rate_hz,
                "guidance_scale": self.guidance,
                "negative_prompt": negative or None,
            }
        # Less than a sample below whole frames: the pipeline rounds up.
        asked = {
            "audio": self.sound.unsqueeze(0),
            "duration": (self.sound.shape[-1] - 0.5) / self.rate_hz,
        }
        if self.part is None:
            return asked | {"init_noise_level": float(self.job["parameters"]["strength"])}
        # The pipeline cuts both ends down to frames.
        frame_s = self.hop / self.rate_hz
        return asked | {
            "mask_start_seconds": self.part.start_s,
            "mask_end_seconds": self.part.end_s + frame_s * 0.999,
        }

    @contextlib.contextmanager
    def _encoding_in_tiles(self) -> Iterator[None]:
        """The codec's masks grow with the square of the length: the pipelines encode minutes in pieces."""
        vae = self.pipeline.vae
        whole = vae.encode

        def encode(sound: Tensor) -> Any:
            if sound.shape[-1] // self.hop <= diffusion.TILE:
                return whole(sound)
            return type(whole(sound[..., : self.hop]))(
                latents=diffusion.encoded(vae, whole, sound, self.tick)
            )

        vae.encode = encode
        try:
            yield
        finally:
            del vae.encode
