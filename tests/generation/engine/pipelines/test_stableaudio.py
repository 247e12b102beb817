"""Stable Audio through its real pipelines and a real model process, on tiny random weights in the published format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from generation.engine import registry
from generation.engine.base import (
    BriefSpec,
    GenerationOutput,
    GenerationRequest,
    Kept,
    Progress,
    RequestRefused,
)
from generation.engine.stableaudio import description
from tests.generation.engine.pipelines.conftest import given, tune
from tests.support import needs

pytestmark = [needs("engines"), pytest.mark.usefixtures("pipelines")]
OPEN, THREE, THREE_BASE = "sao-tiny", "sa3-tiny", "sa3-tiny-base"


class CancelledByUser(Exception):
    """As the worker raises it."""


def make(
    *seeds: int, progress: Progress = lambda done, total: None, **changes: Any
) -> list[GenerationOutput]:
    parameters = {"model": changes.pop("model", THREE), "steps": 2} | changes.pop("parameters", {})
    values: dict[str, Any] = {"mode": "text_to_music", "prompt": "warm pads", "duration_s": 2.0} | changes
    request = GenerationRequest(seeds=seeds, parameters=parameters, **values)
    takes = list(registry.engine("stable-audio").generate(request, progress))
    assert all(isinstance(take, GenerationOutput) for take in takes), takes
    return takes  # type: ignore[return-value]


@pytest.mark.parametrize("model", [OPEN, THREE, THREE_BASE])
def test_words_become_stereo_of_the_models_rate_the_same_bits_for_the_same_seed(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(1, 2, model=model)
    for take in (first, second):
        assert (take.audio.shape, take.sample_rate_hz) == ((2, 88_200), 44_100)
        assert 0.01 < np.abs(take.audio).max() <= 1.0
    assert not np.array_equal(first.audio, second.audio)
    assert np.array_equal(make(2, model=model)[0].audio, second.audio)
    monkeypatch.setenv("DEADWAX_ENGINE_BATCH", "2")
    together = make(2, 1, model=model)[0]
    assert together.facts["batch"] == 2
    assert np.abs(together.audio - second.audio).max() < 1e-5


def test_prompt_guidance_and_what_to_avoid_are_heard() -> None:
    made = {
        "plain": make(3, model=OPEN),
        "other": make(3, model=OPEN, prompt="cold drums"),
        "avoid": make(3, model=OPEN, negative_prompt="drums"),
        "guidance": make(3, model=OPEN, parameters={"guidance": 2.0}),
        "sound": make(3, model=OPEN, mode="sound_effects", prompt="slow day"),
        "nothing": make(3, model=OPEN, mode="unconditional", prompt=""),
        "three": make(3, model=THREE_BASE),
        "three avoids": make(3, model=THREE_BASE, negative_prompt="drums"),
        "three distilled": make(3),
    }
    assert len({takes[0].audio.tobytes() for takes in made.values()}) == len(made)
    assert made["plain"][0].facts["guidance_milli"] == 7000
    assert made["three distilled"][0].facts["guidance_milli"] == 1000


@pytest.mark.parametrize("model", [OPEN, THREE])
def test_a_sound_is_turned_into_another_and_a_little_stays_near(model: str) -> None:
    ask: dict[str, Any] = {
        "mode": "audio_to_audio", "duration_s": 0.0, "inputs": (given("source", 2.0, rate=48_000),), "model": model,
    }  # fmt: skip
    (near,) = make(1, parameters={"strength": 0.05}, **ask)
    (far,) = make(1, parameters={"strength": 1.0}, **ask)
    (words,) = make(1, model=model)
    assert near.audio.shape == far.audio.shape == (2, 88_200)
    assert not np.array_equal(near.audio, far.audio)
    assert not np.array_equal(near.audio, words.audio)
    assert near.facts["strength_milli"] == 50
    (again,) = make(1, parameters={"strength": 0.05}, **ask)
    assert np.array_equal(again.audio, near.audio)


def test_a_section_is_replaced_and_the_rest_is_the_source_bit_by_bit() -> None:
    source = tune(6.0)
    (take,) = make(
        1, mode="section_replacement", duration_s=0.0, section_s=(2.0, 3.5), inputs=(given("source"),),
        parameters={"crossfade_ms": 50.0},
    )  # fmt: skip
    changed = np.flatnonzero((take.audio != source).any(axis=0))
    assert 1.94 * 44_100 <= changed[0] <= 2.0 * 44_100
    assert changed[-1] < 3.5 * 44_100
    assert len(changed) > 1.4 * 44_100
    assert take.kept == (
        Kept(role="source", from_ms=0, to_ms=1950, at_ms=0),
        Kept(role="source", from_ms=3500, to_ms=6000, at_ms=3500),
    )


def test_progress_counts_steps_and_cancelling_leaves_the_model_as_it_was() -> None:
    told: list[tuple[int, int]] = []
    (expected,) = make(4, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    assert told == sorted(told)
    host = registry.engine("stable-audio").host  # type: ignore[attr-defined]
    pid = host.pid

    def cancel(done: int, total: int) -> None:
        if done >= 2:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        make(4, 5, duration_s=60.0, parameters={"steps": 200}, progress=cancel)
    assert host.pid == pid
    assert np.array_equal(make(4)[0].audio, expected.audio)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": " "}, "write what it should sound like"),
        ({"duration_s": 25.0, "model": OPEN}, "sao-tiny makes 3 seconds at most"),
        ({"duration_s": 900.0}, "1 to 380 seconds"),
        ({"prompt": "warm " * 300}, "reads 256 pieces of words and the prompt has 300"),
        ({"negative_prompt": "drums"}, "sa3-tiny does not read here what to avoid"),
        (
            {"mode": "section_replacement", "inputs": (given("source"),), "section_s": (1.0, 2.0), "model": OPEN},
            "Stable Audio 3 only. Choose another model: sa3-tiny",
        ),
        ({"mode": "audio_to_audio", "inputs": (given("source"),), "model": OPEN}, "3 seconds at most; this is 6.0"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_with_what_to_change(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        make(1, **change)


def test_each_model_has_the_terms_of_its_kind() -> None:
    models = {model.name: model for model in registry.engine("stable-audio").capabilities().models}
    assert (models[OPEN].tool, models[THREE].tool) == ("stable-audio-open", "stable-audio-3")
    assert "USD 1M" in models[THREE].licence


def test_the_brief_is_read_beside_the_prompt() -> None:
    brief = BriefSpec(genre="soul", instruments=("piano",), tempo_bpm=92.5, key="D minor", avoid=("drums",))
    request = GenerationRequest(mode="text_to_music", prompt="", duration_s=2, seeds=(1,), brief=brief)
    assert description(request) == "soul, piano, D minor, 92.5 BPM"
    with_brief = make(3, model=OPEN, brief=brief)[0]
    assert not np.array_equal(with_brief.audio, make(3, model=OPEN)[0].audio)
