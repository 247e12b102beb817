#!/usr/bin/env python3
"""A witness for transparency logs: one file, Python 3.9 or newer, and the package `cryptography`.

    python3 witness.py init FOLDER --name witness.example/north --log LOGKEY
    python3 witness.py serve FOLDER [--listen 127.0.0.1:7380]
    python3 witness.py show FOLDER

Run it where the label has no hand in it. It remembers the newest checkpoint of each log that FOLDER/logs.txt names (one
verifier key a line; several of one name while a log changes its key), and signs a newer one only after a proof that
the log has merely grown. Two checkpoints of one size and different content are a fork: it signs neither, keeps both in
FOLDER/evidence, and says so.

    POST /add-checkpoint                        C2SP tlog-witness; cosignatures as tlog-cosignature, cosignature/v1
    GET /<SHA-256 of the origin, hex>/checkpoint   the newest checkpoint with both signatures

What it has signed is on the disk before anybody gets the signature; killed at any moment, it goes on from there. Losing
FOLDER means starting a new witness under a new name: never put back an old copy of it.

The file shares no code with the program that writes the log.
"""

# ruff: noqa: T201 - printing is what this program does
from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import datetime
import hashlib
import json
import os
import re
import signal
import socket
import socketserver
import struct
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator  # noqa: UP035 - also for Python 3.9

ED25519, COSIGNATURE = 0x01, 0x04
LEAF, NODE = b"\x00", b"\x01"
EMPTY_ROOT = hashlib.sha256(b"").digest()
DASH = "\u2014"
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
MAX_SIZE = 2**63 - 1

MAX_BODY_BYTES = 256 * 1024
MAX_PROOF_LINES = 63
MAX_SIGNATURES = 100
MAX_CONNECTIONS = 64
#: A connection is closed after so long, whatever it does.
CONNECTION_S = 60
IDLE_S = 15
#: Files of evidence that are kept; beyond that a log that lies all the time fills no disk.
MAX_EVIDENCE = {"fork": 1000, "unproven": 50}


class Malformed(Exception):
    """Bytes that are not what they should be. A sentence."""


class Unusable(Exception):
    """The folder or the command line cannot be used; what to do."""


class Refused(Exception):
    """The answer to a request that is not granted."""

    def __init__(self, status: int, words: str, content_type: str = "text/plain; charset=utf-8") -> None:
        super().__init__(words)
        self.status, self.words, self.content_type = status, words, content_type


# -- notes and keys (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ----------------------------------------------


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str, what: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"the {what} is not base64") from None
    if b64(value) != text:
        raise Malformed(f"the {what} is not base64 in its one form")
    return value


def check_name(name: str) -> str:
    if not name or "+" in name or any(char.isspace() or not char.isprintable() for char in name):
        raise Malformed(f"{name[:80]!r} cannot name a key: no spaces and no plus")
    return name


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


@dataclass(frozen=True)
class LogKey:
    """A log's verifier key: `name+key id+base64(0x01, Ed25519 key)`; the name is the log's origin."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def parse(cls, text: str) -> LogKey:
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise Malformed("a log's key reads name+key id+base64")
        name, stated, encoded = parts
        raw = unb64(encoded, "key")
        if len(raw) != 33 or raw[0] != ED25519:
            raise Malformed("only Ed25519 keys of logs are known (algorithm 1)")
        found = cls(check_name(name), key_id(name, ED25519, raw[1:]), raw[1:])
        if found.key_id.hex() != stated:
            raise Malformed(f"the key says id {stated[:20]}, but its id is {found.key_id.hex()}")
        return found

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([ED25519]) + self.public)}"

    def signed(self, signature: bytes, message: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Checkpoint:
    """A signed note whose text is origin, size, root and perhaps extension lines."""

    data: bytes
    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, bytes, str], ...]

    @classmethod
    def parse(cls, data: bytes) -> Checkpoint:
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("the checkpoint is not UTF-8 text") from None
        if any(ord(char) < 0x20 and char != "\n" for char in whole):
            raise Malformed("the checkpoint has control characters")
        cut = whole.rfind("\n\n")
        if cut < 0 or not whole.endswith("\n"):
            raise Malformed("the checkpoint is not text, an empty line, signature lines")
        text, below = whole[: cut + 1], whole[cut + 2 :].split("\n")[:-1]
        if not 0 < len(below) <= MAX_SIGNATURES:
            raise Malformed(f"the checkpoint does not have 1 to {MAX_SIGNATURES} signatures")
        signatures = []
        for line in below:
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != DASH:
                raise Malformed("the checkpoint has a line that is no signature")
            raw = unb64(parts[2], "signature")
            if len(raw) < 5:
                raise Malformed("the checkpoint has a signature that is too short")
            signatures.append((check_name(parts[1]), raw[:4], raw[4:], line))
        lines = text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]) or not DECIMAL.fullmatch(lines[1]):
            raise Malformed("the checkpoint does not have the lines origin, size, root")
        root = unb64(lines[2], "root hash")
        if len(root) != 32 or int(lines[1]) > MAX_SIZE:
            raise Malformed("the root hash does not have 32 bytes, or the size is too large")
        return cls(data, text, lines[0], int(lines[1]), root, tuple(signatures))

    def lines_of(self, name: str, key: bytes) -> list[tuple[bytes, str]]:
        return [(value, line) for who, which, value, line in self.signatures if (who, which) == (name, key)]


class Signer:
    """The witness's own key and name."""

    def __init__(self, name: str, private: Any) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self.name, self._private = name, private
        self._public_key = private.public_key()
        self.public: bytes = self._public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id(name, COSIGNATURE, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([COSIGNATURE]) + self.public)}"

    def cosign(self, text: str, seconds: int) -> str:
        """The signature line, without its newline."""
        signature = self._private.sign(self._message(text, seconds))
        return f"{DASH} {self.name} {b64(self.key_id + struct.pack('>Q', seconds) + signature)}"

    def has_cosigned(self, checkpoint: Checkpoint) -> int | None:
        """The time under our own cosignature of it; None without one that holds."""
        from cryptography.exceptions import InvalidSignature

        for value, _ in checkpoint.lines_of(self.name, self.key_id):
            if len(value) == 72:
                seconds = int(struct.unpack(">Q", value[:8])[0])
                with contextlib.suppress(InvalidSignature):
                    self._public_key.verify(value[8:], self._message(checkpoint.text, seconds))
                    return seconds
        return None

    @staticmethod
    def _message(text: str, seconds: int) -> bytes:
        return f"cosignature/v1\ntime {seconds}\n{text}".encode()


# -- the tree (RFC 9162, 2.1.4.2; the same hashing as RFC 6962) --------------------------------------------------------


def join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether the proof shows that the tree of `old` leaves is the beginning of that of `new`; 0 <= old <= new."""
    if old == 0:
        return not proof
    if old == new:
        return not proof and old_root == new_root
    path = proof if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    f, s = old - 1, new - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    first = second = path[0]
    for p in path[1:]:
        if s == 0:
            return False
        if f & 1 or f == s:
            first, second = join(p, first), join(p, second)
            while f and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            second = join(second, p)
        f, s = f >> 1, s >> 1
    return s == 0 and first == old_root and second == new_root


# -- the folder --------------------------------------------------------------------------------------------------------


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """The file is there whole or as before, and survives a power cut once this returns."""
    handle, name = tempfile.mkstemp(dir=str(path.parent), prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, str(path))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    handle = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Folder:
    """key.pem, name.txt, logs.txt, logs/<origin hash>.txt (newest cosigned checkpoint), evidence/."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs, self.evidence = path / "logs", path / "evidence"

    def make(self, name: str, logs: list[str]) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        check_name(name)
        keys = [str(LogKey.parse(text)) for text in logs]
        if (self.path / "key.pem").exists():
            raise Unusable(f"{self.path} already holds a witness; a second one needs a folder of its own.")
        for folder in (self.path, self.logs, self.evidence):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = Ed25519PrivateKey.generate()
        write_whole(self.path / "name.txt", f"{name}\n".encode())
        head = "# The verifier keys of the logs that this witness watches, one a line.\n"
        write_whole(self.path / "logs.txt", (head + "".join(f"{key}\n" for key in keys)).encode())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_whole(self.path / "key.pem", pem, 0o600)  # the last: with it the folder is a witness's
        return Signer(name, private)

    def signer(self) -> Signer:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            name = check_name((self.path / "name.txt").read_text(encoding="utf-8").strip())
            private = load_pem_private_key((self.path / "key.pem").read_bytes(), password=None)
        except (OSError, ValueError, TypeError, Malformed) as error:
            raise Unusable(
                f"{self.path} holds no witness that can be used ({error}): run init first."
            ) from None
        if not isinstance(private, Ed25519PrivateKey) or not self.logs.is_dir():
            raise Unusable(f"{self.path} is damaged: start a new witness under a new name.")
        return Signer(name, private)

    def log_keys(self, more: list[str]) -> list[LogKey]:
        try:
            lines = (self.path / "logs.txt").read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Unusable(f"{self.path / 'logs.txt'} cannot be read: {error}") from None
        texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")] + more
        try:
            return list(dict.fromkeys(LogKey.parse(text) for text in texts))
        except Malformed as error:
            raise Unusable(f"a log's key cannot be used: {error}.") from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time: two would sign past each other."""
        try:
            import fcntl
        except ImportError:
            raise Unusable("A witness needs a POSIX system (Linux, macOS, BSD).") from None
        with open(str(self.path / "lock"), "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Unusable(f"another process serves {self.path}.") from None
            yield

    def checkpoint_path(self, origin: str) -> Path:
        return self.logs / f"{hashlib.sha256(origin.encode()).hexdigest()}.txt"

    def newest(self, origin: str, signer: Signer) -> Checkpoint | None:
        """What we cosigned last of this log. Raises Unusable where the file is not our own word."""
        path = self.checkpoint_path(origin)
        try:
            checkpoint = Checkpoint.parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, Malformed) as error:
            raise Unusable(f"{path} is damaged ({error}): start a new witness under a new name.") from None
        if checkpoint.origin != origin or signer.has_cosigned(checkpoint) is None:
            raise Unusable(f"{path} was not written by this witness: start a new one under a new name.")
        return checkpoint

    def keep_evidence(
        self, kind: str, sentence: str, held: bytes, refused: bytes, request: str
    ) -> Path | None:
        """Both signed checkpoints in one file, once. None where so much is kept already that no more is."""
        digest = hashlib.sha256(kind.encode() + b"\x00" + refused).hexdigest()[:32]
        path = self.evidence / f"{kind}-{digest}.json"
        if path.exists():
            return path
        if sum(1 for _ in self.evidence.glob(f"{kind}-*.json")) >= MAX_EVIDENCE[kind]:
            return None
        document = {
            "kind": kind,
            "what": sentence,
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017
            "held": held.decode(),
            "refused": refused.decode(),
            "request": request,
        }
        write_whole(path, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
        return path


# -- the witness -------------------------------------------------------------------------------------------------------


class Witness:
    """Decides about one checkpoint at a time: comparing with what was signed last and replacing it is one step."""

    def __init__(
        self,
        folder: Folder,
        signer: Signer,
        keys: list[LogKey],
        *,
        say: Callable[[str], None] = lambda line: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self.signer, self.say, self._now = folder, signer, say, now
        self._keys: dict[str, list[LogKey]] = {}
        for key in keys:
            self._keys.setdefault(key.name, []).append(key)
        self._lock = threading.Lock()
        self._held = {origin: folder.newest(origin, signer) for origin in self._keys}
        self._by_hash = {hashlib.sha256(origin.encode()).hexdigest(): origin for origin in self._keys}

    def origins(self) -> list[str]:
        return sorted(self._keys)

    def held(self, origin: str) -> Checkpoint | None:
        return self._held.get(origin)

    def newest_by_hash(self, name: str) -> bytes | None:
        origin = self._by_hash.get(name)
        held = self._held.get(origin) if origin is not None else None
        return held.data if held is not None else None

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line with its newline. Raises Refused with the status that the protocol demands."""
        try:
            old, proof, checkpoint = read_request(body)
        except Malformed as error:
            raise Refused(400, f"{error}\n") from None
        keys = self._keys.get(checkpoint.origin)
        if keys is None:
            raise Refused(404, "this witness does not watch a log of that origin\n")
        log_lines = self._check_signatures(checkpoint, keys)
        if old > checkpoint.size:
            raise Refused(400, "the old size is larger than the checkpoint's\n")
        with self._lock:
            held = self._held[checkpoint.origin]
            held_size = held.size if held is not None else 0
            forked = held is not None and held.size == checkpoint.size and held.root != checkpoint.root
            if held is not None and forked:
                self._keep("fork", held, checkpoint, body)
            if old != held_size:
                raise Refused(409, f"{held_size}\n", "text/x.tlog.size")
            if forked:
                raise Refused(422, "another root of this size was cosigned: the log has forked\n")
            if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
                raise Refused(422, "an empty log has another root\n")
            old_root = held.root if held is not None else EMPTY_ROOT
            if not consistent(old, checkpoint.size, old_root, checkpoint.root, proof):
                # No proof of a fork: anybody can send a good checkpoint with a bad proof.
                if held is not None:
                    self._keep("unproven", held, checkpoint, body)
                raise Refused(422, "the consistency proof does not hold\n")
            line = self.signer.cosign(checkpoint.text, int(self._now()))
            data = (checkpoint.text + "\n" + "".join(f"{item}\n" for item in (*log_lines, line))).encode()
            cosigned = Checkpoint.parse(data)
            try:
                write_whole(self._folder.checkpoint_path(checkpoint.origin), data)
            except OSError as error:
                self.say(f"the state cannot be written: {error}")
                raise Refused(500, "the witness cannot write its state\n") from None
            self._held[checkpoint.origin] = cosigned
        self.say(f"cosigned {checkpoint.origin}: {held_size} -> {checkpoint.size} entries")
        return f"{line}\n"

    @staticmethod
    def _check_signatures(checkpoint: Checkpoint, keys: list[LogKey]) -> list[str]:
        """The lines of the log's own keys: at least one, and every one holds."""
        lines = []
        for key in keys:
            for value, line in checkpoint.lines_of(key.name, key.key_id):
                if not key.signed(value, checkpoint.text.encode()):
                    raise Refused(403, "a signature under the log's key does not hold\n")
                lines.append(line)
        if not lines:
            raise Refused(403, "the checkpoint is not signed by a key of this log that this witness knows\n")
        return lines

    def _keep(self, kind: str, held: Checkpoint, refused: Checkpoint, body: bytes) -> None:
        sentence = {
            "fork": f"Two checkpoints of {refused.size} entries with different roots, both signed by the log"
            f" {refused.origin}: the log has forked. Each signature can be checked with the log's key.",
            "unproven": f"The log {refused.origin} signed {held.size} and {refused.size} entries; no proof came that"
            " the first is the beginning of the second. By itself this proves nothing: proofs are not signed.",
        }[kind]
        try:
            path = self._folder.keep_evidence(kind, sentence, held.data, refused.data, body.decode())
        except OSError as error:
            self.say(f"EVIDENCE CANNOT BE WRITTEN ({error}): {sentence} {refused.data.decode()!r}")
            return
        self.say(f"{'FORK' if kind == 'fork' else 'refused'}: {sentence} Kept: {path or 'no more room'}")


def read_request(body: bytes) -> tuple[int, list[bytes], Checkpoint]:
    """`old N`, consistency hashes, an empty line, the checkpoint. Raises Malformed."""
    head, found, rest = body.partition(b"\n\n")
    if not found:
        raise Malformed("the request has no empty line before the checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the request does not start with ASCII lines") from None
    if not lines[0].startswith("old ") or not DECIMAL.fullmatch(lines[0][4:]):
        raise Malformed("the request does not start with 'old' and a size")
    if len(lines) - 1 > MAX_PROOF_LINES:
        raise Malformed(f"the request has more than {MAX_PROOF_LINES} hashes")
    proof = [unb64(line, "consistency hash") for line in lines[1:]]
    if any(len(item) != 32 for item in proof):
        raise Malformed("a consistency hash does not have 32 bytes")
    return int(lines[0][4:]), proof, Checkpoint.parse(rest)


# -- HTTP --------------------------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "witness", ""
    timeout = IDLE_S
    #: An answer goes out as one piece, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        if not self.path.split("?")[0].endswith("/add-checkpoint"):
            self._answer(404, "POST /add-checkpoint is what a witness answers\n", close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not DECIMAL.fullmatch(length) or self.headers.get("Transfer-Encoding"):
            self._answer(411, "say the length of the request\n", close=True)
            return
        if int(length) > MAX_BODY_BYTES:
            self._answer(413, f"a request has at most {MAX_BODY_BYTES} bytes\n", close=True)
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        try:
            line = self.server.witness.add_checkpoint(body)
        except Refused as refusal:
            self._answer(refusal.status, refusal.words, refusal.content_type)
        else:
            self._answer(200, line)

    def do_GET(self) -> None:
        parts = self.path.split("?")[0].rstrip("/").split("/")
        found = (
            self.server.witness.newest_by_hash(parts[-2])
            if len(parts) > 2 and parts[-1] == "checkpoint"
            else None
        )
        if found is None:
            self._answer(404, "no checkpoint of such a log was cosigned here\n")
        else:
            self._answer(200, found.decode())

    def _answer(
        self, status: int, words: str, content_type: str = "text/plain; charset=utf-8", *, close: bool = False
    ) -> None:
        data = words.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Quiet: what matters is said by the witness itself."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        self._open: dict[socket.socket, float] = {}
        self._guard = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without the base class's look-up of our own name, which can take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            full = len(self._open) >= MAX_CONNECTIONS
            if not full:
                self._open[request] = time.monotonic()
        if full:
            super().shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Twice a second: connections that are too old are closed, so that slow talkers do not fill the house."""
        late = time.monotonic() - CONNECTION_S
        with self._guard:
            old = [request for request, since in self._open.items() if since < late]
        for request in old:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is none of our errors; anything else is one line."""
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, TimeoutError)):
            self.witness.say(f"a request failed: {type(error).__name__}: {error}")


# -- the program -------------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def say(line: str) -> None:
    print(printable(line), flush=True)


def serve(folder: Folder, listen: str, more: list[str]) -> int:
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535 or not host:
        raise Unusable(f"{listen!r} is no address to listen on: write host:port.")
    signer = folder.signer()
    keys = folder.log_keys(more)
    if not keys:
        raise Unusable(
            f"no log is named: write its verifier key into {folder.path / 'logs.txt'} or give --log."
        )
    with folder.locked():
        witness = Witness(folder, signer, keys, say=say)
        try:
            server = Server((host.strip("[]"), int(port)), witness)
        except OSError as error:
            raise Unusable(f"cannot listen on {listen}: {error.strerror}.") from None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        say(f"witness {signer}")
        for origin in witness.origins():
            held = witness.held(origin)
            say(f"watches {origin}: {f'{held.size} entries' if held else 'nothing seen yet'}")
        say(f"listens on http://{host}:{server.server_port}/")
        with server:
            server.serve_forever()
    say("stopped")
    return 0


def show(folder: Folder) -> int:
    signer = folder.signer()
    say(f"witness {signer}")
    for origin in sorted({key.name for key in folder.log_keys([])}):
        held = folder.newest(origin, signer)
        if held is None:
            say(f"watches {origin}: nothing seen yet")
            continue
        when = datetime.datetime.fromtimestamp(signer.has_cosigned(held) or 0, datetime.timezone.utc)  # noqa: UP017
        say(
            f"watches {origin}: {held.size} entries, root {b64(held.root)}, cosigned {when:%Y-%m-%d %H:%M:%S} UTC"
        )
    forks = sorted(folder.evidence.glob("fork-*.json"))
    for path in forks:
        say(f"FORK: {json.loads(path.read_text(encoding='utf-8'))['what']} {path}")
    for path in sorted(folder.evidence.glob("unproven-*.json")):
        say(f"refused without proof: {path}")
    return 1 if forks else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="witness.py", description="A witness for transparency logs.")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("init", help="make a folder with a new key; print the key to give to the log")
    run = commands.add_parser("serve", help="answer POST /add-checkpoint")
    look = commands.add_parser("show", help="what was seen and signed; exit status 1 if a fork was seen")
    for command in (make, run, look):
        command.add_argument("folder", type=Path, help="where the witness keeps its key and its memory")
    make.add_argument("--name", required=True, help="the witness's name, as witness.example/north")
    for command in (make, run):
        command.add_argument("--log", action="append", default=[], metavar="KEY", help="a log's verifier key")
    run.add_argument(
        "--listen", default="127.0.0.1:7380", metavar="HOST:PORT", help="default: 127.0.0.1:7380"
    )
    options = parser.parse_args(arguments)
    try:
        import cryptography  # noqa: F401
    except ImportError:
        print(
            "could not start: the Python package `cryptography` is missing (pip install cryptography)",
            file=sys.stderr,
        )
        return 2
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    folder = Folder(options.folder)
    try:
        if options.command == "init":
            print(folder.make(options.name, options.log))
            return 0
        return serve(folder, options.listen, options.log) if options.command == "serve" else show(folder)
    except (Unusable, Malformed) as error:
        print(printable(f"could not start: {error}"), file=sys.stderr)
    except OSError as error:
        print(printable(f"could not start: {options.folder}: {error.strerror or error}"), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
