"""From a fresh clone and no environment to the first sound, as a newcomer meets it: one command and a log-in."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from label.benchmarks.place import ROOT
from label.benchmarks.server import NotServed, Reader, free_port
from label.benchmarks.table import Beside, Figure, Goal
from label.demo.cast import PASSWORD, address

PATIENCE_S = 540.0
_READY = re.compile(r"ready after ([0-9.]+) s")


def bare(base: Path) -> Iterator[Figure]:
    """What is committed is cloned; package caches of pip, uv and npm are used as they are."""
    clone, port = base / "clone", free_port()
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)  # noqa: S603, S607
    python = getattr(sys, "_base_executable", sys.executable)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEADWAX_", "DJANGO_", "DATABASE_", "VIRTUAL_ENV", "PYTHON"))
    }
    log = base / "up.log"
    begun = time.monotonic()
    with log.open("wb") as output:
        up = subprocess.Popen(  # noqa: S603 - our own command
            [python, "manage.py", "up", "--port", str(port)],
            cwd=clone,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        heard_s, size = _first_sound(port, up, begun)
    except NotServed as error:
        raise NotServed(f"{error}: {log.read_text(errors='replace')[-2000:]}") from error
    finally:
        up.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            up.wait(timeout=40)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(up.pid, signal.SIGKILL)
        up.wait()
    started = _READY.search(log.read_text(errors="replace"))
    yield Figure(
        name="bare machine to the first take heard",
        value=heard_s,
        unit="s",
        goal=Goal("<=", 60.0),
        beside=Beside("the start alone, once installed", float(started.group(1))) if started else None,
        note=f"{size} bytes of audio came with 206",
    )


def _first_sound(port: int, up: subprocess.Popen[bytes], begun: float) -> tuple[float, int]:
    """Log in as the demo's artist as soon as that is possible, and play the first take there is."""
    reader = None
    while time.monotonic() - begun < PATIENCE_S:
        if up.poll() is not None:
            raise NotServed(f"up ended with {up.returncode}")
        with contextlib.suppress(OSError, NotServed):
            if reader is None:
                fresh = Reader(port)
                fresh.log_in(address("artist"), PASSWORD)
                reader = fresh
            for project in _listed(reader, "/api/projects/"):
                for run in _listed(reader, f"/api/projects/{project['id']}/runs/"):
                    for take in _listed(reader, f"/api/runs/{run['id']}/takes/"):
                        sound = reader.get(f"/takes/{take['id']}/audio/", {"Range": "bytes=0-65535"})
                        if sound.status == 206 and sound.body[:4] == b"RIFF":
                            return time.monotonic() - begun, len(sound.body)
        time.sleep(0.2)
    raise NotServed("no take was heard in time")


def _listed(reader: Reader, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(reader.page(path).body)["results"]
    return rows
