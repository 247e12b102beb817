"""Fixtures that start real processes on the test database: broker, dispatch, workers, web."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import wait_until

ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """Real processes on the database of this test run, as the application's role. Everything ends with `stop()`."""

    def __init__(self, *, modules: str = "", lease_s: float | None = None) -> None:
        from django.conf import settings
        from django.db import connection

        from label.supervisor.postgres import APP_ROLE
        from label.supervisor.valkey import Valkey
        from provenance import grants

        self.folder = Path(tempfile.mkdtemp(prefix="dw-stack-"))
        self.valkey = Valkey(self.folder)
        host = quote(str(connection.settings_dict["HOST"]), safe="")
        name = connection.settings_dict["NAME"]
        assert str(name).startswith("test_")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        grants.apply(APP_ROLE)
        self.env = {
            **os.environ,
            "DATABASE_URL": f"postgresql://{APP_ROLE}@/{name}?host={host}",
            "DEADWAX_BROKER_URL": self.valkey.url,
            "DEADWAX_DATA": str(settings.DEADWAX_DATA),
            "DEADWAX_WORKER_MODULES": modules,
            "DEADWAX_JOB_LEASE_S": str(lease_s or ""),
            "DJANGO_SETTINGS_MODULE": "label.settings",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        }

    def start(self, name: str, *command: str) -> None:
        """Start a process; its output goes to a file that `log()` reads."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self, name: str) -> str:
        """What the process has said so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start_broker(self) -> None:
        from label.supervisor.valkey import find_binary

        binary = find_binary()
        assert binary is not None
        self.start("valkey", *self.valkey.command(binary))
        self.valkey.wait_ready()

    def start_dispatch(self) -> None:
        self.start("dispatch", sys.executable, "-m", "django", "dispatch")

    def start_worker(
        self,
        name: str = "worker",
        *,
        concurrency: int = 2,
        queues: str = "quick,cpu,gpu",
        pool: str = "prefork",
    ) -> None:
        from label.supervisor.stack import worker_service

        service = worker_service(name, queues, concurrency, {}, pool=pool)
        self.start(name, *service.command, "--loglevel", "info")

    def start_web(self) -> str:
        """Returns the address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.env["DEADWAX_BASE_URL"] = f"http://127.0.0.1:{port}"
        self.start(
            "web", sys.executable, "-m", "granian", "--interface", "asginl", "--host", "127.0.0.1", "--port", str(port),
            "--no-ws", "--workers", "1", "--log-level", "warning", "label.asgi:application",
        )  # fmt: skip

        def answers() -> bool:
            assert self.processes["web"].poll() is None, self.log("web")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=2)
            except urllib.error.HTTPError as answer:
                if answer.code >= 500:
                    pytest.fail(self.log("web"))
            except OSError:
                return False
            return True

        wait_until(answers, timeout_s=60, what="the web process")
        return f"http://127.0.0.1:{port}"

    def kill(self, name: str) -> None:
        """kill -9, the process and its children."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def stop(self) -> None:
        """End all processes, the last started first."""
        for name, process in reversed(self.processes.items()):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3 if name != "web" else 1)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        self.processes.clear()
        for path in sorted(self.folder.glob("*.log")):  # pytest shows this when the test has failed
            print(f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-40:], sep="\n")
        shutil.rmtree(self.folder, ignore_errors=True)


class LiveStack(Stack):
    """Web, dispatch and one CPU worker; `url` is the site's address."""

    url = ""


@pytest.fixture
def live_stack(transactional_db: None) -> Iterator[LiveStack]:
    """The whole product as `up` runs it, on the test database. Rows that a test commits are seen by it."""
    stack = LiveStack()
    try:
        stack.start_broker()
        stack.start_dispatch()
        stack.start_worker(concurrency=1)
        stack.url = stack.start_web()
        yield stack
    finally:
        stack.stop()
