"""Tiny random checkpoints in diffusers' published folder format, by the real classes' `save_pretrained`.

Run as a program (`python -m tests.generation.engine.tiny_diffusers FOLDER`): it loads torch.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_WORDS = """
warm cold pads drums slow fast bass piano soul the a sing la love night day verse chorus instruction caption metas bpm
timesignature keyscale duration seconds fill audio semantic mask based on given conditions generate tokens repaint area
extract track from complete input with languages lyric en de unknown instrumental n # : [ ] - / . |
"""
WORDS = _WORDS.split()
RATE_HZ = 48_000


def ace_step(*, seed: int = 0, turbo: bool = False, covers: bool = True) -> Any:
    """An AceStepPipeline of about 0.3 MB: 48 kHz stereo, 25 frames a second."""
    import diffusers
    import torch
    import transformers
    from diffusers.models.transformers.ace_step_transformer import AceStepTransformer1DModel
    from diffusers.pipelines.ace_step.modeling_ace_step import (
        AceStepAudioTokenDetokenizer,
        AceStepAudioTokenizer,
        AceStepConditionEncoder,
    )

    torch.manual_seed(seed)
    shared: dict[str, Any] = {
        "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
        "sliding_window": 16,
    }  # fmt: skip
    text = transformers.Qwen3Model(
        transformers.Qwen3Config(
            vocab_size=256, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=4096,
        )
    )  # fmt: skip
    parts: dict[str, Any] = {
        "vae": oobleck(latents=4, rate_hz=RATE_HZ, ratios=[2, 4, 4, 6, 10]),
        "text_encoder": text,
        "tokenizer": tokenizer(),
        "transformer": AceStepTransformer1DModel(
            num_hidden_layers=2, in_channels=12, audio_acoustic_hidden_dim=4, is_turbo=turbo,
            model_version="turbo" if turbo else "base", **shared,
        ),
        "condition_encoder": AceStepConditionEncoder(
            text_hidden_dim=16, timbre_hidden_dim=4, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1, **shared,
        ),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
    }  # fmt: skip
    parts["condition_encoder"].silence_latent.normal_(0, 0.5)
    if covers:
        tokens: dict[str, Any] = {
            "audio_acoustic_hidden_dim": 4, "num_attention_pooler_hidden_layers": 1, **shared,
        }  # fmt: skip
        parts["audio_tokenizer"] = AceStepAudioTokenizer(fsq_dim=16, **tokens)
        parts["audio_token_detokenizer"] = AceStepAudioTokenDetokenizer(**tokens)
    return diffusers.AceStepPipeline(**parts)


def stable_audio_open(*, seed: int = 0) -> Any:
    """A StableAudioPipeline that makes up to 3 s at 44.1 kHz, with the published model's scheduler."""
    import diffusers
    import torch

    torch.manual_seed(seed)
    return diffusers.StableAudioPipeline(
        vae=oobleck(latents=8, rate_hz=44_100, ratios=[2, 4, 4, 8, 8]),
        text_encoder=t5(),
        projection_model=diffusers.pipelines.stable_audio.StableAudioProjectionModel(
            text_encoder_dim=16, conditioning_dim=16, min_value=0, max_value=512
        ),
        tokenizer=tokenizer(length=64),
        transformer=diffusers.StableAudioDiTModel(
            sample_size=65, in_channels=8, num_layers=2, attention_head_dim=8, num_attention_heads=2,
            num_key_value_attention_heads=1, out_channels=8, cross_attention_dim=16, time_proj_dim=16,
            global_states_input_dim=32, cross_attention_input_dim=16,
        ),
        scheduler=diffusers.CosineDPMSolverMultistepScheduler(
            sigma_min=0.3, sigma_max=500, sigma_data=1.0, solver_order=2, prediction_type="v_prediction",
            sigma_schedule="exponential", num_train_timesteps=1000, solver_type="midpoint",
        ),
    )  # fmt: skip


def stable_audio_3(*, seed: int = 0, distilled: bool = True) -> Any:
    """A StableAudio3Pipeline at 44.1 kHz, 4096 samples a frame."""
    import diffusers
    import torch
    import transformers

    torch.manual_seed(seed)
    module = transformers.T5GemmaModuleConfig(
        vocab_size=256, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=512,
    )  # fmt: skip
    config = transformers.T5GemmaConfig(
        encoder=module, decoder=module, is_encoder_decoder=False, vocab_size=256
    )
    vae = diffusers.AutoencoderSAME(
        encoder_channels=4,
        encoder_c_mults=[4],
        encoder_transformer_depths=[2],
        latent_dim=8,
        dim_heads=8,
        ff_mult=2,
    )
    transformer = diffusers.StableAudio3DiTModel(
        io_channels=8, embed_dim=16, depth=2, num_heads=2, cond_token_dim=16, global_cond_dim=16,
        local_add_cond_dim=9, timestep_features_dim=16, ff_mult=2.0, num_memory_tokens=4,
    )  # fmt: skip
    for model in (vae, transformer):
        stir(model)
    return diffusers.StableAudio3Pipeline(
        vae=vae,
        text_encoder=transformers.T5GemmaEncoderModel(config),
        tokenizer=tokenizer(length=256, gemma=True),
        duration_embedder=diffusers.pipelines.stable_audio_3.StableAudio3DurationEmbedder(
            output_dim=16, fourier_dim=16
        ),
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            num_train_timesteps=1, shift=1.0, stochastic_sampling=distilled
        ),
    )


def oobleck(*, latents: int, rate_hz: int, ratios: list[int]) -> Any:
    import diffusers

    return diffusers.AutoencoderOobleck(
        encoder_hidden_size=2 * latents, downsampling_ratios=ratios, channel_multiples=[1, 1, 1, 1, 2],
        decoder_channels=4, decoder_input_channels=latents, audio_channels=2, sampling_rate=rate_hz,
    )  # fmt: skip


def stir(model: Any) -> None:
    """Layers that start at zero would hide what goes wrong behind them."""
    import torch

    with torch.no_grad():
        for value in model.parameters():
            if not value.any():
                value.normal_(0, 0.2)


def t5() -> Any:
    import transformers

    config = transformers.T5Config(vocab_size=256, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return transformers.T5EncoderModel(config)


def tokenizer(*, length: int = 4096, gemma: bool = False) -> Any:
    """Words of its own list, and one for all others."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *dict.fromkeys(WORDS)])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="</s>",
        model_max_length=length,
    )


MODELS = {
    "ace-tiny-base": lambda: ace_step(),
    "ace-tiny-turbo": lambda: ace_step(seed=1, turbo=True, covers=False),
    "sao-tiny": lambda: stable_audio_open(),
    "sa3-tiny": lambda: stable_audio_3(),
    "sa3-tiny-base": lambda: stable_audio_3(seed=1, distilled=False),
}


def main() -> None:
    """FOLDER: every model of `MODELS`, and one whose codec is pickled (numbers only)."""
    import torch

    folder = Path(sys.argv[1])
    os.environ["HF_HUB_OFFLINE"] = "1"
    for name in sys.argv[2:] or MODELS:
        MODELS[name]().save_pretrained(folder / name)
    pickled = folder / "ace-tiny-pickled"
    made = ace_step(seed=1, turbo=True, covers=False)
    made.save_pretrained(pickled)
    (pickled / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save(made.vae.state_dict(), pickled / "vae" / "diffusion_pytorch_model.bin")


if __name__ == "__main__":
    main()
