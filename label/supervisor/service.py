"""Keeps a handful of processes alive: prefixed output, restart of the dead with growing pauses, an orderly end.

One thread only: children are started by fork and exec with Python code in between (identity.before_exec).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from label.supervisor import identity

RESTART_PAUSES_S = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
HEALTHY_AFTER_S = 30.0
"""A process that lived this long starts again without a pause."""
_LONGEST_LINE = 8192


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process to keep alive."""

    name: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 6.0
    colour: int = 37
    unprinted: tuple[str, ...] = ()
    """Lines that contain one of these are known noise."""
    spawn: Callable[[], subprocess.Popen[bytes]] | None = None
    """Instead of `command`: starts the process with its output in a pipe."""


class _Running:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.restart_at: float | None = None
        self.failures = 0
        self.buffer = b""


class Supervisor:
    """Starts services in order, watches them, and stops them in the opposite order."""

    def __init__(self, *, output: IO[str] | None = None) -> None:
        self._output = output or sys.stdout
        self._coloured = self._output.isatty() and "NO_COLOR" not in os.environ
        self._running: list[_Running] = []
        self._selector = selectors.DefaultSelector()
        self._stop_requests = 0

    @property
    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop_requests > 0

    def request_stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Signal handler: end `run()`; a second signal is less patient."""
        self._stop_requests += 1

    def add(self, service: Service) -> None:
        """Start a service now and keep it alive from now on."""
        running = _Running(service)
        self._running.append(running)
        self._start(running)

    def pid(self, name: str) -> int | None:
        """The process id of a service that lives."""
        for running in self._running:
            if running.service.name == name and running.process and running.process.poll() is None:
                return running.process.pid
        return None

    def say(self, name: str, text: str, *, colour: int = 37) -> None:
        """Print one prefixed line."""
        prefix = f"{name:>9} | "
        if self._coloured:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone; the services are not
            self._output.write(f"{prefix}{text}\n")
            self._output.flush()

    def watch(self, duration_s: float) -> None:
        """Pass output on and restart the dead for that long; returns early when the end is asked for."""
        until = time.monotonic() + duration_s
        while not self._stop_requests:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._read(min(left, 0.2))
            self._revive()

    def run(self) -> None:
        """Watch until the end is asked for."""
        while not self._stop_requests:
            self.watch(3600)

    def stop(self) -> None:
        """Stop all services, the last started first. Afterwards no process of theirs lives."""
        for running in reversed(self._running):
            self._stop(running)
        self._running.clear()
        self._read(0)

    # -- insides ---------------------------------------------------------------------------------------
    def _start(self, running: _Running) -> None:
        service = running.service
        running.restart_at = None
        running.started_at = time.monotonic()
        try:
            running.process = service.spawn() if service.spawn else self._popen(service)
        except Exception as error:
            self.say(service.name, f"cannot start: {error}", colour=31)
            running.process = None
            self._schedule(running)
            return
        stream = running.process.stdout
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        self._selector.register(stream, selectors.EVENT_READ, running)

    @staticmethod
    def _popen(service: Service) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=service.cwd,
            env={**os.environ, **service.env},
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the rest in order
            preexec_fn=identity.before_exec(),
        )

    def _read(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            running: _Running = key.data
            try:
                chunk = os.read(key.fd, 65536)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                chunk = b""
            if chunk:
                self._print(running, chunk)
            else:
                self._selector.unregister(key.fileobj)
                self._print(running, b"\n" if running.buffer else b"")
                key.fileobj.close()  # type: ignore[union-attr]

    def _print(self, running: _Running, chunk: bytes) -> None:
        *lines, rest = (running.buffer + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        running.buffer = rest
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            if text and not any(noise in text for noise in running.service.unprinted):
                self.say(running.service.name, text, colour=running.service.colour)

    def _revive(self) -> None:
        now = time.monotonic()
        for running in self._running:
            if running.restart_at is not None:
                if now >= running.restart_at:
                    self._start(running)
            elif running.process is not None and running.process.poll() is not None:
                status = running.process.returncode
                how = (
                    f"killed by {signal.Signals(-status).name}"
                    if status < 0
                    else f"ended with status {status}"
                )
                self._kill_group(running.process.pid)
                if now - running.started_at > HEALTHY_AFTER_S:
                    running.failures = 0
                self._schedule(running)
                wait_s = (running.restart_at or now) - now
                self.say(running.service.name, f"{how}; starting again in {wait_s:.1f} s", colour=31)

    @staticmethod
    def _schedule(running: _Running) -> None:
        pause_s = RESTART_PAUSES_S[min(running.failures, len(RESTART_PAUSES_S) - 1)]
        running.failures += 1
        running.restart_at = time.monotonic() + pause_s

    def _stop(self, running: _Running) -> None:
        process = running.process
        if process is None:
            return
        asked = self._stop_requests
        for stop_signal, patience_s in (
            (running.service.stop_signal, running.service.stop_timeout_s),
            (signal.SIGQUIT, 2.0),
            (signal.SIGKILL, 5.0),
        ):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(stop_signal)
            until = time.monotonic() + patience_s
            while process.poll() is None and time.monotonic() < until:
                self._read(0.05)
                if self._stop_requests > asked:  # Ctrl-C again: on to the next signal
                    asked = self._stop_requests
                    break
            if process.poll() is not None:
                break
        self._kill_group(process.pid)

    @staticmethod
    def _kill_group(leader: int) -> None:
        """Children that their parent left behind. They are in its process group, which only they keep alive."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
