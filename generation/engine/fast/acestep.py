"""ACE-Step through diffusers' own pipeline object, faster where its design allows: variations as one batch, each with
its seed; the denoising step captured in a CUDA graph; the sound decoded in overlapping tiles while the next one is
asked for.

The model's code stays diffusers': a step is one large forward pass bound by arithmetic, so there is no cache to keep
and no decoder of our own to write. What is saved is the launching of its kernels and the memory of decoding minutes
at once.

A variation made alone is the one from the batch but for rounding (not bit for bit): the matrix library may choose
another kernel for another batch.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from generation.engine.fast.codec import Window
from generation.engine.fast.graphs import Graphs, Pace
from generation.engine.fast.shape import Unsupported

CONTEXT = 16
"""Latent frames on either side that decide a frame's sound (convolutions dilated 1, 3, 9 after every upsampling)."""
TILE = 128
KEPT = 4
"""Graphs that are kept: a request needs one."""
AHEAD = 1
PEAK = 10 ** (-1 / 20)
"""Where the pipeline puts the loudest sample: -1 dBFS."""


class FastAceStep:
    """Takes of one `AceStepPipeline`. One request at a time."""

    def __init__(self, pipeline: Any, *, graphs: bool = True, tile: int = TILE) -> None:
        self.pipeline, self.tile = pipeline, tile
        self.step = CapturedStep(pipeline.transformer, graphs=graphs)

    def noise(self, seeds: Sequence[int], duration_s: float) -> Tensor:
        """Where each variation starts, `[variations, frames, channels]`: of its seed alone, the same on every
        device.
        """
        frames = math.ceil(duration_s * self.pipeline.latents_per_second)
        shape = (frames, int(self.pipeline.transformer.config.audio_acoustic_hidden_dim))
        return torch.stack(
            [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        )

    def latents(
        self, *, prompt: str, seeds: Sequence[int], duration_s: float, lyrics: str = "", steps: int = 8,
        progress: Callable[[int, int], None] | None = None, **asked: Any,
    ) -> Tensor:  # fmt: skip
        """Latents `[variations, frames, channels]` of all seeds as one batch; `asked` goes to the pipeline
        (task, guidance).

        `progress(done, total)` counts denoising steps; whatever it raises ends the request and reaches the caller.
        """

        def told(_: Any, done: int, __: Any, ___: Any) -> None:
            if progress is not None:
                progress(done + 1, steps)

        if progress is not None:
            progress(0, steps)
        with torch.no_grad(), self.step.in_place():
            made: Tensor = self.pipeline(
                prompt=[prompt] * len(seeds), lyrics=[lyrics] * len(seeds), audio_duration=duration_s,
                num_inference_steps=steps, latents=self.noise(seeds, duration_s), output_type="latent",
                callback_on_step_end=told, **asked,
            ).audios  # fmt: skip
        return made

    def takes(self, *, seeds: Sequence[int], **asked: Any) -> Iterator[tuple[int, Tensor]]:
        """The sound `[channels, samples]` float32 on the CPU of each seed, at -1 dBFS, as soon as it is decoded."""
        latents = self.latents(seeds=seeds, **asked)
        for index in range(len(seeds)):
            sound = torch.cat(list(self.tiles(latents[index])), dim=-1)
            loudest = sound.abs().max()
            if loudest > 1:
                sound = sound / loudest
            yield index, sound * (PEAK / sound.abs().max().clamp(min=1e-6))

    def tiles(self, latents: Tensor) -> Iterator[Tensor]:
        """The sound of one variation's latents `[frames, channels]`, tile by tile, before its level is set.

        On a GPU a tile travels to the host while the next one is asked for.
        """
        vae = self.pipeline.vae
        hop = math.prod(vae.config.downsampling_ratios)
        window = Window([vae.decoder], hop, CONTEXT)
        frames = latents.shape[0]
        x = latents.t().unsqueeze(0)
        waiting: tuple[Tensor, Any] | None = None
        for at in range(0, frames, self.tile):
            with torch.no_grad():
                made = window.push(x[..., at : at + self.tile], at + self.tile >= frames)
            if made is None:
                continue
            following = _on_its_way(made[0].float())
            if waiting is not None:
                yield _arrived(waiting)
            waiting = following
        if waiting is not None:
            yield _arrived(waiting)


class CapturedStep:
    """A denoiser's forward pass as a CUDA graph for each shape of its inputs; the pass itself where there is no GPU.

    `reason` says why graphs are not used, empty when they are.
    """

    def __init__(self, transformer: Any, *, graphs: bool = True) -> None:
        self._transformer, self._eager = transformer, transformer.forward
        device = next(iter(transformer.parameters())).device
        on_gpu = device.type == "cuda"
        self.reason = "" if graphs and on_gpu else "not asked for or no GPU"
        self._recorder = Graphs(device)
        self._pace = Pace(device, AHEAD)
        self._captured: OrderedDict[object, tuple[Any, dict[str, Tensor], Tensor]] = OrderedDict()
        self.calls = 0

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within, the pipeline's calls of its transformer come here."""
        self._transformer.forward = self
        try:
            yield
        finally:
            del self._transformer.forward

    def __call__(self, **given: Any) -> tuple[Tensor]:
        self.calls += 1
        made = self._made(given)
        self._pace.step()
        return made

    def _made(self, given: Mapping[str, Any]) -> tuple[Tensor]:
        tensors = {name: value for name, value in given.items() if isinstance(value, Tensor)}
        others = {name: value for name, value in given.items() if name not in tensors}
        if others.get("return_dict") is not False:
            raise Unsupported("the step is captured for the pipeline's own call, which returns a tuple")
        if self.reason or others.get("attention_kwargs"):
            made: tuple[Tensor] = self._eager(**given)
            return made
        key = (
            tuple((name, tuple(value.shape), value.dtype) for name, value in sorted(tensors.items())),
            tuple((name, repr(value)) for name, value in sorted(others.items())),
        )
        try:
            graph, inputs, output = self._captured.get(key) or self._capture(key, tensors, others)
            self._captured.move_to_end(key)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.reason = next(iter(str(error).splitlines()), "capture failed")[:200]
            return self._made(given)
        for name, value in tensors.items():
            inputs[name].copy_(value)
        graph.replay()
        return (output.clone(),)

    def _capture(
        self, key: object, tensors: Mapping[str, Tensor], others: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Tensor], Tensor]:
        while len(self._captured) >= KEPT:  # every length and number of takes is one more
            torch.cuda.synchronize()
            self._captured.popitem(last=False)
        inputs = {name: value.clone() for name, value in tensors.items()}
        graph, (output, *_) = self._recorder.capture(lambda: self._eager(**inputs, **others))
        self._captured[key] = graph, inputs, output
        return self._captured[key]


def _on_its_way(sound: Tensor) -> tuple[Tensor, Any]:
    """A copy to pinned memory that has begun, and what to wait for."""
    if sound.device.type != "cuda":
        return sound, None
    there = torch.empty(sound.shape, dtype=sound.dtype, pin_memory=True)
    there.copy_(sound, non_blocking=True)
    event = torch.cuda.Event()
    event.record()
    return there, event


def _arrived(sent: tuple[Tensor, Any]) -> Tensor:
    sound, event = sent
    if event is not None:
        event.synchronize()
    return sound
