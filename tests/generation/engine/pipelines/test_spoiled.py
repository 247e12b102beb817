"""Weights that cannot be trusted or used: refused with what to do, never run, and forgotten at once."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation.engine import registry
from generation.engine.base import EngineFailure, EngineUnavailable, FailedTake, GenerationRequest, Made
from tests.generation.engine.pipelines.conftest import WEIGHTS, filled, rewrite
from tests.support import needs

pytestmark = [needs("engines"), pytest.mark.usefixtures("pipelines")]
Copy = Callable[..., Path]


def make(model: str, *seeds: int) -> list[Made]:
    request = GenerationRequest(
        mode="text_to_music", prompt="warm pads", duration_s=5.0, seeds=seeds or (1,),
        parameters={"model": model, "steps": 1},
    )  # fmt: skip
    return list(registry.engine("acestep").generate(request, lambda done, total: None))


class Attack:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._marker),)


def test_a_checkpoint_with_code_is_refused_and_never_run_trusted_or_not(
    spoiled: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marker = spoiled("ace-code"), tmp_path / "ran"
    (folder / "vae" / WEIGHTS).unlink()
    (folder / "vae" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps({"conv": Attack(marker)}))
    with pytest.raises(EngineUnavailable, match="add ace-code to DEADWAX_TRUSTED_MODELS"):
        make("ace-code")
    monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", "ace-code")
    with pytest.raises(EngineUnavailable) as refused:
        make("ace-code")
    assert refused.value.code in {"weights_hold_code", "weights_broken"}
    assert not marker.exists()
    pickle.loads((folder / "vae" / "diffusion_pytorch_model.bin").read_bytes())
    assert marker.exists(), "the attack works on a loader that runs it"


def test_pickled_numbers_are_read_where_the_model_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineUnavailable, match="are pickled"):
        make("ace-tiny-pickled")
    monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", "other, ace-tiny-pickled")
    (take,) = make("ace-tiny-pickled")
    (safe,) = make("ace-tiny-turbo")
    assert not isinstance(take, FailedTake)
    assert not isinstance(safe, FailedTake)
    assert take.facts["weights_trusted"] == 1
    assert (take.audio == safe.audio).all()


def test_damaged_weights_are_told_and_do_not_stay_in_memory(spoiled: Copy) -> None:
    folder = spoiled("ace-damaged")
    file = folder / "transformer" / WEIGHTS
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineUnavailable, match=r"as its header says\). Download them again"):
        make("ace-damaged")
    file.write_bytes(b"\x80\x04garbage")
    with pytest.raises(EngineUnavailable, match="no safetensors file"):
        make("ace-damaged")
    file.write_bytes(whole)
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  transformer/{WEIGHTS}\n")
    with pytest.raises(EngineUnavailable, match="as promised"):
        make("ace-damaged")
    (folder / "SHA256SUMS").unlink()
    assert len(make("ace-damaged")) == 1


def test_other_shapes_and_missing_numbers_are_refused(spoiled: Copy) -> None:
    folder = spoiled("ace-shapes")
    config = folder / "transformer" / "config.json"
    said = json.loads(config.read_text())
    config.write_text(json.dumps(said | {"intermediate_size": 24}))
    with pytest.raises(EngineUnavailable, match="cannot be used"):
        make("ace-shapes")
    config.write_text(json.dumps(said))
    name = "layers.0.mlp.up_proj.weight"

    def forget(header: dict[str, Any], _: bytearray) -> None:
        header[name + ".other"] = header.pop(name)

    rewrite(folder / "transformer" / WEIGHTS, forget)
    with pytest.raises(EngineUnavailable, match=f"transformer lacks {name}"):
        make("ace-shapes")


def test_another_models_parts_are_refused(spoiled: Copy, pipelines: Path) -> None:
    folder = spoiled("ace-mixed")
    shutil.copy(pipelines / "sao-tiny" / "transformer" / WEIGHTS, folder / "transformer" / WEIGHTS)
    with pytest.raises(EngineUnavailable, match="cannot be used"):
        make("ace-mixed")


def test_a_take_of_broken_numbers_or_silence_is_told_and_costs_nothing_else(spoiled: Copy) -> None:
    for value, code in ((float("nan"), "not_finite"), (0.0, "silent")):
        folder = spoiled(f"ace-{code}".replace("_", "-"))
        filled(folder / "vae" / WEIGHTS, "decoder.conv2.weight_v", value)
        filled(folder / "vae" / WEIGHTS, "decoder.conv2.weight_g", 0.0 if value == 0 else value)
        if code == "silent":  # a direction of zero length would be no number
            filled(folder / "vae" / WEIGHTS, "decoder.conv2.weight_v", 1.0)
        made = make(folder.name, 1, 2)
        assert [(one.seed, one.code) for one in made if isinstance(one, FailedTake)] == [(1, code), (2, code)]


def test_a_model_larger_than_all_may_hold_is_refused_before_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADWAX_ENGINE_MEMORY_MB", "300")
    with pytest.raises(EngineFailure, match="may hold 300 MB") as refused:
        make("ace-tiny-turbo")
    assert refused.value.code == "out_of_memory"
