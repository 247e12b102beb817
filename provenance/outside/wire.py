"""One bounded HTTP exchange with an outside place: a time limit over the whole of it, a limit of size, no redirects.

Pure standard library. Whatever the other side does (silence, one byte a second, a flood), the caller gets an answer or
a `WireError` within the limit.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

TIMEOUT_S: Final = 20.0
MAX_ANSWER_BYTES: Final = 256 * 1024
AGENT: Final = "deadwax"


class WireError(Exception):
    """No answer that could be used; the message says why, without passwords."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    def excerpt(self) -> str:
        """The first words of the answer, printable, for an error message."""
        text = self.body[:200].decode("utf-8", "replace")
        return "".join(char if char.isprintable() else " " for char in text).strip()[:120]


def exchange(
    method: str,
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
    limit: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send one request and read the whole answer. Raises WireError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    late = threading.Event()
    sockets: list[socket.socket] = []
    # A timeout of the socket counts from byte to byte; the alarm bounds the whole.
    alarm = threading.Timer(timeout_s, _hang_up, (sockets, late))
    alarm.daemon = True
    alarm.start()
    try:
        connection.connect()
        sockets.append(connection.sock)  # the connection forgets it as soon as the answer's header is read
        connection.request(method, urlunsplit(("", "", parts.path or "/", parts.query, "")), body, sent)
        response = connection.getresponse()
        answer = response.read(limit + 1)
        if late.is_set():
            raise TimeoutError
        if len(answer) > limit:
            raise WireError(f"{shown} sent more than {limit} bytes.")
        return Answer(response.status, response.headers.get_content_type(), answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise WireError(f"{shown} did not answer within {timeout_s:g} s.") from error
        raise WireError(f"{shown} could not be reached: {_reason(error)}") from error
    finally:
        alarm.cancel()
        connection.close()


def _hang_up(sockets: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "".join(char if char.isprintable() else " " for char in str(text))[:160]
