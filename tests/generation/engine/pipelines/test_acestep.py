"""ACE-Step through the real pipeline and the real model process, on tiny random weights in the published format."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from generation.audio import loudness
from generation.engine import registry
from generation.engine.acestep import LANGUAGES, caption, metadata
from generation.engine.base import (
    BriefSpec,
    GenerationOutput,
    GenerationRequest,
    Kept,
    Progress,
    RequestRefused,
)
from tests.generation.engine.pipelines.conftest import given, tune
from tests.support import needs

pytestmark = [needs("engines"), pytest.mark.usefixtures("pipelines")]
BASE, TURBO = "ace-tiny-base", "ace-tiny-turbo"


class CancelledByUser(Exception):
    """As the worker raises it."""


def make(
    *seeds: int, progress: Progress = lambda done, total: None, **changes: Any
) -> list[GenerationOutput]:
    parameters = {"model": changes.pop("model", BASE), "steps": 2} | changes.pop("parameters", {})
    values: dict[str, Any] = {"mode": "text_to_music", "prompt": "warm pads", "duration_s": 5.0} | changes
    request = GenerationRequest(seeds=seeds, parameters=parameters, **values)
    takes = list(registry.engine("acestep").generate(request, progress))
    assert all(isinstance(take, GenerationOutput) for take in takes), takes
    return takes  # type: ignore[return-value]


def test_words_become_48_khz_stereo_exactly_as_long_as_asked() -> None:
    for seconds in (5.0, 5.013):
        (take,) = make(3, duration_s=seconds)
        assert take.audio.shape == (2, round(seconds * 48_000))
        assert take.sample_rate_hz == 48_000
        assert abs(20 * np.log10(np.abs(take.audio).max()) + 1.0) < 0.01, "-1 dBFS, as the pipeline has it"
        assert loudness.integrated_lufs(take.audio, 48_000) > -40
        assert not np.array_equal(take.audio[0], take.audio[1])


def test_a_seed_makes_the_same_bits_alone_again_and_among_others() -> None:
    first, second = make(1, 2)
    assert not np.array_equal(first.audio, second.audio)
    assert np.array_equal(make(2)[0].audio, second.audio)
    assert (first.facts["batch"], "batch_asked" in first.facts) == (1, False)


def test_made_as_one_batch_a_take_differs_by_rounding_only(monkeypatch: pytest.MonkeyPatch) -> None:
    (alone,) = make(2)
    monkeypatch.setenv("DEADWAX_ENGINE_BATCH", "3")
    takes = make(1, 2, 5, 8)
    assert [(take.index, take.seed, take.facts["batch"]) for take in takes] == [
        (0, 1, 3), (1, 2, 3), (2, 5, 3), (3, 8, 1),
    ]  # fmt: skip
    assert np.abs(takes[1].audio - alone.audio).max() < 1e-5


def test_lyrics_language_tempo_key_and_prompt_are_heard() -> None:
    brief = BriefSpec(tempo_bpm=90, key="D minor", metre="3/4")
    made = {
        "plain": make(4),
        "prompt": make(4, prompt="cold drums"),
        "brief": make(4, brief=brief),
        "unconditional": make(4, mode="unconditional", prompt=""),
        "song": make(4, mode="lyrics_to_song", lyrics="[verse]\nsing the night", language="en"),
        "other words": make(4, mode="lyrics_to_song", lyrics="[verse]\nlove the day", language="en"),
        "language": make(4, mode="lyrics_to_song", lyrics="[verse]\nsing the night", language="de"),
        "guidance": make(4, parameters={"guidance": 2.0}),
        "steps": make(4, parameters={"steps": 3}),
        "reference": make(4, mode="style_reference", inputs=(given("reference", 2.0),)),
    }
    assert len({takes[0].audio.tobytes() for takes in made.values()}) == len(made)
    assert made["song"][0].facts["language"] == "en"
    assert made["plain"][0].facts["language"] == "unknown"


def test_a_melody_is_followed_and_a_piece_is_turned_into_another() -> None:
    (near,) = make(1, mode="melody_guided", inputs=(given("melody", 3.0),), parameters={"strength": 0.0})
    (far,) = make(1, mode="melody_guided", inputs=(given("melody", 3.0),), parameters={"strength": 1.0})
    (other,) = make(1, mode="melody_guided", inputs=(given("melody", 2.0, rate=22_050, channels=1),))
    assert near.audio.shape == other.audio.shape == (2, 240_000)
    assert not np.array_equal(near.audio, far.audio)
    (turned,) = make(1, mode="audio_to_audio", duration_s=0.0, inputs=(given("source", 2.5),))
    assert turned.audio.shape == (2, 120_000), "as long as what was given"
    assert turned.facts["task"] == "cover"


def test_a_section_is_replaced_and_the_rest_is_the_source_bit_by_bit() -> None:
    source = tune(6.0)
    takes = make(
        1, 2, mode="section_replacement", duration_s=0.0, section_s=(2.0, 3.5), inputs=(given("source"),),
        parameters={"crossfade_ms": 50.0, "context_s": 1.5},
    )  # fmt: skip
    for take in takes:
        assert (take.audio.shape, take.sample_rate_hz) == (source.shape, 44_100)
        changed = np.flatnonzero((take.audio != source).any(axis=0))
        assert 1.94 * 44_100 <= changed[0] <= 2.0 * 44_100
        assert changed[-1] < 3.5 * 44_100
        assert len(changed) > 1.4 * 44_100
        assert take.kept == (
            Kept(role="source", from_ms=0, to_ms=1950, at_ms=0),
            Kept(role="source", from_ms=3500, to_ms=6000, at_ms=3500),
        )
        assert (take.facts["task"], take.facts["crossfade_ms"]) == ("repaint", 50)
    assert not np.array_equal(takes[0].audio, takes[1].audio)


@pytest.mark.parametrize("side", ["end", "start"])
def test_a_piece_is_made_longer_on_either_end(side: str) -> None:
    source = given("source", 3.0, rate=32_000, channels=1)
    (take,) = make(
        1, mode="continuation", duration_s=2.0, inputs=(source,), parameters={"side": side, "context_s": 2.0}
    )
    assert (take.audio.shape, take.sample_rate_hz) == ((2, 160_000), 32_000)
    (kept,) = take.kept
    assert kept.to_ms - kept.from_ms == 2960
    assert kept.at_ms == (0 if side == "end" else 2040)
    assert source.audio is not None
    held = source.audio[0, kept.from_ms * 32 : kept.to_ms * 32]
    assert np.array_equal(take.audio[0, kept.at_ms * 32 : (kept.at_ms + 2960) * 32], held)
    added = take.audio[:, 96_000:] if side == "end" else take.audio[:, :64_000]
    assert np.abs(added).max() > 0.01


def test_parts_are_added_completed_and_taken_out() -> None:
    ask: dict[str, Any] = {"mode": "parts", "duration_s": 0.0, "inputs": (given("source", 2.0),)}
    tasks = {}
    for how, targets in (("add", ("drums",)), ("complete", ("drums", "bass")), ("extract", ("bass",))):
        (take,) = make(1, targets=targets, parameters={"part": how}, **ask)
        assert take.audio.shape == (2, 96_000)
        tasks[str(take.facts["task"])] = take.audio.tobytes()
    assert set(tasks) == {"lego", "complete", "extract"}
    assert len(set(tasks.values())) == 3


def test_a_turbo_model_makes_eight_steps_without_guidance() -> None:
    told: list[tuple[int, int]] = []
    request = GenerationRequest(
        mode="text_to_music",
        prompt="warm",
        duration_s=5.0,
        seeds=(1,),
        parameters={"model": TURBO, "guidance": 9.0},
    )
    (take,) = registry.engine("acestep").generate(request, lambda done, total: told.append((done, total)))
    assert isinstance(take, GenerationOutput)
    assert (take.facts["steps"], take.facts["guidance_milli"]) == (8, 1000)
    assert told[-1] == (8, 8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": " "}, "write what it should sound like"),
        ({"duration_s": 4.0}, "5 to 600 seconds"),
        ({"prompt": "warm " * 300}, "reads 256 pieces of words"),
        ({"mode": "lyrics_to_song", "lyrics": "la " * 3000}, "reads 2048 pieces of words and the lyrics"),
        ({"mode": "lyrics_to_song", "lyrics": "la", "language": "tlh"}, "does not sing 'tlh'"),
        ({"mode": "parts", "inputs": (given("source"),)}, "Say which part"),
        ({"mode": "parts", "inputs": (given("source"),), "targets": ("bass", "drums")}, "one part at a time"),
        ({"mode": "parts", "inputs": (given("source"),), "targets": ("bass",), "model": TURBO}, "base models only"),
        ({"mode": "melody_guided", "inputs": (given("melody"),), "model": TURBO}, "another model: ace-tiny-base"),
        ({"mode": "section_replacement", "inputs": (given("source"),), "section_s": (5.0, 7.0)}, "after the end"),
        ({"negative_prompt": "drums"}, "reads no negative prompt"),
        ({"mode": "stem_separation"}, "does not offer"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_with_what_to_change(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        make(1, **change)


def test_cancelling_stops_at_once_and_the_next_take_is_as_if_nothing_had_been() -> None:
    (expected,) = make(4)
    host = registry.engine("acestep").host  # type: ignore[attr-defined]
    pid = host.pid
    seen: list[int] = []

    def cancel(done: int, total: int) -> None:
        seen.append(done)
        if done >= 2:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        make(4, 5, 6, duration_s=60.0, parameters={"steps": 60}, progress=cancel)
    assert max(seen) < 100
    assert host.pid == pid
    assert np.array_equal(make(4)[0].audio, expected.audio)


def test_the_facts_say_how_to_make_it_again(pipelines: Any) -> None:
    facts = make(7, parameters={"guidance": 2.5})[0].facts
    files = sorted(file for file in (pipelines / BASE).rglob("*") if file.is_file())
    lines = [
        (file.relative_to(pipelines / BASE).as_posix(), hashlib.sha256(file.read_bytes())) for file in files
    ]
    text = "".join(
        f"{digest.hexdigest()}  {path}\n" for path, digest in sorted(lines, key=lambda one: one[0])
    )
    expected = {
        "engine": "acestep", "model": BASE, "model_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "weights_trusted": 0, "seed": 7, "mode": "text_to_music", "task": "text2music", "steps": 2,
        "guidance_milli": 2500, "diffusers_version": "0.42.1", "batch": 1,
    }  # fmt: skip
    assert facts.items() >= expected.items()
    assert (facts["device"], facts["precision"]) in {("cpu", "float32"), ("cuda", "bfloat16")}
    assert len(facts) <= 40
    assert all(isinstance(value, str | int) for value in facts.values())
    assert "warm pads" not in str(dict(facts)), "the prompt belongs into the vault"


def test_the_brief_is_written_as_the_model_was_trained_to_read_it() -> None:
    brief = BriefSpec(
        genre="soul",
        mood="tender",
        instruments=("piano", "bass"),
        tempo_bpm=301.4,
        key="Bb dorian",
        metre="7/8",
    )
    request = GenerationRequest(mode="text_to_music", prompt="late", duration_s=5, seeds=(1,), brief=brief)
    assert caption(request) == "late, soul, tender, piano, bass"
    assert metadata(brief) == {"bpm": 300, "keyscale": "Bb minor"}
    assert metadata(BriefSpec(metre="6/8", tempo_bpm=90.0)) == {"bpm": 90, "timesignature": "6"}
    assert len(LANGUAGES) == 50


@needs("gpu")
def test_on_a_gpu_it_works_in_half_precision_as_one_batch() -> None:
    first, second = make(1, 2)
    assert (first.facts["device"], first.facts["precision"], first.facts["batch"]) == ("cuda", "bfloat16", 2)
    assert not np.array_equal(first.audio, second.audio)
