"""The model process: keeps a model in memory between requests. Started by `host.py`, never by hand.

Standard input brings requests, standard output takes progress and takes. It ends when nobody asks for a while,
which frees all memory, and when its parent dies.
"""

import contextlib
import ctypes
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from generation.engine.base import (
    EngineError,
    EngineUnavailable,
    GenerationOutput,
    PartialAudio,
    Progress,
    RequestRefused,
)
from generation.engine.host_wire import PartialWriter, pack_output, read_frame, write_frame

PROGRESS_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1

Hear = Callable[[PartialAudio], None]


class Runner(Protocol):
    """What lives in a model process. MUST let pass whatever `progress` raises and stay usable after it.

    `hear` takes sound of takes that are being made (see `base.AudibleEngine`); None: nobody listens.
    """

    def run(
        self, job: Mapping[str, Any], progress: Progress, hear: Hear | None
    ) -> Iterator[GenerationOutput]: ...


class _Stopped(BaseException):
    """The worker wants no more of this request. No `Exception`: libraries must not swallow it."""


class _Inbox:
    """Requests as they come in, read by a thread of its own so that a stop is noticed at work."""

    def __init__(self, source: BinaryIO) -> None:
        self.requests: queue.SimpleQueue[tuple[int, Mapping[str, Any], str]] = queue.SimpleQueue()
        self.stopped = 0  # the number of the last request that is not wanted any more
        threading.Thread(target=self._read, args=(source,), name="inbox", daemon=True).start()

    def _read(self, source: BinaryIO) -> None:
        while (frame := read_frame(source)) is not None:
            header, _ = frame
            if header["do"] == "stop":
                self.stopped = header["number"]
            else:
                self.requests.put((header["number"], header["job"], header.get("scratch", "")))
        os._exit(0)  # the worker is gone


def main(argv: list[str]) -> int:
    """`host_process MODULE PARENT_PID IDLE_S`. Returns 0 after idling."""
    module, parent, idle_s = argv[0], int(argv[1]), float(argv[2])
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not come between frames
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    _die_with(parent)
    inbox = _Inbox(source)
    runner: Runner | None = None
    while True:
        try:
            number, job, scratch = inbox.requests.get(timeout=idle_s)
        except queue.Empty:
            return 0
        write_frame(sink, {"event": "started", "number": number})
        try:
            if runner is None:
                runner = cast(Runner, importlib.import_module(module).runner())
            _serve(runner, number, job, scratch, inbox, sink)
        except _Stopped:
            write_frame(sink, {"event": "stopped"})
        except Exception as error:
            traceback.print_exc()
            write_frame(sink, {"event": "error", **_described(error)})
        else:
            write_frame(sink, {"event": "done"})


def _serve(
    runner: Runner, number: int, job: Mapping[str, Any], scratch: str, inbox: _Inbox, sink: BinaryIO
) -> None:
    told = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if inbox.stopped >= number:
            raise _Stopped
        now = time.monotonic()
        if now - told >= PROGRESS_EVERY_S or done >= total:
            told = now
            write_frame(sink, {"event": "progress", "done": done, "total": total})

    spool = PartialWriter(Path(scratch), partial(write_frame, sink)) if scratch else None
    for output in runner.run(job, progress, spool):
        write_frame(sink, *pack_output(output))


def _described(error: Exception) -> dict[str, Any]:
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
