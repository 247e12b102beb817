"""A model in a process of its own: the worker stays small, imports no torch before it forks, and can always cancel.

The process is spawned (never forked), stays warm between requests, is killed when it does not stop in time, ends after
`DEADWAX_ENGINE_IDLE_S` seconds without work, and dies with its worker.
"""

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from generation.engine.base import EngineError, EngineFailure, GenerationOutput, Listener, Progress
from generation.engine.host_process import ERRORS
from generation.engine.host_wire import (
    Header,
    partial_file,
    read_frame,
    read_partial,
    unpack_output,
    write_frame,
)

IDLE_S = 300.0
POLL_S = 0.25
STOP_GRACE_S = 3.0
"""So long the model may take to notice that it is not wanted; then it is killed and loads again next time."""
SILENCE_LIMIT_S = 900.0
"""So long a model may load, or take for one step."""
_ROOT = Path(__file__).resolve().parents[2]
_PRIVATE = ("AWS_", "DATABASE_", "DEADWAX_", "DJANGO_", "PG")


class ModelHost:
    """Runs requests in one model process. One request at a time; a fresh process whenever the old one is gone."""

    def __init__(self, module: str, *, environment: Callable[[], Mapping[str, str]]) -> None:
        self._module = module
        self._environment = environment
        self._busy = threading.Lock()
        self._process: _Process | None = None
        self._number = 0

    @property
    def pid(self) -> int | None:
        """The model process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.is_alive() else None

    def run(
        self, job: Mapping[str, Any], progress: Progress, *, total: int, listener: Listener | None = None
    ) -> Iterator[GenerationOutput]:
        """Yield the takes of one request. `progress` is called while the model loads, too, so that it can cancel.

        The listener hears what the runner hands out on the way, all of a take before the take itself.

        Raises:
            EngineError: what the runner raised, or EngineFailure (retryable) when the process died.
        """
        if not self._busy.acquire(blocking=False):
            raise EngineFailure(
                "engine_busy", "The model works on another request. Try again.", retryable=True
            )
        settled = False
        process: _Process | None = None
        try:
            process = self._begin(job, listener)
            done, heard = 0, time.monotonic()
            progress(done, total)
            while True:
                frame = process.next(POLL_S)
                if frame is None:
                    self._check_silence(heard)
                    progress(done, total)
                    continue
                header, body = frame
                match header["event"]:
                    case "progress":
                        done, total = header["done"], header["total"]
                        progress(done, total)
                    case "partial":
                        if listener is not None and (piece := read_partial(listener.scratch, header)):
                            listener(piece)
                    case "output":
                        if listener is not None:  # all of it was heard
                            partial_file(listener.scratch, header["index"]).unlink(missing_ok=True)
                        yield unpack_output(header, body)
                    case "done":
                        settled = True
                        return
                    case "error":
                        settled = True
                        raise _error(header)
                    case "gone":
                        raise _died(process)
                heard = time.monotonic()
        finally:
            if process is not None and not settled:
                process.stop(self._number)
            self._busy.release()

    def close(self) -> None:
        """End the model process at once."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _begin(self, job: Mapping[str, Any], listener: Listener | None) -> "_Process":
        """Hand the request to a process that took it: one may end of idleness in the very moment it is asked."""
        self._number += 1
        scratch = "" if listener is None else str(listener.scratch)
        for _ in range(2):
            process = self._ready()
            with contextlib.suppress(OSError, ValueError):
                process.send({"do": "run", "number": self._number, "job": job, "scratch": scratch})
            until = time.monotonic() + SILENCE_LIMIT_S
            while time.monotonic() < until:
                frame = process.next(POLL_S)
                if frame is not None and frame[0]["event"] == "started":
                    if frame[0]["number"] == self._number:
                        return process
                elif frame is not None and frame[0]["event"] == "gone":
                    break
            process.kill()
        raise _died(process)

    def _ready(self) -> "_Process":
        wanted = dict(self._environment())
        process = self._process
        if process is not None and process.owner != os.getpid():
            process = None  # came along by a fork: it is another worker's
        if process is not None and (not process.is_alive() or process.environment != wanted):
            process.kill()
            process = None
        if process is None:
            process = _Process(self._module, wanted)
            atexit.register(process.kill)
        self._process = process
        return process

    def _check_silence(self, heard: float) -> None:
        if time.monotonic() - heard > SILENCE_LIMIT_S:
            self.close()
            raise EngineFailure(
                "engine_silent",
                f"The model gave no sign of life for {SILENCE_LIMIT_S / 60:.0f} minutes and was ended. Try again.",
                retryable=True,
            )


class _Process:
    """One spawned model process and a thread that reads what it says."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self.environment = environment
        self.owner = os.getpid()
        idle_s = float(os.environ.get("DEADWAX_ENGINE_IDLE_S") or IDLE_S)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
        self._child = subprocess.Popen(  # noqa: S603 - our own module by our own Python
            [sys.executable, "-m", "generation.engine.host_process", module, str(self.owner), str(idle_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=kept | environment,
        )
        self.pid = self._child.pid
        self._frames: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="model process", daemon=True).start()

    def is_alive(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=5)
        return self._child.returncode

    def send(self, header: Mapping[str, Any]) -> None:
        write_frame(cast(BinaryIO, self._child.stdin), header)

    def next(self, timeout_s: float) -> tuple[Header, bytes] | None:
        """What it says next; None when it said nothing for so long."""
        try:
            return self._frames.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def stop(self, number: int) -> None:
        """Leave it idle and warm, or dead."""
        until = time.monotonic() + STOP_GRACE_S
        with contextlib.suppress(OSError, ValueError):
            self.send({"do": "stop", "number": number})
            while time.monotonic() < until:
                frame = self.next(POLL_S)
                if frame is not None and frame[0]["event"] in {"stopped", "done", "error"}:
                    return
                if frame is not None and frame[0]["event"] == "gone":
                    break
        self.kill()

    def kill(self) -> None:
        if self.owner != os.getpid():
            return
        atexit.unregister(self.kill)
        self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=10)
        with contextlib.suppress(OSError):
            cast(BinaryIO, self._child.stdin).close()

    def _read(self) -> None:
        source = cast(BinaryIO, self._child.stdout)
        with contextlib.suppress(OSError, ValueError):
            while (frame := read_frame(source)) is not None:
                self._frames.put(frame)
        self._frames.put(({"event": "gone"}, b""))
        with contextlib.suppress(OSError):
            source.close()


def _error(header: Header) -> EngineError:
    kind = ERRORS.get(header["kind"])
    if kind is not None:
        return kind(header["code"], header["message"])
    return EngineFailure(header["code"], header["message"], retryable=header["retryable"])


def _died(process: _Process) -> EngineFailure:
    code = process.exit_code
    how = "was killed, most likely for want of memory" if code == -9 else f"ended with status {code}"
    return EngineFailure(
        "engine_died", f"The process of the model {how}. Takes that were finished are kept.", retryable=True
    )
