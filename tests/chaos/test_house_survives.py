"""The whole house, as `up` runs it: each of its processes is killed in the middle of fifty jobs. Compared by id."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from label.supervisor.postgres import Postgres
from tests.platform.test_up import ROOT, Up
from tests.support import wait_until

RUNS, TAKES, MODEL_JOBS = 20, 2, 30


class House(Up):
    """`up` with tiny engines and short leases, and a look into its tables."""

    @property
    def url(self) -> str:
        return Postgres(self.data / "postgres").url

    def django(self, *arguments: str) -> str:
        postgres = Postgres(self.data / "postgres")
        env = self.env | {"DATABASE_URL": postgres.app_url, "DEADWAX_BROKER_URL": ""}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Whatever happens to the database just now."""
        until = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.url, connect_timeout=3) as connection:
                    return connection.execute(sql).fetchall()  # type: ignore[call-overload]
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def ask(self, path: str, token: str, values: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(values).encode(),
            headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def below(self, what: str, *, of: int | None = None) -> list[int]:
        """Processes under `up` (or under *of*) whose command holds these words."""
        listing = subprocess.run(
            ["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        table = [(int(pid), int(parent), words) for pid, parent, words in (
            line.split(None, 2) for line in listing.splitlines() if len(line.split(None, 2)) == 3
        )]  # fmt: skip
        inside, found = {of or self.process.pid}, []
        for _ in range(5):
            inside |= {pid for pid, parent, _ in table if parent in inside}
        for pid, _, words in table:
            if pid in inside and what in words and pid != of:
                found.append(pid)
        return found

    def kill(self, what: str, *, of: int | None = None) -> bool:
        for pid in self.below(what, of=of)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("DEADWAX_JOB_LEASE_S", "3")
    monkeypatch.setenv("DEADWAX_WORKER_MODULES", "tests.chaos.handlers,tests.chaos.tiny_engine")
    folder = Path(tempfile.mkdtemp(prefix="dw-storm-", dir="/var/tmp"))
    folder.chmod(0o755)
    up = House(folder / "data", "--no-demo")
    try:
        up.wait_ready(timeout_s=180)
        yield up
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            up.end()
        print(*up.said().splitlines()[-60:], sep="\n")
        Postgres(folder / "data" / "postgres").stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_each_process_of_the_house_is_killed_among_fifty_jobs_and_nothing_is_lost_or_twice(
    house: House,
) -> None:
    offered = "SELECT 1 FROM generation_engineoffer WHERE name = 'sketch' AND available"
    wait_until(lambda: house.rows(offered), timeout_s=90, what="the offer of the tiny engine")
    made = json.loads(house.django("-m", "tests.chaos.filling", str(MODEL_JOBS)).splitlines()[-1])
    asked: list[dict[str, Any]] = []

    def ask_for_runs() -> None:
        """As a client does who asks again while the answer is an error, and counts only what was acknowledged."""
        until = time.monotonic() + 150
        while len(asked) < RUNS and time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):  # refused, cut off, 500
                asked.append(
                    house.ask(
                        f"/api/projects/{made['project']}/runs/", made["token"],
                        {"engine": "sketch", "duration_s": 1, "variations": TAKES, "prompt": f"wave {len(asked)}"},
                    )
                )  # fmt: skip
                continue
            time.sleep(0.3)

    client = threading.Thread(target=ask_for_runs)
    client.start()
    wait_until(lambda: len(asked) >= 3, timeout_s=60, what="the first runs")
    worker = house.below("--hostname cpu@")[0]
    victims = (
        ("celery", worker), ("host_process", None), ("granian", None), ("django dispatch", None),
        ("valkey-server", None), ("--hostname cpu@", None), ("postgres", None),
    )  # fmt: skip
    for what, of in victims:
        wait_until(lambda what=what, of=of: house.kill(what, of=of), timeout_s=60, what=f"a {what} to kill")
        time.sleep(1.0)
    client.join(timeout=160)
    assert len(asked) == RUNS

    unfinished = "SELECT kind, state FROM provenance_job WHERE state IN ('queued', 'running')"
    wait_until(lambda: not house.rows(unfinished), timeout_s=120, every_s=0.5, what="the end of all jobs")

    states = dict(house.rows("SELECT id::text, state FROM provenance_job"))
    assert {states.get(pk) for pk in made["jobs"]} == {"done"}
    assert {states.get(run["job"]["id"]) for run in asked} == {"done"}
    told = Counter(
        row[0] for row in house.rows(
            "SELECT convert_from(body, 'UTF8')::jsonb->'public'->>'job' FROM provenance_entry WHERE kind = 'chaos.done'"
        )
    )  # fmt: skip
    assert told == Counter(made["jobs"]), "each finished once"

    # A request whose answer was cut off may have been done, too; every run that is there is whole and there once.
    runs = {str(row[0]) for row in house.rows("SELECT id FROM generation_promptrun")}
    assert {run["id"] for run in asked} <= runs
    takes = house.rows("SELECT run_id::text, number, asset_id IS NOT NULL FROM generation_take")
    assert Counter(takes) == Counter((run, number, True) for run in runs for number in range(1, TAKES + 1))
    for kind, each in (("run.requested", 1), ("take.generated", TAKES), ("run.finished", 1)):
        found = house.rows(
            f"SELECT ref FROM provenance_entry, unnest(refs) AS ref WHERE kind = '{kind}' AND ref LIKE 'run:%'"
        )
        assert Counter(row[0] for row in found) == Counter({f"run:{run}": each for run in runs}), kind

    log = "SELECT (SELECT count(*) FROM provenance_entry), (SELECT count(*) FROM provenance_leaf)"
    wait_until(lambda: len(set(house.rows(log)[0])) == 1, timeout_s=20, what="a leaf for every entry")
    house.django("-m", "django", "ledger_verify")
