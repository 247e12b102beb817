"""Tiny random checkpoints in the published formats, so that the real loaders run in a second and nothing is downloaded.

Run as a program (`python -m tests.generation.engine.tiny FOLDER MODELS`): it loads torch, which the tests' own process
stays free of.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

RATE_HZ = 32_000
FRAMES_PER_S = 50
REVISION = "0" * 40

CODEC = """
compression_model: encodec
sample_rate: {rate}
channels: 1
encodec: {{autoencoder: seanet, quantizer: rvq, sample_rate: {rate}, channels: {channels}, causal: false,
  renormalize: false}}
seanet:
  dimension: 16
  channels: {channels}
  causal: false
  n_filters: 2
  n_residual_layers: 1
  ratios: {ratios}
  activation: ELU
  activation_params: {{alpha: 1.0}}
  norm: weight_norm
  norm_params: {{}}
  kernel_size: 7
  residual_kernel_size: 3
  last_kernel_size: 7
  dilation_base: 2
  pad_mode: constant
  true_skip: true
  compress: 2
  lstm: 0
  disable_norm_outer_blocks: 0
  encoder: {{}}
  decoder: {{trim_right_ratio: 1.0, final_activation: null, final_activation_params: null}}
rvq: {{n_q: 4, q_dropout: false, bins: {card}, decay: 0.99, kmeans_init: false, kmeans_iters: 0,
      threshold_ema_dead_code: 2, orthogonal_reg_weight: 0.0, orthogonal_reg_active_codes_only: false,
      orthogonal_reg_max_codes: null}}
"""

LANGUAGE_MODEL = """
solver: {solver}
lm_model: transformer_lm
sample_rate: {rate}
channels: 1
dataset: {{segment_duration: {window_s}}}
transformer_lm: {{dim: 32, num_heads: 4, num_layers: 2, hidden_scale: 2, n_q: 4, card: {card}, dropout: 0.0,
  emb_lr: null, activation: gelu, norm_first: true, bias_ff: false, bias_attn: false, bias_proj: false,
  past_context: null, causal: true, custom: false, memory_efficient: true, attention_as_float32: false,
  layer_scale: null, positional_embedding: sin, xpos: false, checkpointing: none,
  weight_init: gaussian, depthwise_init: current, zero_bias_init: true, norm: layer_norm,
  cross_attention: false, qk_layer_norm: false, qk_layer_norm_cross: false,
  attention_dropout: null, kv_repeat: 1, two_step_cfg: false}}
codebooks_pattern: {{modeling: delay, delay: {{delays: [0, 1, 2, 3], flatten_first: {flatten_first},
empty_initial: 0}}}}
classifier_free_guidance: {{training_dropout: 0.3, inference_coef: 3.0}}
attribute_dropout: {{text: {{description: 0.0}}, args: {{active_on_eval: false}}}}
fuser: {{cross_attention_pos_emb: false, cross_attention_pos_emb_scale: 1, sum: [], prepend: [{prepend}],
  cross: [{cross}], input_interpolate: []}}
conditioners:
  args: {{merge_text_conditions_p: 0.25, drop_desc_p: 0.5}}
{melody}  description: {{model: t5, t5: {{name: {encoder}, finetune: false, word_dropout: 0.2, normalize_text: false}}}}
"""


MELODY = """
  self_wav: {model: chroma_stem, chroma_stem: {sample_rate: 32000, n_chroma: 12, radix2_exp: 14, argmax: true,
    match_len_on_eval: false, eval_wavs: null, n_eval_wavs: 100, cache_path: null}}
"""


def write_musicgen(
    folder: Path,
    *,
    seed: int = 1,
    card: int = 256,
    window_s: int = 19,
    solver: str = "musicgen",
    flatten_first: int = 0,
    with_code: bool = False,
    melody: bool = False,
    audiogen: bool = False,
) -> None:
    """A MusicGen package of random weights: `state_dict.bin` and `compression_state_dict.bin`.

    `melody`: one that is conditioned on melodies, as the published ones are. `audiogen`: AudioGen instead, 16 kHz, a
    window of 10 s, another text encoder. `with_code` puts an object in that only a loader that runs code can read, as
    training checkpoints have.
    """
    import torch

    from generation.engine import compat

    compat.install()
    from audiocraft import __version__
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    rate, ratios = (16_000, [8, 5, 4, 2]) if audiogen else (RATE_HZ, [8, 5, 4, 4])
    codec_text = CODEC.format(card=card, channels=1, rate=rate, ratios=ratios)
    codec_config = OmegaConf.create(codec_text)
    codec_config.device = "cpu"
    codec = builders.get_compression_model(codec_config)
    state = codec.state_dict()
    for name, values in state.items():  # codebooks start at zero, and a decoder of zeros would pass any test
        if name.endswith("codebook.embed"):
            values.normal_()
    _save(folder / "compression_state_dict.bin", state, codec_text, __version__)

    lm_text = LANGUAGE_MODEL.format(
        card=card,
        window_s=10 if audiogen else window_s,
        solver="audiogen" if audiogen else solver,
        flatten_first=flatten_first,
        rate=rate,
        encoder="t5-large" if audiogen else "t5-base",
        prepend="self_wav, description" if melody else "",
        cross="" if melody else "description",
        melody=MELODY.removeprefix("\n") if melody else "",
    )
    lm_config = OmegaConf.create(lm_text)
    lm_config.device, lm_config.dtype = "cpu", "float32"
    del lm_config.conditioners.args["merge_text_conditions_p"], lm_config.conditioners.args["drop_desc_p"]
    lm = builders.get_lm_model(lm_config)
    extra = {"when": Path("/")} if with_code else {}
    _save(folder / "state_dict.bin", lm.state_dict(), lm_text, __version__, **extra)


def write_separator(hub: Path) -> None:
    """HTDemucs, which melody models use, laid out as the download tool's cache has it."""
    from tests.generation.engine.tiny_demucs import FOUR, write_safetensors

    write_safetensors(hub / "models--adefossez--HTDemucs" / "snapshots" / REVISION, "htdemucs", FOUR)
    (hub / "models--adefossez--HTDemucs" / "refs").mkdir()
    (hub / "models--adefossez--HTDemucs" / "refs" / "main").write_text(REVISION)


def write_text_encoder(hub: Path, name: str = "t5-base", *, width: int = 768) -> None:
    """A T5 of one thin layer and a tokeniser of letters, laid out as the download tool's cache has them."""
    import torch
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    torch.manual_seed(0)
    repository = hub / f"models--{name}"
    snapshot = repository / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(REVISION)
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(character, -3.0) for character in "abcdefghijklmnopqrstuvwxyz"]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(snapshot)
    config = T5Config(vocab_size=64, d_model=width, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    T5EncoderModel(config).save_pretrained(snapshot)


def _save(file: Path, state: object, config: str, version: str, **extra: object) -> None:
    import torch

    torch.save({"best_state": state, "xp.cfg": config, "version": version, "exported": True, **extra}, file)


def main() -> None:
    """FOLDER JSON: the text encoder in FOLDER/hub and a model for each name of the JSON object, with its options."""
    folder = Path(sys.argv[1])
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(folder / "hub"),
    }  # before the libraries read them
    write_text_encoder(folder / "hub")
    write_text_encoder(folder / "hub", "t5-large", width=1024)
    write_separator(folder / "hub")
    for name, options in json.loads(sys.argv[2]).items():
        write_musicgen(folder / name, **options)


if __name__ == "__main__":
    main()
