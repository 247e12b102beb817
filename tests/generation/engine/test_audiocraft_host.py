"""The model process: warm, obedient, never in the worker's way, and gone when its worker is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engine import host as host_module
from generation.engine.base import (
    EngineFailure,
    EngineUnavailable,
    FailedTake,
    GenerationOutput,
    GivenInput,
    Kept,
    PartialAudio,
    RequestRefused,
)
from generation.engine.host import ModelHost
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[3]
RUNNERS = "tests.generation.engine.runners"


class CancelledByUser(Exception):
    pass


@pytest.fixture
def host() -> Iterator[ModelHost]:
    made = ModelHost(RUNNERS, environment=dict)
    yield made
    made.close()


@pytest.fixture
def sharing() -> Iterator[ModelHost]:
    made = ModelHost("tests.generation.engine.sharing_runners", environment=dict)
    yield made
    made.close()


def go(host: ModelHost, progress: Any = lambda done, total: None, **job: Any) -> list[GenerationOutput]:
    return list(host.run({"seeds": [1], "steps": 2} | job, progress, total=2))


def test_takes_come_through_sample_for_sample(host: ModelHost) -> None:
    told: list[tuple[int, int]] = []
    first, second = go(host, lambda done, total: told.append((done, total)), seeds=[7, 8])
    assert (first.index, first.seed, second.index, second.seed) == (0, 7, 1, 8)
    expected = np.random.default_rng(7).standard_normal((2, 1000)).astype(np.float32)
    assert np.array_equal(first.audio, expected)
    assert [(stem.role, stem.name) for stem in first.stems] == [("bass", "Bass"), ("pads", "Pads")]
    assert np.array_equal(first.stems[0].audio + first.stems[1].audio, expected)
    assert (first.midi, first.sample_rate_hz) == (b"MThd\0", 32_000)
    assert told[-1] == (4, 4)
    assert told == sorted(told)


class Ear:
    """Hears pieces, as slowly as it likes."""

    def __init__(self, scratch: Path, *, pause_s: float = 0) -> None:
        self.scratch, self._pause_s = scratch, pause_s
        self.pieces: dict[int, list[PartialAudio]] = {}

    def __call__(self, partial: PartialAudio) -> None:
        time.sleep(self._pause_s)
        self.pieces.setdefault(partial.index, []).append(partial)

    def heard(self, index: int) -> np.ndarray:
        pieces = self.pieces[index]
        assert [piece.start for piece in pieces] == [
            sum(p.audio.shape[1] for p in pieces[:n]) for n in range(len(pieces))
        ]
        return np.concatenate([piece.audio for piece in pieces], axis=1)


def test_takes_are_heard_on_the_way_whole_and_in_order_however_slow_the_listener(
    host: ModelHost, tmp_path: Path
) -> None:
    ear = Ear(tmp_path, pause_s=0.02)
    takes = list(host.run({"seeds": [7, 8], "steps": 1}, lambda done, total: None, total=2, listener=ear))
    for take in takes:
        assert np.array_equal(ear.heard(take.index), take.audio)
        assert {(piece.sample_rate_hz, piece.samples) for piece in ear.pieces[take.index]} == {(32_000, 1000)}
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_spooled_the_takes_are_made_all_the_same(
    host: ModelHost, tmp_path: Path
) -> None:
    ear = Ear(tmp_path / "missing")
    takes = list(host.run({"seeds": [7], "steps": 1}, lambda done, total: None, total=1, listener=ear))
    assert len(takes) == 1
    assert ear.pieces == {}


def test_the_process_stays_warm_between_requests(host: ModelHost) -> None:
    first, second = go(host)[0], go(host)[0]
    assert first.facts["pid"] == second.facts["pid"] == host.pid != os.getpid()
    assert (first.facts["requests"], second.facts["requests"]) == (1, 2)


def test_a_changed_environment_means_a_new_process() -> None:
    values = {"HF_HUB_CACHE": "/one"}
    host = ModelHost(RUNNERS, environment=lambda: values)
    first = go(host)[0].facts["pid"]
    values["HF_HUB_CACHE"] = "/two"
    assert go(host)[0].facts["pid"] != first
    host.close()


def test_the_workers_secrets_stay_with_the_worker(host: ModelHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADWAX_SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    assert go(host)[0].facts["secrets"] == ""


@pytest.mark.parametrize(
    ("trouble", "kind", "code", "words", "retryable"),
    [
        ("refused", RequestRefused, "prompt", "shorter prompt", False),
        ("unavailable", EngineUnavailable, "weights", "damaged", False),
        ("failure", EngineFailure, "out_of_memory", "No room", True),
        ("bug", EngineFailure, "engine_broke", r"ValueError: seven is not a chord\)\.", False),
    ],
)
def test_an_error_arrives_as_what_it_is_and_leaves_the_process_usable(
    host: ModelHost, trouble: str, kind: type[Exception], code: str, words: str, retryable: bool
) -> None:
    with pytest.raises(kind, match=words) as caught:
        go(host, trouble=trouble)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)  # type: ignore[attr-defined]
    pid = host.pid
    assert go(host)[0].facts["pid"] == pid


def test_a_killed_process_is_told_and_replaced(host: ModelHost) -> None:
    with pytest.raises(EngineFailure, match="was killed, most likely for want of memory") as caught:
        go(host, trouble="killed")
    assert caught.value.retryable
    assert host.pid is None
    assert len(go(host)) == 1


def test_cancelling_raises_the_callers_own_error_and_keeps_the_model_warm(host: ModelHost) -> None:
    pid = go(host)[0].facts["pid"]

    def cancel(done: int, total: int) -> None:
        if done >= 3:
            raise CancelledByUser

    begun = time.monotonic()
    with pytest.raises(CancelledByUser):
        go(host, cancel, steps=1000, step_s=0.01)
    assert time.monotonic() - begun < 2
    assert go(host)[0].facts["pid"] == pid


def test_what_does_not_hear_is_killed(host: ModelHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "STOP_GRACE_S", 0.5)
    calls = []

    def cancel(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) > 2:
            raise CancelledByUser

    begun = time.monotonic()
    with pytest.raises(CancelledByUser):
        go(host, cancel, trouble="deaf")
    assert time.monotonic() - begun < 5
    assert host.pid is None
    assert len(go(host)) == 1


def test_what_gives_no_sign_of_life_is_ended(host: ModelHost, monkeypatch: pytest.MonkeyPatch) -> None:
    go(host)  # a busy machine may take longer than that to start it
    monkeypatch.setattr(host_module, "SILENCE_LIMIT_S", 1.0)
    with pytest.raises(EngineFailure, match="no sign of life") as caught:
        go(host, trouble="deaf")
    assert caught.value.retryable
    assert host.pid is None


def test_leaving_takes_alone_stops_the_work(host: ModelHost) -> None:
    takes = host.run({"seeds": [1, 2, 3], "steps": 50, "step_s": 0.01}, lambda done, total: None, total=150)
    first = next(takes)
    takes.close()  # type: ignore[attr-defined]
    begun = time.monotonic()
    assert go(host)[0].facts["pid"] == first.facts["pid"]
    assert time.monotonic() - begun < 1


def test_a_second_request_at_the_same_time_waits_its_turn(host: ModelHost) -> None:
    takes = host.run({"seeds": [1, 2], "steps": 2}, lambda done, total: None, total=4)
    first = next(takes)
    other = go(host)[0]
    assert (other.facts["pid"], other.facts["requests"]) == (first.facts["pid"], 2)
    assert len(list(takes)) == 1


def test_who_waits_can_be_cancelled_and_costs_nobody_anything(host: ModelHost) -> None:
    long = host.run({"seeds": [1, 2], "steps": 40, "step_s": 0.02}, lambda done, total: None, total=80)
    pid = next(long).facts["pid"]
    calls = []

    def cancel(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) > 1:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        go(host, cancel)
    assert set(calls) == {0}, "it was never begun"
    assert [take.facts["pid"] for take in long] == [pid]


def test_requests_that_share_a_model_take_turns_each_with_takes_and_progress_of_its_own(
    sharing: ModelHost,
) -> None:
    told: dict[int, list[int]] = {1: [], 2: [], 3: []}
    made: dict[int, list[GenerationOutput]] = {}

    def ask(seed: int) -> None:
        job = {"seeds": [seed, seed + 10], "steps": 30, "step_s": 0.01}
        made[seed] = list(sharing.run(job, lambda done, total: told[seed].append(done), total=60))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, takes in made.items():
        assert [(take.index, take.seed) for take in takes] == [(0, seed), (1, seed + 10)]
        assert told[seed] == sorted(told[seed])
        assert told[seed][-1] == 60
    assert max(take.facts["open"] for takes in made.values() for take in takes) == 3, "together"


def test_the_process_outlives_the_thread_that_asked_first(host: ModelHost) -> None:
    pids = []
    first = threading.Thread(target=lambda: pids.append(go(host)[0].facts["pid"]))
    first.start()
    first.join()
    time.sleep(0.1)  # the kernel's signal, if it were to come
    assert go(host)[0].facts["pid"] == pids[0]


def test_a_process_that_dies_is_told_to_everybody_in_it(sharing: ModelHost) -> None:
    codes, at_work = [], [threading.Event(), threading.Event()]

    def ask(begun: threading.Event) -> None:
        try:
            job = {"seeds": [1], "steps": 1_000, "step_s": 0.02}
            list(sharing.run(job, lambda done, total: begun.set() if done else None, total=1))
        except EngineFailure as error:
            codes.append((error.code, error.retryable))

    threads = [threading.Thread(target=ask, args=(begun,)) for begun in at_work]
    for thread in threads:
        thread.start()
    assert all(begun.wait(30) for begun in at_work)
    assert sharing.pid is not None
    os.kill(sharing.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert codes == [("engine_died", True)] * 2
    assert len(go(sharing)) == 1


def test_one_who_leaves_a_shared_process_that_does_not_hear_leaves_it_to_the_others(
    sharing: ModelHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "STOP_GRACE_S", 0.2)
    kept = sharing.run({"seeds": [1, 2], "steps": 1}, lambda *at: None, total=2)
    next(kept)
    busy = sharing.run({"seeds": [1], "steps": 1, "step_s": 1.0}, lambda *at: None, total=1)
    leave = iter([None, CancelledByUser()])

    def cancel(done: int, total: int) -> None:
        error = next(leave)
        if error is not None:
            raise error

    gone = sharing.run({"seeds": [1], "steps": 9, "step_s": 1.0}, cancel, total=1)
    with pytest.raises(CancelledByUser):
        next(gone)
    pid = sharing.pid
    assert len(list(kept)) == 1
    assert len(list(busy)) == 1
    assert sharing.pid == pid


def test_what_a_request_is_given_arrives_and_what_is_kept_or_failed_comes_back(host: ModelHost) -> None:
    audio = np.random.default_rng(3).standard_normal((2, 500)).astype(np.float32)
    given = (
        GivenInput(role="source", sha256="a" * 64, audio=audio, sample_rate_hz=44_100),
        GivenInput(role="melody", sha256="b" * 64, notes=b"MThd\0\1"),
    )
    job = {"trouble": "echo", "seeds": [5, 6], "steps": 1}
    take, failed = host.run(job, lambda *at: None, total=1, inputs=given)
    assert isinstance(take, GenerationOutput)
    assert np.array_equal(take.audio, audio)
    assert (take.sample_rate_hz, take.midi) == (44_100, b"MThd\0\1")
    assert take.facts == {"source": "a" * 64, "melody": "b" * 64}
    assert take.kept == (Kept(role="source", from_ms=0, to_ms=11, at_ms=3),)
    assert failed == FailedTake(index=1, seed=6, code="silent", message="Nothing came.")


def test_an_idle_process_ends_and_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADWAX_ENGINE_IDLE_S", "0.3")
    host = ModelHost(RUNNERS, environment=dict)
    pid = go(host)[0].facts["pid"]
    wait_until(lambda: host.pid is None, what="the idle process's end")
    assert go(host)[0].facts["pid"] != pid
    host.close()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
@pytest.mark.parametrize("trouble", ["deaf", ""])
def test_the_process_dies_with_its_worker_even_at_work(trouble: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from generation.engine.host import ModelHost\n"
        f"host = ModelHost('{RUNNERS}', environment=dict)\n"
        "def told(done, total):\n"
        "    print(host.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"list(host.run({{'trouble': '{trouble}', 'seeds': [1], 'steps': 100, 'step_s': 1}}, told, total=1))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    wait_until(lambda: not _runs(pid), timeout_s=5, what="the model process's end")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
