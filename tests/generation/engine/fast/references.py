"""The loops that the fast decoder is compared with, as their authors wrote them, on the same random weights
and noise.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from generation.engine import compat

compat.install()

from audiocraft.models.lm import LMModel  # noqa: E402
from audiocraft.modules import codebooks_patterns, conditioners  # noqa: E402
from audiocraft.utils import utils as audiocraft_utils  # noqa: E402

from generation.engine.fast import noise  # noqa: E402
from generation.engine.fast.decoder import Take  # noqa: E402
from generation.engine.fast.importers import from_audiocraft  # noqa: E402
from generation.engine.fast.lanes import Conditions  # noqa: E402
from generation.engine.fast.weights import Weights  # noqa: E402

WIDTH, CARD = 32, 256
TRANSFORMER: dict[str, Any] = {
    "dim": WIDTH, "num_heads": 4, "num_layers": 2, "n_q": 4, "card": CARD, "norm_first": True, "norm": "layer_norm",
    "activation": "gelu",
}  # fmt: skip


class GivenConditions(nn.Module):
    """In place of the text and melody encoders: hands out conditions that were computed before, theirs and
    null ones.
    """

    def __init__(self, conditions: list[Conditions]) -> None:
        super().__init__()
        self.given = conditions

    def tokenize(self, attributes: list[Any]) -> None:
        return None

    def forward(self, _: None) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        made = {}
        for name, kind in (("description", "cross"), ("self_wav", "prefix")):
            values = [getattr(one, kind) for one in self.given] + [
                getattr(one, f"null_{kind}") for one in self.given
            ]
            if values[0] is not None:
                stacked = torch.stack(values)
                made[name] = (stacked, torch.ones(stacked.shape[:2]))
        return made


@functools.cache
def audiocraft_model(
    *, seed: int = 0, stereo: bool = False, melody: bool = False, custom: bool = False, bias: bool = False,
    sharpness: float = 4.0,
) -> tuple[LMModel, Weights]:  # fmt: skip
    """A tiny model of audiocraft's own class, and the same weights in our container. `sharpness` spreads the
    logits out.
    """
    torch.manual_seed(seed)
    codebooks = 8 if stereo else 4
    delays = [k // 2 for k in range(codebooks)] if stereo else list(range(codebooks))
    fuser = conditioners.ConditionFuser(
        {"cross": [] if melody else ["description"], "prepend": ["self_wav"] if melody else [], "sum": [],
         "input_interpolate": []}
    )  # fmt: skip
    model = LMModel(
        codebooks_patterns.DelayedPatternProvider(codebooks, delays=delays), GivenConditions([]), fuser, hidden_scale=2,
        cross_attention=not melody, causal=True, memory_efficient=not custom, custom=custom, dropout=0.0,
        bias_attn=bias, bias_ff=bias, bias_proj=bias, weight_init="gaussian", depthwise_init="current",
        zero_bias_init=not bias, **{**TRANSFORMER, "n_q": codebooks},
    ).eval()  # fmt: skip
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "norm" in name or name.endswith("bias"):
                values.add_(torch.randn_like(values) * 0.1)
            if name.startswith("linears") and name.endswith("weight"):
                values.mul_(sharpness)
    config = {
        "transformer_lm": {**TRANSFORMER, "n_q": codebooks, "memory_efficient": not custom, "custom": custom},
        "codebooks_pattern": {"modeling": "delay", "delay": {"delays": delays}},
        "dataset": {"segment_duration": 1.2},
    }
    return model, from_audiocraft(model.state_dict(), config)


def conditions(*, seed: int = 5, length: int = 7, prefix: int = 0) -> Conditions:
    """Random encoded conditions: text for cross-attention, or something in front."""
    generator = torch.Generator().manual_seed(seed)
    made = torch.randn(2, prefix or length, WIDTH, generator=generator)
    if prefix:
        return Conditions(prefix=made[0], null_prefix=made[1] * 0.3)
    return Conditions(cross=made[0], null_cross=torch.zeros(length, WIDTH))


@contextmanager
def same_noise(
    takes: list[Take], *, window: int = 0, codebooks: int = 4, first_step: int = 1
) -> Iterator[None]:
    """Let audiocraft and transformers draw with the noise of these takes' seeds instead of a global generator.

    Both draw with torch.multinomial, once for a step and all codebooks of all takes: it becomes the Gumbel draw.
    """
    real = torch.multinomial
    step = first_step

    def multinomial(probabilities: torch.Tensor, num_samples: int, **_: Any) -> torch.Tensor:
        nonlocal step
        seeds = torch.tensor([noise.seed_words(take.seed) for take in takes])
        places = torch.full((len(takes),), step)
        wanted = noise.gumbel(seeds, torch.full_like(places, window), places, codebooks=codebooks, card=CARD)
        step += 1
        return (probabilities.log() + wanted.view(-1, CARD)).argmax(dim=-1, keepdim=True)

    def sample_top_p(probabilities: torch.Tensor, p: float) -> torch.Tensor:
        # As audiocraft's own, but drawn among the codes in their own order: that is where the noise belongs.
        ordered, index = torch.sort(probabilities, dim=-1, descending=True)
        ordered = ordered * (torch.cumsum(ordered, dim=-1) - ordered <= p)
        kept = torch.zeros_like(probabilities).scatter_(
            -1, index, ordered / ordered.sum(dim=-1, keepdim=True)
        )
        return audiocraft_utils.multinomial(kept, num_samples=1)

    real_top_p = audiocraft_utils.sample_top_p
    torch.multinomial, audiocraft_utils.sample_top_p = multinomial, sample_top_p
    try:
        yield
    finally:
        torch.multinomial, audiocraft_utils.sample_top_p = real, real_top_p


def audiocraft_codes(model: LMModel, takes: list[Take], *, frames: int | None = None) -> torch.Tensor:
    """What audiocraft's own loop makes of these takes, `[takes, codebooks, frames]`; one prompt length, one
    sampling.
    """
    model.condition_provider.given = [take.conditions_at(0) for take in takes]
    attributes = [conditioners.ConditioningAttributes(text={"description": "x"}) for _ in takes]
    prompts = (
        None
        if takes[0].prompt is None
        else torch.stack([take.prompt for take in takes if take.prompt is not None])
    )
    sampling = takes[0].sampling
    made: torch.Tensor = model.generate(
        prompts, attributes, max_gen_len=frames or takes[0].frames, use_sampling=sampling.temperature > 0,
        temp=sampling.temperature, top_k=sampling.top_k, top_p=sampling.top_p, cfg_coef=sampling.guidance, check=True,
    )  # fmt: skip
    return made


def audiocraft_logits(
    model: LMModel, sequence: torch.Tensor, given: Conditions, dtype: torch.dtype
) -> torch.Tensor:
    """Of a whole sequence `[codebooks, steps]` at once, with the conditions and with the null ones: `[2, codebooks,
    steps, card]`.
    """
    pairs = {"description": (given.cross, given.null_cross), "self_wav": (given.prefix, given.null_prefix)}
    tensors = {
        name: (torch.stack([value, null]).to(sequence.device, dtype), torch.ones(2, len(value), device=sequence.device))
        for name, (value, null) in pairs.items()
        if value is not None and null is not None
    }  # fmt: skip
    made: torch.Tensor = model(sequence.expand(2, -1, -1), conditions=[], condition_tensors=tensors)
    return made


def transformers_logits(
    model: Any, sequence: torch.Tensor, given: Conditions, dtype: torch.dtype
) -> torch.Tensor:
    """As `audiocraft_logits`, by transformers' decoder."""
    assert given.cross is not None
    assert given.null_cross is not None
    both = torch.stack([given.cross, given.null_cross]).to(sequence.device, dtype)
    rows = sequence.repeat(2, 1)
    made: torch.Tensor = model.decoder(input_ids=rows, encoder_hidden_states=both).logits
    return made.view(2, *sequence.shape, -1)


@functools.cache
def transformers_model(
    *, seed: int = 0, stereo: bool = False, melody: bool = False, sharpness: float = 4.0
) -> Any:
    """A tiny model of transformers' own class: its text encoder and codec are there and not used."""
    import transformers as hf

    torch.manual_seed(seed)
    kind = "MusicgenMelody" if melody else "Musicgen"
    codebooks = 8 if stereo else 4
    text = hf.T5Config(vocab_size=64, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    codec = hf.EncodecConfig(
        codebook_size=CARD, codebook_dim=16, hidden_size=16, num_filters=2, num_lstm_layers=1,
        upsampling_ratios=[8, 5, 4, 4],
        sampling_rate=32_000, target_bandwidths=[2.2], use_causal_conv=False, norm_type="weight_norm",
    )  # fmt: skip
    decoder = getattr(hf, f"{kind}DecoderConfig")(
        vocab_size=CARD, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4, ffn_dim=64,
        num_codebooks=codebooks, audio_channels=2 if stereo else 1, dropout=0.0, attention_dropout=0.0,
        activation_dropout=0.0, pad_token_id=CARD, bos_token_id=CARD, layerdrop=0.0,
    )  # fmt: skip
    config = getattr(hf, f"{kind}Config")(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict(),
        **({"num_chroma": 12, "chroma_length": 9} if melody else {}),
    )  # fmt: skip
    model = getattr(hf, f"{kind}ForConditionalGeneration")(config).eval()
    model.generation_config.pad_token_id = CARD
    model.generation_config.bos_token_id = CARD
    model.generation_config.decoder_start_token_id = CARD
    with torch.no_grad():
        for name, values in model.decoder.named_parameters():
            if "norm" in name:
                values.add_(torch.randn_like(values) * 0.1)
            elif "lm_heads" in name:
                values.copy_(torch.randn_like(values) * sharpness / math.sqrt(WIDTH))
            else:
                values.copy_(torch.randn_like(values) / math.sqrt(values.shape[-1]))
    return model


def transformers_takes(
    model: Any,
    *,
    seeds: tuple[int, ...],
    frames: int,
    sampling: Any,
    melody: bool = False,
    prompt: Any = None,
) -> tuple[list[Take], torch.Tensor]:
    """Takes with conditions from the model's own encoders, and what its own loop makes of them."""
    generator = torch.Generator().manual_seed(9)
    words = torch.randint(1, 64, (1, 6), generator=generator)
    count = len(seeds)
    more: dict[str, Any] = {}
    with torch.no_grad():
        text = model.text_encoder(words).last_hidden_state[0]
        if melody:
            chroma = torch.rand(1, 5, 12, generator=generator)
            length = model.config.chroma_length
            played, silent = (
                model.audio_enc_to_dec_proj(values).repeat(1, length, 1)[0, :length]
                for values in (chroma, torch.eye(12)[:1, None])
            )
            given = Conditions(
                prefix=torch.cat([played, text]), null_prefix=torch.cat([silent, torch.zeros_like(text)])
            )
            more["input_features"] = chroma.repeat(count, 1, 1)
        else:
            given = Conditions(cross=text, null_cross=torch.zeros_like(text))
        if prompt is not None:
            more["decoder_input_ids"] = prompt.unsqueeze(0).repeat(count, 1, 1).reshape(-1, prompt.shape[-1])
    takes = [
        Take(seed=seed, frames=frames, sampling=sampling, conditions=given, prompt=prompt) for seed in seeds
    ]
    known = 0 if prompt is None else prompt.shape[-1]
    codebooks = model.decoder.num_codebooks
    caught: list[torch.Tensor] = []

    def decode(codes: torch.Tensor, **_: Any) -> Any:
        caught.append(codes[0])
        return SimpleNamespace(audio_values=torch.zeros(count, 1, 1))

    drawn = (
        {} if sampling.temperature == 0 else {"temperature": sampling.temperature, "top_k": sampling.top_k}
    )
    if sampling.top_p:
        drawn["top_p"] = sampling.top_p
    model.audio_encoder.decode = decode
    with same_noise(takes, codebooks=codebooks, first_step=known + 1):
        model.generate(
            input_ids=words.repeat(count, 1), attention_mask=torch.ones(count, 6, dtype=torch.int64),
            do_sample=sampling.temperature > 0, guidance_scale=sampling.guidance,
            max_length=frames + 4, **drawn, **more,
        )  # fmt: skip
    made = caught[0] if len(caught) == 1 else torch.stack(caught, dim=2).flatten(1, 2)
    return takes, made


def audiocraft_windows(
    model: LMModel, takes: list[Take], *, window: int, stride: int, total: int
) -> torch.Tensor:
    """What audiocraft's own loop over windows makes of these takes (`BaseGenModel._generate_tokens`), with
    their noise.
    """
    from audiocraft.models.genmodel import BaseGenModel
    from audiocraft.utils.autocast import TorchAutocast

    class Model(BaseGenModel):
        get_pretrained = set_generation_params = None

        def __init__(self) -> None:
            # With a rate that binary fractions hold, its roundings of seconds lose no frame.
            self.compression_model = SimpleNamespace(frame_rate=64, sample_rate=32_000)
            self.lm, self.device, self.autocast = self, torch.device("cpu"), TorchAutocast(enabled=False)
            self.duration, self.max_duration, self.extend_stride = total / 64, window / 64, stride / 64
            self.generation_params, self._progress_callback = {}, None
            self.windows = 0

        def generate(
            self, prompt: torch.Tensor | None, attributes: Any, *, max_gen_len: int, **_: Any
        ) -> torch.Tensor:
            known = 0 if prompt is None else prompt.shape[-1]
            first = self.windows * stride
            now = [
                Take(
                    seed=take.seed, frames=max_gen_len, sampling=take.sampling, conditions=take.conditions_at(first),
                    prompt=None if prompt is None else prompt[index],
                )
                for index, take in enumerate(takes)
            ]  # fmt: skip
            with same_noise(takes, window=self.windows, first_step=known + 1):
                made = audiocraft_codes(model, now)
            self.windows += 1
            return made

    prompts = (
        None
        if takes[0].prompt is None
        else torch.stack([take.prompt for take in takes if take.prompt is not None])
    )
    made: torch.Tensor = Model()._generate_tokens([], prompts)
    return made
