"""`manage.py up` as a whole: ready, heals itself, stops in order, starts again in seconds with all its data."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from label.supervisor.postgres import Postgres
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Up:
    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "DEADWAX_BROKER_URL", "DEADWAX_BASE_URL"}
        } | {"DEADWAX_DATA": str(data)}
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "django", "up", "--port", str(self.port), *arguments],
                cwd=ROOT, env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_ready(self, *, timeout_s: float = 90) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "ready after" in self.said()

        wait_until(ready, timeout_s=timeout_s, what="up")

    def ready_after_s(self) -> float:
        found = re.search(r"ready after ([\d.]+) s", self.said())
        assert found is not None
        return float(found[1])

    def health(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5) as answer:
            return int(answer.status)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=45)

    def command(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run some lines as a management command would run on the same data folder."""
        wrapped = f"""
from label.supervisor import session
with session.embedded():
    import django
    django.setup()
    {code}
"""
        return subprocess.run(
            [sys.executable, "-c", wrapped],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def children(self, what: str) -> list[int]:
        listing = subprocess.run(
            ["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        return [int(row[0]) for row in rows if int(row[1]) == self.process.pid and what in row[2]]


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dw-up-"))
    folder.chmod(0o755)
    yield folder / "data"
    Postgres(folder / "data" / "postgres").stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_up_heals_itself_and_starts_again_in_seconds_with_its_data(data: Path) -> None:
    first = Up(data, "--no-demo")
    try:
        first.wait_ready()
        first_ready_s = first.ready_after_s()
        assert first.health() == 200
        database = Postgres(data / "postgres").url
        with psycopg.connect(database) as connection:
            connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")

        for what in ("granian", "valkey-server", "postgres"):
            [victim] = first.children(what)
            os.kill(victim, signal.SIGKILL)
            wait_until(
                lambda what=what, victim=victim: first.children(what) not in ([], [victim]),
                what=f"another {what}",
            )
        wait_until(lambda: _quietly(first.health) == 200, timeout_s=30, what="health after all that")

        assert first.end() == 0, first.said()
        assert first.children("") == []
    finally:
        first.process.kill()
    said = first.said()
    assert re.search(r"up \| stopping\n(.*\n)*.*up \| stopped", said)

    second = Up(data, "--no-demo")
    try:
        second.wait_ready()
        assert second.ready_after_s() < first_ready_s, "a second start has less to do"
        with psycopg.connect(Postgres(data / "postgres").url) as connection:
            row = connection.execute("SELECT n FROM kept").fetchone()
        assert row == (7,)
        beside = second.command("from django.db import connection; connection.ensure_connection()")
        assert beside.returncode == 0, beside.stderr
        assert second.health() == 200, "a command beside a running up leaves its database alone"
        third = Up(data)
        assert third.process.wait(timeout=20) == 1
        assert "already running" in third.said()
        assert second.end(signal.SIGTERM) == 0
        assert "Traceback" not in second.said()
    finally:
        second.process.kill()
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_stop_in_the_middle_of_the_first_start_leaves_a_start_that_works(data: Path) -> None:
    first = Up(data, "--no-demo")
    wait_until(lambda: "migrating" in first.said(), timeout_s=30, what="the migration")
    first.process.kill()
    first.process.wait()
    second = Up(data, "--no-demo")
    try:
        second.wait_ready()
        assert second.end() == 0
    finally:
        second.process.kill()


def _quietly(ask: object) -> int:
    try:
        return int(ask())  # type: ignore[operator]
    except OSError:
        return 0


def test_a_database_that_does_not_answer_is_said_plainly(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "django", "database_prepare"],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": f"postgresql:///none?host={data}/nowhere"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_that_cannot_be_made_is_said_plainly() -> None:
    env = {**os.environ, "DEADWAX_DATA": "/dev/null/data"}
    done = subprocess.run(
        [sys.executable, "-c", "from label import bootstrap; bootstrap._django('check', ['manage.py', 'check'])"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("deadwax: Cannot make the folder /dev/null/data")
