"""The model process: keeps a model in memory between requests. Started by `host.py`, never by hand.

Standard input brings requests, standard output takes progress and takes; every frame carries its request's number.
It ends when nobody asks for a while, which frees all memory, and when its parent dies.
"""

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from generation.engine.base import (
    EngineError,
    EngineUnavailable,
    Made,
    PartialAudio,
    Progress,
    RequestRefused,
)
from generation.engine.host_wire import (
    Header,
    PartialWriter,
    pack_made,
    read_frame,
    unpack_inputs,
    write_frame,
)

PROGRESS_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1

Hear = Callable[[PartialAudio], None]


class Runner(Protocol):
    """What lives in a model process. MUST let pass whatever `progress` raises and stay usable after it.

    `job` is what the adapter sent; under `inputs` it holds the request's `GivenInput`s. `hear` takes sound of takes
    that are being made (see `base.AudibleEngine`); None: nobody listens.

    Requests come one after another, unless the runner has an attribute `shares` that is True. Then several are open
    at a time: each yields None whenever another may have its turn, and progress is to be told in every turn.
    """

    def run(self, job: Mapping[str, Any], progress: Progress, hear: Hear | None) -> Iterator[Made | None]: ...


class _Stopped(BaseException):
    """The worker wants no more of this request. No `Exception`: libraries must not swallow it."""


class _Sink:
    """What goes back to the worker, from any thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._lock = file, threading.Lock()

    def tell(self, number: int, header: Mapping[str, Any], body: bytes = b"") -> None:
        with self._lock:
            write_frame(self._file, {**header, "number": number}, body)


class _Inbox:
    """Requests as they come in, read by a thread of its own so that a stop is noticed at work."""

    def __init__(self, source: BinaryIO, sink: _Sink) -> None:
        self.stopped: set[int] = set()
        """Numbers of requests that are open and not wanted any more."""
        self._sink = sink
        self._waiting: deque[tuple[Header, bytes]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._read, args=(source,), name="inbox", daemon=True).start()

    def next(self, wait_s: float = 0.0) -> tuple[Header, bytes] | None:
        """The oldest request that waits. After a wait without any the inbox is closed, and takes no more."""
        with self._changed:
            if wait_s:
                self._changed.wait_for(lambda: self._waiting, timeout=wait_s)
                self._closed = not self._waiting
            return self._waiting.popleft() if self._waiting else None

    def _read(self, source: BinaryIO) -> None:
        while (frame := read_frame(source)) is not None:
            number = frame[0]["number"]
            with self._changed:
                if frame[0]["do"] == "run" and not self._closed:
                    self._waiting.append(frame)
                    self._changed.notify()
                    self._sink.tell(number, {"event": "started"})
                elif frame[0]["do"] == "stop":
                    kept = [one for one in self._waiting if one[0]["number"] != number]
                    if len(kept) < len(self._waiting):
                        self._waiting = deque(kept)
                        self._sink.tell(number, {"event": "stopped"})
                    else:
                        self.stopped.add(number)
        os._exit(0)  # the worker is gone


class _Turn:
    """One request that is being served, from turn to turn."""

    def __init__(self, frame: tuple[Header, bytes], inbox: _Inbox, sink: _Sink) -> None:
        header, body = frame
        self.number: int = header["number"]
        self._job = {**header["job"], "inputs": unpack_inputs(header.get("inputs", ()), body)}
        scratch = header.get("scratch", "")
        self._spool = PartialWriter(Path(scratch), self._tell) if scratch else None
        self._inbox, self._sink = inbox, sink
        self._takes: Iterator[Made | None] | None = None
        self._told = 0.0

    def go(self, runner: Callable[[], Runner]) -> bool:
        """Let it work until it yields. Returns whether it wants another turn; never raises what the runner raises."""
        try:
            if self._takes is None:
                self._takes = iter(runner().run(self._job, self._progress, self._spool))
            for made in self._takes:
                if made is not None:
                    self._tell(*pack_made(made))
                return True
        except _Stopped:
            self._tell({"event": "stopped"})
        except Exception as error:
            traceback.print_exc()
            self._tell({"event": "error", **_described(error)})
        else:
            self._tell({"event": "done"})
        self._inbox.stopped.discard(self.number)
        return False

    def _progress(self, done: int, total: int) -> None:
        if self.number in self._inbox.stopped:
            raise _Stopped
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY_S or done >= total:
            self._told = now
            self._tell({"event": "progress", "done": done, "total": total})

    def _tell(self, header: Header, body: bytes = b"") -> None:
        self._sink.tell(self.number, header, body)


def main(argv: list[str]) -> int:
    """`host_process MODULE PARENT_PID IDLE_S`. Returns 0 after idling."""
    module, parent, idle_s = argv[0], int(argv[1]), float(argv[2])
    source = os.fdopen(os.dup(0), "rb")
    sink = _Sink(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what libraries print must not come between frames
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    _die_with(parent)
    inbox = _Inbox(source, sink)
    made: Runner | None = None

    def runner() -> Runner:
        nonlocal made
        if made is None:
            made = cast(Runner, importlib.import_module(module).runner())
        return made

    turns: deque[_Turn] = deque()
    while True:
        while not turns or getattr(made, "shares", False):
            frame = inbox.next(0.0 if turns else idle_s)
            if frame is None:
                break
            turns.append(_Turn(frame, inbox, sink))
        if not turns:
            return 0
        turn = turns.popleft()
        if turn.go(runner):
            turns.append(turn)


def _described(error: Exception) -> Header:
    if isinstance(error, EngineError):
        kind = next(
            (name for name, kind in ERRORS.items() if isinstance(error, kind)),
            "failure",
        )
        return {"kind": kind, "code": error.code, "message": error.message, "retryable": error.retryable}
    reason = next(iter(str(error).splitlines()), "")[:300]
    return {
        "kind": "failure",
        "code": "engine_broke",
        "message": f"The model broke on this request ({type(error).__name__}: {reason}).",
        "retryable": False,
    }


ERRORS: dict[str, type[EngineError]] = {"refused": RequestRefused, "unavailable": EngineUnavailable}


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process when the worker dies, however busy this one is then."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
