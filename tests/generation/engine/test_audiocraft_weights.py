"""Finding weights: complete ones only, the right ones, and a sentence that says what to do when there are none."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from generation.engine import registry, weights
from generation.engine.base import EngineUnavailable, GenerationRequest
from tests.support import needs

ROOT = Path(__file__).resolve().parents[3]
REQUEST = GenerationRequest(mode="text_to_music", prompt="warm", duration_s=2, seeds=(1,))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models folder; this user's own download cache is out of sight."""
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def put_model(folder: Path, *, size: int = 10) -> Path:
    folder.mkdir(parents=True)
    (folder / "state_dict.bin").write_bytes(b"w" * size)
    (folder / "compression_state_dict.bin").write_bytes(b"c")
    return folder


def put_encoder(hub: Path) -> Path:
    snapshot = hub / "models--t5-base" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (snapshot / name).write_text("{}")
    return snapshot


def env(models: Path) -> dict[str, str]:
    return {"DEADWAX_MODELS_DIR": str(models), "HF_HUB_CACHE": str(models.parent / "cache")}


def test_the_engine_is_the_catalogues_musicgen_whose_takes_may_not_be_sold(models: Path) -> None:
    tool = registry.engine("audiocraft").capabilities().tool
    rows = tomllib.loads((ROOT / "generation" / "catalogue.toml").read_text())["tool"]
    row = next(row for row in rows if row["key"] == tool)
    assert (row["commercial"], row["store_release"]) == ("no", "no")


def test_asking_what_is_offered_loads_no_torch() -> None:
    code = (
        "import sys; from generation.engine import registry; registry.all_capabilities();"
        "assert 'generation.engine.audiocraft' in sys.modules;"
        "bad = {'torch', 'audiocraft', 'transformers', 'librosa', 'django'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_without_the_extra_it_says_how_to_install_it(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    offer = registry.engine("audiocraft").capabilities()
    assert not offer.available
    assert "manage.py up --engines" in offer.unavailable_reason


@needs("engines")
def test_without_weights_it_says_which_under_which_licence_and_where_to_put_them(models: Path) -> None:
    engine = registry.engine("audiocraft")
    offer = engine.capabilities()
    assert not offer.available
    for words in (
        "CC-BY-NC-4.0",
        "not for sale",
        "1.1 GB",
        "facebook/musicgen-small",
        f"{models}/musicgen-small",
    ):
        assert words in offer.unavailable_reason
    with pytest.raises(EngineUnavailable, match="not for sale"):
        engine.generate(REQUEST, lambda done, total: None)


@needs("engines")
def test_without_the_text_encoder_it_says_so(models: Path) -> None:
    put_model(models / "musicgen-small")
    offer = registry.engine("audiocraft").capabilities()
    assert not offer.available
    assert "hf download t5-base" in offer.unavailable_reason
    put_encoder(models / "hub")
    assert registry.engine("audiocraft").capabilities().available


def test_models_are_offered_the_smallest_first(models: Path) -> None:
    put_model(models / "musicgen-large", size=99)
    put_model(models / "musicgen-small", size=9)
    names = [checkpoint.name for checkpoint in weights.find_checkpoints(env(models))]
    assert names == ["musicgen-small", "musicgen-large"]


def test_half_a_download_and_other_models_are_not_offered(models: Path) -> None:
    (put_model(models / "musicgen-small") / "compression_state_dict.bin").unlink()
    put_model(models / "audiogen-medium")
    put_model(models / "magnet-small-10secs")
    (models / "musicgen-file").write_text("no folder")
    assert weights.find_checkpoints(env(models)) == []


def test_the_download_tools_cache_is_read_at_its_main_revision(models: Path) -> None:
    repository = models.parent / "cache" / "models--facebook--musicgen-medium"
    old, new = put_model(repository / "snapshots" / "old"), put_model(repository / "snapshots" / "new")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("old")
    found = weights.find_checkpoints(env(models))
    assert [(checkpoint.name, checkpoint.folder) for checkpoint in found] == [("musicgen-medium", old)]
    (repository / "refs" / "main").write_text("gone")
    assert weights.find_checkpoints(env(models))[0].folder in {old, new}
    own = put_model(models / "musicgen-medium")
    assert weights.find_checkpoints(env(models))[0].folder == own


def test_the_models_folder_is_beside_the_data_unless_it_is_named() -> None:
    assert weights.models_folder({"DEADWAX_DATA": "/data"}) == Path("/data/models")
    assert weights.models_folder({"DEADWAX_DATA": "/data", "DEADWAX_MODELS_DIR": "/m"}) == Path("/m")
    assert weights.models_folder({}) == ROOT / ".deadwax" / "models"


def test_an_incomplete_text_encoder_does_not_count(models: Path) -> None:
    snapshot = put_encoder(models.parent / "cache")
    assert weights.find_text_encoder(env(models)) == models.parent / "cache"
    (snapshot / "model.safetensors").unlink()
    assert weights.find_text_encoder(env(models)) is None


def test_weights_are_held_against_a_promised_checksum(models: Path) -> None:
    file = put_model(models / "musicgen-small") / "state_dict.bin"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert weights.checked_sha256(file) == digest
    (file.parent / "SHA256SUMS").write_text(f"{'0' * 64}  other.bin\n{digest} *state_dict.bin\n")
    assert weights.checked_sha256(file) == digest
    (file.parent / "SHA256SUMS").write_text(f"{'0' * 64}  state_dict.bin\n")
    with pytest.raises(weights.DigestMismatch, match="as promised"):
        weights.checked_sha256(file)


def test_the_caches_own_file_names_are_checksums_too(tmp_path: Path) -> None:
    blob = tmp_path / hashlib.sha256(b"right").hexdigest()
    blob.write_bytes(b"right")
    (tmp_path / "state_dict.bin").symlink_to(blob)
    assert weights.checked_sha256(tmp_path / "state_dict.bin") == blob.name
    blob.write_bytes(b"cut")
    with pytest.raises(weights.DigestMismatch):
        weights.checked_sha256(tmp_path / "state_dict.bin")
