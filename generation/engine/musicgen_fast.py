"""MusicGen by our fast decoder: all takes of all requests share its steps, from the model that audiocraft has loaded.

Text encoder and codec stay audiocraft's; the language model's weights are shared, not copied. Before the first take its
logits are compared with audiocraft's own on these weights and this device: a decoder that differs is not used.
"""

import contextlib
import functools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from generation.engine import fast
from generation.engine.fast.decoder import Decoder, Take
from generation.engine.fast.floor import Floor
from generation.engine.fast.importers import from_audiocraft
from generation.engine.fast.lanes import Conditions
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.scheduler import Scheduler
from generation.engine.fast.shape import Unsupported

CHECK_FRAMES = 8
CHECK_TOLERANCE = {torch.float32: 2e-3, torch.float16: 0.15, torch.bfloat16: 0.5}
"""The greatest difference of a logit that is taken for rounding, in standard deviations of all logits."""


class FastMusicGen:
    """Takes of one loaded model. Raises Unsupported when the decoder does not know, or does not agree with,
    the model.
    """

    def __init__(self, model: Any, *, stride_s: float) -> None:
        from omegaconf import OmegaConf

        config: Any = OmegaConf.to_container(model.lm.cfg, resolve=True)
        window = int(model.max_duration * model.frame_rate)
        self._model = model
        self._stride = int(stride_s * model.frame_rate)
        self.decoder = Decoder(from_audiocraft(model.lm.state_dict(), config, window=window))
        self.worst_difference = self._check()
        self.floor = Floor(self.decoder)

    @property
    def facts(self) -> dict[str, str | int]:
        return {
            "decoder": fast.NAME,
            "decoder_version": fast.VERSION,
            "decoder_attention": self.decoder.attention,
            "decoder_row_block": self.decoder.row_block,
        }

    def takes(
        self, *, prompt: str | None, seeds: Sequence[int], frames: int, sampling: Sampling,
        known: torch.Tensor | None = None, melody: torch.Tensor | None = None,
    ) -> list[Take]:  # fmt: skip
        """What `floor` is to make for a request: `frames` in all, the first of them `known` codes
        `[codebooks, frames]`; after a `melody` `[channels, samples]` at the model's rate, where it follows one.
        """
        conditions: Conditions | Callable[[int], Conditions] = self.conditions(prompt, melody)
        if melody is not None and frames > self.decoder.shape.window:
            conditions = functools.cache(
                lambda start: self.conditions(prompt, self._melody_from(melody, start))
            )
        return [
            Take(
                seed=seed, frames=frames, sampling=sampling, conditions=conditions, stride=self._stride, prompt=known
            )
            for seed in seeds
        ]  # fmt: skip

    def conditions(self, prompt: str | None, melody: torch.Tensor | None = None) -> Conditions:
        """The prompt (None: no conditions) and the melody, as audiocraft's encoders give them; with what guidance
        leads away from.
        """
        from audiocraft.modules.conditioners import ClassifierFreeGuidanceDropout

        lm = self._model.lm
        given = {} if melody is None else {"melody_wavs": [melody]}
        with torch.no_grad(), self._model.autocast, even_chance():
            asked, _ = self._model._prepare_tokens_and_attributes([prompt], None, **given)
            both = asked + ClassifierFreeGuidanceDropout(p=1.0)(asked)
            made = lm.condition_provider(lm.condition_provider.tokenize(both))
        return fused(made, lm.fuser.cond2fuse)

    def _melody_from(self, melody: torch.Tensor, start: int) -> torch.Tensor:
        """As audiocraft goes on beyond the window: the melody from there on, over and over."""
        rate, frame_rate = self._model.sample_rate, self._model.frame_rate
        first = int(start / frame_rate * rate)
        places = torch.arange(first, first + int(self._model.max_duration * rate), device=melody.device)
        return melody[..., places % melody.shape[-1]]

    def _check(self) -> float:
        """The greatest difference from audiocraft's logits, in their standard deviations, with either kind of products
        that takes may be made with here. Raises Unsupported.
        """
        conditions = self.conditions("a test of the decoder")
        kinds = [True, False] if self.decoder.are_few(1) else [False]
        return max(self._difference(conditions, few=few) for few in kinds)

    def _difference(self, conditions: Conditions, *, few: bool) -> float:
        guidance, shape = 3.0, self.decoder.shape
        take = Take(seed=1, frames=CHECK_FRAMES, sampling=Sampling(guidance=guidance), conditions=conditions)
        cross = 0 if conditions.cross is None else int(conditions.cross.shape[0])
        positions = conditions.prefix_length + shape.steps(CHECK_FRAMES)
        lanes = self.decoder.lanes(1, positions=positions, cross_positions=cross, few=few)
        scheduler = Scheduler(lanes)
        scheduler.submit(take)
        ours = []
        while not scheduler.idle:
            scheduler.step()
            ours.append(lanes.logits[0].clone())
        sequence = lanes.sequence(0)[:, : shape.steps(CHECK_FRAMES)].to(lanes.device)
        given = {
            name: (value, torch.ones(value.shape[:2], device=lanes.device))
            for name, value in _by_name(conditions, self._model.lm.fuser.cond2fuse).items()
        }
        with torch.no_grad(), self._model.autocast:
            theirs = self._model.lm(
                sequence.expand(2, -1, -1), conditions=[], condition_tensors=given
            ).float()
        guided = theirs[1] + (theirs[0] - theirs[1]) * guidance
        made, expected = torch.stack(ours), guided.transpose(0, 1)[: len(ours)]
        worst = float((made - expected).abs().max() / expected.std())
        if not worst <= CHECK_TOLERANCE[self.decoder.weights.dtype]:
            raise Unsupported(f"its logits differ from audiocraft's by {worst:.2g} standard deviations here")
        return worst


@contextlib.contextmanager
def even_chance() -> Iterator[None]:
    """Demucs, which takes a melody out of its accompaniment, shifts it by chance: the same chance each time, so that
    the same melody means the same conditions.
    """
    before = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(before)


def fused(made: dict[str, Any], how: dict[str, str]) -> Conditions:
    """Conditions by name, each of two kinds (asked for, null), joined as audiocraft's fuser joins them."""
    cross: torch.Tensor | None = None
    prefix: torch.Tensor | None = None
    for name, (value, _) in made.items():
        if how[name] == "cross":
            cross = value if cross is None else torch.cat([cross, value], dim=1)
        elif how[name] == "prepend":
            prefix = value if prefix is None else torch.cat([value, prefix], dim=1)
        else:
            raise Unsupported(f"the model fuses {name} by {how[name]!r}")
    return Conditions(
        cross=None if cross is None else cross[0],
        null_cross=None if cross is None else cross[1],
        prefix=None if prefix is None else prefix[0],
        null_prefix=None if prefix is None else prefix[1],
    )


def _by_name(conditions: Conditions, how: dict[str, str]) -> dict[str, torch.Tensor]:
    """Back to what audiocraft's fuser reads: all of one kind under one of its names."""
    found = {}
    for kind, value, null in (
        ("cross", conditions.cross, conditions.null_cross),
        ("prepend", conditions.prefix, conditions.null_prefix),
    ):
        if value is not None and null is not None:
            found[next(name for name, fusing in how.items() if fusing == kind)] = torch.stack([value, null])
    return found
