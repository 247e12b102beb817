"""MusicGen through audiocraft's own loader, on tiny random weights in the published format: nothing is downloaded."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engine import fast, registry
from generation.engine.base import (
    AudibleEngine,
    EngineUnavailable,
    GenerationOutput,
    GenerationRequest,
    RequestRefused,
)
from tests.generation.engine.conftest import TINY_MODELS
from tests.generation.engine.made_once import ROOT
from tests.generation.engine.test_audiocraft_host import Ear
from tests.support import needs

pytestmark = needs("engines")

RATE_HZ = 32_000
STEPS_PER_S = 50


class CancelledByUser(Exception):
    pass


@pytest.fixture(autouse=True)
def models(tiny_models: Path) -> Path:
    return tiny_models


def nothing(done: int, total: int) -> None:
    pass


def make(
    *seeds: int, progress: Callable[[int, int], None] = nothing, model: str = "musicgen-tiny", **changes: Any
) -> list[GenerationOutput]:
    parameters = {"model": model, **changes.pop("parameters", {})}
    values = {"mode": "text_to_music", "prompt": "warm pads", "duration_s": 1.0} | changes
    request = GenerationRequest(seeds=seeds, parameters=parameters, **values)
    return list(registry.engine("audiocraft").generate(request, progress))


def test_it_is_offered_with_its_models() -> None:
    offer = registry.engine("audiocraft").capabilities()
    assert (offer.available, offer.unavailable_reason, offer.tool) == (True, "", "musicgen")
    choice = next(spec for spec in offer.parameters if spec.name == "model")
    assert set(choice.choices) == {name for name in TINY_MODELS if name.startswith("musicgen")}
    assert choice.default in choice.choices


def test_every_variation_is_the_take_that_its_seed_gives_alone() -> None:
    takes = make(11, 12, 13)
    assert [(take.index, take.seed) for take in takes] == [(0, 11), (1, 12), (2, 13)]
    for take in takes:
        assert take.audio.shape == (1, RATE_HZ)
        assert take.audio.dtype == np.float32
        assert take.sample_rate_hz == RATE_HZ
        assert 0.01 < take.audio.std() < 1
    assert len({take.audio.tobytes() for take in takes}) == 3
    assert np.array_equal(make(12)[0].audio, takes[1].audio)
    assert np.array_equal(make(13, 11)[1].audio, takes[0].audio)


def test_takes_are_heard_while_they_are_made_and_are_no_other_takes_for_it(tmp_path: Path) -> None:
    """Tolerance: 2e-6 of full scale, the rounding of sound that is decoded in pieces."""
    ear = Ear(tmp_path)
    done_when_heard: list[int] = []
    request = GenerationRequest(
        mode="text_to_music", prompt="warm pads", duration_s=2.5, seeds=(11, 12),
        parameters={"model": "musicgen-tiny"},
    )  # fmt: skip
    engine = registry.engine("audiocraft")
    assert isinstance(engine, AudibleEngine)
    takes = []
    for take in engine.generate_audibly(request, nothing, ear):
        done_when_heard.append(len(ear.pieces[take.index]))
        takes.append(take)
    alone = make(11, 12, duration_s=2.5)
    for take, other in zip(takes, alone, strict=True):
        assert np.array_equal(take.audio, other.audio)
        heard = ear.heard(take.index)
        assert heard.shape == take.audio.shape
        assert np.abs(heard - take.audio).max() < 2e-6
        assert len(ear.pieces[take.index]) == 3


def test_the_worker_itself_loads_no_torch() -> None:
    """Asking, handing over and taking back, all but what happens in the model's own process."""
    code = (
        "import sys; from generation.engine import registry; from generation.engine.base import GenerationRequest;"
        "from generation.engine.host import ModelHost;"
        "asked = GenerationRequest(mode='unconditional', prompt='', duration_s=1.0, seeds=(1,));"
        "engine = registry.engine('audiocraft');"
        "engine._host = ModelHost('tests.generation.engine.runners', environment=dict);"
        "assert len(list(engine.generate(asked, lambda *at: None))) == 1;"
        "engine.host.close(); bad = {'torch', 'audiocraft', 'transformers'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_takes_are_made_as_one_batch_by_the_fast_decoder() -> None:
    takes = make(1, 2, 3)
    for take in takes:
        assert (take.facts["decoder"], take.facts["decoder_version"]) == (fast.NAME, fast.VERSION)
        assert (take.facts["decoder_row_block"], "decoder_reason" in take.facts) in {(8, False), (64, False)}


def test_more_takes_than_fit_at_once_come_in_the_order_of_their_seeds() -> None:
    takes = make(*range(20, 29))
    assert [(take.index, take.seed) for take in takes] == list(enumerate(range(20, 29)))
    assert np.array_equal(make(27)[0].audio, takes[7].audio)


def test_a_model_that_the_fast_decoder_does_not_know_is_made_by_audiocrafts_own_loop() -> None:
    """A pattern without delays in its first frames: audiocraft can, and the facts say why ours did not."""
    first, second = make(5, 6, model="musicgen-flat")
    assert first.facts["decoder"] == "audiocraft"
    assert "orders its codebooks" in str(first.facts["decoder_reason"])
    assert np.array_equal(make(6, model="musicgen-flat")[0].audio, second.audio)
    assert not np.array_equal(first.audio, second.audio)
    assert make(5)[0].facts["decoder"] == fast.NAME


def test_prompt_mode_and_parameters_change_what_comes_out() -> None:
    made = {
        "text": make(3),
        "other text": make(3, prompt="cold drums"),
        "no text": make(3, mode="unconditional", prompt=""),
        "guidance": make(3, parameters={"guidance": 1.0}),
        "temperature": make(3, parameters={"temperature": 0.5}),
        "top k": make(3, parameters={"top_k": 5}),
        "top p": make(3, parameters={"top_p": 0.3}),
    }
    assert len({takes[0].audio.tobytes() for takes in made.values()}) == len(made)


@pytest.mark.parametrize(
    ("duration_s", "samples"),
    [(1.0, 32_000), (1.013, 32_416), (2.3, 73_600), (19.0, 608_000), (20.5, 656_000)],
    ids=["one second", "between two frames", "inexact in binary", "the whole window", "beyond the window"],
)
def test_a_take_is_exactly_as_long_as_asked(duration_s: float, samples: int) -> None:
    told: list[tuple[int, int]] = []
    take = make(2, duration_s=duration_s, progress=lambda done, total: told.append((done, total)))[0]
    assert take.audio.shape == (1, samples)
    done, total = told[-1]
    assert done == total
    assert abs(total - duration_s * STEPS_PER_S) <= 2
    assert told == sorted(told)


def test_the_facts_say_how_to_make_it_again(models: Path) -> None:
    facts = make(7, parameters={"guidance": 2.5, "top_k": 100})[0].facts
    digest = hashlib.sha256((models / "musicgen-tiny" / "state_dict.bin").read_bytes()).hexdigest()
    codec = hashlib.sha256((models / "musicgen-tiny" / "compression_state_dict.bin").read_bytes()).hexdigest()
    expected = {
        "engine": "audiocraft", "engine_version": "1.3.0", "model": "musicgen-tiny", "weights_sha256": digest,
        "codec_sha256": codec, "weights_licence": "CC-BY-NC-4.0", "weights_trusted": 0, "seed": 7,
        "mode": "text_to_music", "guidance_milli": 2500, "temperature_milli": 1000, "top_k": 100, "top_p_milli": 0,
        "text_encoder": "t5-base", "decoder": "deadwax-fast",
    }  # fmt: skip
    assert facts.items() >= expected.items()
    assert (facts["device"], facts["precision"]) in {("cpu", "float32"), ("cuda", "float16")}
    assert all(
        str(facts[f"{name}_version"])[0].isdigit() for name in ("torch", "transformers", "numpy", "python")
    )
    assert len(facts) <= 40
    assert all(isinstance(value, str | int) for value in facts.values())
    assert "warm pads" not in json.dumps(dict(facts)), "the prompt belongs into the vault"


def test_cancelling_stops_within_a_moment_and_the_next_take_is_as_if_nothing_had_been() -> None:
    expected = make(4)[0]
    host = registry.engine("audiocraft").host  # type: ignore[attr-defined]
    pid = host.pid
    seen = []

    def cancel(done: int, total: int) -> None:
        seen.append(done)
        if done >= 20:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        make(4, 5, duration_s=18, progress=cancel)
    assert max(seen) < 18 * STEPS_PER_S
    assert host.pid == pid
    assert np.array_equal(make(4)[0].audio, expected.audio)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": "  "}, "write one"),
        ({"duration_s": 0.5}, "1 to 120 seconds"),
        ({"duration_s": 300}, "1 to 120 seconds"),
        ({"mode": "melody"}, "text_to_music, unconditional"),
        ({"model": "musicgen-../../etc"}, "one of: musicgen-"),
        ({"parameters": {"guidance": 99}}, "from 0 to 10"),
        ({"parameters": {"top_k": 2.5}}, "a whole number"),
        ({"parameters": {"top_k": 257}}, "at most 256 for this model"),
    ],
)
def test_what_it_cannot_do_is_refused_with_what_to_change(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        make(1, **change)


def test_weights_that_hold_code_are_refused_until_they_are_trusted_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(EngineUnavailable, match="add musicgen-code to DEADWAX_TRUSTED_MODELS"):
        make(1, model="musicgen-code")
    monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", "musicgen-other, musicgen-tiny")
    with pytest.raises(EngineUnavailable, match="could run code"):
        make(1, model="musicgen-code")
    monkeypatch.setenv("DEADWAX_TRUSTED_MODELS", "musicgen-other, musicgen-code")
    assert make(1, model="musicgen-code")[0].facts["weights_trusted"] == 1


def test_another_models_weights_under_this_name_are_refused() -> None:
    with pytest.raises(EngineUnavailable, match="not MusicGen"):
        make(1, model="musicgen-foreign")
    assert len(make(1)) == 1


def test_damaged_weights_are_told_and_do_not_stay_in_memory(models: Path) -> None:
    folder = models / "musicgen-damaged"
    shutil.copytree(models / "musicgen-tiny", folder)
    file = folder / "state_dict.bin"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(EngineUnavailable, match="Download them again"):
            make(1, model="musicgen-damaged")
        file.write_bytes(whole)
        (folder / "SHA256SUMS").write_text(f"{'0' * 64}  state_dict.bin\n")
        with pytest.raises(EngineUnavailable, match="as promised"):
            make(1, model="musicgen-damaged")
        (folder / "SHA256SUMS").unlink()
        assert np.array_equal(make(1, model="musicgen-damaged")[0].audio, make(1)[0].audio)
    finally:
        shutil.rmtree(folder)


@needs("gpu")
def test_on_a_gpu_it_works_in_half_precision_and_seeds_still_hold() -> None:
    first, second = make(1, 2)
    assert (first.facts["device"], first.facts["precision"]) == ("cuda", "float16")
    assert np.array_equal(make(2)[0].audio, second.audio)
    assert not np.array_equal(first.audio, second.audio)
