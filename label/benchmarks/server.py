"""The real web process on loopback, started as `up` starts it, and a reader of its pages."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from label.supervisor.stack import Options, services

PATIENCE_S = 60.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class NotServed(Exception):
    """The web process did not start, or answered a page with something else than the page."""


class Server:
    """A running web process. `pids` are granian's supervisor and its worker."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process

    @property
    def pids(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in children.read_text().split()] if children.exists() else []
        return found


@contextlib.contextmanager
def serving(log: Path) -> Iterator[Server]:
    """The web process on a free port, with this process's environment. Raises NotServed."""
    port = free_port()
    env = {"DEADWAX_BASE_URL": f"http://127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "label.settings"}
    web = services(Options(port=port), env)[0]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            web.command,
            cwd=web.cwd,
            env={**os.environ, **web.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(port, process, log)
        yield Server(port, process)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if Reader(port).get("/health/").status == 200:
                return
        time.sleep(0.1)
    raise NotServed(f"the web process does not answer: {log.read_text(errors='replace')[-2000:]}")


class Answer:
    """What came back, read to its end. `spent_s`: from the request's first byte to the answer's last."""

    def __init__(self, response: http.client.HTTPResponse, body: bytes, spent_s: float) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body
        self.spent_s = spent_s


class Reader:
    """One browser's worth of connection: kept alive, with cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._cookies: dict[str, str] = {}

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("GET", path, b"", headers or {})

    def page(self, path: str) -> Answer:
        """A page that has to be there. Raises NotServed."""
        answer = self.get(path)
        if answer.status != 200:
            raise NotServed(f"{path} was answered with {answer.status}")
        return answer

    def log_in(self, email: str, password: str) -> None:
        """By the log-in form, as a person does. Raises NotServed."""
        form = _TOKEN.search(self.page("/login/").body.decode())
        if form is None:
            raise NotServed("the log-in page has no form")
        values = {"csrfmiddlewaretoken": form.group(1), "username": email, "password": password}
        answer = self._ask(
            "POST",
            "/login/",
            urlencode(values).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status != 302:
            raise NotServed(f"{email} could not log in: {answer.status}")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {
            "Accept": "application/json" if path.startswith("/api/") else "text/html",
            **headers,
            **({"Cookie": cookies} if cookies else {}),
        }
        begun = time.perf_counter()
        try:
            self._connection.request(method, path, body=body or None, headers=sent)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if method != "GET":
                raise
            # The server closes what was silent for half a minute; a browser connects anew.
            self._connection.close()
            begun = time.perf_counter()
            self._connection.request(method, path, body=body or None, headers=sent)
            response = self._connection.getresponse()
        data = response.read()
        spent_s = time.perf_counter() - begun
        for line in response.headers.get_all("Set-Cookie") or []:
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Answer(response, data, spent_s)
