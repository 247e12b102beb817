"""Checkpoints as they are published, and what is refused."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("audiocraft"):
    import torch

    from generation.engine.fast import shape as shapes
    from generation.engine.fast.importers import (
        audiocraft_package,
        from_audiocraft,
        from_transformers,
        transformers_folder,
    )
    from generation.engine.fast.shape import PUBLISHED, Shape, Unsupported
    from generation.engine.fast.weights import random_weights
    from tests.generation.engine.fast import references

pytestmark = needs("engines")


def test_a_published_package_is_read_without_audiocraft(made_models: Path) -> None:
    weights = audiocraft_package(made_models / "musicgen-tiny" / "state_dict.bin")
    assert (weights.source, weights.shape.layers, weights.shape.width, weights.shape.heads) == (
        "audiocraft",
        2,
        32,
        4,
    )
    assert (weights.shape.card, weights.shape.delays, weights.shape.window) == (256, (0, 1, 2, 3), 950)
    with pytest.raises(pickle.UnpicklingError):
        audiocraft_package(made_models / "musicgen-code" / "state_dict.bin")


@pytest.mark.parametrize("shard", ["1GB", "40KB"])
@pytest.mark.parametrize("kind", ["text", "melody"])
def test_a_folder_of_transformers_is_read_without_transformers(kind: str, shard: str, tmp_path: Path) -> None:
    model = references.transformers_model(melody=kind == "melody")
    model.save_pretrained(tmp_path, max_shard_size=shard)
    assert (len(list(tmp_path.glob("*.safetensors"))) > 1) == (shard == "40KB")
    ours = transformers_folder(tmp_path)
    expected = from_transformers(model.state_dict(), model.config.to_dict())
    assert ours.shape == expected.shape
    for mine, theirs in zip(parts(ours), parts(expected), strict=True):
        assert torch.equal(mine, theirs)
    next(iter(tmp_path.glob("*.safetensors"))).unlink()
    with pytest.raises(Unsupported, match=r"lacks model.*safetensors"):
        transformers_folder(tmp_path)


def parts(weights: Any) -> list[Any]:
    found = [weights.embedding, weights.heads.weight, weights.norm.weight, weights.norm.bias]
    for layer in weights.layers:
        found += [part.weight for part in vars(layer).values() if part is not None]
    return found


def test_large_matrices_are_shared_and_not_copied() -> None:
    model, weights = references.audiocraft_model()
    state = model.state_dict()
    assert (
        weights.layers[0].qkv.weight.data_ptr()
        == state["transformer.layers.0.self_attn.in_proj_weight"].data_ptr()
    )
    assert weights.layers[1].up.weight.data_ptr() == state["transformer.layers.1.linear1.weight"].data_ptr()
    crossing = weights.layers[0].cross_kv
    assert crossing is not None
    whole = state["transformer.layers.0.cross_attention.in_proj_weight"]
    assert crossing.weight.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()


def test_weights_move_as_a_whole() -> None:
    moved = random_weights(shapes.TINY).to("cpu", torch.float64)
    for layer in moved.layers:
        for part in vars(layer).values():
            assert part is None or part.weight.dtype == torch.float64
    assert {moved.dtype, moved.heads.weight.dtype, moved.norm.bias.dtype} == {torch.float64}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"transformer_lm": {"positional_embedding": "rope"}}, "positional_embedding 'rope'"),
        ({"transformer_lm": {"qk_layer_norm": True}}, "qk_layer_norm True"),
        ({"transformer_lm": {"norm_first": False}}, "norm_first False"),
        ({"transformer_lm": {"memory_efficient": False}}, "torch's own attention module"),
        ({"codebooks_pattern": {"modeling": "unroll"}}, "orders its codebooks by 'unroll'"),
        (
            {"codebooks_pattern": {"modeling": "delay", "delay": {"delays": [0, 1]}}},
            "2 delays for 4 codebooks",
        ),
        ({"codebooks_pattern": {"modeling": "delay", "delay": {"delays": [0, 2, 1, 3]}}}, "not ascending"),
        ({"fuser": {"sum": ["genre"]}}, "fuses its conditions otherwise"),
    ],
    ids=str,
)
def test_what_published_models_do_not_have_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    model, _ = references.audiocraft_model()
    config: dict[str, Any] = {"transformer_lm": {**references.TRANSFORMER, "memory_efficient": True}}
    for section, values in change.items():
        config[section] = {**config.get(section, {}), **values}
    with pytest.raises(Unsupported, match=words):
        from_audiocraft(model.state_dict(), config)


def test_another_model_of_transformers_is_refused() -> None:
    with pytest.raises(Unsupported, match="no Musicgen"):
        from_transformers({"encoder.weight": torch.zeros(1)}, {})
    with pytest.raises(Unsupported, match="'relu'"):
        from_transformers({}, {"decoder": {"activation_function": "relu"}})


@pytest.mark.parametrize(
    ("name", "billions"),
    [("small", 0.42), ("medium", 1.84), ("large", 3.25), ("melody", 1.38), ("stereo-small", 0.42)],
)
def test_published_sizes_have_the_published_parameters(name: str, billions: float) -> None:
    """Of the decoder alone: what a step reads, and the keys and values of the conditions, which are made once."""
    shape = PUBLISHED[name]
    once = 2 * shape.layers * shape.width**2 if shape.cross else 0
    assert (shape.step_weight_bytes(1) + once) / 1e9 == pytest.approx(billions, rel=0.03)


def test_the_ceiling_counts_weights_once_and_keys_and_values_of_every_row() -> None:
    large = PUBLISHED["large"]
    assert large.kv_bytes_per_position() == 48 * 2 * 2048 * 2
    one = large.step_bytes(rows=2, positions=750)
    many = large.step_bytes(rows=60, positions=750)
    assert many - one == 58 * 750 * large.kv_bytes_per_position()
    assert large.steps(1500) == 1504


def test_a_shape_that_cannot_be_is_refused() -> None:
    with pytest.raises(Unsupported, match="does not divide"):
        Shape(layers=1, width=30, heads=4, feed_forward=8)
    with pytest.raises(Unsupported, match="unknown positions"):
        Shape(layers=1, width=32, heads=4, feed_forward=8, positions="rope")
