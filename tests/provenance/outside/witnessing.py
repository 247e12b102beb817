"""Witness programs that are really started, and logs made by hand to show them."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import merkle, notes

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "provenance" / "witness.py"


class WitnessProcess:
    """`python3 witness.py serve` in a folder of its own, outside the checkout's import path."""

    def __init__(self, folder: Path, name: str, *log_keys: str) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        logs = [part for key in log_keys for part in ("--log", key)]
        done = run_witness("init", folder, "--name", name, *logs)
        assert done.returncode == 0, done.stderr
        self.key = done.stdout.strip()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> WitnessProcess:
        command = [sys.executable, "-I", str(PROGRAM), "serve", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
        )  # fmt: skip
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"listens on http://.*:(\d+)/", line):
                self.port = int(found[1])
                return self
        raise AssertionError("".join(said))

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        self.process.stdout.close()
        self.process = None

    def stop(self) -> str:
        """Ends it in order; returns what it said since it listened."""
        if self.process is None:
            return ""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, said
        self.process = None
        return said

    def post(self, body: bytes, *, path: str = "/add-checkpoint") -> tuple[int, str, str]:
        """(status, content type, text)."""
        request = urllib.request.Request(self.url + path, data=body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get_content_type(), error.read().decode()

    def newest(self, origin: str) -> bytes | None:
        import hashlib

        name = hashlib.sha256(origin.encode()).hexdigest()
        try:
            with urllib.request.urlopen(f"{self.url}/{name}/checkpoint", timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError:
            return None

    def show(self) -> subprocess.CompletedProcess[str]:
        return run_witness("show", self.folder)


def run_witness(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(PROGRAM), *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd="/", env={"PATH": os.environ["PATH"]},
    )  # fmt: skip


class HandLog:
    """A log that exists only in memory; `fork(at)` gives another with the same beginning."""

    def __init__(self, origin: str = "log.example/hand", private: Ed25519PrivateKey | None = None) -> None:
        self.origin = origin
        self.private = private or Ed25519PrivateKey.generate()
        self.leaves: list[bytes] = []

    @property
    def key(self) -> str:
        return str(notes.public_key(self.origin, self.private))

    def grow(self, count: int, word: str = "leaf") -> HandLog:
        first = len(self.leaves)
        self.leaves += [merkle.leaf_hash(f"{word} {first + i}".encode()) for i in range(count)]
        return self

    def fork(self, at: int) -> HandLog:
        other = HandLog(self.origin, self.private)
        other.leaves = self.leaves[:at]
        return other

    def _get(self, level: int, index: int) -> bytes:
        frontier = merkle.Frontier()
        for leaf in self.leaves[index << level : (index + 1) << level]:
            frontier.append(leaf)
        return frontier.root()

    def note(self, size: int | None = None) -> bytes:
        size = len(self.leaves) if size is None else size
        head = notes.TreeHead(self.origin, size, merkle.root(size, self._get))
        return bytes(notes.sign(head.text, name=self.origin, private=self.private))

    def request(self, old: int, size: int | None = None) -> bytes:
        size = len(self.leaves) if size is None else size
        proof = merkle.consistency_proof(old, size, self._get) if old <= size else []
        return request(old, proof, self.note(size))


def request(old: int | str, proof: list[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof)]
    return "\n".join([*lines, "", ""]).encode() + note
