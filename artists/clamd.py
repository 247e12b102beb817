"""Asking a clamd whether a file holds malware, by its INSTREAM command (clamd(8)).

`DEADWAX_CLAMD` is `host:port` or the path of a socket; without it nothing is asked.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

CHUNK: Final = 256 * 1024
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class Verdict:
    """`state`: clean, infected, none (no scanner configured), waiting (it could not be asked) or too_large."""

    state: str
    name: str = ""


def configured() -> str:
    return os.environ.get("DEADWAX_CLAMD", "").strip()


def scan(file: BinaryIO, *, address: str | None = None) -> Verdict:
    """The verdict on everything that `file` still gives. Never raises for what the other side does."""
    address = configured() if address is None else address
    if not address:
        return Verdict("none")
    try:
        with _connect(address) as link:
            link.sendall(b"zINSTREAM\0")
            try:
                while chunk := file.read(CHUNK):
                    link.sendall(struct.pack("!I", len(chunk)) + chunk)
                link.sendall(struct.pack("!I", 0))
            except OSError:
                pass  # clamd answers and hangs up when its size limit is reached; the answer still stands
            said = b""
            while not said.endswith(b"\0") and len(said) < 4096 and (more := link.recv(1024)):
                said += more
    except (OSError, ValueError):
        return Verdict("waiting")
    words = said.rstrip(b"\0").decode("utf-8", "replace").removeprefix("stream: ").strip()
    if words == "OK":
        return Verdict("clean")
    if words.endswith(" FOUND"):
        return Verdict("infected", words.removesuffix(" FOUND")[:80])
    return Verdict("too_large" if "size limit" in words else "waiting")


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if address.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(TIMEOUT_S)
        try:
            link.connect(address)
        except OSError:
            link.close()
            raise
        return link
    return socket.create_connection((host, int(port)), timeout=TIMEOUT_S)
