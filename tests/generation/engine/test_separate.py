"""Recordings taken apart: by the real loaders of tiny models in a real model process, and without any weights."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.engine import registry
from generation.engine.base import (
    EngineUnavailable,
    GenerationOutput,
    GenerationRequest,
    GivenInput,
    RequestRefused,
)
from generation.engine.separate import WITHOUT_WEIGHTS, Stems
from tests.generation.audio.signals import noise, sine
from tests.support import needs

ROOT = Path(__file__).resolve().parents[3]
RATE = 44_100
Sound = NDArray[np.float32]


def recording(seconds: float = 3.0, *, rate: int = RATE, channels: int = 2) -> Sound:
    """A tone with noise, on the grid of 24 bits."""
    sound = sine(-12, seconds, rate=rate, channels=channels) + noise(
        seconds, rate=rate, channels=channels, level=0.05
    )
    return (np.rint(sound * 2**23) / 2**23).astype(np.float32)


def request(
    sound: Sound, *, rate: int = RATE, targets: tuple[str, ...] = (), **parameters: object
) -> GenerationRequest:
    given = GivenInput(role="source", sha256="0" * 64, audio=sound, sample_rate_hz=rate)
    return GenerationRequest(
        mode="stem_separation", prompt="", duration_s=0, seeds=(7,), inputs=(given,), targets=targets,
        parameters=parameters,  # type: ignore[arg-type]
    )  # fmt: skip


def made(engine: Stems, asked: GenerationRequest) -> GenerationOutput:
    (output,) = engine.generate(asked, lambda done, total: None)
    assert isinstance(output, GenerationOutput)
    return output


def total(output: GenerationOutput) -> Sound:
    out = np.zeros_like(output.audio)
    for stem in output.stems:
        out += stem.audio
    return out


@pytest.fixture(scope="module")
def made_separators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("separators")
    command = [sys.executable, "-m", "tests.generation.engine.tiny_demucs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def engine() -> Iterator[Stems]:
    found = Stems()
    yield found
    found.host.close()


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path / "models"


@pytest.fixture
def models(made_separators: Path, no_weights: Path) -> Path:
    """Whole ones only; a test adds the damaged one that it is about."""
    no_weights.mkdir()
    for name in ("htdemucs", "htdemucs_6s", "htdemucs_th"):
        (no_weights / name).symlink_to(made_separators / name)
    return no_weights


def test_without_weights_it_offers_harmonic_and_percussive_and_says_what_stems_would_take(
    no_weights: Path,
) -> None:
    capabilities = registry.engine("stems").capabilities()
    assert capabilities.available
    assert capabilities.tool == "librosa"
    present = [model.name for model in capabilities.models if model.present]
    assert present == [WITHOUT_WEIGHTS]
    absent = {model.name: model for model in capabilities.models if not model.present}
    assert set(absent) == {"htdemucs", "htdemucs_ft", "htdemucs_6s"}
    assert all(model.tool == "htdemucs" and model.reason for model in absent.values())
    mode = capabilities.mode("stem_separation")
    assert mode is not None
    assert mode.targets == ()


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (8_000, 1)])
def test_without_weights_the_parts_sum_to_the_recording_bit_by_bit(
    no_weights: Path, engine: Stems, rate: int, channels: int
) -> None:
    sound = recording(rate=rate, channels=channels)
    output = made(engine, request(sound, rate=rate))
    assert np.array_equal(output.audio, sound)
    assert np.array_equal(total(output), sound)
    assert [stem.name for stem in output.stems] == ["Percussive part", "Harmonic part"]
    assert len({stem.role for stem in output.stems}) == 2
    assert output.facts["model"] == WITHOUT_WEIGHTS
    assert output.sample_rate_hz == rate


def test_without_weights_no_part_can_be_asked_for_by_name(no_weights: Path, engine: Stems) -> None:
    with pytest.raises(RequestRefused):
        made(engine, request(recording(), targets=("drums",)))


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros((2, RATE), np.float32), "no sound"),
        (np.zeros((2, 1), np.float32), "seconds long"),
        (np.full((2, RATE), np.nan, np.float32), "no sound"),
        (np.ones((3, RATE), np.float32), "one or two channels"),
    ],
    ids=["silence", "one sample", "NaN", "three channels"],
)
def test_what_cannot_be_taken_apart_is_refused_with_a_sentence(
    no_weights: Path, engine: Stems, sound: Sound, said: str
) -> None:
    with pytest.raises(RequestRefused, match=said):
        made(engine, request(sound))


def test_a_request_that_is_not_wanted_any_more_ends(no_weights: Path, engine: Stems) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        list(engine.generate(request(recording()), stop))


@needs("engines")
class TestDemucs:
    def test_stems_by_the_published_loader_sum_to_the_recording_bit_by_bit(
        self, models: Path, engine: Stems
    ) -> None:
        sound = recording(5.0)
        steps: list[tuple[int, int]] = []
        asked = request(sound)
        (output,) = engine.generate(asked, lambda done, of: steps.append((done, of)))
        assert isinstance(output, GenerationOutput)
        assert np.array_equal(total(output), output.audio)
        if output.facts["gain_millibel"] == 0:
            assert np.array_equal(output.audio, sound)
        assert {stem.role: stem.name for stem in output.stems} == {
            "lead_vocal": "Vocals", "drums": "Drums", "bass": "Bass", "other": "Other",
        }  # fmt: skip
        assert all(np.abs(stem.audio).max() > 0 for stem in output.stems)
        assert steps[-1] == (4, 4)
        facts = output.facts
        assert facts["model"] == "htdemucs"
        assert len(str(facts["model_sha256"])) == 64
        assert {"torch_version", "demucs_version", "device", "precision", "threads"} <= set(facts)
        again = made(engine, asked)
        assert all(np.array_equal(a.audio, b.audio) for a, b in zip(output.stems, again.stems, strict=True))
        assert engine.host.pid is not None

    def test_six_parts_and_only_those_asked_for(self, models: Path, engine: Stems) -> None:
        capabilities = engine.capabilities()
        mode = capabilities.mode("stem_separation")
        assert mode is not None
        assert mode.targets == ("lead_vocal", "drums", "bass", "guitar", "keys")
        assert capabilities.tool == "htdemucs"
        output = made(
            engine,
            request(
                recording(rate=8_000, channels=1), rate=8_000, model="htdemucs_6s", targets=("guitar", "keys")
            ),
        )
        assert [stem.name for stem in output.stems] == ["Guitar", "Piano", "Everything else"]
        assert np.array_equal(total(output), output.audio)
        assert output.audio.shape == (1, 24_000)
        with pytest.raises(RequestRefused, match="guitar"):
            made(engine, request(recording(), model="htdemucs", targets=("guitar",)))

    def test_the_first_format_is_read_as_numbers_and_passes_are_seeded(
        self, models: Path, engine: Stems
    ) -> None:
        asked = request(recording(), model="htdemucs_th", passes=2)
        one, other = made(engine, asked), made(engine, asked)
        assert one.facts["weights_trusted"] == 0
        assert np.array_equal(one.stems[0].audio, other.stems[0].audio)

    def test_what_is_missing_names_the_download(self, no_weights: Path, engine: Stems) -> None:
        model = next(one for one in engine.capabilities().models if one.name == "htdemucs")
        assert "adefossez/HTDemucs" in model.reason
        assert str(no_weights / "htdemucs") in model.reason
        assert "MIT" in model.reason

    @pytest.mark.parametrize("name", ["htdemucs_code", "htdemucs_foreign"])
    def test_weights_that_hold_code_need_trust(
        self, made_separators: Path, models: Path, engine: Stems, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (models / name).symlink_to(made_separators / name)
        with pytest.raises(EngineUnavailable) as caught:
            made(engine, request(recording(), model=name))
        assert caught.value.code == "weights_hold_code"
        if name == "htdemucs_code":
            monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", name)
            assert made(engine, request(recording(), model=name)).facts["weights_trusted"] == 1

    def test_weights_cut_in_half_are_shown_with_what_to_do_or_refused_when_loaded(
        self, made_separators: Path, models: Path, engine: Stems
    ) -> None:
        cut = models / "htdemucs_6s"
        cut.unlink()
        shutil.copytree(made_separators / "htdemucs_6s", cut)
        file = next(cut.glob("*.safetensors"))
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        model = next(one for one in engine.capabilities().models if one.name == "htdemucs_6s")
        assert not model.present
        assert "bytes and not" in model.reason

        pickled = models / "htdemucs_cut"
        shutil.copytree(made_separators / "htdemucs_th", pickled)
        file = sorted(pickled.glob("*.th"))[0]
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with pytest.raises(EngineUnavailable) as caught:
            made(engine, request(recording(), model="htdemucs_cut"))
        assert caught.value.code == "weights_broken"
        assert "checksum" in caught.value.message

    def test_a_digest_that_is_not_the_pinned_one_is_refused(
        self, made_separators: Path, models: Path, engine: Stems
    ) -> None:
        pinned = models / "htdemucs_pinned"
        shutil.copytree(made_separators / "htdemucs", pinned)
        (pinned / "SHA256SUMS").write_text("0" * 64 + "  abcd1234.safetensors\n")
        with pytest.raises(EngineUnavailable, match="SHA-256"):
            made(engine, request(recording(), model="htdemucs_pinned"))

    def test_other_shapes_than_the_model_has_are_refused(
        self, made_separators: Path, models: Path, engine: Stems
    ) -> None:
        other = models / "htdemucs_shapes"
        shutil.copytree(made_separators / "htdemucs", other)
        file = other / "abcd1234.safetensors"
        file.write_bytes(file.read_bytes().replace(b'\\"t_layers\\": 1', b'\\"t_layers\\": 3', 1))
        with pytest.raises(EngineUnavailable) as caught:
            made(engine, request(recording(), model="htdemucs_shapes"))
        assert caught.value.code == "weights_broken"
