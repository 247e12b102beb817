#!/usr/bin/env python3
"""Check a Deadwax evidence bundle without Deadwax: one file, Python 3.9 or newer, and the package `cryptography`.

    python3 verifier.py BUNDLE.zip [--key KEY] [--witness KEY ...] [--timestamp-root FILE ...] [--checkpoint FILE]
                        [--repacked] [--list] [--json]

Numbered steps are printed as they pass; the same numbers stand in the code. The last line is one of
    valid                                  what you gave with --witness and --timestamp-root holds for every entry
    valid but not witnessed/timestamped    nothing is wrong, but the log alone vouches for some or all of it
    broken at step N because ...
Exit status: 0 valid (either form), 1 broken, 2 could not start, 3 valid, but the kept checkpoint could not be compared.

Timestamps need one more package, `rfc3161-client`; where it is missing they are not counted. Bundles of version 1 and 2
are read.

The file shares no code with the program that writes bundles. Whatever the bundle holds, the answer is a sentence:
sizes are bounded, names are never used as paths, and nothing of the bundle is run.
"""

# ruff: noqa: T201 - printing is what this program does
from __future__ import annotations

import argparse
import base64
import binascii
import datetime
import hashlib
import hmac
import json
import os
import re
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator  # noqa: UP035 - also for Python 3.9

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MAX_DIRECTORY_BYTES = 16 * MIB
MAX_MEMBERS = 65_534
MAX_ENTRIES = 20_000
MAX_LIST_BYTES = 8 * MIB
MAX_SMALL_BYTES = 4 * MIB
MAX_SMALL_TOTAL_BYTES = 512 * MIB
MAX_TOTAL_BYTES = 64 * GIB
CHUNK_BYTES = 256 * KIB
MAX_NUMBER = 2**53 - 1
MAX_POINTS = 200
MAX_TOKENS = 400
MAX_TOKEN_BYTES = 64 * KIB
MAX_ROTATIONS = 200
MAX_SIGNED_LEAVES = 1_000_000
MAX_PROOF_TEXT = 16 * KIB
#: Clocks of the label and of an authority may differ by so much before order in time is called a contradiction.
CLOCK_S = 300

LEAF, NODE = b"\x00", b"\x01"
COMMITMENT_DOMAIN = b"deadwax/commitment/v1"
ED25519, COSIGNATURE = 0x01, 0x04
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
ROTATION_HEADER = "deadwax/log-key-rotation/v1"
STREAMS_HEADER = "deadwax/streams/v1"
SEAL_HEADER = "deadwax/bundle/v2"
PERSON_DOMAIN = "deadwax/person-signature/v1"
SSH_NAMESPACE = b"person-signature@deadwax"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
PAYLOAD_KEYS = frozenset(
    "domain log person purpose stream leaves words_sha256 nonce timestamp at".split()  # noqa: SIM905
)
PURPOSES = frozenset({"session", "declaration", "approval"})

LIST_NAME = "bundle.json"
KNOWN_NAMES = frozenset({LIST_NAME, "README.txt", "summary.txt", "verifier.py"})
#: Kinds and lists that came with version 2.
NEWER_KINDS = ("log_key.", "person_key.", "session.signed")
NEWER_LISTS = frozenset({"points", "timestamps", "roots", "keys", "streams"})
#: Places that version 1 kept open for others; their content is not read.
OPEN_PLACES = ("timestamps/", "signatures/", "witnesses/")

BODY_KEYS = frozenset(
    "v kind event_version at basis actor stream subjects inputs outputs public private authorship".split()  # noqa: SIM905
)
BASES = frozenset({"observed", "inferred", "declared", "imported", "backfilled"})
HEX64 = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")

WITNESSED = "valid"
UNWITNESSED = "valid but not witnessed/timestamped"


class Broken(Exception):
    """A sentence that completes "broken because ..."."""


class CannotStart(Exception):
    """The question is wrong: an unreadable key, root or checkpoint file of the asker's own."""


class Nothing(str):
    """The sentence of a step that had nothing to look at, or could not: it did not fail, but it showed nothing."""


@dataclass
class Entry:
    """What the later steps need of an entry."""

    name: str
    leaf: bytes
    index: int
    kind: str = ""
    at: str = ""
    actor: str = ""
    stream: str = ""
    facts: str = ""
    private: dict[str, str] = field(default_factory=dict)
    #: Public facts, kept for entries about keys and signatures only.
    public: dict[str, Any] = field(default_factory=dict)
    words: Any = None
    before: str = ""
    signed_by: str = ""


@dataclass
class Report:
    """The steps that passed, and the verdict."""

    steps: list[tuple[int, str, str]] = field(default_factory=list)
    verdict: str = ""
    exit_status: int = 1
    entries: list[Entry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    log: dict[str, Any] = field(default_factory=dict)
    streams: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    timestamps: list[dict[str, Any]] = field(default_factory=list)
    witnesses: list[dict[str, Any]] = field(default_factory=list)


# -- small parsers -----------------------------------------------------------------------------------------------------


def unbase64(text: str, what: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Broken(f"the {what} is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise Broken(f"the {what} is not base64 in its one form")
    return value


def read_json(data: bytes, what: str) -> Any:
    """JSON without floats, without huge integers and without two values under one name."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            raise Broken(f"{what} has two values under one name")
        return found

    def number(text: str) -> int:
        if len(text) > 17 or abs(int(text)) > MAX_NUMBER:
            raise Broken(f"{what} holds an integer that is too large")
        return int(text)

    def refuse(text: str) -> Any:
        raise Broken(f"{what} holds the number {text[:20]}, which is not an integer")

    try:
        text = data.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=pairs, parse_int=number, parse_float=refuse, parse_constant=refuse
        )
    except UnicodeDecodeError:
        raise Broken(f"{what} is not UTF-8 text") from None
    except RecursionError:
        raise Broken(f"{what} is nested too deeply") from None
    except ValueError:
        raise Broken(f"{what} is not JSON") from None


def canonical(value: Any) -> str:
    """RFC 8785 for values without floats: names in UTF-16 order, shortest escapes, no spaces."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def is_canonical(data: bytes, value: Any) -> bool:
    try:
        return canonical(value).encode("utf-8") == data
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def some(count: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("ry") else noun + ("es" if noun.endswith("ss") else "s")
    return f"{count} {noun if count == 1 else plural}"


def text_of(value: Any, what: str, limit: int = 1000) -> str:
    if not isinstance(value, str) or not value or len(value) > limit:
        raise Broken(f"{what} is not text of 1 to {limit} characters")
    return value


def hex_of(value: Any, what: str) -> bytes:
    if not isinstance(value, str) or not HEX64.fullmatch(value):
        raise Broken(f"{what} is not a SHA-256 digest in 64 hex digits")
    return bytes.fromhex(value)


def whole_of(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Broken(f"{what} is not a whole number of 0 or more")
    return value


def mapping_of(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Broken(f"{what} is not an object")
    return value


def list_of(value: Any, what: str, limit: int) -> list[Any]:
    if not isinstance(value, list):
        raise Broken(f"{what} is not a list")
    if len(value) > limit:
        raise Broken(f"{what} has {len(value)} items, more than the {limit} that are read")
    return value


# -- notes and keys (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ----------------------------------------------


@dataclass
class Key:
    """`name+key id+base64(algorithm, Ed25519 key)`."""

    name: str
    key_id: bytes
    algorithm: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Key:
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise Broken("the key does not read name+key id+base64")
        name, stated, encoded = parts
        raw = unbase64(encoded, "key")
        if not name or any(char.isspace() for char in name):
            raise Broken("the name of the key is empty or has spaces")
        if len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise Broken("the key is not an Ed25519 key of a log or of a witness")
        try:
            key_id = hashlib.sha256(name.encode("utf-8") + b"\n" + raw).digest()[:4]
        except UnicodeEncodeError:  # half of a surrogate pair, out of JSON
            raise Broken("the name of the key is not UTF-8 text") from None
        if key_id.hex() != stated:
            raise Broken(f"the key says id {stated[:20]}, but its id is {key_id.hex()}")
        return cls(name, key_id, raw[0], raw[1:])

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}"

    def signed(self, signature: bytes, message: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass
class Note:
    """Text and the signature lines below it."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]

    @classmethod
    def read(cls, data: bytes, what: str) -> Note:
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Broken(f"{what} is not UTF-8 text") from None
        cut = whole.rfind("\n\n")
        if cut < 0 or not whole.endswith("\n"):
            raise Broken(f"{what} is not a signed note: text, an empty line, signature lines")
        text, below = whole[: cut + 1], whole[cut + 2 :].split("\n")[:-1]
        if len(below) > 100:
            raise Broken(f"{what} has more than 100 signatures")
        signatures = []
        for line in below:
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014":
                raise Broken(f"{what} has a line that is no signature")
            raw = unbase64(parts[2], "signature")
            signatures.append((parts[1], raw[:4], raw[4:]))
        return cls(text, signatures)

    def lines(self, header: str, count: int, what: str) -> list[str]:
        """The lines below the header, at least so many. Raises Broken for another kind of note."""
        lines = self.text.split("\n")[:-1]
        if lines[0] != header or len(lines) < count + 1:
            raise Broken(f"{what} is not a note of {header}")
        return lines[1:]

    def check_signed_by(self, key: Key, what: str) -> None:
        """By the log itself: every signature line under the key's name and id must hold, and one must be there."""
        mine = [value for name, key_id, value in self.signatures if (name, key_id) == (key.name, key.key_id)]
        if key.algorithm != ED25519 or not mine:
            raise Broken(f"{what} is not signed by {key}")
        if not all(key.signed(value, self.text.encode()) for value in mine):
            raise Broken(f"the signature of {key} does not fit {what}")

    def cosigned_at(self, key: Key) -> int | None:
        """Seconds since 1970 that a witness put under the checkpoint; None without a valid cosignature of this key."""
        for name, key_id, value in self.signatures:
            if (name, key_id, len(value)) != (key.name, key.key_id, 72):
                continue
            seconds = struct.unpack(">Q", value[:8])[0]
            if key.signed(value[8:], f"cosignature/v1\ntime {seconds}\n{self.text}".encode()):
                return int(seconds)
        return None

    def has_line_of(self, key: Key) -> bool:
        return any((name, key_id) == (key.name, key.key_id) for name, key_id, _ in self.signatures)

    def as_signed_by(self, key: Key) -> bytes:
        """The note with the log's own line only: what a time-stamping authority was shown."""
        for name, key_id, value in self.signatures:
            if (name, key_id) == (key.name, key.key_id):
                line = base64.b64encode(key_id + value).decode()
                return f"{self.text}\n\u2014 {name} {line}\n".encode()
        return b""


@dataclass
class Checkpoint(Note):
    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, data: bytes, what: str) -> Checkpoint:
        note = Note.read(data, what)
        lines = note.text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]) or not DECIMAL.fullmatch(lines[1]):
            raise Broken(f"{what} does not have the lines origin, size, root")
        root = unbase64(lines[2], "root hash")
        if len(root) != 32:
            raise Broken(f"the root hash in {what} has {len(root)} bytes, not 32")
        return cls(note.text, note.signatures, lines[0], int(lines[1]), root)


@dataclass
class Rotation:
    """The log's key was handed over: checkpoints above `after` are signed by `new`, those up to it by `old`."""

    text: str
    old: Key
    new: Key
    after: int

    @classmethod
    def parse(cls, data: str, origin: str) -> Rotation:
        what = "a key rotation"
        note = Note.read(data.encode("utf-8", "surrogatepass"), what)
        lines = note.lines(ROTATION_HEADER, 5, what)
        at, after = lines[3], lines[4]
        if lines[0] != origin or not at.startswith("at ") or not after.startswith("after "):
            raise Broken(f"{what} is not one of {origin[:80]}")
        if len(lines) != 5 or not TIME.fullmatch(at[3:]) or not DECIMAL.fullmatch(after[6:]):
            raise Broken(f"{what} does not have the lines log, old key, new key, at, after")
        old, new = Key.parse(lines[1]), Key.parse(lines[2])
        if old.name != origin or new.name != origin:
            raise Broken(f"{what} names a key of another log")
        for key in (old, new):
            note.check_signed_by(key, f"the rotation from {old} to {new}")
        return cls(data, old, new, int(after[6:]))


# -- the tree (RFC 9162) -----------------------------------------------------------------------------------------------


def join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


def included_root(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2: the root that the path leads to. Raises Broken where its length does not fit the tree."""
    if index >= size:
        raise Broken(f"a log of {size} entries has no entry {index}")
    f, s, r = index, size - 1, leaf
    for p in path:
        if s == 0:
            raise Broken(f"the proof of entry {index} is too long")
        if f & 1 or f == s:
            r = join(p, r)
            while f and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            r = join(r, p)
        f, s = f >> 1, s >> 1
    if s:
        raise Broken(f"the proof of entry {index} is too short")
    return r


def consistent_roots(old: int, new: int, old_root: bytes, path: list[bytes]) -> tuple[bytes, bytes]:
    """RFC 9162, 2.1.4.2, for 0 < old < new: the two roots that the path leads to."""
    path = path if old & (old - 1) else [old_root, *path]
    if not path:
        raise Broken("the consistency proof is empty")
    f, s = old - 1, new - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    first = second = path[0]
    for p in path[1:]:
        if s == 0:
            raise Broken("the consistency proof is too long")
        if f & 1 or f == s:
            first, second = join(p, first), join(p, second)
            while f and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            second = join(second, p)
        f, s = f >> 1, s >> 1
    if s:
        raise Broken("the consistency proof is too short")
    return first, second


# -- the archive -------------------------------------------------------------------------------------------------------


class Archive:
    """A zip whose names and sizes were found harmless before anything is unpacked."""

    def __init__(self, path: str) -> None:
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise Broken("it is not a regular file")
            self._path = path
            self._check_directory(path)
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise Broken(f"the file cannot be read: {error.strerror or error}") from None
        except Exception as error:
            if isinstance(error, Broken):
                raise
            # zipfile has many ways to stumble over a hostile directory; each of them means the same.
            raise Broken("it is not a readable zip archive (cut off or damaged)") from None
        if len(self._zip.infolist()) > MAX_MEMBERS:  # whatever number is stated
            raise Broken(f"the archive lists {len(self._zip.infolist())} files, more than are read")
        self.members: dict[str, zipfile.ZipInfo] = {}
        self._small_total = 0
        folded: set[str] = set()
        for info in self._zip.infolist():
            self._check_member(info)
            alike = unicodedata.normalize("NFC", info.filename).casefold()
            if alike in folded:
                raise Broken(f"the archive has the name {info.filename!r} twice")
            folded.add(alike)
            self.members[info.filename] = info
        self.comment = self._zip.comment
        self.total_bytes = sum(info.file_size for info in self.members.values())
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise Broken(
                f"unpacked it would have {self.total_bytes} bytes, more than the {MAX_TOTAL_BYTES} that are read"
            )

    def close(self) -> None:
        self._zip.close()

    def digest_before_comment(self) -> str:
        """SHA-256 of all bytes of the file but the comment, which stands at its end."""
        running = hashlib.sha256()
        with open(self._path, "rb") as file:
            left = file.seek(0, os.SEEK_END) - len(self.comment)
            file.seek(0)
            while left > 0 and (chunk := file.read(min(left, CHUNK_BYTES))):
                running.update(chunk)
                left -= len(chunk)
        return running.hexdigest()

    @staticmethod
    def _check_directory(path: str) -> None:
        """The directory of names is read into memory at once, so its size is looked at first."""
        with open(path, "rb") as file:
            length = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, length - 65_536 - 22 - 20))
            tail = file.read()
            at = tail.rfind(b"PK\x05\x06")
            if at < 0 or len(tail) - at < 22:
                raise Broken("it is not a zip archive, or its end is missing")
            count, size = struct.unpack("<HI", tail[at + 10 : at + 16])
            if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
                # Older versions of zipfile take the record right before this, whatever place is stated.
                where = struct.unpack("<Q", tail[at - 12 : at - 4])[0]
                if where != start + at - 20 - 56:
                    raise Broken("it is not a readable zip archive (cut off or damaged)")
                file.seek(where)
                record = file.read(56)
                if record[:4] != b"PK\x06\x06":
                    raise Broken("it is not a readable zip archive (cut off or damaged)")
                count, size = struct.unpack("<QQ", record[32:48])
            if count > MAX_MEMBERS or size > MAX_DIRECTORY_BYTES:
                raise Broken(f"the archive lists {count} files in {size} bytes, more than are read")

    @staticmethod
    def _check_member(info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        shown = repr(name[:80])
        if name != info.filename or not name.isprintable():  # also marks that turn the direction of writing
            raise Broken(f"the archive has a name with control characters: {shown}")
        parts = name.split("/")
        if (
            not name
            or "\\" in name
            or ":" in name
            or name.startswith("/")
            or any(p in ("", ".", "..") for p in parts)
        ):
            raise Broken(f"the archive has a name that could leave its folder: {shown}")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise Broken(f"the archive has a link or device: {shown}")
        if info.flag_bits & 0x41:
            raise Broken(f"the archive has an encrypted file: {shown}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Broken(f"the archive packs {shown} in a way that is not read")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The file in pieces, never more than its stated size."""
        info = self.members.get(name)
        if info is None:
            raise Broken(f"the file {name[:80]!r} is missing")
        try:
            left = info.file_size
            with self._zip.open(info) as file:
                while chunk := file.read(CHUNK_BYTES):
                    left -= len(chunk)
                    if left < 0:
                        raise Broken(f"{name[:80]!r} is larger than it says")
                    yield chunk
            if left:
                raise Broken(f"{name[:80]!r} is cut off")
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ):
            raise Broken(f"{name[:80]!r} is damaged in the archive") from None

    def small(self, name: str, limit: int = MAX_SMALL_BYTES) -> bytes:
        info = self.members.get(name)
        if info is not None:
            self._small_total += info.file_size
            if info.file_size > limit or self._small_total > MAX_SMALL_TOTAL_BYTES:
                raise Broken(f"{name[:80]!r} has {info.file_size} bytes, more than are read")
        return b"".join(self.chunks(name))


# -- what people sign --------------------------------------------------------------------------------------------------


@dataclass
class PersonKey:
    """A person's key, and the places in the log where it was enrolled, confirmed and revoked."""

    user: str
    method: str
    algorithm: str
    public: bytes
    rp_id: str
    enrolled: int
    confirmed: int | None = None
    revoked: int | None = None

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Ed25519, or ECDSA on P-256 with SHA-256 (a DER signature)."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            if self.algorithm == "ed25519":
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                curve = ec.SECP256R1()
                key = ec.EllipticCurvePublicKey.from_encoded_point(curve, self.public)
                key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def unbase64url(text: Any, what: str) -> bytes:
    if not isinstance(text, str) or len(text) > MAX_PROOF_TEXT:
        raise Broken(f"{what} is not base64url text")
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Broken(f"{what} is not base64url text") from None
    if base64.urlsafe_b64encode(value).rstrip(b"=").decode() != text:
        raise Broken(f"{what} is not base64url in its one form")
    return value


def passkey_signed(key: PersonKey, proof: dict[str, Any], payload: bytes, what: str) -> str:
    """W3C WebAuthn Level 2, 7.2: empty if the assertion holds, else what is wrong with it."""
    client_bytes = unbase64url(proof.get("client_data"), f"the client data of {what}")
    data = unbase64url(proof.get("authenticator_data"), f"the authenticator data of {what}")
    client = mapping_of(read_json(client_bytes, f"the client data of {what}"), f"the client data of {what}")
    challenge = hashlib.sha256(PERSON_DOMAIN.encode() + b"\x00" + payload).digest()
    if client.get("type") != "webauthn.get" or client.get("crossOrigin", False) is not False:
        return "the browser was not asked for a signature on this site"
    if client.get("challenge") != base64.urlsafe_b64encode(challenge).rstrip(b"=").decode():
        return "another payload was signed"
    host = re.sub(r":\d{1,5}$", "", str(client.get("origin")).partition("://")[2])
    if client.get("origin") != proof.get("origin") or not (
        host == key.rp_id or host.endswith(f".{key.rp_id}")
    ):
        return "it was made on another site than the key belongs to"
    if len(data) < 37 or data[:32] != hashlib.sha256(key.rp_id.encode()).digest():
        return "the key was asked for another site"
    if data[32] & 5 != 5:  # user present, user verified
        return "the authenticator did not verify that the person was there"
    signature = unbase64url(proof.get("signature"), f"the signature of {what}")
    message = data + hashlib.sha256(client_bytes).digest()
    return "" if key.signed(signature, message) else "it does not fit the key"


class SshReader:
    """RFC 4251, section 5: strings with their length before them."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data, self.at, self.what = data, 0, what

    def string(self) -> bytes:
        head = self.data[self.at : self.at + 4]
        end = self.at + 4 + int.from_bytes(head, "big")
        if len(head) < 4 or end > len(self.data):
            raise Broken(f"{self.what} is cut off")
        value, self.at = self.data[self.at + 4 : end], end
        return value

    def end(self) -> None:
        if self.at != len(self.data):
            raise Broken(f"{self.what} has more in it than it should")


def ssh_string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def ssh_signed(key: PersonKey, proof: dict[str, Any], payload: bytes, what: str) -> str:
    """OpenSSH, PROTOCOL.sshsig: empty if the signature holds, else what is wrong with it."""
    what = f"the ssh signature of {what}"
    text = text_of(proof.get("signature"), what, MAX_PROOF_TEXT)
    lines = text.strip().split("\n")
    if lines[0] != "-----BEGIN SSH SIGNATURE-----" or lines[-1] != "-----END SSH SIGNATURE-----":
        raise Broken(f"{what} is not armored")
    blob = unbase64("".join(lines[1:-1]), what)
    if blob[:10] != b"SSHSIG\x00\x00\x00\x01":
        raise Broken(f"{what} is not an SSHSIG of version 1")
    reader = SshReader(blob[10:], what)
    public, namespace, reserved, hash_name, signature = (reader.string() for _ in range(5))
    reader.end()
    known = {"ed25519": [b"ssh-ed25519"], "es256": [b"ecdsa-sha2-nistp256", b"nistp256"]}[key.algorithm]
    if public != b"".join(map(ssh_string, [*known, key.public])):
        return "it was made with another key"
    if namespace != SSH_NAMESPACE or reserved or hash_name not in (b"sha256", b"sha512"):
        return "it was made for another purpose"
    digest = hashlib.new(hash_name.decode(), payload).digest()
    message = b"SSHSIG" + b"".join(map(ssh_string, (namespace, b"", hash_name, digest)))
    inner = SshReader(signature, what)
    if inner.string() != known[0]:
        return "it was made with another kind of key"
    raw = inner.string()
    inner.end()
    if key.algorithm == "es256":
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        numbers = SshReader(raw, what)
        r, s = (int.from_bytes(numbers.string(), "big") for _ in range(2))
        numbers.end()
        raw = encode_dss_signature(r, s)
    return "" if key.signed(raw, message) else "it does not fit the key"


# -- timestamps (RFC 3161) ---------------------------------------------------------------------------------------------


def der_sequence(content: bytes) -> bytes:
    """X.690, 8.1.3 and 10.1: the shortest form of the length."""
    size = len(content)
    if size < 0x80:
        return b"\x30" + bytes([size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"\x30" + bytes([0x80 | len(length)]) + length + content


@dataclass
class Token:
    """What a token says, and the library's own reading of it."""

    response: Any
    hash_oid: str
    imprint: bytes
    at: str


def read_token(der: bytes, what: str) -> Token:
    """The library takes whole answers, so an answer "granted" is put around; and it reads each part when asked."""
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(der_sequence(b"\x30\x03\x02\x01\x00" + der))
        said = response.tst_info
        imprint = said.message_imprint
        return Token(
            response, imprint.hash_algorithm.dotted_string, bytes(imprint.message), utc(said.gen_time)
        )
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a panic inside the library is no Exception
        raise Broken(f"{what} is not an RFC 3161 token") from None


def token_holds(token: Token, note: bytes, roots: list[Any]) -> bool:
    """Whether one of the roots vouches for the token, by a chain that was valid at its time."""
    from rfc3161_client import VerifierBuilder

    try:
        return bool(VerifierBuilder(roots=list(roots)).build().verify_message(token.response, note))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # the library has several errors, and panics, for the same answer: no
        return False


def certificates(pem: bytes) -> list[Any]:
    """The certificates of a PEM file, each once. Raises ValueError."""
    from cryptography.x509 import load_pem_x509_certificates

    return list(dict.fromkeys(load_pem_x509_certificates(pem)))[:100]


def utc(moment: Any) -> str:
    """As entries write it, so that text order is time order."""
    return str(moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))  # noqa: UP017


def shifted(at: str, seconds: int) -> str:
    try:
        moment = datetime.datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - utc() adds the zone
        moved = moment.replace(tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=seconds)  # noqa: UP017
    except (ValueError, OverflowError):
        raise Broken(f"{at} is no time of the calendar") from None
    return utc(moved)


@dataclass
class Seen:
    """A token that holds: checkpoint `size` existed at `at`. `trusted`: by a root that the asker gave."""

    size: int
    authority: str
    at: str
    sha256: str
    trusted: bool


# -- the steps ---------------------------------------------------------------------------------------------------------


class Check:
    """One bundle, step by step. Each step raises Broken or returns the sentence that is printed."""

    def __init__(
        self,
        path: str,
        key: Key | None,
        kept: bytes | None,
        witnesses: list[Key],
        roots: list[Any],
        repacked: bool,
        report: Report,
    ) -> None:
        self.path, self.trusted, self.kept, self.witnesses, self.report = path, key, kept, witnesses, report
        self.roots, self.repacked = roots, repacked
        self.archive: Archive
        self.list: dict[str, Any]
        self.version = 1
        self.head: Checkpoint
        self.key: Key
        self.head_bytes = b""
        self.rows: list[dict[str, Any]] = []
        self.entries: list[Entry] = []
        self.by_leaf: dict[str, Entry] = {}
        self.named_assets: set[str] = set()
        self.rotations: list[Rotation] = []
        self.revoked: list[tuple[str, int]] = []
        self.listed_witnesses: list[Key] = []
        self.points: list[Checkpoint] = []
        self.complete: set[str] = set()
        self.seen: list[Seen] = []
        self.people: dict[str, PersonKey] = {}
        self.timestamped = self.cosigned = self.undecided = False

    # 1 to 11: the record

    def archive_is_harmless(self) -> str:
        # 1. Names, links, sizes: before anything is unpacked.
        self.archive = Archive(self.path)
        return f"{len(self.archive.members)} files, {self.archive.total_bytes} bytes unpacked"

    def list_names_every_file(self) -> str:
        # 2. bundle.json names every file, and every file is named.
        what = LIST_NAME
        self.list = mapping_of(read_json(self.archive.small(what, MAX_LIST_BYTES), what), what)
        if (
            self.list.get("format") != "deadwax-bundle"
            or type(self.list.get("v")) is not int
            or self.list["v"] not in (1, 2)
        ):
            raise Broken(f"{what} is not that of a bundle of version 1 or 2")
        self.version = self.list["v"]
        if self.version == 1 and NEWER_LISTS & set(self.list):
            raise Broken(f"{what} is of version 1, but has parts of version 2: it was written again")
        self.rows = [
            mapping_of(row, f"an entry of {what}")
            for row in list_of(self.list.get("entries"), f"the list of entries in {what}", MAX_ENTRIES)
        ]
        if not self.rows:
            raise Broken("the bundle holds no entries")
        named = set(KNOWN_NAMES)
        parts = (
            ("checkpoint", "key")
            if self.version == 1
            else ("checkpoint", "key", "keys", "streams", "provenance")
        )
        named |= {text_of(self.list.get(key), f"{key!r} of {what}") for key in parts}
        for row in self.rows:
            named |= {text_of(row.get(key), f"{key!r} of an entry") for key in ("body", "proof")}
            if "disclosed" in row:
                named.add(text_of(row["disclosed"], "'disclosed' of an entry"))
        for place, key, limit in (
            ("points", "checkpoint", MAX_POINTS),
            ("timestamps", "token", MAX_TOKENS),
            ("roots", "roots", MAX_TOKENS),
        ):
            named |= {text_of(row.get(key), f"{key!r} of {place}") for row in self._listed(place, limit)}
        for asset in self._assets():
            if asset.get("included") is True:
                named.add(text_of(asset.get("path"), "the path of an asset"))
        for name in self.archive.members:
            if name not in named and not (self.version == 1 and name.startswith(OPEN_PLACES)):
                raise Broken(f"{name[:80]!r} is in the archive, but {what} does not name it")
        missing = sorted(named - set(self.archive.members) - KNOWN_NAMES)
        if missing:
            raise Broken(f"the file {missing[0][:80]!r} is missing")
        return f"{some(len(self.rows), 'entry')}, {some(len(self._assets()), 'asset')}"

    def keys_follow_each_other(self) -> str:
        # 3. From the key that the asker trusts a chain of statements, each signed by both keys, leads to this one.
        given = self.archive.small(self.list["key"], 4 * KIB)
        try:
            self.key = Key.parse(given.decode("utf-8"))
        except UnicodeDecodeError:
            raise Broken("the key in the bundle is not text") from None
        if self.version > 1:
            what = "log/keys.json"
            held = mapping_of(read_json(self.archive.small(self.list["keys"], MIB), what), what)
            for text in list_of(held.get("rotations"), "the list of key rotations", MAX_ROTATIONS):
                self.rotations.append(Rotation.parse(text_of(text, "a key rotation", 8 * KIB), self.key.name))
            for text in list_of(held.get("witnesses"), "the list of witnesses", 100):
                self.listed_witnesses.append(Key.parse(text_of(text, "the key of a witness")))
            for older, newer in zip(self.rotations, self.rotations[1:]):  # noqa: B905 - Python 3.9
                if older.new.public != newer.old.public or older.after > newer.after:
                    raise Broken(f"the rotation to {newer.new} does not follow the one to {older.new}")
            if self.rotations and self.rotations[-1].new.public != self.key.public:
                raise Broken(
                    f"the log's key was handed over to {self.rotations[-1].new}, but {self.key} is used"
                )
        history = [rotation.old for rotation in self.rotations] + [self.key]
        known = {(key.name, key.public) for key in history}
        if self.trusted is not None and (self.trusted.name, self.trusted.public) not in known:
            raise Broken(f"the bundle comes with the key {self.key}, not with {self.trusted} which you trust")
        if self.trusted is None:
            self.report.notices.append(
                f"The key {self.key} came with the bundle. Compare it with the one that the label publishes,"
                " or give that one with --key."
            )
        handed = (
            f", {some(len(self.rotations), 'rotation')}, each signed by both keys" if self.rotations else ""
        )
        return f"{self.key}{', reached from the key that you trust' if self.trusted else ''}{handed}"

    def checkpoint_is_signed(self) -> str:
        # 4. The checkpoint is signed by the key of its time; the list repeats what it says.
        self.head_bytes = self.archive.small(self.list["checkpoint"])
        self.head = Checkpoint.parse(self.head_bytes, "the checkpoint")
        if self.head.origin != self.key.name:
            raise Broken(f"the checkpoint is of {self.head.origin[:80]}, the key of {self.key.name[:80]}")
        if self.key_for(self.head.size).public != self.key.public:
            raise Broken(f"the checkpoint of {self.head.size} entries is older than the key {self.key}")
        self.head.check_signed_by(self.key, "the checkpoint")
        log = mapping_of(self.list.get("log"), "the log in bundle.json")
        said = {"origin": self.head.origin, "size": self.head.size, "root": self.head.root.hex()}
        if {name: log.get(name) for name in said} != said:
            raise Broken("bundle.json states another origin, size or root than the checkpoint")
        self.report.log = {**said, "key": str(self.key), "public_key": self.key.public.hex()}
        return f"{self.head.origin}, {self.head.size} entries, signed by {self.key}"

    def bodies_are_the_leaves(self) -> str:
        # 5. Each body is canonical JSON of the right form, and its hash is the leaf that the list names.
        for row in self.rows:
            name = row["body"]
            data = self.archive.small(name)
            entry = Entry(
                name, hashlib.sha256(LEAF + data).digest(), whole_of(row.get("index"), f"the index of {name}")
            )
            if entry.leaf != hex_of(row.get("leaf"), f"the leaf of {name}"):
                raise Broken(f"the body {name} has another hash than bundle.json says: it was changed")
            value = mapping_of(read_json(data, f"the body {name}"), f"the body {name}")
            if not is_canonical(data, value):
                raise Broken(f"the body {name} is not canonical JSON (RFC 8785)")
            self._read_body(entry, value)
            if row.get("stream") != entry.stream:
                raise Broken(f"bundle.json puts {name} into another stream than its body")
            self.entries.append(entry)
        for what in ("index", "leaf"):
            if len({getattr(entry, what) for entry in self.entries}) != len(self.entries):
                raise Broken(f"two entries of the bundle have the same {what}")
        self.by_leaf = {entry.leaf.hex(): entry for entry in self.entries}
        self.report.entries = self.entries
        return f"{some(len(self.entries), 'entry')}, each body hashes to its leaf"

    def entries_are_in_the_log(self) -> str:
        # 6. Each inclusion proof leads from the leaf to the signed root.
        for entry, row in zip(self.entries, self.rows):  # noqa: B905 - Python 3.9
            head, found, checkpoint = self.archive.small(row["proof"], 64 * KIB).partition(b"\n\n")
            lines = head.decode("utf-8", errors="replace").split("\n")
            if not found or lines[0] != PROOF_HEADER:
                raise Broken(f"{row['proof'][:80]} is not a {PROOF_HEADER}")
            if checkpoint != self.head_bytes:
                raise Broken(f"{row['proof'][:80]} carries another checkpoint than the bundle")
            lines = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
            if not lines or lines[0] != f"index {entry.index}":
                raise Broken(f"{row['proof'][:80]} is not the proof of entry {entry.index}")
            path = [unbase64(line, "proof") for line in lines[1:]]
            if any(len(item) != 32 for item in path):
                raise Broken(f"a hash in {row['proof'][:80]} does not have 32 bytes")
            root = included_root(entry.index, self.head.size, entry.leaf, path)
            if root != self.head.root:
                raise Broken(
                    f"entry {entry.index} is not in the log: its proof leads to root {root.hex()[:16]}...,"
                    f" signed was {self.head.root.hex()[:16]}..."
                )
        return f"{some(len(self.entries), 'proof')} lead to the signed root"

    def key_changes_are_recorded(self) -> str:
        # 7. Every rotation stands in the log, none that stands there is left out; revocations limit older keys.
        if self.version == 1:
            for entry in self.entries:
                if entry.kind.startswith(NEWER_KINDS):
                    raise Broken(
                        f"entry {entry.index} ({entry.kind}) is of a kind that bundles of version 1 never held:"
                        " the list was written again, to leave out what version 2 says of held back entries"
                    )
            return Nothing("a bundle of version 1 says nothing about that")
        listed = [rotation.text for rotation in self.rotations]
        older = {str_of(rotation.old): rotation.old for rotation in self.rotations}
        recorded = []
        for entry in self.in_order("log_key."):
            if entry.kind == "log_key.rotated":
                text = entry.public.get("statement")
                if text in listed:
                    recorded.append(text)
                elif self._hands_over(text, first=not recorded):
                    raise Broken(
                        f"entry {entry.index} hands the log's key over, but log/keys.json does not say so"
                    )
            elif entry.kind == "log_key.revoked":
                # Only a key that another one followed: no entry can take the key in force away.
                key, size = older.get(str(entry.public.get("key"))), entry.public.get("from_size")
                if key is not None:
                    size = whole_of(size, "the size above which a key is revoked")
                    self.revoked.append((key.public.hex(), size))
        if recorded != listed:
            raise Broken("the key rotations of log/keys.json are not those that the entries record")
        return f"{some(len(recorded), 'rotation')} and {some(len(self.revoked), 'revocation')} in the log"

    def streams_are_linked(self) -> str:
        # 8. Within a stream, places rise with the log and neighbours name each other.
        streams: dict[str, list[tuple[int, int, bytes, Any]]] = {}
        for entry, row in zip(self.entries, self.rows):  # noqa: B905 - Python 3.9
            seq = whole_of(row.get("stream_seq"), f"the place of entry {entry.index} in its stream")
            if (row.get("prev") is None) != (seq == 0):
                raise Broken(
                    f"entry {entry.index} should name its predecessor exactly if it is not the first"
                )
            if seq:
                hex_of(row["prev"], f"the predecessor of entry {entry.index}")
            streams.setdefault(entry.stream, []).append((entry.index, seq, entry.leaf, row.get("prev")))
        gaps = 0
        for name, items in streams.items():
            items.sort(key=lambda item: item[0])
            leaves = {leaf.hex() for _, _, leaf, _ in items}
            before: tuple[int, bytes] = (-1, b"")
            for index, seq, leaf, prev in items:
                if seq <= before[0]:
                    raise Broken(f"entry {index} stands out of order in the stream {name[:80]}")
                if seq == before[0] + 1:
                    if seq and prev != before[1].hex():
                        raise Broken(
                            f"entry {index} does not name the entry before it in the stream {name[:80]}"
                        )
                elif prev in leaves:
                    raise Broken(f"entry {index} names a predecessor that does not stand right before it")
                else:
                    gaps += 1
                before = (seq, leaf)
            last = (before[0], before[1].hex())
            self.report.streams.append({"stream": name, "entries": len(items), "last": last})
        held_back = (
            f"; {some(gaps, 'gap')}, where entries are not part of this bundle" if gaps else ", without gaps"
        )
        return f"{some(len(streams), 'stream')}{held_back}"

    def streams_are_stated(self) -> str:
        # 9. The log signed how many entries each stream has, and which is the last: so one knows what is held back.
        if self.version == 1:
            return Nothing("a bundle of version 1 does not say how many entries its streams have")
        what = "the stream statement"
        note = Note.read(self.archive.small(self.list["streams"]), what)
        note.check_signed_by(self.key, what)
        lines = note.lines(STREAMS_HEADER, 2, what)
        if lines[:2] != [self.head.origin, str(self.head.size)]:
            raise Broken(f"{what} is of another log or size than the checkpoint")
        stated: dict[str, tuple[int, str]] = {}
        for line in lines[2:]:
            parts = line.split(" ")
            if len(parts) != 3 or not DECIMAL.fullmatch(parts[1]) or parts[0] in stated:
                raise Broken(f"{what} has a line that does not read stream, count, last leaf")
            stated[parts[0]] = (int(parts[1]), hex_of(parts[2], "the last leaf of a stream").hex())
        if list(stated) != sorted(stated) or set(stated) != {row["stream"] for row in self.report.streams}:
            raise Broken(f"{what} does not name exactly the streams of the bundle, in order")
        held = 0
        for row in self.report.streams:
            count, last = stated[row["stream"]]
            seq, leaf = row.pop("last")
            if seq >= count or (seq == count - 1) != (leaf == last):
                raise Broken(f"{what} contradicts the entries of {row['stream'][:80]}")
            row["held_back"] = count - row["entries"]
            held += row["held_back"]
            if row["entries"] == count:
                self.complete.add(row["stream"])
        self._nothing_of_keys_is_held_back()
        if len(stated) == 1 and not held:
            return f"complete: all {some(len(self.entries), 'entry')} of this stream"
        partly = f"; {some(held, 'entry')} of the others held back" if held else ""
        return f"{len(self.complete)} of {some(len(stated), 'stream')} complete{partly}"

    def _nothing_of_keys_is_held_back(self) -> None:
        """A bundle brings all entries about the keys that it relies on; a revocation may be among what is missing."""
        for entry in self.entries:
            if entry.kind.startswith(("log_key.", "person_key.")) and entry.stream not in self.complete:
                raise Broken(
                    f"entries of {entry.stream[:80]} are held back: that a key was revoked may be among them"
                )

    def disclosures_open(self) -> str:
        # 10. What is disclosed is what was committed to when the entry was written.
        opened = closed = 0
        for entry, row in zip(self.entries, self.rows):  # noqa: B905 - Python 3.9
            shown: dict[str, Any] = {}
            if "disclosed" in row:
                what = str(row["disclosed"])[:80]
                shown = mapping_of(read_json(self.archive.small(row["disclosed"]), what), what)
            for name, item in shown.items():
                what = f"the private value {name[:40]!r} of entry {entry.index}"
                if name not in entry.private:
                    raise Broken(f"{what} is disclosed, but the entry has no such value")
                item = mapping_of(item, what)
                salt, content = hex_of(item.get("salt"), f"the salt of {what}"), item.get("content")
                if not isinstance(content, str):
                    raise Broken(f"{what} has no content")
                try:
                    content_bytes = content.encode("utf-8")
                except UnicodeEncodeError:
                    raise Broken(f"{what} is not UTF-8 text") from None
                message = b"\x00".join([COMMITMENT_DOMAIN, entry.kind.encode(), name.encode(), content_bytes])
                if hmac.new(salt, message, hashlib.sha256).hexdigest() != entry.private[name]:
                    raise Broken(f"{what} is not what the entry committed to")
                if (entry.kind, name) == ("session.signed", "words"):
                    entry.words = read_json(content_bytes, what)
                opened += 1
            closed += len(entry.private) - len(shown)
        return f"{some(opened, 'private value')} shown, true to the commitment; {closed} withheld or erased"

    def assets_are_intact(self) -> str:
        # 11. Files of the bundle have the digests that entries name.
        included = 0
        for asset in self._assets():
            digest = hex_of(asset.get("sha256"), "the digest of an asset").hex()
            name = text_of(asset.get("path"), "the path of an asset")
            if digest not in self.named_assets:
                raise Broken(f"no entry of the bundle names the asset {name[:80]!r} ({digest[:16]}...)")
            if asset.get("included") is not True:
                continue
            running = hashlib.sha256()
            for chunk in self.archive.chunks(name):
                running.update(chunk)
            if running.hexdigest() != digest:
                raise Broken(
                    f"the file {name[:80]!r} is not the asset {digest[:16]}... that the entries name"
                )
            included += 1
        named = len(self._assets()) - included
        return f"{some(included, 'file')} with the digest that entries name; {named} by digest only"

    # 12 to 15: what outsiders saw

    def older_points_agree(self) -> str:
        # 12. Older checkpoints that outsiders saw are the beginning of this log, and signed by the key of their time.
        for row in self._listed("points", MAX_POINTS):
            size = whole_of(row.get("size"), "the size of an older checkpoint")
            what = f"the older checkpoint of {size} entries"
            point = Checkpoint.parse(self.archive.small(row["checkpoint"], 256 * KIB), what)
            if (point.origin, point.size) != (self.head.origin, size) or not 0 < size < self.head.size:
                raise Broken(f"{what} is of another log or size than bundle.json says")
            if size in {other.size for other in self.points}:
                raise Broken(f"{what} is there twice")
            point.check_signed_by(self.key_for(size), what)
            self._begins_this_log(point, row.get("consistency"), f"{what} is not the beginning of this log")
            self.points.append(point)
        if not self.points:
            return Nothing("none is in the bundle")
        return f"{some(len(self.points), 'checkpoint')}, each the beginning of this log"

    def kept_checkpoint_agrees(self) -> str:
        # 13. A checkpoint that the asker kept from earlier is the beginning of this log.
        if self.kept is None:
            return Nothing("no earlier checkpoint was given (--checkpoint)")
        kept = Checkpoint.parse(self.kept, "the kept checkpoint")
        if kept.origin != self.head.origin:
            raise Broken(f"the kept checkpoint is of another log: {kept.origin[:80]}")
        if kept.size > self.head.size:
            self.undecided = True
            return Nothing(f"not compared: it has {kept.size} entries, more than this bundle's log")
        kept.check_signed_by(self.key_for(kept.size), "the kept checkpoint")
        if kept.size == self.head.size:
            if kept.root != self.head.root:
                raise Broken(
                    f"two checkpoints of {kept.size} entries have different roots: the log was rewritten"
                )
            self.points.append(kept)
            return f"the same {kept.size} entries and the same root"
        if kept.size == 0:
            return "the kept checkpoint is that of an empty log"
        for point in self.points:
            if point.size == kept.size and point.root != kept.root:
                raise Broken(
                    f"two checkpoints of {kept.size} entries have different roots: the log was rewritten"
                )
        proofs = {}
        for item in self._listed("consistency", 1000):
            proofs[whole_of(item.get("size"), "the size of a consistency proof")] = item.get("proof")
        if kept.size not in proofs:
            self.undecided = True
            return Nothing(f"not compared: the bundle has no consistency proof for {kept.size} entries")
        self._begins_this_log(
            kept,
            proofs[kept.size],
            f"the log of {kept.size} entries that you kept is not the beginning of this one: it was rewritten",
        )
        self.points.append(kept)
        return f"the kept log of {kept.size} entries is the beginning of this one"

    def timestamps_hold(self) -> str:
        # 14. Tokens are over these checkpoints, by authorities that the asker trusts, and in order with the entries.
        rows = self._listed("timestamps", MAX_TOKENS)
        if not rows:
            return Nothing("no timestamp is in the bundle")
        try:
            import rfc3161_client  # noqa: F401
        except ImportError:
            self.report.notices.append(
                f"{some(len(rows), 'timestamp')} were NOT checked: the Python package rfc3161-client is missing"
                " (pip install rfc3161-client)."
            )
            return Nothing(
                f"NOT CHECKED: {some(len(rows), 'timestamp')}; the package rfc3161-client is missing"
            )
        own = self._listed_roots()
        notes = {point.size: point for point in [self.head, *self.points]}
        for row in rows:
            size, authority = (
                whole_of(row.get("size"), "the size of a timestamp"),
                text_of(row.get("authority"), "the name of an authority", 64),
            )
            what = f"the timestamp of {authority} at {size} entries"
            if size not in notes:
                raise Broken(f"{what} is over no checkpoint of the bundle")
            der = self.archive.small(row["token"], MAX_TOKEN_BYTES)
            token = read_token(der, what)
            note = notes[size].as_signed_by(self.key_for(size))
            if (token.hash_oid, token.imprint) != (SHA256_OID, hashlib.sha256(note).digest()):
                raise Broken(f"{what} was given for something else than that checkpoint")
            trusted = bool(self.roots) and token_holds(token, note, self.roots)
            if not trusted and own.get(authority) and not token_holds(token, note, own[authority]):
                raise Broken(f"{what} is not signed by that authority")
            at = token.at
            self.report.timestamps.append(
                {"size": size, "authority": authority, "at": at, "trusted": trusted}
            )
            if (trusted or authority in own) and not self.is_revoked(self.key_for(size), size):
                digest = hashlib.sha256(der).hexdigest()
                self.seen.append(Seen(size, authority, at, digest, trusted))
        self._order_in_time()
        trusted_seen = [item for item in self.seen if item.trusted]
        covered = max((item.size for item in trusted_seen), default=0)
        bare = sum(entry.index >= covered for entry in self.entries)
        self.timestamped = bool(trusted_seen) and not bare
        if not self.roots:
            return Nothing(
                f"{some(len(rows), 'timestamp')}, of authorities that you did not name (--timestamp-root)"
            )
        if not trusted_seen:
            return Nothing(f"{some(len(rows), 'timestamp')}, none by an authority that you trust")
        first, last = min(item.at for item in trusted_seen), max(item.at for item in trusted_seen)
        newer = f"; {some(bare, 'entry')} newer than the last of them" if bare else ""
        return f"{some(len(trusted_seen), 'timestamp')} from {first[:19]}Z to {last[:19]}Z hold{newer}"

    def witnesses_signed(self) -> str:
        # 15. Witnesses that the asker trusts have cosigned checkpoints above every entry; no cosignature is false.
        points = [self.head, *self.points]
        others = 0
        for point in points:
            own = self.key_for(point.size)
            for name, key_id, _ in point.signatures:
                if (name, key_id) == (own.name, own.key_id):
                    continue
                known = [
                    key
                    for key in [*self.witnesses, *self.listed_witnesses]
                    if (key.name, key.key_id) == (name, key_id)
                ]
                if not known:
                    others += 1
                elif point.cosigned_at(known[0]) is None:
                    raise Broken(f"the cosignature of {known[0]} on {point.size} entries does not hold")
        sentences, bare_of = [], []
        for key in self.witnesses:
            held = {
                point.size: seconds
                for point in points
                if (seconds := point.cosigned_at(key)) is not None
                and not self.is_revoked(self.key_for(point.size), point.size)
            }
            covered = max(held, default=0)
            bare = sum(entry.index >= covered for entry in self.entries)
            times = [when(seconds) for seconds in held.values()]
            self.report.witnesses.append({"witness": str(key), "checkpoints": len(held), "not_covered": bare})
            if bare:
                bare_of.append(key)
            if held:
                newer = f", {some(bare, 'entry')} newer than the last" if bare else ""
                sentences.append(f"{key}: {some(len(held), 'checkpoint')}, last at {max(times)}{newer}")
            else:
                sentences.append(f"{key} has cosigned nothing of this")
        self.cosigned = bool(self.witnesses) and not bare_of
        if sentences:
            return "; ".join(sentences)
        listed = len(self.listed_witnesses)
        if listed:
            return Nothing(
                f"{some(listed, 'witness')} cosigned that you did not name (--witness); what they signed fits"
            )
        if others:
            return Nothing(f"{others} further signatures, not checked: give their keys with --witness")
        return Nothing("no witness has cosigned")

    # 16 and 17: who signed

    def people_enrolled_keys(self) -> str:
        # 16. A person's key is enrolled, then confirmed on a second channel, and perhaps revoked: in this order.
        for entry in self.in_order("person_key."):
            what = f"entry {entry.index} ({entry.kind})"
            fingerprint = hex_of(entry.public.get("fingerprint"), f"the fingerprint of {what}").hex()
            key = self.people.get(fingerprint)
            if entry.kind == "person_key.enrolled":
                if key is not None:
                    raise Broken(f"{what} enrols a key for the second time")
                self.people[fingerprint] = self._enrolled(entry, fingerprint, what)
                continue
            if key is None:
                raise Broken(f"{what} is about a key that was not enrolled before")
            if entry.stream != f"person:{key.user}":
                raise Broken(f"{what} is not in the stream of the key's owner")
            if entry.kind == "person_key.confirmed":
                self._by_owner(entry, key.user, what)
                if key.revoked is not None:
                    raise Broken(f"{what} confirms a key that was revoked before")
                key.confirmed = entry.index if key.confirmed is None else key.confirmed
            elif entry.kind == "person_key.revoked":
                key.revoked = entry.index if key.revoked is None else key.revoked
        if not self.people:
            return Nothing("no person's key is in the bundle")
        confirmed = sum(key.confirmed is not None for key in self.people.values())
        revoked = sum(key.revoked is not None for key in self.people.values())
        return f"{some(len(self.people), 'key')}, {confirmed} confirmed, {revoked} revoked"

    def people_signed(self) -> str:
        # 17. Signatures fit key, payload and entries; each nonce is used once; the signer is who made the entries.
        nonces: set[str] = set()
        acts = absent = named = 0
        for entry in self.in_order("session.signed"):
            what = f"the signature in entry {entry.index}"
            payload, leaves = self._payload(entry, what)
            named += len(leaves)
            if named > MAX_SIGNED_LEAVES:
                raise Broken(f"signatures name more than the {MAX_SIGNED_LEAVES} entries that are read")
            if payload["nonce"] in nonces:
                raise Broken(f"{what} uses a nonce for the second time: it is a copy")
            nonces.add(payload["nonce"])
            fingerprint = hex_of(entry.public.get("fingerprint"), f"the fingerprint of {what}").hex()
            key = self.people.get(fingerprint)
            if key is None:
                raise Broken(f"{what} names a key that was never enrolled")
            self._may_sign(entry, payload, key, what)
            data = canonical(payload).encode("utf-8")
            proof = mapping_of(entry.public.get("proof"), f"the proof of {what}")
            fault = (passkey_signed if key.method == "webauthn" else ssh_signed)(key, proof, data, what)
            if fault:
                raise Broken(f"{what} does not hold: {fault}")
            absent += self._mark_signed(entry, payload, leaves, fingerprint, what)
            self._after_its_timestamp(entry, payload["timestamp"], what)
            acts += 1
        return self._who_signed(acts, absent)

    # 18: the file as a whole

    def seal_is_unbroken(self) -> str:
        # 18. The zip's comment is the log's signature over every byte before it.
        if self.version == 1:
            return Nothing("a bundle of version 1 has no seal")
        if self.repacked:
            return Nothing(
                "not looked at (--repacked): README, summary and other texts around the record may be changed"
            )
        comment = self.archive.comment
        if not comment:
            raise Broken("the archive has no seal: something packed it again (if it was you, say --repacked)")
        note = Note.read(comment, "the seal")
        note.check_signed_by(self.key, "the seal")
        lines = note.lines(SEAL_HEADER, 3, "the seal")
        if lines[:2] != [self.head.origin, str(self.head.size)] or len(lines) != 3:
            raise Broken("the seal is of another log or size than the checkpoint")
        stated = hex_of(lines[2], "the digest in the seal").hex()
        if self.archive.digest_before_comment() != stated:
            raise Broken(
                "the archive was changed after the log sealed it, outside of what the steps before look at"
            )
        return "no byte of the file was changed since the log sealed it"

    # parts of the steps

    def key_for(self, size: int) -> Key:
        """The log's key that signs checkpoints of this size."""
        for rotation in self.rotations:
            if size <= rotation.after:
                return rotation.old
        return self.key

    def _hands_over(self, text: Any, *, first: bool) -> bool:
        """Whether this statement would go on from the key in force, or (`first`) lead to the first of the listed keys.

        A statement that does not hold says nothing: who can write entries cannot bring in a key. Nor does one that
        leads to the first key and stands after that key was followed: whoever steals it later could write that.
        """
        try:
            found = Rotation.parse(text_of(text, "a rotation", 8 * KIB), self.key.name)
        except Broken:
            return False
        oldest = self.rotations[0].old if self.rotations else self.key
        return found.old.public == self.key.public or (first and found.new.public == oldest.public)

    def is_revoked(self, key: Key, size: int) -> bool:
        return any(public == key.public.hex() and size > from_size for public, from_size in self.revoked)

    def in_order(self, kind: str) -> list[Entry]:
        """Entries whose kind begins so, in the order of the log."""
        return sorted((e for e in self.entries if e.kind.startswith(kind)), key=lambda entry: entry.index)

    def _begins_this_log(self, point: Checkpoint, proof: Any, otherwise: str) -> None:
        path = [hex_of(item, "a consistency hash") for item in list_of(proof, "a consistency proof", 128)]
        first, second = consistent_roots(point.size, self.head.size, point.root, path)
        if first != point.root or second != self.head.root:
            raise Broken(otherwise)

    def _listed(self, place: str, limit: int) -> list[dict[str, Any]]:
        items = list_of(self.list.get(place, []), f"the list of {place}", limit)
        return [mapping_of(item, f"a row of {place}") for item in items]

    def _assets(self) -> list[dict[str, Any]]:
        return self._listed("assets", MAX_ENTRIES)

    def _listed_roots(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for row in self._listed("roots", MAX_TOKENS):
            authority = text_of(row.get("authority"), "the name of an authority", 64)
            try:
                found[authority] = certificates(self.archive.small(row["roots"], MIB))
            except ValueError:
                raise Broken(f"the roots of {authority} are not certificates in PEM form") from None
        return found

    def _order_in_time(self) -> None:
        """An entry that says it happened after an authority had seen it contradicts that authority."""
        tokens = sorted(self.seen, key=lambda item: item.at)
        for entry in self.entries:
            over = [item for item in tokens if item.size > entry.index]
            entry.before = next((item.at for item in over if item.trusted), "")
            if not over:
                continue
            first = over[0]
            if entry.at > shifted(first.at, CLOCK_S):
                raise Broken(
                    f"entry {entry.index} says that it happened at {entry.at[:19]}Z, but {first.authority} saw the"
                    f" log with it at {first.at[:19]}Z"
                )

    def _enrolled(self, entry: Entry, fingerprint: str, what: str) -> PersonKey:
        facts = entry.public
        user = text_of(facts.get("user"), f"the owner of the key in {what}", 64)
        method, algorithm = facts.get("method"), facts.get("algorithm")
        public = unbase64(text_of(facts.get("public_key"), f"the key in {what}", 400), f"key in {what}")
        fits = {"ed25519": 32, "es256": 65}.get(str(algorithm))
        if method not in ("webauthn", "ssh") or len(public) != fits:
            raise Broken(f"{what} enrols a key of an unknown kind")
        if hashlib.sha256(public).hexdigest() != fingerprint:
            raise Broken(f"{what} gives its key another fingerprint")
        if entry.stream != f"person:{user}":
            raise Broken(f"{what} is not in the stream of the key's owner")
        self._by_owner(entry, user, what)
        rp_id = facts.get("rp_id")
        if method == "webauthn":
            text_of(rp_id, f"the site of the key in {what}", 255)
        return PersonKey(user, str(method), str(algorithm), public, str(rp_id or ""), entry.index)

    @staticmethod
    def _by_owner(entry: Entry, user: str, what: str) -> None:
        """Nobody else enrols or confirms a person's key. Revoking one, the label may do too."""
        if entry.actor != f"human {user}":
            raise Broken(f"{what} was made by {entry.actor[:80]}, not by the key's owner")

    def _payload(self, entry: Entry, what: str) -> tuple[dict[str, Any], list[str]]:
        payload = mapping_of(entry.public.get("payload"), f"the payload of {what}")
        if set(payload) != PAYLOAD_KEYS or payload["domain"] != PERSON_DOMAIN:
            raise Broken(f"{what} has a payload of another form")
        leaves = [
            hex_of(leaf, f"a leaf in {what}").hex()
            for leaf in list_of(payload["leaves"], f"the leaves in {what}", MAX_SIGNED_LEAVES)
        ]
        if not leaves or len(set(leaves)) != len(leaves):
            raise Broken(f"{what} names no entry, or one twice")
        for name in ("nonce", "words_sha256"):
            hex_of(payload[name], f"{name} in {what}")
        if payload["timestamp"] != "":
            hex_of(payload["timestamp"], f"the timestamp in {what}")
        if payload["log"] != self.head.origin or payload["stream"] != entry.stream:
            raise Broken(f"{what} was given for another log or stream")
        if payload["purpose"] not in PURPOSES:
            raise Broken(f"{what} has an unknown purpose")
        if entry.words is not None:
            words = entry.words.encode("utf-8", "surrogatepass") if isinstance(entry.words, str) else b""
            if hashlib.sha256(words).hexdigest() != payload["words_sha256"]:
                raise Broken(f"{what} is not over the words that are shown")
        return payload, leaves

    def _may_sign(self, entry: Entry, payload: dict[str, Any], key: PersonKey, what: str) -> None:
        if key.enrolled > entry.index:
            raise Broken(f"{what} was made with a key that was enrolled later")
        if key.confirmed is None or key.confirmed > entry.index:
            raise Broken(f"{what} was made with a key that was not confirmed yet")
        if key.revoked is not None and key.revoked < entry.index:
            raise Broken(f"{what} was made with a key that had been revoked")
        if (entry.public.get("method"), entry.public.get("algorithm")) != (key.method, key.algorithm):
            raise Broken(f"{what} names another method than its key has")
        if payload["person"] != key.user or entry.actor != f"human {key.user}":
            raise Broken(f"{what} is in the name of somebody else than the key's owner")

    def _mark_signed(
        self, entry: Entry, payload: dict[str, Any], leaves: list[str], fingerprint: str, what: str
    ) -> int:
        """Mark what was signed; returns how many signed entries are not in the bundle."""
        absent = 0
        for leaf in leaves:
            signed = self.by_leaf.get(leaf)
            if signed is None:
                if entry.stream in self.complete:
                    raise Broken(f"{what} is over an entry {leaf[:16]}... that does not exist")
                absent += 1
                continue
            if signed.actor != entry.actor or signed.stream != entry.stream or signed.index > entry.index:
                raise Broken(f"{what} is over entry {signed.index}, which its signer cannot sign")
            signed.signed_by = signed.signed_by or f"{payload['person']} key {fingerprint[:16]}"
        return absent

    def _after_its_timestamp(self, entry: Entry, digest: str, what: str) -> None:
        for token in self.seen:
            if token.sha256 == digest and (
                token.size > entry.index or entry.at < shifted(token.at, -CLOCK_S)
            ):
                raise Broken(f"{what} names a timestamp of {token.at[:19]}Z, but stands before it")

    def _who_signed(self, acts: int, absent: int) -> str:
        signable = [
            entry
            for entry in self.entries
            if entry.actor.startswith("human ")
            and not entry.kind.startswith(("session.signed", "person_key."))
        ]
        people: dict[str, dict[str, Any]] = {}
        for entry in signable:
            person = entry.actor.partition(" ")[2]
            row = people.setdefault(person, {"person": person, "entries": 0, "signed": 0, "keys": []})
            row["entries"] += 1
            if entry.signed_by:
                row["signed"] += 1
                key = entry.signed_by.rpartition(" ")[2]
                row["keys"] += [] if key in row["keys"] else [key]
        self.report.people = [people[name] for name in sorted(people)]
        signed = sum(bool(entry.signed_by) for entry in signable)
        others = f"; {some(absent, 'signed entry')} not in this bundle" if absent else ""
        if not acts:
            return Nothing(f"none; {some(len(signable), 'entry')} of people, by the log's word alone")
        return (
            f"{some(acts, 'signature')} hold: {signed} of {some(len(signable), 'entry')} of people signed by"
            f" who made them{others}"
        )

    def _read_body(self, entry: Entry, body: dict[str, Any]) -> None:
        what = f"the body {entry.name}"
        if set(body) != BODY_KEYS or body["v"] != 1:
            raise Broken(f"{what} does not have the fields of an entry of version 1")
        actor = mapping_of(body["actor"], f"the actor of {what}")
        entry.kind = text_of(body["kind"], f"the kind of {what}")
        entry.stream = text_of(body["stream"], f"the stream of {what}")
        entry.at = text_of(body["at"], f"the time of {what}")
        entry.actor = " ".join(text_of(actor.get(part), f"the actor of {what}") for part in ("type", "id"))
        if not TIME.fullmatch(entry.at) or body["basis"] not in BASES:
            raise Broken(f"{what} has a malformed time or basis")
        if entry.stream not in list_of(body["subjects"], f"the subjects of {what}", 100_000):
            raise Broken(f"{what} does not list its stream among its subjects")
        for side in ("inputs", "outputs"):
            for item in list_of(body[side], f"the {side} of {what}", 100_000):
                ref = mapping_of(item, f"an asset in {what}")
                text_of(ref.get("role"), f"the role of an asset in {what}")
                self.named_assets.add(hex_of(ref.get("sha256"), f"an asset in {what}").hex())
        facts = mapping_of(body["public"], f"the facts of {what}")
        entry.facts = canonical(facts)[:2000]
        if entry.kind.startswith(NEWER_KINDS):
            entry.public = facts
        for name, commitment in mapping_of(body["private"], f"the commitments of {what}").items():
            entry.private[name] = hex_of(commitment, f"a commitment in {what}").hex()


def when(seconds: int) -> str:
    """Seconds since 1970 as RFC 3339; a witness may state any number."""
    try:
        return utc(datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))[:19] + "Z"  # noqa: UP017
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


STEPS: tuple[tuple[str, Callable[[Check], str]], ...] = (
    ("The archive is harmless", Check.archive_is_harmless),
    ("The list names every file", Check.list_names_every_file),
    ("The log's key and how it was handed over", Check.keys_follow_each_other),
    ("The checkpoint is signed by the log", Check.checkpoint_is_signed),
    ("Every body is canonical and is its leaf", Check.bodies_are_the_leaves),
    ("Every entry is in the signed log", Check.entries_are_in_the_log),
    ("Changes of the log's key are recorded", Check.key_changes_are_recorded),
    ("The entries of a stream are linked", Check.streams_are_linked),
    ("What is held back", Check.streams_are_stated),
    ("What is disclosed was committed to", Check.disclosures_open),
    ("The assets are those that entries name", Check.assets_are_intact),
    ("Older checkpoints are the beginning of this log", Check.older_points_agree),
    ("A checkpoint kept from earlier", Check.kept_checkpoint_agrees),
    ("Timestamps", Check.timestamps_hold),
    ("Witnesses", Check.witnesses_signed),
    ("People's keys", Check.people_enrolled_keys),
    ("People's signatures", Check.people_signed),
    ("The seal", Check.seal_is_unbroken),
)


def verify(
    path: str,
    *,
    key: Key | None = None,
    checkpoint: bytes | None = None,
    witnesses: list[Key] | None = None,
    roots: list[Any] | None = None,
    repacked: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Check one bundle. Never raises for what the bundle holds; the report has the steps and the verdict.

    `roots`: certificates (`certificates(pem)`) of time-stamping authorities that the asker trusts.
    """
    report = Report()
    check = Check(path, key, checkpoint, witnesses or [], roots or [], repacked, report)
    number = 0
    try:
        for number, (title, step) in enumerate(STEPS, start=1):
            sentence = step(check)
            report.steps.append((number, title, sentence))
            say(f"{number:2}. {title}: {sentence}")
    except (Broken, RecursionError, MemoryError) as error:
        reason = (
            str(error) if isinstance(error, Broken) else "something in it is nested too deeply or too large"
        )
        report.verdict = printable(f"broken at step {number} because {reason}")
        report.exit_status = 1
    else:
        asked = [held for given, held in ((witnesses, check.cosigned), (roots, check.timestamped)) if given]
        report.verdict = WITNESSED if asked and all(asked) else UNWITNESSED
        report.exit_status = 3 if check.undecided else 0
    finally:
        if hasattr(check, "archive"):
            check.archive.close()
    return report


def printable(text: str) -> str:
    """No control characters or lone surrogates from a bundle ever reach a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def str_of(key: Key) -> str:
    """The key in its text form."""
    return f"{key}+{base64.b64encode(bytes([key.algorithm]) + key.public).decode()}"


def own_file(path: str, what: str, limit: int = MIB) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CannotStart(f"the {what} {path!r} cannot be read: {error.strerror}") from None


def own_roots(path: str) -> list[Any]:
    try:
        found = certificates(own_file(path, "root certificate"))
    except ValueError:
        found = []
    if not found:
        raise CannotStart(f"the file {path!r} holds no certificate in PEM form")
    return found


def own_key(given: str) -> Key:
    """A key as text, or the name of a file that holds it."""
    text = (
        given
        if "+" in given and not os.path.exists(given)
        else own_file(given, "key").decode("utf-8", "replace")
    )
    try:
        return Key.parse(text)
    except Broken as error:
        raise CannotStart(f"the key {given[:80]!r} cannot be used: {error}") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="verifier.py", description="Check a Deadwax evidence bundle without Deadwax."
    )
    parser.add_argument("file", nargs="?", help="the bundle (a zip file)")
    parser.add_argument("--bundle", metavar="FILE", help="the same as naming the file")
    parser.add_argument("--key", help="the log's key as the label publishes it: its text, or a file with it")
    parser.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="the key of a witness that you trust"
    )
    parser.add_argument(
        "--timestamp-root",
        action="append",
        default=[],
        metavar="FILE",
        help="root certificate (PEM) of a time-stamping authority that you trust",
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="a checkpoint of the same log that you kept from earlier"
    )
    parser.add_argument(
        "--repacked", action="store_true", help="you packed the files again: do without the seal"
    )
    parser.add_argument("--list", action="store_true", help="also print every entry, and who signed it")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    options = parser.parse_args(arguments)
    path = options.bundle or options.file
    if not path or (options.bundle and options.file):
        parser.error("name one bundle")
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

    def say(line: str) -> None:
        if not options.json:
            print(printable(line), flush=True)

    try:
        key = own_key(options.key) if options.key else None
        witnesses = [own_key(given) for given in options.witness]
        roots = [root for given in options.timestamp_root for root in own_roots(given)]
        kept = own_file(options.checkpoint, "checkpoint") if options.checkpoint else None
    except CannotStart as error:
        print(printable(f"could not start: {error}"), file=sys.stderr)
        return 2
    report = verify(
        path,
        key=key,
        checkpoint=kept,
        witnesses=witnesses,
        roots=list(dict.fromkeys(roots)),
        repacked=options.repacked,
        say=say,
    )
    if options.json:
        steps = [
            {
                "step": number,
                "title": title,
                "result": printable(text),
                "looked_at": not isinstance(text, Nothing),
            }
            for number, title, text in report.steps
        ]
        answer: dict[str, Any] = {
            "verdict": report.verdict,
            "exit_status": report.exit_status,
            "steps": steps,
        }
        answer["notices"] = [printable(text) for text in report.notices]
        for name in ("log", "streams", "timestamps", "witnesses", "people"):
            answer[name] = getattr(report, name)
        if options.list:
            answer["entries"] = [
                {
                    "index": e.index,
                    "at": e.at,
                    "kind": e.kind,
                    "actor": e.actor,
                    "leaf": e.leaf.hex(),
                    "existed_before": e.before,
                    "signed_by": e.signed_by,
                }
                for e in report.entries
            ]
        print(json.dumps(answer, indent=2))
        return report.exit_status
    if options.list:
        for entry in sorted(report.entries, key=lambda item: item.index):
            signed = f", signed by {entry.signed_by}" if entry.signed_by else ""
            before = f", existed before {entry.before[:19]}Z" if entry.before else ""
            say(
                f"    {entry.index:>8} {entry.at} {entry.kind} by {entry.actor}{signed}{before}: {entry.facts}"
            )
        for row in report.people:
            keys = f" with {', '.join(row['keys'])}" if row["keys"] else ""
            say(
                f"    person {row['person']}: {row['signed']} of {some(row['entries'], 'entry')} signed{keys}"
            )
    for notice in report.notices:
        say(f"Note: {notice}")
    say(report.verdict)
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main())
