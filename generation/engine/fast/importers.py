"""Weights as audiocraft and as transformers publish them, into the one container. Plain mappings in, no library needed.

Where the checkpoint's layout allows, tensors are views of what was given: nothing large is copied.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generation.engine.fast.shape import FRAMES_PER_S, WINDOW_S, Shape, Unsupported
from generation.engine.fast.weights import Layer, Linear, Norm, Weights

State = Mapping[str, Tensor]

# What audiocraft's LMModel can be asked for and MusicGen's published models do not use: another value is another model.
_AUDIOCRAFT_FIXED: dict[str, tuple[object, ...]] = {
    "norm": ("layer_norm",),
    "norm_first": (True,),
    "activation": ("gelu",),
    "positional_embedding": ("sin",),
    "layer_scale": (None,),
    "past_context": (None,),
    "kv_repeat": (1,),
    "qk_layer_norm": (False,),
    "qk_layer_norm_cross": (False,),
    "causal": (True,),
}


def from_audiocraft(state: State, config: Mapping[str, Any], *, window: int | None = None) -> Weights:
    """The language model of an audiocraft checkpoint: `best_state` and its configuration (`xp.cfg`) as a mapping.

    Raises:
        Unsupported: it is not MusicGen, or has parts that MusicGen's published models lack.
    """
    asked = config["transformer_lm"]
    for name, allowed in _AUDIOCRAFT_FIXED.items():
        value = asked.get(name, allowed[0])
        if value not in allowed:
            raise Unsupported(f"the checkpoint's transformer has {name} {value!r}")
    if not (asked.get("memory_efficient") or asked.get("custom")):
        raise Unsupported("the checkpoint uses torch's own attention module, which published models do not")
    fuser = config.get("fuser", {})
    if fuser.get("cross_attention_pos_emb") or fuser.get("sum") or fuser.get("input_interpolate"):
        raise Unsupported("the checkpoint fuses its conditions otherwise than by cross-attention or in front")
    layers = int(asked["num_layers"])
    if window is None:
        window = int(float(config.get("dataset", {}).get("segment_duration", 30)) * FRAMES_PER_S)
    prefix = "transformer.layers.{}."
    shape = Shape(
        layers=layers,
        width=int(asked["dim"]),
        heads=int(asked["num_heads"]),
        feed_forward=state[prefix.format(0) + "linear1.weight"].shape[0],
        card=int(asked["card"]),
        delays=_audiocraft_delays(config, int(asked["n_q"])),
        cross=prefix.format(0) + "cross_attention.in_proj_weight" in state,
        window=window,
        positions="power",
    )
    codebooks = range(shape.codebooks)
    return Weights(
        shape=shape,
        embedding=torch.cat([state[f"emb.{k}.weight"] for k in codebooks]),
        layers=tuple(_audiocraft_layer(state, prefix.format(index), shape) for index in range(layers)),
        norm=_norm(state, "out_norm"),
        heads=_stacked(state, [f"linears.{k}" for k in codebooks]),
        source="audiocraft",
    )


def audiocraft_package(file: Path) -> Weights:
    """The weights in a published `state_dict.bin`, read as plain data: a file that holds code is refused by torch.

    Raises:
        pickle.UnpicklingError: it holds more than numbers and words.
        Unsupported: see `from_audiocraft`.
    """
    import yaml  # PyYAML comes with transformers and omegaconf

    package = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    config = yaml.safe_load(str(package["xp.cfg"]))
    return from_audiocraft(package["best_state"], config)


def from_transformers(
    state: State, config: Mapping[str, Any], *, window: int = WINDOW_S * FRAMES_PER_S
) -> Weights:
    """The decoder of a transformers Musicgen or MusicgenMelody: `state_dict()` and the decoder's configuration
    as a mapping.

    `config` is `model.config.decoder.to_dict()`, or a whole model's `to_dict()`, whose `decoder` is taken.
    """
    config = config.get("decoder", config)
    if config.get("activation_function", "gelu") != "gelu":
        raise Unsupported(f"the checkpoint's activation is {config['activation_function']!r}")
    if config.get("scale_embedding"):
        raise Unsupported("the checkpoint scales its embeddings")
    start = next((name for name in state if name.endswith("embed_tokens.0.weight")), None)
    if start is None:
        raise Unsupported("the checkpoint is no Musicgen of transformers")
    root = start.removesuffix("embed_tokens.0.weight")
    top = root.removesuffix("model.decoder.")
    codebooks = int(config["num_codebooks"])
    stereo = int(config.get("audio_channels", 1)) == 2
    shape = Shape(
        layers=int(config["num_hidden_layers"]),
        width=int(config["hidden_size"]),
        heads=int(config["num_attention_heads"]),
        feed_forward=int(config["ffn_dim"]),
        card=int(config["vocab_size"]),
        delays=tuple(k // 2 for k in range(codebooks)) if stereo else tuple(range(codebooks)),
        cross=f"{root}layers.0.encoder_attn.q_proj.weight" in state,
        window=window,
        positions="exponential",
    )
    return Weights(
        shape=shape,
        embedding=torch.cat([state[f"{root}embed_tokens.{k}.weight"] for k in range(codebooks)]),
        layers=tuple(
            _transformers_layer(state, f"{root}layers.{index}.", shape.cross) for index in range(shape.layers)
        ),
        norm=_norm(state, f"{root}layer_norm"),
        heads=_stacked(state, [f"{top}lm_heads.{k}" for k in range(codebooks)]),
        source="transformers",
    )


def transformers_folder(folder: Path, *, window: int = WINDOW_S * FRAMES_PER_S) -> Weights:
    """The decoder of a model as transformers publishes it: `config.json`, and safetensors in one file or several.

    Of the text encoder and of the codec nothing is read.

    Raises:
        Unsupported: see `from_transformers`; or the folder holds no safetensors.
    """
    from safetensors import safe_open  # comes with transformers

    config = json.loads((folder / "config.json").read_text())
    index = folder / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise Unsupported(f"the checkpoint lacks {', '.join(missing)}; only safetensors are read")
    state: dict[str, Tensor] = {}
    for name in names:
        with safe_open(folder / name, framework="pt") as file:
            state |= {key: file.get_tensor(key) for key in file.keys() if key.startswith("decoder.")}  # noqa: SIM118
    return from_transformers(state, config, window=window)


def _audiocraft_delays(config: Mapping[str, Any], codebooks: int) -> tuple[int, ...]:
    pattern = config.get("codebooks_pattern", {})
    modeling = pattern.get("modeling", "delay")
    if modeling == "parallel":
        return (0,) * codebooks
    asked = pattern.get("delay", {})
    if modeling != "delay" or asked.get("flatten_first") or asked.get("empty_initial"):
        raise Unsupported(
            f"the checkpoint orders its codebooks by {modeling!r}, flattened or with empty steps"
        )
    delays = tuple(int(delay) for delay in asked.get("delays") or range(codebooks))
    if len(delays) != codebooks:
        raise Unsupported(f"the checkpoint names {len(delays)} delays for {codebooks} codebooks")
    return delays


def _audiocraft_layer(state: State, prefix: str, shape: Shape) -> Layer:
    attention = f"{prefix}self_attn."
    crossing: dict[str, Any] = {}
    if shape.cross:
        other = f"{prefix}cross_attention."
        weight, bias = state[f"{other}in_proj_weight"], state.get(f"{other}in_proj_bias")
        width = shape.width
        crossing = {
            "cross_norm": _norm(state, f"{prefix}norm_cross"),
            "cross_q": Linear(weight=weight[:width], bias=None if bias is None else bias[:width]),
            "cross_kv": Linear(weight=weight[width:], bias=None if bias is None else bias[width:]),
            "cross_out": _linear(state, f"{other}out_proj"),
        }
    return Layer(
        norm=_norm(state, f"{prefix}norm1"),
        qkv=Linear(weight=state[f"{attention}in_proj_weight"], bias=state.get(f"{attention}in_proj_bias")),
        out=_linear(state, f"{attention}out_proj"),
        ff_norm=_norm(state, f"{prefix}norm2"),
        up=_linear(state, f"{prefix}linear1"),
        down=_linear(state, f"{prefix}linear2"),
        **crossing,
    )


def _transformers_layer(state: State, prefix: str, cross: bool) -> Layer:
    crossing: dict[str, Any] = {}
    if cross:
        crossing = {
            "cross_norm": _norm(state, f"{prefix}encoder_attn_layer_norm"),
            "cross_q": _linear(state, f"{prefix}encoder_attn.q_proj"),
            "cross_kv": _stacked(state, [f"{prefix}encoder_attn.{part}_proj" for part in "kv"]),
            "cross_out": _linear(state, f"{prefix}encoder_attn.out_proj"),
        }
    return Layer(
        norm=_norm(state, f"{prefix}self_attn_layer_norm"),
        qkv=_stacked(state, [f"{prefix}self_attn.{part}_proj" for part in "qkv"]),
        out=_linear(state, f"{prefix}self_attn.out_proj"),
        ff_norm=_norm(state, f"{prefix}final_layer_norm"),
        up=_linear(state, f"{prefix}fc1"),
        down=_linear(state, f"{prefix}fc2"),
        **crossing,
    )


def _linear(state: State, name: str) -> Linear:
    return Linear(weight=state[f"{name}.weight"], bias=state.get(f"{name}.bias"))


def _stacked(state: State, names: list[str]) -> Linear:
    biases = [state[f"{name}.bias"] for name in names if f"{name}.bias" in state]
    return Linear(
        weight=torch.cat([state[f"{name}.weight"] for name in names]),
        bias=torch.cat(biases) if biases else None,
    )


def _norm(state: State, name: str) -> Norm:
    return Norm(weight=state[f"{name}.weight"], bias=state[f"{name}.bias"])
