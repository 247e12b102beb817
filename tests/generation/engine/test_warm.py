"""Warm model processes and the memory they share: who ends for whom, who never does, what is left after a crash."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.engine import warm
from generation.engine.base import EngineFailure
from generation.engine.host import ModelHost
from tests.support import wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
MODULE = "tests.generation.engine.runners"


@pytest.fixture(autouse=True)
def _own_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEADWAX_DATA", str(tmp_path))
    monkeypatch.setenv("DEADWAX_DEVICE", "cpu")
    monkeypatch.setenv("DEADWAX_ENGINE_MEMORY_MB", "100000")


@pytest.fixture
def hosts() -> Iterator[list[ModelHost]]:
    made = [ModelHost(MODULE, environment=dict) for _ in range(3)]
    yield made
    for host in made:
        host.close()


def run(host: ModelHost, *, steps: int = 1, memory_mb: int = 0) -> int:
    """One request; the process that made it."""
    job = {"seeds": [1], "steps": steps, "memory_mb": memory_mb}
    assert len(list(host.run(job, lambda done, total: None, total=1, memory_mb=memory_mb))) == 1
    assert host.pid is not None
    return host.pid


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_knows_who_is_warm_and_what_they_hold(hosts: list[ModelHost]) -> None:
    first, second = run(hosts[0]), run(hosts[1])
    found = warm.held()
    assert [(one.pid, one.module, one.busy) for one in found] == [
        (first, MODULE, False),
        (second, MODULE, False),
    ]
    assert all(5 < one.memory_mb < 2_000 for one in found), "what the system says that they hold"
    run(hosts[0])
    assert [one.pid for one in warm.held()] == [second, first], "the one used last is at the end"


def test_the_least_used_end_until_another_fits(
    hosts: list[ModelHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = run(hosts[0]), run(hosts[1])
    run(hosts[0])
    each = max(one.memory_mb for one in warm.held())
    monkeypatch.setenv("DEADWAX_ENGINE_MEMORY_MB", str(1000 + each + each // 2))
    third = run(hosts[2], memory_mb=1000)
    assert (alive(first), alive(second), alive(third)) == (True, False, True)
    assert {one.pid for one in warm.held()} == {first, third}
    again = run(hosts[1], memory_mb=1)
    assert again != second, "who was ended starts again when it is asked"


def test_who_works_is_never_ended(hosts: list[ModelHost], monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"seeds": [1, 2], "steps": 2, "step_s": 0.01}
    takes = hosts[0].run(job, lambda done, total: None, total=2, memory_mb=600)
    next(takes)
    (at_work,) = warm.held()
    assert (at_work.busy, at_work.memory_mb) == (True, 600), "it counts as what it will hold"
    monkeypatch.setenv("DEADWAX_ENGINE_MEMORY_MB", "1000")
    with pytest.raises(EngineFailure, match="Other models are at work") as refused:
        run(hosts[1], memory_mb=500)
    assert (refused.value.code, refused.value.retryable) == ("engine_busy", True)
    assert len(list(takes)) == 1
    assert alive(at_work.pid)
    run(hosts[1], memory_mb=999)
    assert not alive(at_work.pid)


def test_what_never_fits_is_refused_with_what_to_do(
    hosts: list[ModelHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEADWAX_ENGINE_MEMORY_MB", "500")
    with pytest.raises(
        EngineFailure, match=r"needs about 9,000 MB .* raise DEADWAX_ENGINE_MEMORY_MB"
    ) as refused:
        run(hosts[0], memory_mb=9000)
    assert (refused.value.code, refused.value.retryable) == ("out_of_memory", False)


def test_entries_of_processes_that_are_gone_or_anothers_are_dropped(hosts: list[ModelHost]) -> None:
    pid = run(hosts[0])
    folder = warm.folder()
    (folder / f"{os.getpid()}.json").write_text(
        json.dumps({"module": "x", "started": "1", "used_at": time.time()})
    )
    (folder / "999999999.json").write_text("{}")
    (folder / "1.json").write_text("no JSON")
    assert [one.pid for one in warm.held()] == [pid]
    assert sorted(file.name for file in folder.glob("*.json")) == [f"{pid}.json"]
    hosts[0].close()
    wait_until(lambda: not alive(pid), timeout_s=5, what="the process's end")
    assert warm.held() == []
