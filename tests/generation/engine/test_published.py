"""Folders in the published diffusers format: what is complete, what is damaged, what is another's. No torch."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from generation.engine import offered, published, registry, weights
from generation.engine.acestep import KNOWN, LAYOUTS, PIPELINE
from generation.engine.published import Damaged, Folder

PARTS = {
    "vae": ("diffusers", "AutoencoderOobleck"),
    "text_encoder": ("transformers", "Qwen3Model"),
    "tokenizer": ("transformers", "Qwen2TokenizerFast"),
    "transformer": ("diffusers", "AceStepTransformer1DModel"),
    "condition_encoder": ("ace_step", "AceStepConditionEncoder"),
    "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
}


def safetensors(tensors: dict[str, int]) -> bytes:
    """Zeros of these lengths, float32."""
    header, at = {}, 0
    for name, length in tensors.items():
        header[name] = {"dtype": "F32", "shape": [length], "data_offsets": [at, at + 4 * length]}
        at += 4 * length
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def put(folder: Path, *, index: dict[str, Any] | None = None) -> Path:
    """A folder that is whole, but for numbers that mean anything."""
    for part in PARTS:
        (folder / part).mkdir(parents=True)
        config = "scheduler_config.json" if part == "scheduler" else "config.json"
        (folder / part / config).write_text("{}")
        if part not in {"scheduler", "tokenizer"}:
            stem = "model" if part == "text_encoder" else "diffusion_pytorch_model"
            (folder / part / f"{stem}.safetensors").write_bytes(safetensors({"a": 3, "b": 5}))
    named = {"_class_name": PIPELINE, **{part: list(kind) for part, kind in PARTS.items()}}
    (folder / "model_index.json").write_text(json.dumps(named | (index or {})))
    return folder


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder; this user's own download cache is out of sight."""
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def found(models: Path) -> list[Folder]:
    return published.find(
        {"DEADWAX_MODELS_DIR": str(models), "HF_HUB_CACHE": str(models.parent / "cache")}, LAYOUTS
    )


def test_a_whole_folder_is_found_by_its_index_whatever_it_is_called(models: Path) -> None:
    put(models / "anything")
    (models / "musicgen-small").mkdir()
    (models / "musicgen-small" / "state_dict.bin").write_bytes(b"w")
    (one,) = found(models)
    assert (one.name, one.problem, one.pickled) == ("anything", "", ())
    assert one.size_bytes == 4 * len(safetensors({"a": 3, "b": 5}))
    assert set(one.parts) == set(PARTS)


def test_the_download_tools_cache_is_read_too_and_an_own_folder_wins(models: Path) -> None:
    cache = models.parent / "cache" / "models--ACE-Step--some-model"
    put(cache / "snapshots" / "abc")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc")
    assert found(models)[0].folder == cache / "snapshots" / "abc"
    put(models / "some-model")
    assert [one.folder for one in found(models)] == [models / "some-model"]


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ({"vae": ["os", "system"]}, "names .* as its vae, which AceStepPipeline does not have"),
        ({"transformer": ["my_code", "Model"]}, "as its transformer"),
        ({"vae": None}, "names no vae"),
        ({"extra": ["my_code", "Thing"]}, "a part 'extra'"),
        ({"vae": "AutoencoderOobleck"}, "as its vae"),
    ],
)
def test_an_index_that_names_other_code_is_never_followed(
    models: Path, index: dict[str, Any], words: str
) -> None:
    put(models / "odd", index=index)
    (one,) = found(models)
    with pytest.raises(Damaged, match=words):
        raise Damaged(one.problem)
    offer = registry.engine("acestep").capabilities()
    assert not next(model for model in offer.models if model.name == "odd").present


def test_what_is_missing_is_said_by_name(models: Path) -> None:
    folder = put(models / "half")
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    assert found(models)[0].problem.startswith("transformer has no weights")
    (folder / "transformer" / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors"}})
    )
    assert (
        found(models)[0].problem
        == "transformer/diffusion_pytorch_model-00001-of-00002.safetensors is missing"
    )
    (folder / "vae" / "config.json").write_text("{")
    assert "no JSON" in found(models)[0].problem


def test_pieces_may_not_lie_elsewhere(models: Path) -> None:
    folder = put(models / "odd")
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    (folder / "vae" / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "../../../etc/passwd.safetensors"}})
    )
    assert "which is no file beside it" in found(models)[0].problem


def test_pickled_weights_need_trust(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(models / "old")
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.rename(file.with_suffix(".bin"))
    assert found(models)[0].pickled == ("vae",)
    offer = registry.engine("acestep").capabilities()
    assert "add old to DEADWAX_TRUSTED_MODELS" in offer.models[0].reason
    monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", "other, old")
    model = registry.engine("acestep").capabilities().models[0]
    assert (model.trusted, model.reason) == (True, "")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:20],
        lambda data: b"",
        lambda data: b"\x80\x04" + data,
        lambda data: struct.pack("<Q", 2**62) + data[8:],
        lambda data: data.replace(b'"F32"', b'"F64"'),
        lambda data: data.replace(b'"shape"', b'"shade"'),
        lambda data: struct.pack("<Q", 5) + b"[1,2]",
    ],
    ids=[
        "cut",
        "longer",
        "cut in the header",
        "empty",
        "a pickle",
        "a huge header",
        "two sizes",
        "no shape",
        "a list",
    ],
)
def test_safetensors_that_do_not_add_up_are_refused(tmp_path: Path, spoil: Any) -> None:
    file = tmp_path / "model.safetensors"
    whole = safetensors({"a": 3, "b": 5})
    file.write_bytes(whole)
    assert published.check_safetensors(file) == {"a": (3,), "b": (5,)}
    file.write_bytes(spoil(whole))
    with pytest.raises(Damaged):
        published.check_safetensors(file)


def test_a_folder_has_one_digest_and_a_promise_pins_it(models: Path) -> None:
    folder = put(models / "mine")
    (one,) = found(models)
    digests = published.checked_digests(one)
    assert published.pinned_sha256(one) == ""
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
    (folder / weights.SUMS).write_text(lines)
    pinned = published.pinned_sha256(one)
    assert pinned == published.folder_sha256(digests) == hashlib.sha256(lines.encode()).hexdigest()
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(safetensors({"a": 3, "b": 6}))
    with pytest.raises(weights.DigestMismatch, match="as promised"):
        published.checked_digests(one)
    assert registry.engine("acestep").capabilities().models[0].sha256 == pinned


def test_without_weights_it_says_what_to_download_how_large_and_under_which_licence(models: Path) -> None:
    for name, words in (
        ("acestep", ("MIT", "12 GB", "hf download ACE-Step/acestep-v15-xl-turbo-diffusers", str(models))),
        (
            "stable-audio",
            ("USD 1M", "10 GB", "hf download stabilityai/stable-audio-3-medium", "Accept its terms"),
        ),
    ):
        offer = registry.engine(name).capabilities()
        assert not offer.available
        assert len(offer.modes) >= 5, "what it would bring is shown"
        for word in words:
            if "engines extra" not in offer.unavailable_reason:
                assert word in offer.unavailable_reason
            assert word in offer.models[0].reason


def test_a_model_of_another_name_has_the_terms_of_its_kind(models: Path) -> None:
    put(models / "fine-tuned")
    (one,) = found(models)
    spec = offered.specs([one], KNOWN, {PIPELINE: KNOWN[0]})[0]
    assert (spec.tool, spec.licence, spec.present) == (
        "ace-step",
        "MIT, unless its card says otherwise",
        True,
    )


def test_what_is_asked_of_the_machine_must_make_sense(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(models / "mine")
    for name, value in (
        ("DEADWAX_DEVICE", "toaster"),
        ("DEADWAX_PRECISION", "int3"),
        ("DEADWAX_ENGINE_MEMORY_MB", "lots"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            offer = registry.engine("acestep").capabilities()
            assert offer.available is False
            assert name in offer.unavailable_reason or "engines extra" in offer.unavailable_reason
