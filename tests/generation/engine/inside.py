"""What a model process does, looked at from inside, in one process: loading torch and audiocraft takes seconds.

Run as a program (`python -m tests.generation.engine.inside MODELS_FOLDER`): prints a JSON object that says of each
check below "ok" or how it failed. `test_audiocraft_inside.py` reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

CHECKS: dict[str, Callable[[Any], None]] = {}


def check(function: Callable[[Any], None]) -> Callable[[Any], None]:
    CHECKS[function.__name__] = function
    return function


def request(mode: str = "text_to_music", seeds: tuple[int, ...] = (1, 2), **changes: Any) -> Any:
    from generation.engine.base import GenerationRequest

    values: dict[str, Any] = {"prompt": "warm pads", "duration_s": 1.0} | changes
    return GenerationRequest(mode=mode, seeds=seeds, **values)


def job(asked: Any, model: str = "musicgen-tiny", *, batch: int = 0) -> dict[str, Any]:
    """As the adapter sends it, with what is given."""
    from generation.engine import audiocraft, audiocraft_models

    family = audiocraft_models.AUDIOGEN if model.startswith("audiogen") else audiocraft_models.MUSICGEN
    checkpoint = next(one for one in audiocraft_models.usable(family) if one.name == model)
    made = audiocraft.job(family, asked, checkpoint, (*audiocraft.SAMPLING, *audiocraft.SEAMS))
    return json.loads(json.dumps(made)) | {"inputs": asked.inputs, "batch": batch}


def nothing(done: int, total: int) -> None:
    pass


def made(runner: Any, asked: dict[str, Any], progress: Any = nothing, hear: Any = None) -> list[Any]:
    return [one for one in runner.run(asked, progress, hear) if one is not None]


def sound(seconds: float, rate: int, *, channels: int = 1, seed: int = 0) -> np.ndarray:
    """A tune of plain tones with a little noise."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 220 * 2 ** (np.floor(time * 4) % 5 / 12)
    noise = np.random.default_rng(seed).standard_normal((channels, len(time))) * 0.01
    return (0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / rate) + noise).astype(np.float32)


def given(role: str, seconds: float, rate: int, **more: Any) -> Any:
    from generation.engine.base import GivenInput

    return GivenInput(role=role, sha256="a" * 64, audio=sound(seconds, rate, **more), sample_rate_hz=rate)


@contextlib.contextmanager
def codes_of(runner: Any, asked: dict[str, Any]) -> Iterator[list[Any]]:
    """The codes that takes are decoded from."""
    list_of: list[Any] = []
    with contextlib.suppress(StopIteration):
        next(runner.run(asked, nothing))  # loads the model
    model = runner._loaded.model
    real = model.generate_audio

    def caught(tokens: Any) -> Any:
        list_of.append(tokens[0].clone())
        return real(tokens)

    model.generate_audio = caught
    try:
        yield list_of
    finally:
        model.generate_audio = real


def equal_to_audiocraft(runner: Any, asked: dict[str, Any], theirs: Callable[[Any], Any]) -> list[Any]:
    """Codes of our takes and of audiocraft's own function, drawn with the same noise. Returns the takes."""
    import torch

    from generation.engine.fast.decoder import Take
    from generation.engine.musicgen_fast import even_chance
    from tests.generation.engine.fast import references

    with codes_of(runner, asked) as ours:
        takes = made(runner, asked)
    loaded = runner._loaded
    known = ours[0].shape[-1] - round(takes_seconds(asked) * loaded.model.frame_rate)
    loaded.model.set_generation_params(
        duration=ours[0].shape[-1] / loaded.model.frame_rate, top_k=250, cfg_coef=3.0,
        **({"extend_stride": 2.0} if "audiogen" in asked["checkpoint"]["name"] else {}),
    )  # fmt: skip
    for seed, codes in zip(asked["seeds"], ours, strict=True):
        same = references.same_noise([Take(seed=seed, frames=1)], first_step=known + 1)
        with same, even_chance():
            expected = theirs(loaded.model)[1][0]
        assert codes.shape == expected.shape, (codes.shape, expected.shape)
        assert torch.equal(codes, expected)
        assert len(codes[:, known:].unique()) > 15
    return takes


def takes_seconds(asked: dict[str, Any]) -> float:
    from generation.engine.musicgen_given import seconds_of

    return seconds_of(asked)


@check
def continuation_is_what_audiocraft_goes_on_with(runner: Any) -> None:
    import torch

    source = given("source", 2.5, 32_000)
    asked = job(request("continuation", inputs=(source,), parameters={"context_s": 1.5}))
    context = torch.from_numpy(source.audio[:, -48_000:])
    takes = equal_to_audiocraft(
        runner,
        asked,
        lambda model: model.generate_continuation(context, 32_000, ["warm pads"], return_tokens=True),
    )
    for take in takes:
        assert take.audio.shape == (1, round(3.5 * 32_000)), take.audio.shape
        (kept,) = take.kept
        assert (kept.role, kept.from_ms, kept.at_ms) == ("source", 0, 0)
        assert 2400 <= kept.to_ms < 2500, kept
        until = kept.to_ms * 32
        assert np.array_equal(take.audio[:, :until], source.audio[:, :until])
        assert take.audio[:, 80_000:].std() > 1e-3
        assert take.facts["context_ms"] == 1500
        assert take.facts["source_sha256"] == "a" * 64
        assert "new_resampled_from_hz" not in take.facts
    assert not np.array_equal(takes[0].audio, takes[1].audio)


@check
def a_source_of_another_rate_and_two_channels_stays_as_it_is(runner: Any) -> None:
    source = given("source", 3.0, 44_100, channels=2)
    (take,) = made(runner, job(request("continuation", seeds=(7,), inputs=(source,))))
    assert take.sample_rate_hz == 44_100
    assert take.audio.shape == (2, 4 * 44_100), take.audio.shape
    until = take.kept[0].to_ms * 44_100 // 1000
    assert np.array_equal(take.audio[:, :until], source.audio[:, :until])
    assert take.facts["new_resampled_from_hz"] == 32_000
    assert np.abs(take.audio[:, 3 * 44_100 + 100 :]).max() > 1e-3


@check
def a_section_is_gone_on_to_from_what_lies_before_it(runner: Any) -> None:
    import torch

    source = given("source", 5.0, 32_000)
    asked = job(
        request(
            "section_replacement", inputs=(source,), section_s=(2.0, 3.5), duration_s=0.0,
            parameters={"context_s": 1.0, "crossfade_ms": 50.0},
        )
    )  # fmt: skip
    context = torch.from_numpy(source.audio[:, 32_000:64_000])
    takes = equal_to_audiocraft(
        runner,
        asked,
        lambda model: model.generate_continuation(context, 32_000, ["warm pads"], return_tokens=True),
    )
    for take in takes:
        assert take.audio.shape == source.audio.shape
        before, after = take.kept
        assert (before.from_ms, after.to_ms) == (0, 5000)
        assert 1900 <= before.to_ms <= 2000, before
        assert after.from_ms == after.at_ms == 3500, after
        for kept in take.kept:
            stretch = slice(kept.from_ms * 32, kept.to_ms * 32)
            assert np.array_equal(take.audio[:, stretch], source.audio[:, stretch])
        inner = slice(round(2.1 * 32_000), round(3.4 * 32_000))
        assert np.abs(take.audio[:, inner] - source.audio[:, inner]).max() > 0.01
        assert take.facts["context_heard"] == "before"
        assert isinstance(take.facts["gain_millibel"], int)


@check
def a_section_at_the_very_beginning_has_nothing_to_go_on_from(runner: Any) -> None:
    source = given("source", 3.0, 32_000)
    asked = job(request("section_replacement", seeds=(3,), inputs=(source,), section_s=(0.0, 1.0)))
    (take,) = made(runner, asked)
    assert take.facts["context_heard"] == "none"
    (kept,) = take.kept
    assert (kept.from_ms, kept.to_ms) == (1000, 3000)
    assert np.array_equal(take.audio[:, 32_000:], source.audio[:, 32_000:])


@check
def a_melody_is_followed_as_audiocraft_follows_it(runner: Any) -> None:
    import torch

    melody = given("melody", 2.0, 44_100, channels=2)
    asked = job(request("melody_guided", inputs=(melody,)), "musicgen-melody-tiny")
    takes = equal_to_audiocraft(
        runner,
        asked,
        lambda model: model.generate_with_chroma(
            ["warm pads"], torch.from_numpy(melody.audio), 44_100, return_tokens=True
        ),
    )
    assert [take.audio.shape for take in takes] == [(1, 32_000)] * 2
    assert takes[0].facts["melody_sha256"] == "a" * 64
    assert len(takes[0].facts["separator_sha256"]) == 64
    (other,) = made(runner, job(request(seeds=(1,)), "musicgen-melody-tiny"))
    assert not np.array_equal(other.audio, takes[0].audio), (
        "a melody model without a melody makes something else"
    )


@check
def a_separator_that_names_code_is_not_run(runner: Any) -> None:
    from safetensors.numpy import load_file, save_file

    from generation.engine.base import EngineUnavailable

    (file,) = Path(os.environ["HF_HUB_CACHE"]).glob("models--adefossez--HTDemucs/snapshots/*/*.safetensors")
    whole = file.read_bytes()
    runner._key = None  # loads again
    try:
        evil = {"klass": "subprocess.getoutput", "args": '["touch /tmp/ran"]', "kwargs": "{}"}
        save_file(load_file(file), file, metadata=evil)
        asked = request("melody_guided", inputs=(given("melody", 2.0, 32_000),))
        with pytest.raises(EngineUnavailable, match="could run code"):
            made(runner, job(asked, "musicgen-melody-tiny"))
    finally:
        file.write_bytes(whole)
    assert not Path("/tmp/ran").exists()


@check
def a_model_without_ears_for_melodies_is_refused_by_name(runner: Any) -> None:
    from generation.engine.base import RequestRefused

    asked = job(request("melody_guided", inputs=(given("melody", 2.0, 32_000),)))
    with pytest.raises(RequestRefused, match="follows no melody"):
        made(runner, asked)


@check
def sounds_are_what_audiogen_makes(runner: Any) -> None:
    asked = job(request("sound_effects", prompt="rain"), "audiogen-tiny")
    takes = equal_to_audiocraft(runner, asked, lambda model: model.generate(["rain"], return_tokens=True))
    assert [(take.audio.shape, take.sample_rate_hz) for take in takes] == [((1, 16_000), 16_000)] * 2
    assert takes[0].facts["text_encoder"] == "t5-large"
    assert takes[0].facts["decoder"] == "deadwax-fast"
    assert takes[0].facts["engine"] == "audiogen"


@check
def audiocrafts_own_loop_goes_on_too(runner: Any) -> None:
    source = given("source", 2.0, 32_000)
    asked = job(request("continuation", inputs=(source,)), "musicgen-flat")
    first, second = made(runner, asked)
    assert first.facts["decoder"] == "audiocraft"
    until = first.kept[0].to_ms * 32
    assert np.array_equal(first.audio[:, :until], source.audio[:, :until])
    assert first.audio.shape == (1, 96_000)
    assert not np.array_equal(first.audio, second.audio)


@check
def broken_and_silent_takes_cost_no_other(runner: Any) -> None:
    asked = job(request(seeds=(1, 2, 3, 4)))
    made(runner, asked)
    model = runner._loaded.model
    real, calls = model.generate_audio, []

    def trouble(tokens: Any) -> Any:
        calls.append(1)
        return real(tokens) * {2: float("nan"), 3: 0.0}.get(len(calls), 1.0)

    model.generate_audio = trouble
    try:
        takes = made(runner, asked)
    finally:
        model.generate_audio = real
    codes = [getattr(take, "code", "take") for take in takes]
    assert codes == ["take", "not_finite", "silent", "take"], codes
    assert [take.index for take in takes] == [0, 1, 2, 3]


@check
def memory_that_runs_out_means_fewer_at_a_time_and_the_same_takes(runner: Any) -> None:
    """Really: the process may have 200 MB more than it has, and 512 lanes need about 500."""
    import torch

    expected = made(runner, job(request(seeds=(1, 2, 3))))
    assert "batch_asked" not in expected[0].facts
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + 200_000_000, hard))
    try:
        takes = made(runner, job(request(seeds=(1, 2, 3)), batch=512))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    for take, other in zip(takes, expected, strict=True):
        assert take.facts["batch_asked"] == 512, take.facts
        assert take.facts["batch"] in {16, 32, 64, 128, 256}, take.facts
        assert np.array_equal(take.audio, other.audio)
    assert torch.zeros(1).item() == 0


@check
def memory_that_runs_out_in_the_middle_costs_time_and_nothing_else(runner: Any) -> None:
    import torch

    from generation.engine.fast.lanes import Lanes

    expected = made(runner, job(request(seeds=(1, 2, 3), duration_s=2.0)))
    real, steps = Lanes.advance, []

    def starved(lanes: Any) -> None:
        steps.append(1)
        if len(steps) in {70, 100}:
            raise torch.OutOfMemoryError("no room")
        real(lanes)

    told: list[int] = []
    heard: dict[int, list[Any]] = {}
    with mock.patch.object(Lanes, "advance", starved):
        takes = made(
            runner, job(request(seeds=(1, 2, 3), duration_s=2.0)), lambda done, total: told.append(done),
            lambda piece: heard.setdefault(piece.index, []).append(piece),
        )  # fmt: skip
    for index, (take, other) in enumerate(zip(takes, expected, strict=True)):
        assert np.array_equal(take.audio, other.audio)
        assert (take.facts["batch"], take.facts["batch_asked"]) == (1, 4), take.facts
        pieces = heard[index]
        assert [piece.start for piece in pieces] == [
            sum(one.audio.shape[1] for one in pieces[:at]) for at in range(len(pieces))
        ]
        whole = np.concatenate([piece.audio for piece in pieces], axis=1)
        assert np.abs(whole - take.audio).max() < 2e-6
    assert told == sorted(told), "progress never goes back"
    (again,) = made(runner, job(request(seeds=(1,), duration_s=2.0)))
    assert (again.facts["batch"], "batch_asked" in again.facts) == (4, False), "who comes later has all of it"


@check
def where_there_is_no_room_for_one_take_it_says_so_and_goes_on_later(runner: Any) -> None:
    import torch

    from generation.engine.base import EngineFailure
    from generation.engine.fast.lanes import Lanes

    starved = mock.patch.object(Lanes, "advance", side_effect=torch.OutOfMemoryError("no room"))
    with starved, pytest.raises(EngineFailure, match="even for one take") as caught:
        made(runner, job(request()))
    assert caught.value.code == "out_of_memory"
    assert len(made(runner, job(request()))) == 2


def together(runner: Any, asked: list[dict[str, Any]]) -> tuple[list[list[Any]], list[int]]:
    """Takes of each, turn by turn as the process gives them; and who was finished when."""
    found: list[list[Any]] = [[] for _ in asked]
    order = []
    turns = deque(enumerate(runner.run(one, nothing) for one in asked))
    while turns:
        number, turn = turns.popleft()
        for one in turn:
            if one is not None:
                found[number].append(one)
            turns.append((number, turn))
            break
        else:
            order.append(number)
    return found, order


@check
def requests_together_take_the_steps_of_one_and_get_the_takes_that_they_get_alone(runner: Any) -> None:
    from generation.engine.fast.lanes import Lanes

    source = given("source", 2.0, 32_000)
    asked = [
        job(request(seeds=(1,), duration_s=2.0)),
        job(request(seeds=(2,), prompt="cold drums", duration_s=1.5)),
        job(request("unconditional", seeds=(3,), prompt="")),
        job(request("continuation", seeds=(4,), inputs=(source,), parameters={"top_p": 0.8})),
    ]
    real, steps = Lanes.advance, []

    def counted(lanes: Any) -> None:
        steps.append(1)
        real(lanes)

    with mock.patch.object(Lanes, "advance", counted):
        alone = [made(runner, one) for one in asked]
        one_by_one = len(steps)
        steps.clear()
        beside, order = together(runner, asked)
    assert len(steps) <= 110 < 250 < one_by_one, (len(steps), one_by_one)
    assert order[-1] == 0, "the longest is the last"
    for ours, theirs in zip(beside, alone, strict=True):
        assert [take.seed for take in ours] == [take.seed for take in theirs]
        assert np.array_equal(ours[0].audio, theirs[0].audio)
        assert ours[0].facts == theirs[0].facts


@check
def one_who_asks_for_much_does_not_hold_up_one_who_asks_for_little(runner: Any) -> None:
    asked = [job(request(seeds=tuple(range(10, 22)))), job(request(seeds=(1,)))]
    (many, few), order = together(runner, asked)
    assert order == [1, 0]
    assert (len(many), len(few)) == (12, 1)
    assert [take.seed for take in many] == list(range(10, 22))


@check
def who_asks_for_another_model_has_their_turn_when_the_first_is_done(runner: Any) -> None:
    asked = [
        job(request(seeds=(1,))),
        job(request("sound_effects", seeds=(2,)), "audiogen-tiny"),
        job(request(seeds=(3,))),
    ]
    found, order = together(runner, asked)
    assert order == [0, 1, 2], "who came later does not overtake"
    assert [takes[0].facts["model"] for takes in found] == ["musicgen-tiny", "audiogen-tiny", "musicgen-tiny"]


@check
def one_who_leaves_makes_room_and_changes_nothing_for_the_others(runner: Any) -> None:
    class Left(Exception):
        pass

    def leave(done: int, total: int) -> None:
        if done >= 20:
            raise Left

    (expected,) = made(runner, job(request(seeds=(5,))))
    leaving = runner.run(job(request(seeds=(1, 2, 3))), leave)
    staying = runner.run(job(request(seeds=(5,))), nothing)
    kept = []
    try:
        while True:
            kept += [one for one in (next(staying),) if one is not None]
            next(leaving)
    except Left:
        pass
    kept += [one for one in staying if one is not None]
    assert np.array_equal(kept[0].audio, expected.audio)
    assert runner._loaded.fast.floor.idle


def main() -> None:
    folder = sys.argv[1]
    os.environ |= {"DEADWAX_MODELS_DIR": folder, "HF_HUB_CACHE": f"{folder}/hub", "OMP_NUM_THREADS": "1"}
    from generation.engine import audiocraft_models, musicgen

    os.environ |= audiocraft_models.environment(audiocraft_models.MUSICGEN)()
    wanted = sys.argv[2:]
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print what they like
    import torch

    torch.set_num_threads(1)
    runner = musicgen.runner()
    found = {}
    for name, function in CHECKS.items():
        if wanted and name not in wanted:
            continue
        try:
            function(runner)
            found[name] = "ok"
        except Exception:
            found[name] = traceback.format_exc()
    json.dump(found, told)


if __name__ == "__main__":
    main()
