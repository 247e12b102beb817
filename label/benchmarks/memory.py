"""What the web process weighs after it has worked, and that no heavy library is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from label.benchmarks.pages import PLAIN, reader_for
from label.benchmarks.server import Server, serving
from label.benchmarks.table import Beside, Figure, Goal
from label.demo.cast import seed_cast

#: Part of the path of every native library that these would map into the process.
HEAVY = ("torch", "llvmlite", "audiocraft", "transformers")
_DJANGO_ALONE = """
import django
django.setup()
import django.core.handlers.asgi
print(open("/proc/self/smaps_rollup").read())
"""


def memory(*, quick: bool, log: Path) -> Iterator[Figure]:
    """Resident memory of granian and its worker after 200 requests. Linux only: nothing elsewhere."""
    if sys.platform != "linux":
        return
    requests = 40 if quick else 200
    seed_cast()
    with serving(log) as server:
        reader = reader_for(server, "owner")
        for number in range(requests):
            reader.page(PLAIN[number % len(PLAIN)][1])
        resident_mb = sum(_resident_mb(pid) for pid in server.pids)
        heavy = heavy_libraries(server)
    alone = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _DJANGO_ALONE], capture_output=True, text=True, check=True
    )
    yield Figure(
        name=f"web process after {requests} requests",
        value=resident_mb,
        unit="MB",
        goal=Goal("<=", 300.0),
        beside=Beside("the same Django without a server", _rss_mb(alone.stdout)),
        note=f"granian and its worker; heavy libraries in them: {', '.join(heavy) or 'none'}",
    )
    yield Figure(name="heavy libraries in the web process", value=len(heavy), unit="", goal=Goal("<=", 0.0))


def heavy_libraries(server: Server) -> list[str]:
    """Those of HEAVY that are mapped into the process: what is imported there cannot hide from the kernel."""
    maps = "\n".join(Path(f"/proc/{pid}/maps").read_text() for pid in server.pids)
    return [name for name in HEAVY if re.search(rf"/{name}[^/]*/", maps)]


def _resident_mb(pid: int) -> float:
    return _rss_mb(Path(f"/proc/{pid}/smaps_rollup").read_text())


def _rss_mb(rollup: str) -> float:
    found = re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE)
    if found is None:
        raise ValueError("smaps_rollup without Rss")
    return int(found.group(1)) / 1024
