"""A small server that speaks clamd's INSTREAM: everything that holds EICAR's first words is infected."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator

NEEDLE = b"X5O!P%@AP"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Clamd = self.server  # type: ignore[assignment]
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        data = b""
        while True:
            head = self.rfile.read(4)
            if len(head) < 4:
                return
            (size,) = struct.unpack("!I", head)
            if size == 0:
                break
            data += self.rfile.read(size)
            if len(data) > server.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        server.seen.append(len(data))
        said = b"stream: Eicar-Test-Signature FOUND\0" if NEEDLE in data else b"stream: OK\0"
        self.wfile.write(said)


class Clamd(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *, limit: int = 1 << 30) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.limit = limit
        self.seen: list[int] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def clamd(**options: int) -> Iterator[Clamd]:
    with Clamd(**options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
