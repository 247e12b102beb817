"""The loops of audiocraft and transformers on random weights of true sizes, for the benchmark to compare itself with.

Both are imported here and nowhere else in the package; where one is missing, ImportError says so.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from generation.engine.fast.shape import Shape

WORDS = 16
"""Positions of the text that takes are conditioned on, here and in our own runs."""

Run = Callable[[int], None]


def audiocraft(shape: Shape, *, device: str, dtype: torch.dtype, guidance: float) -> Run:
    """A function that makes one take of so many frames by audiocraft's LMModel, eagerly, as its `MusicGen` calls it."""
    from generation.engine import compat

    compat.install()
    from audiocraft.models.lm import LMModel
    from audiocraft.modules import codebooks_patterns, conditioners

    class Given(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        def tokenize(self, attributes: list[Any]) -> int:
            return len(attributes)

        def forward(self, count: int) -> dict[str, tuple[Any, Any]]:
            values = torch.zeros(count, WORDS, shape.width, device=device, dtype=dtype)
            values[: count // 2] = 0.1
            return {"description": (values, values[..., 0])}

    fuser = conditioners.ConditionFuser(
        {"cross": ["description"], "prepend": [], "sum": [], "input_interpolate": []}
    )
    with torch.device(device):
        model = LMModel(
            codebooks_patterns.DelayedPatternProvider(shape.codebooks, delays=list(shape.delays)), Given(), fuser,
            n_q=shape.codebooks, card=shape.card, dim=shape.width, num_heads=shape.heads, num_layers=shape.layers,
            hidden_scale=shape.feed_forward // shape.width, norm="layer_norm", norm_first=True, cross_attention=True,
            causal=True, memory_efficient=True, bias_attn=False, bias_ff=False, bias_proj=False, dropout=0.0,
            activation="gelu", dtype=dtype,
        ).eval().to(dtype)  # fmt: skip
    half = dtype != torch.float32

    def run(frames: int) -> None:
        attributes = [conditioners.ConditioningAttributes(text={"description": "x"})]
        with torch.autocast(torch.device(device).type, dtype=dtype, enabled=half):
            model.generate(
                None, attributes, max_gen_len=frames, use_sampling=True, top_k=250, cfg_coef=guidance
            )

    return run


def transformers(shape: Shape, *, device: str, dtype: torch.dtype, guidance: float) -> Run:
    """A function that makes one take of so many frames by transformers' Musicgen, eagerly, without decoding
    the sound.
    """
    import transformers

    library: Any = transformers
    library.logging.set_verbosity_error()
    text = library.T5Config(vocab_size=64, d_model=64, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    sound = library.EncodecConfig(
        num_filters=2, num_lstm_layers=1, codebook_size=shape.card, hidden_size=16, codebook_dim=16
    )
    decoder = library.MusicgenDecoderConfig(
        vocab_size=shape.card, hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, ffn_dim=shape.feed_forward, num_codebooks=shape.codebooks,
        pad_token_id=shape.card, bos_token_id=shape.card,
    )  # fmt: skip
    config = library.MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=sound.to_dict(), decoder=decoder.to_dict()
    )
    with torch.device(device):
        model = library.MusicgenForConditionalGeneration(config)
    model = model.eval().to(device=device, dtype=dtype)
    for name in ("pad_token_id", "bos_token_id", "decoder_start_token_id"):
        setattr(model.generation_config, name, shape.card)
    model.audio_encoder.decode = lambda *_, **__: SimpleNamespace(
        audio_values=torch.zeros(1, 1, 1, device=device)
    )
    words = torch.ones(1, WORDS, dtype=torch.int64, device=device)

    def run(frames: int) -> None:
        model.generate(
            input_ids=words, attention_mask=words, do_sample=True, top_k=250, guidance_scale=guidance,
            max_length=frames + shape.codebooks,
        )  # fmt: skip

    return run


def codec(*, device: str, tiny: bool) -> Any:
    """A random EnCodec of the published 32 kHz codec's size (or a tiny one) by transformers, codebooks filled."""
    import transformers

    library: Any = transformers
    # kbit/s: 50 frames a second of 4 codes of 11 (tiny: 8) bits.
    bandwidth = 1.6 if tiny else 2.2
    sizes: dict[str, Any] = {
        "num_filters": 64,
        "hidden_size": 128,
        "codebook_dim": 128,
        "codebook_size": 2048,
    }
    if tiny:
        sizes = {"num_filters": 2, "hidden_size": 16, "codebook_dim": 16, "codebook_size": 256}
    model = library.EncodecModel(
        library.EncodecConfig(
            sampling_rate=32_000, audio_channels=1, upsampling_ratios=[8, 5, 4, 4], num_lstm_layers=2,
            num_residual_layers=1, use_causal_conv=False, norm_type="weight_norm",
            target_bandwidths=[bandwidth], **sizes,
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, values in model.state_dict().items():
            if name.endswith("codebook.embed"):
                values.normal_()
    return model.eval().to(device)
