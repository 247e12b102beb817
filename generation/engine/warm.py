"""Which model processes of this installation are warm and what they hold; idle ones end where another needs the room.

Every worker writes what its model processes do into one folder, so that workers know of each other. Entries of
processes that are gone are dropped when read: nothing has to be cleaned up after a crash. Memory is that of the GPU
where models run there, else the host's (`device.memory_limit_mb`).
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine import device
from generation.engine.base import EngineFailure

END_WAIT_S = 5.0
_ROOT = Path(__file__).resolve().parents[2]
_MODULE = b"generation.engine.host_process"
_MB = 2**20


@dataclass(frozen=True, kw_only=True)
class Held:
    """One model process: `memory_mb` is what it holds, or will once its model is loaded."""

    pid: int
    module: str
    busy: bool
    used_at: float
    memory_mb: int


def enter(pid: int, module: str, wanted_mb: int = 0) -> None:
    """A request goes to this process, which will hold `wanted_mb`: note it, and end idle ones until there is room.

    The one that was not used for longest ends first. A process that works is never ended.

    Raises:
        EngineFailure: the model is larger than all that models may hold (`out_of_memory`), or others are at work
            that leave too little (`engine_busy`, retryable).
    """
    limit = device.memory_limit_mb()
    if wanted_mb > limit:
        raise EngineFailure(
            "out_of_memory",
            f"This model needs about {wanted_mb:,} MB and models may hold {limit:,} MB together here. Choose a smaller "
            "model, or raise DEADWAX_ENGINE_MEMORY_MB where the machine has more.",
        )
    with _locked() as folder:
        others = [one for one in _read(folder) if one.pid != pid]
        own = max(wanted_mb, _memory_mb(pid) or 0)
        idle = sorted((one for one in others if not one.busy), key=lambda one: one.used_at)
        while idle and own + sum(one.memory_mb for one in others) > limit:
            ended = idle.pop(0)
            _end(ended.pid)
            _file(folder, ended.pid).unlink(missing_ok=True)
            others.remove(ended)
        if others and wanted_mb + sum(one.memory_mb for one in others) > limit:
            raise EngineFailure(
                "engine_busy",
                "Other models are at work and leave too little memory for this one. Try again when they are done.",
                retryable=True,
            )
        before = _entry(_file(folder, pid)) or {}
        same = before.get("started") == _started(pid)
        requests = int(before.get("requests", 0)) if same else 0
        wanted_mb = max(wanted_mb, int(before.get("wanted_mb", 0)) if requests else 0)
        _write(folder, pid, module, wanted_mb, requests=requests + 1)


def leave(pid: int) -> None:
    """A request of this process is over; after the last one it waits for work again."""
    with _locked() as folder:
        entry = _entry(_file(folder, pid))
        if entry is None or not _is_ours(pid, str(entry.get("started"))):
            _file(folder, pid).unlink(missing_ok=True)
            return
        requests = max(0, int(entry.get("requests", 0)) - 1)
        _write(folder, pid, str(entry.get("module", "")), int(entry.get("wanted_mb", 0)), requests=requests)


def held() -> list[Held]:
    """Every model process that is there now, the one used last at the end."""
    with _locked() as folder:
        return sorted(_read(folder), key=lambda one: one.used_at)


def folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where the entries lie: `warm` in the data folder."""
    return Path(env.get("DEADWAX_DATA") or _ROOT / ".deadwax").expanduser().absolute() / "warm"


@contextlib.contextmanager
def _locked() -> Iterator[Path]:
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def _file(place: Path, pid: int) -> Path:
    return place / f"{pid}.json"


def _read(place: Path) -> list[Held]:
    found = []
    for file in place.glob("*.json"):
        entry = _entry(file)
        pid = int(file.stem) if file.stem.isdigit() else 0
        if entry is None or not pid or not _is_ours(pid, str(entry.get("started"))):
            file.unlink(missing_ok=True)
            continue
        wanted = int(entry.get("wanted_mb", 0))
        now = _memory_mb(pid)
        busy = int(entry.get("requests", 0)) > 0
        found.append(
            Held(
                pid=pid, module=str(entry.get("module", "")), busy=busy, used_at=float(entry.get("used_at", 0.0)),
                memory_mb=max(wanted, now or 0) if busy or now is None else now,
            )
        )  # fmt: skip
    return found


def _entry(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(place: Path, pid: int, module: str, wanted_mb: int, *, requests: int) -> None:
    entry = {
        "module": module, "started": _started(pid), "requests": requests, "used_at": time.time(),
        "wanted_mb": wanted_mb,
    }  # fmt: skip
    _file(place, pid).write_text(json.dumps(entry), encoding="utf-8")


def _memory_mb(pid: int) -> int | None:
    """What the process holds now, on the GPU where models run there; None where that cannot be told."""
    if device.on_gpu():
        return device.gpu_use_mb(pid)
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return resident * os.sysconf("SC_PAGE_SIZE") // _MB


def _started(pid: int) -> str:
    """When it started, as the kernel says it: another process may get the same number later. Empty without /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_ours(pid: int, started: str) -> bool:
    """Whether this is still the model process that the entry means, and alive."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return not Path("/proc/self").exists()
    try:
        state = status.read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, IndexError):
        return False
    return state != "Z" and _MODULE in command and _started(pid) == started


def _end(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + END_WAIT_S
    started = _started(pid)
    while _is_ours(pid, started) and time.monotonic() < until:
        time.sleep(0.01)
