"""The stranger's bundle: the offline verifier looks at it in a process of its own, with little memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

from provenance import keys
from provenance.bundle import root_at

LIMIT_BYTES: Final = 100 * 1024 * 1024
MEMORY_BYTES: Final = 1 << 30
CPU_S: Final = 20
PATIENCE_S: Final = 40
#: Anybody may ask, so a process of ours checks so many at once; who comes then waits a little and is sent home.
AT_ONCE: Final = 2
WAIT_S: Final = 10.0
_slots = threading.BoundedSemaphore(AT_ONCE)
_LOOKED_AT: Final = 1 << 20
_SHOWN: Final = 200

#: Limits first, then the verifier: nothing of the bundle is read without them.
_RUN: Final = """\
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    result: str
    #: Whether there was anything to look at.
    looked_at: bool


@dataclass(frozen=True)
class BundleAnswer:
    """What the verifier said. `verdict` is its last line; `ours` whether this installation's log signed it."""

    verdict: str
    intact: bool
    ours: bool
    steps: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()
    log: dict[str, Any] = field(default_factory=dict)
    streams: tuple[dict[str, Any], ...] = ()
    people: tuple[dict[str, Any], ...] = ()
    #: Empty, or how the log of the bundle stands to the log as it is here now.
    against_ours: str = ""

    @property
    def headline(self) -> str:
        if not self.intact and not self.verdict.startswith("broken"):
            return "This bundle could not be checked here"
        if not self.intact:
            return "This bundle does not hold"
        return (
            "This bundle holds, and it is ours"
            if self.ours
            else "This bundle holds, but it is of another log"
        )

    @property
    def held_back(self) -> int:
        return sum(int(row.get("held_back", 0)) for row in self.streams)


def is_bundle(path: Path) -> bool:
    """Whether a file claims to be one: a zip that names `bundle.json`. Nothing is unpacked for that."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
        if not start.startswith(b"PK\x03\x04"):
            return False
        file.seek(max(0, file.seek(0, 2) - _LOOKED_AT))
        return b"bundle.json" in start or b"bundle.json" in file.read()


def check_bundle(path: Path) -> BundleAnswer:
    """Run the verifier. Never raises for what the bundle holds."""
    if not _slots.acquire(timeout=WAIT_S):
        return _not_here("Other bundles are being checked here right now. Try again in a minute, or run")
    try:
        return _check(path)
    finally:
        _slots.release()


def _check(path: Path) -> BundleAnswer:
    with resources.as_file(resources.files("provenance").joinpath("verifier.py")) as program:
        limits = [str(MEMORY_BYTES), str(CPU_S)]
        try:
            done = subprocess.run(  # noqa: S603 - our own program, the file by its path
                [sys.executable, "-I", "-c", _RUN, *limits, str(program), str(path), "--json"],
                capture_output=True,
                env={},
                stdin=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                check=False,
            )
            found = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return _not_here(
                f"It could not be checked here within {CPU_S} seconds and {MEMORY_BYTES >> 20} MB. Run"
            )
    log = found.get("log") or {}
    intact = not found["verdict"].startswith("broken")
    ours = intact and _is_our_key(log)
    return BundleAnswer(
        verdict=found["verdict"],
        intact=intact,
        ours=ours,
        steps=tuple(
            Step(row["step"], row["title"], row["result"], row["looked_at"]) for row in found["steps"]
        ),
        notices=tuple(found["notices"]),
        log=log,
        streams=tuple(found["streams"][:_SHOWN]),
        people=tuple(found["people"][:_SHOWN]),
        against_ours=_against_ours(log) if ours else "",
    )


def _not_here(sentence: str) -> BundleAnswer:
    """No verdict; `sentence` ends before "the verifier on a machine of your own"."""
    return BundleAnswer(
        verdict=f"{sentence} the verifier on a machine of your own.", intact=False, ours=False
    )


def _is_our_key(log: dict[str, Any]) -> bool:
    return log.get("origin") == keys.origin() and log.get("public_key") in {
        key.public.hex() for key in keys.key_chain().keys
    }


def _against_ours(log: dict[str, Any]) -> str:
    """The bundle's checkpoint beside ours of the same size. A difference means that one of the two was rewritten."""
    root = root_at(int(log["size"]))
    if not root:
        return "The log here has no checkpoint of that size: the bundle is newer, or this log was restored."
    if root != log["root"]:
        return (
            "The log here had another root at that size. One of the two was rewritten: keep this file,"
            " and ask the label."
        )
    return "The log here had the very same root at that size."
