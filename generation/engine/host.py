"""A model in a process of its own: the worker stays small, imports no torch before it forks, and can always cancel.

The process is spawned (never forked), stays warm between requests, is killed when it does not stop in time, ends after
`DEADWAX_ENGINE_IDLE_S` seconds without work, and dies with its worker.
"""

import atexit
import contextlib
import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from generation.engine import warm
from generation.engine.base import EngineError, EngineFailure, GivenInput, Listener, Made, Progress
from generation.engine.host_process import ERRORS
from generation.engine.host_wire import (
    Header,
    pack_inputs,
    partial_file,
    read_frame,
    read_partial,
    unpack_made,
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
    """Runs requests in one model process; a fresh process whenever the old one is gone.

    Safe to be asked from several threads at a time: the requests share the process, each by a number of its own.
    Whether they are also made together is the runner's matter (`host_process.Runner`); else each waits its turn.
    """

    def __init__(self, module: str, *, environment: Callable[[], Mapping[str, str]]) -> None:
        self._module = module
        self._environment = environment
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """The model process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.is_alive() else None

    def run(
        self,
        job: Mapping[str, Any],
        progress: Progress,
        *,
        total: int,
        inputs: Sequence[GivenInput] = (),
        listener: Listener | None = None,
        memory_mb: int = 0,
    ) -> Iterator[Made]:
        """Yield the takes of one request. `progress` is called while the model loads or the request waits, too, so
        that it can cancel. The runner finds `inputs` in its job. `memory_mb` is what the model will hold: idle
        processes of other models end where it needs the room (`warm.py`).

        The listener hears what the runner hands out on the way, all of a take before the take itself.

        Raises:
            EngineError: what the runner raised, or EngineFailure (retryable) when the process died.
        """
        settled = False
        call: _Call | None = None
        try:
            call = self._begin(job, inputs, listener, memory_mb)
            done = 0
            progress(done, total)
            while True:
                frame = call.next(POLL_S)
                if frame is None:
                    self._check_silence(call)
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
                    case "output" | "failed":
                        if listener is not None:  # all of it was heard
                            partial_file(listener.scratch, header["index"]).unlink(missing_ok=True)
                        yield unpack_made(header, body)
                    case "done":
                        settled = True
                        return
                    case "error":
                        settled = True
                        raise _error(header)
                    case "gone":
                        raise _died(call.process)
        finally:
            if call is not None:
                call.end(settled=settled)

    def close(self) -> None:
        """End the model process at once."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _begin(
        self, job: Mapping[str, Any], inputs: Sequence[GivenInput], listener: Listener | None, memory_mb: int
    ) -> "_Call":
        """Hand the request to a process that took it: one may end of idleness in the very moment it is asked."""
        headers, body = pack_inputs(inputs)
        asked = {
            "do": "run", "job": job, "inputs": headers, "scratch": "" if listener is None else str(listener.scratch),
        }  # fmt: skip
        for _ in range(2):
            with self._lock:
                process = self._ready()
                call = process.call(next(self._numbers))
            try:
                warm.enter(process.pid, self._module, memory_mb)
            except EngineFailure:
                call.end(settled=True)
                raise
            call.entered = True
            with contextlib.suppress(OSError, ValueError):
                call.process.send({**asked, "number": call.number}, body)
            until = time.monotonic() + SILENCE_LIMIT_S
            while time.monotonic() < until:
                frame = call.next(POLL_S)
                if frame is not None and frame[0]["event"] == "started":
                    return call
                if frame is not None and frame[0]["event"] == "gone":
                    break
            call.end(settled=True)
            call.process.kill()
        raise _died(call.process)

    def _ready(self) -> "_Process":
        wanted = dict(self._environment())
        process = self._process
        if process is not None and process.owner != os.getpid():
            process = None  # came along by a fork: it is another worker's
        if process is not None and process.is_alive() and process.environment != wanted:
            if process.busy:
                raise EngineFailure(
                    "engine_busy",
                    "The model starts anew with other settings when what it makes is finished. Try again.",
                    retryable=True,
                )
            process.kill()
        if process is None or not process.is_alive():
            if process is not None:
                process.kill()
            process = _Process(self._module, wanted)
            atexit.register(process.kill)
        self._process = process
        return process

    def _check_silence(self, call: "_Call") -> None:
        if time.monotonic() - max(call.begun, call.process.heard) > SILENCE_LIMIT_S:
            self.close()
            raise EngineFailure(
                "engine_silent",
                f"The model gave no sign of life for {SILENCE_LIMIT_S / 60:.0f} minutes and was ended. Try again.",
                retryable=True,
            )


class _Call:
    """One request's end of the line."""

    def __init__(self, process: "_Process", number: int) -> None:
        self.process, self.number = process, number
        self.begun = time.monotonic()
        self.entered = False
        self.frames: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()

    def next(self, timeout_s: float) -> tuple[Header, bytes] | None:
        """What the process says next about this request; None when it said nothing for so long."""
        try:
            return self.frames.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def end(self, *, settled: bool) -> None:
        """Hang up. A request that goes on is stopped; a process that does not hear it is killed, unless it works for
        others, too: then they go on, and it stops when it hears.
        """
        heard = settled
        if not settled:
            until = time.monotonic() + STOP_GRACE_S
            with contextlib.suppress(OSError, ValueError):
                self.process.send({"do": "stop", "number": self.number})
                while not heard and time.monotonic() < until:
                    frame = self.next(POLL_S)
                    heard = frame is not None and frame[0]["event"] in {"stopped", "done", "error", "gone"}
        if self.process.hang_up(self.number) == 0 and not heard:
            self.process.kill()
        if self.entered:
            warm.leave(self.process.pid)


_GONE: tuple[Header, bytes] = ({"event": "gone"}, b"")


class _Process:
    """One spawned model process and a thread that reads what it says."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self.environment = environment
        self.owner = os.getpid()
        self.heard = time.monotonic()
        """When it last said anything, to whichever request."""
        self._writing = threading.Lock()
        self._calls: dict[int, _Call] = {}
        self._changing = threading.Lock()
        self._gone = False
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        # The kernel ends the process with the thread that started it: that thread reads until the process is gone.
        threading.Thread(target=self._live, args=(module, started), name="model process", daemon=True).start()
        child = started.get()
        if isinstance(child, OSError):
            raise EngineFailure(
                "engine_died", f"The model's process does not start ({child}).", retryable=True
            )
        self._child = child
        self.pid = child.pid

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    def call(self, number: int) -> _Call:
        """A line for this request."""
        made = _Call(self, number)
        with self._changing:
            self._calls[number] = made
            if self._gone:
                made.frames.put(_GONE)
        return made

    def hang_up(self, number: int) -> int:
        """Forget a request. Returns how many others there are."""
        with self._changing:
            self._calls.pop(number, None)
            return len(self._calls)

    def is_alive(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=5)
        return self._child.returncode

    def send(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        with self._writing:
            write_frame(cast(BinaryIO, self._child.stdin), header, body)

    def kill(self) -> None:
        if self.owner != os.getpid():
            return
        atexit.unregister(self.kill)
        self._child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=10)
        with contextlib.suppress(OSError):
            cast(BinaryIO, self._child.stdin).close()

    def _live(self, module: str, started: "queue.SimpleQueue[subprocess.Popen[bytes] | OSError]") -> None:
        idle_s = float(os.environ.get("DEADWAX_ENGINE_IDLE_S") or IDLE_S)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
        try:
            child = subprocess.Popen(  # noqa: S603 - our own module by our own Python
                [
                    sys.executable,
                    "-m",
                    "generation.engine.host_process",
                    module,
                    str(self.owner),
                    str(idle_s),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=_ROOT,
                env=kept | self.environment,
            )
        except OSError as error:
            started.put(error)
            return
        started.put(child)
        self._read(cast(BinaryIO, child.stdout))

    def _read(self, source: BinaryIO) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (frame := read_frame(source)) is not None:
                self.heard = time.monotonic()
                with self._changing:
                    call = self._calls.get(frame[0]["number"])
                if call is not None:  # else nobody waits for it any more
                    call.frames.put(frame)
        with self._changing:
            self._gone = True
            for call in self._calls.values():
                call.frames.put(_GONE)
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
