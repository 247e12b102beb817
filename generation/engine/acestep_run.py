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

from generation.engine import diffusion, sections
from generation.engine.acestep import LAYOUTS
from generation.engine.base import (
    Audio,
    GenerationOutput,
    GivenInput,
    Kept,
    Made,
    Progress,
)
from generation.engine.diffusion import Cabinet, Loaded
from generation.engine.fast.acestep import PEAK, FastAceStep
from generation.engine.host_process import Hear
from generation.engine.sections import Stretch
from generation.modes import CONTINUATION, REPLACEMENT

MAX_TEXT_TOKENS = 256
MAX_LYRIC_TOKENS = 2048
"""What the pipeline reads of the description and of the lyrics."""
NOTHING_KEPT: tuple[Kept, ...] = ()
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
        self._fast: tuple[Loaded, FastAceStep] | None = None

    def run(self, job: Mapping[str, Any], progress: Progress, hear: Hear | None = None) -> Iterator[Made]:
        """Yield one take a seed, each as it is decoded. `progress` counts denoising steps of all takes.

        Raises:
            EngineUnavailable: the weights cannot be used, and why.
            EngineFailure: see its message.
        """
        loaded = self._cabinet.ready(job)
        if self._fast is None or self._fast[0] is not loaded:
            self._fast = loaded, FastAceStep(loaded.pipeline)
        request = _Request(job, loaded, self._fast[1], progress)
        try:
            yield from request.takes()
        finally:
            loaded.tick = lambda: None


class _Request:
    def __init__(self, job: Mapping[str, Any], loaded: Loaded, fast: FastAceStep, progress: Progress) -> None:
        self._job, self._loaded, self._fast, self._progress = job, loaded, fast, progress
        self._pipeline = loaded.pipeline
        self._rate = int(self._pipeline.sample_rate)
        self._hop = diffusion.hop_of(self._pipeline.vae)
        self._channels = int(self._pipeline.vae.config.audio_channels)
        self._part: Stretch | None = None
        self._steps, self._guidance = _settled(job, turbo=bool(self._pipeline.is_turbo))
        self._done, self._total = 0, self._steps * len(job["seeds"])
        loaded.tick = lambda: progress(self._done, self._total)

    def takes(self) -> Iterator[Made]:
        job = self._job
        given, self._part, samples = self._given()
        self._check_words()
        self._progress(0, self._total)
        size = job["batch"] or self._loaded.batch
        made = diffusion.in_batches(
            job["seeds"], size, lambda at, seeds: self._latents(at, seeds, given), name=job["model"]["name"]
        )
        for index, latents, facts in made:
            seed = job["seeds"][index]
            self._progress(self._done, self._total)
            audio = diffusion.decoded(self._pipeline.vae, latents.t(), samples, self._loaded.tick)
            failed = diffusion.trouble(audio, index, seed)
            if failed is not None:
                yield failed
                continue
            rate, kept = self._rate, NOTHING_KEPT
            if self._part is None:
                audio = _levelled(audio, whole=job["task"] in {"text2music", "cover"})
            else:
                audio, rate, seam, kept = sections.joined(job, self._part, audio, rate)
                facts = facts | seam
            yield self._output(index, seed, audio, rate, facts, kept)

    def _given(self) -> tuple[Tensor | None, Stretch | None, int]:
        """What the model hears, the stretch where a section is to be made, and how many samples to decode."""
        job = self._job
        source = next((one for one in job["inputs"] if one.role != "reference"), None)
        if job["mode"] in {REPLACEMENT, CONTINUATION}:
            assert source is not None
            part = sections.stretch(job, source, rate_hz=self._rate, channels=self._channels, hop=self._hop)
            return part.sound, part, part.sound.shape[-1]
        samples = round(job["duration_s"] * self._rate)
        if source is None:
            return None, None, samples
        sound = diffusion.fitted(source, self._rate, self._channels)
        if job["length"] == "source":
            samples = sound.shape[-1]
        sound = diffusion.padded(sound[:, :samples], self._hop, after=max(0, samples - sound.shape[-1]))
        return sound, None, samples

    def _latents(self, at: int, seeds: Sequence[int], given: Tensor | None) -> Tensor:
        """Latents `[takes, frames, channels]` of so many takes at once."""
        job, pipeline = self._job, self._pipeline
        duration_s = job["duration_s"] if given is None else given.shape[-1] / self._rate
        frames = (
            math.ceil(duration_s * pipeline.latents_per_second)
            if given is None
            else given.shape[-1] // self._hop
        )
        width = int(pipeline.transformer.config.audio_acoustic_hidden_dim)
        noise = torch.stack(
            [torch.randn((frames, width), generator=one) for one in self._loaded.generators(seeds)]
        )

        def told(_: Any, step: int, __: Any, ___: Any) -> None:
            self._done = max(self._done, at * self._steps + (step + 1) * len(seeds))
            self._progress(self._done, self._total)

        torch.manual_seed(ENCODING_SEED)
        with torch.no_grad(), self._fast.step.in_place():
            made: Tensor = pipeline(
                prompt=[job["prompt"]] * len(seeds), lyrics=[job["lyrics"]] * len(seeds),
                vocal_language=job["language"], audio_duration=duration_s, num_inference_steps=self._steps,
                guidance_scale=self._guidance, latents=noise, output_type="latent", callback_on_step_end=told,
                src_audio=given, **self._reference(), **job["task_options"], task_type=job["task"],
                **self._window(),
            ).audios  # fmt: skip
        return made

    def _window(self) -> dict[str, float]:
        """Where the pipeline repaints, in whole frames around the section."""
        if self._part is None:
            return {}
        each = self._pipeline.latents_per_second
        return {
            "repainting_start": (math.floor(self._part.start_s * each) + 0.01) / each,
            "repainting_end": (math.ceil(self._part.end_s * each) + 0.01) / each,
        }

    def _check_words(self) -> None:
        """Refuse words that the pipeline would cut off without saying so."""
        job, pipeline = self._job, self._pipeline
        options = {name: job["task_options"].get(name) for name in ("bpm", "keyscale", "timesignature")}
        text, lyrics = pipeline._format_prompt(
            prompt=job["prompt"], lyrics=job["lyrics"], vocal_language=job["language"],
            audio_duration=job["duration_s"], **options,
        )  # fmt: skip
        for name, words, most in (("prompt", text, MAX_TEXT_TOKENS), ("lyrics", lyrics, MAX_LYRIC_TOKENS)):
            diffusion.check_length(pipeline.tokenizer, name, words, most)

    def _reference(self) -> dict[str, Tensor]:
        given: GivenInput | None = next((one for one in self._job["inputs"] if one.role == "reference"), None)
        if given is None:
            return {}
        return {"reference_audio": diffusion.fitted(given, self._rate, self._channels)}

    def _output(
        self,
        index: int,
        seed: int,
        audio: Audio,
        rate: int,
        facts: dict[str, str | int],
        kept: tuple[Kept, ...],
    ) -> GenerationOutput:
        job, step = self._job, self._fast.step
        return GenerationOutput(
            index=index, seed=seed, audio=np.ascontiguousarray(audio), sample_rate_hz=rate, kept=kept,
            facts={
                "engine": "acestep", **self._loaded.facts, "mode": job["mode"], "task": job["task"], "seed": seed,
                "steps": self._steps, "guidance_milli": round(self._guidance * 1000),
                "step": "eager" if step.reason else "captured", "language": job["language"], **facts,
            },
        )  # fmt: skip


def _settled(job: Mapping[str, Any], *, turbo: bool) -> tuple[int, float]:
    """Steps and guidance: as asked, or as the model is made for. A turbo model has its guidance built in."""
    asked = job["parameters"]
    steps, guidance = asked["steps"], asked["guidance"]
    steps = (8 if turbo else 50) if steps is None else int(steps)
    guidance = 1.0 if turbo else 7.0 if guidance is None else float(guidance)
    return steps, guidance


def _levelled(audio: Audio, *, whole: bool) -> Audio:
    """A whole piece at -1 dBFS, as the pipeline sets it; a part as loud as it fits what it is for, unless it clips."""
    loudest = float(np.abs(audio).max())
    if whole or loudest > PEAK:
        return audio * np.float32(PEAK / loudest)
    return audio
