"""The loops of audiocraft and transformers on random weights of true sizes, for the benchmark to compare itself with.

Both are imported here and nowhere else in the package; where one is missing, ImportError says so.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from generation.engine.fast.plan import MELODY, WORDS
from generation.engine.fast.shape import Shape

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
            length = WORDS if shape.cross else MELODY
            values = torch.zeros(count, length, shape.width, device=device, dtype=dtype)
            values[: count // 2] = 0.1
            return {"description": (values, values[..., 0])}

    how = ("cross", "prepend") if shape.cross else ("prepend", "cross")
    fuser = conditioners.ConditionFuser(
        {how[0]: ["description"], how[1]: [], "sum": [], "input_interpolate": []}
    )
    with torch.device(device):
        model = LMModel(
            codebooks_patterns.DelayedPatternProvider(shape.codebooks, delays=list(shape.delays)), Given(), fuser,
            n_q=shape.codebooks, card=shape.card, dim=shape.width, num_heads=shape.heads, num_layers=shape.layers,
            hidden_scale=shape.feed_forward // shape.width, norm="layer_norm", norm_first=True,
            cross_attention=shape.cross, causal=True, memory_efficient=True, bias_attn=False, bias_ff=False,
            bias_proj=False, dropout=0.0, activation="gelu", dtype=dtype,
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
    """A function that makes one take of so many frames by transformers' Musicgen (MusicgenMelody where there is no
    cross-attention), eagerly, without decoding the sound.
    """
    import transformers

    library: Any = transformers
    library.logging.set_verbosity_error()
    kind = "Musicgen" if shape.cross else "MusicgenMelody"
    stereo = len(set(shape.delays)) < shape.codebooks
    text = library.T5Config(vocab_size=64, d_model=64, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    sound = library.EncodecConfig(
        num_filters=2, num_lstm_layers=1, codebook_size=shape.card, hidden_size=16, codebook_dim=16
    )
    decoder = getattr(library, f"{kind}DecoderConfig")(
        vocab_size=shape.card, hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, ffn_dim=shape.feed_forward, num_codebooks=shape.codebooks,
        audio_channels=2 if stereo else 1, pad_token_id=shape.card, bos_token_id=shape.card,
    )  # fmt: skip
    config = getattr(library, f"{kind}Config")(
        text_encoder=text.to_dict(), audio_encoder=sound.to_dict(), decoder=decoder.to_dict(),
        **({} if shape.cross else {"num_chroma": 12, "chroma_length": MELODY - WORDS}),
    )  # fmt: skip
    with torch.device(device):
        model = getattr(library, f"{kind}ForConditionalGeneration")(config)
    model = model.eval().to(device=device, dtype=dtype)
    for name in ("pad_token_id", "bos_token_id", "decoder_start_token_id"):
        setattr(model.generation_config, name, shape.card)
    model.audio_encoder.decode = lambda *_, **__: SimpleNamespace(
        audio_values=torch.zeros(1, 1, 1, device=device)
    )
    words = torch.ones(1, WORDS, dtype=torch.int64, device=device)
    melody = {} if shape.cross else {"input_features": torch.zeros(1, 5, 12, device=device, dtype=dtype)}

    def run(frames: int) -> None:
        model.generate(
            input_ids=words, attention_mask=words, do_sample=True, top_k=250, guidance_scale=guidance,
            max_length=shape.steps(frames), **melody,
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
