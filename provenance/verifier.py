#!/usr/bin/env python3
"""Check a Deadwax evidence bundle without Deadwax: one file, Python 3.9 or newer, and the package `cryptography`.

    python3 verifier.py BUNDLE.zip [--key KEY] [--witness KEY ...] [--checkpoint FILE] [--list] [--json]

Numbered steps are printed as they pass; the same numbers stand in the code. The last line is one of
    valid
    valid but not witnessed/timestamped
    broken at step N because ...
Exit status: 0 valid (either form), 1 broken, 2 could not start, 3 valid, but the kept checkpoint could not be compared.

The file shares no code with the program that writes bundles. Whatever the bundle holds, the answer is a sentence:
sizes are bounded, names are never used as paths, and nothing of the bundle is run.
"""

# ruff: noqa: T201 - printing is what this program does
from __future__ import annotations

import argparse
import base64
import binascii
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

LEAF, NODE = b"\x00", b"\x01"
COMMITMENT_DOMAIN = b"deadwax/commitment/v1"
ED25519, COSIGNATURE = 0x01, 0x04
PROOF_HEADER = "c2sp.org/tlog-proof@v1"

LIST_NAME = "bundle.json"
KNOWN_NAMES = frozenset({LIST_NAME, "README.txt", "summary.txt", "verifier.py"})
#: Places for what other versions add; their content is not read here.
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
    """The question is wrong: an unreadable key or checkpoint file of the asker's own."""


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


@dataclass
class Report:
    """The steps that passed, and the verdict."""

    steps: list[tuple[int, str, str]] = field(default_factory=list)
    verdict: str = ""
    exit_status: int = 1
    entries: list[Entry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


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
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
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
        key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
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
class Checkpoint:
    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]

    @classmethod
    def parse(cls, data: bytes, what: str) -> Checkpoint:
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
        lines = text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]) or not DECIMAL.fullmatch(lines[1]):
            raise Broken(f"{what} does not have the lines origin, size, root")
        root = unbase64(lines[2], "root hash")
        if len(root) != 32:
            raise Broken(f"the root hash in {what} has {len(root)} bytes, not 32")
        return cls(text, lines[0], int(lines[1]), root, signatures)

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
            self._check_directory(path)
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise Broken(f"the file cannot be read: {error.strerror or error}") from None
        except Exception as error:
            if isinstance(error, Broken):
                raise
            # zipfile has many ways to stumble over a hostile directory; each of them means the same.
            raise Broken("it is not a readable zip archive (cut off or damaged)") from None
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
        self.total_bytes = sum(info.file_size for info in self.members.values())
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise Broken(
                f"unpacked it would have {self.total_bytes} bytes, more than the {MAX_TOTAL_BYTES} that are read"
            )

    def close(self) -> None:
        self._zip.close()

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
                where = struct.unpack("<Q", tail[at - 12 : at - 4])[0]
                if where > start + at:
                    raise Broken("it is not a readable zip archive (cut off or damaged)")
                file.seek(where)
                record = file.read(56)
                if len(record) < 56:
                    raise Broken("it is not a readable zip archive (cut off or damaged)")
                count, size = struct.unpack("<QQ", record[32:48])
            if count > MAX_MEMBERS or size > MAX_DIRECTORY_BYTES:
                raise Broken(f"the archive lists {count} files in {size} bytes, more than are read")

    @staticmethod
    def _check_member(info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        shown = repr(name[:80])
        if name != info.filename or any(ord(char) < 0x20 or char == "\x7f" for char in name):
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


# -- the steps ---------------------------------------------------------------------------------------------------------


class Check:
    """One bundle, step by step. Each step raises Broken or returns the sentence that is printed."""

    def __init__(
        self, path: str, key: Key | None, kept: bytes | None, witnesses: list[Key], report: Report
    ) -> None:
        self.path, self.trusted, self.kept, self.witnesses, self.report = path, key, kept, witnesses, report
        self.archive: Archive
        self.list: dict[str, Any]
        self.head: Checkpoint
        self.key: Key
        self.head_bytes = b""
        self.rows: list[dict[str, Any]] = []
        self.entries: list[Entry] = []
        self.named_assets: set[str] = set()
        self.witnessed = False
        self.undecided = False

    def archive_is_harmless(self) -> str:
        # 1. Names, links, sizes: before anything is unpacked.
        self.archive = Archive(self.path)
        return f"{len(self.archive.members)} files, {self.archive.total_bytes} bytes unpacked"

    def list_names_every_file(self) -> str:
        # 2. bundle.json names every file, and every file is named.
        what = LIST_NAME
        self.list = mapping_of(read_json(self.archive.small(what, MAX_LIST_BYTES), what), what)
        if self.list.get("format") != "deadwax-bundle" or self.list.get("v") != 1:
            raise Broken(f"{what} is not that of a bundle of version 1")
        self.rows = [
            mapping_of(row, f"an entry of {what}")
            for row in list_of(self.list.get("entries"), f"the list of entries in {what}", MAX_ENTRIES)
        ]
        if not self.rows:
            raise Broken("the bundle holds no entries")
        named = set(KNOWN_NAMES)
        named |= {text_of(self.list.get(key), f"{key!r} of {what}") for key in ("checkpoint", "key")}
        for row in self.rows:
            named |= {text_of(row.get(key), f"{key!r} of an entry") for key in ("body", "proof")}
            if "disclosed" in row:
                named.add(text_of(row["disclosed"], "'disclosed' of an entry"))
        for asset in self._assets():
            if asset.get("included") is True:
                named.add(text_of(asset.get("path"), "the path of an asset"))
        for name in self.archive.members:
            if name not in named and not name.startswith(OPEN_PLACES):
                raise Broken(f"{name[:80]!r} is in the archive, but {what} does not name it")
        missing = sorted(named - set(self.archive.members) - KNOWN_NAMES)
        if missing:
            raise Broken(f"the file {missing[0][:80]!r} is missing")
        return f"{some(len(self.rows), 'entry')}, {some(len(self._assets()), 'asset')}"

    def checkpoint_is_signed(self) -> str:
        # 3. The checkpoint is signed by the log's key; the list repeats it.
        self.head_bytes = self.archive.small(self.list["checkpoint"])
        self.head = Checkpoint.parse(self.head_bytes, "the checkpoint")
        given = self.archive.small(self.list["key"], 4 * KIB)
        try:
            self.key = Key.parse(given.decode("utf-8"))
        except UnicodeDecodeError:
            raise Broken("the key in the bundle is not text") from None
        if self.trusted is not None and (self.trusted.name, self.trusted.public) != (
            self.key.name,
            self.key.public,
        ):
            raise Broken(f"the bundle comes with the key {self.key}, not with {self.trusted} which you trust")
        if self.head.origin != self.key.name:
            raise Broken(f"the checkpoint is of {self.head.origin[:80]}, the key of {self.key.name[:80]}")
        self.head.check_signed_by(self.key, "the checkpoint")
        log = mapping_of(self.list.get("log"), "the log in bundle.json")
        said = {"origin": self.head.origin, "size": self.head.size, "root": self.head.root.hex()}
        if {name: log.get(name) for name in said} != said:
            raise Broken("bundle.json states another origin, size or root than the checkpoint")
        if self.trusted is None:
            self.report.notices.append(
                f"The key {self.key} came with the bundle. Compare it with the one that the label publishes,"
                " or give that one with --key."
            )
        return f"{self.head.origin}, {self.head.size} entries, signed by {self.key}"

    def bodies_are_the_leaves(self) -> str:
        # 4. Each body is canonical JSON of the right form, and its hash is the leaf that the list names.
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
        self.report.entries = self.entries
        return f"{some(len(self.entries), 'entry')}, each body hashes to its leaf"

    def entries_are_in_the_log(self) -> str:
        # 5. Each inclusion proof leads from the leaf to the signed root.
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

    def streams_are_linked(self) -> str:
        # 6. Within a stream, places rise with the log and neighbours name each other.
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
        held_back = (
            f"; {some(gaps, 'gap')}, where entries are not part of this bundle" if gaps else ", without gaps"
        )
        return f"{some(len(streams), 'stream')}{held_back}"

    def disclosures_open(self) -> str:
        # 7. What is disclosed is what was committed to when the entry was written.
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
                opened += 1
            closed += len(entry.private) - len(shown)
        return f"{some(opened, 'private value')} shown, true to the commitment; {closed} withheld or erased"

    def assets_are_intact(self) -> str:
        # 8. Files of the bundle have the digests that entries name.
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

    def kept_checkpoint_agrees(self) -> str:
        # 9. A checkpoint that the asker kept from earlier is the beginning of this log.
        if self.kept is None:
            return "no earlier checkpoint was given (--checkpoint)"
        kept = Checkpoint.parse(self.kept, "the kept checkpoint")
        if kept.origin != self.head.origin:
            raise Broken(f"the kept checkpoint is of another log: {kept.origin[:80]}")
        kept.check_signed_by(self.key, "the kept checkpoint")
        if kept.size == self.head.size:
            if kept.root != self.head.root:
                raise Broken(
                    f"two checkpoints of {kept.size} entries have different roots: the log was rewritten"
                )
            return f"the same {kept.size} entries and the same root"
        if kept.size == 0:
            return "the kept checkpoint is that of an empty log"
        proofs = {}
        for item in list_of(self.list.get("consistency", []), "the list of consistency proofs", 1000):
            item = mapping_of(item, "a consistency proof")
            proofs[whole_of(item.get("size"), "the size of a consistency proof")] = item.get("proof")
        if kept.size > self.head.size or kept.size not in proofs:
            self.undecided = True
            return f"not compared: the bundle has no consistency proof for {kept.size} entries"
        path = [
            hex_of(item, "a consistency hash")
            for item in list_of(proofs[kept.size], "a consistency proof", 128)
        ]
        first, second = consistent_roots(kept.size, self.head.size, kept.root, path)
        if first != kept.root or second != self.head.root:
            raise Broken(
                f"the log of {kept.size} entries that you kept is not the beginning of this one: it was rewritten"
            )
        return f"the kept log of {kept.size} entries is the beginning of this one"

    def witnesses_signed(self) -> str:
        # 10. Witnesses that the asker trusts have cosigned the checkpoint, with their time.
        times = {str(key): self.head.cosigned_at(key) for key in self.witnesses}
        lacking = sorted(name for name, seconds in times.items() if seconds is None)
        if lacking:
            raise Broken(f"the checkpoint has no valid cosignature of the witness {lacking[0]}")
        others = [
            name
            for name, key_id, _ in self.head.signatures
            if (name, key_id) != (self.key.name, self.key.key_id)
        ]
        if times:
            self.witnessed = True
            return ", ".join(f"{name} at {seconds} s after 1970" for name, seconds in sorted(times.items()))
        if others:
            return f"{len(others)} further signatures, not checked: give their keys with --witness"
        return "no witness has cosigned, no timestamp is there"

    def _assets(self) -> list[dict[str, Any]]:
        items = list_of(self.list.get("assets", []), "the list of assets", MAX_ENTRIES)
        return [mapping_of(item, "an asset") for item in items]

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
        entry.facts = canonical(mapping_of(body["public"], f"the facts of {what}"))[:2000]
        for name, commitment in mapping_of(body["private"], f"the commitments of {what}").items():
            entry.private[name] = hex_of(commitment, f"a commitment in {what}").hex()


STEPS: tuple[tuple[str, Callable[[Check], str]], ...] = (
    ("The archive is harmless", Check.archive_is_harmless),
    ("The list names every file", Check.list_names_every_file),
    ("The checkpoint is signed by the log", Check.checkpoint_is_signed),
    ("Every body is canonical and is its leaf", Check.bodies_are_the_leaves),
    ("Every entry is in the signed log", Check.entries_are_in_the_log),
    ("The entries of a stream are linked", Check.streams_are_linked),
    ("What is disclosed was committed to", Check.disclosures_open),
    ("The assets are those that entries name", Check.assets_are_intact),
    ("A checkpoint kept from earlier", Check.kept_checkpoint_agrees),
    ("Witnesses and timestamps", Check.witnesses_signed),
)


def verify(
    path: str,
    *,
    key: Key | None = None,
    checkpoint: bytes | None = None,
    witnesses: list[Key] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Check one bundle. Never raises for what the bundle holds; the report has the steps and the verdict."""
    report = Report()
    check = Check(path, key, checkpoint, witnesses or [], report)
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
        report.verdict = WITNESSED if check.witnessed else UNWITNESSED
        report.exit_status = 3 if check.undecided else 0
    finally:
        if hasattr(check, "archive"):
            check.archive.close()
    return report


def printable(text: str) -> str:
    """No control characters or lone surrogates from a bundle ever reach a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def own_file(path: str, what: str, limit: int = MIB) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CannotStart(f"the {what} {path!r} cannot be read: {error.strerror}") from None


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
        "--witness", action="append", default=[], metavar="KEY", help="a witness that must have cosigned"
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="a checkpoint of the same log that you kept from earlier"
    )
    parser.add_argument("--list", action="store_true", help="also print every entry")
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
        kept = own_file(options.checkpoint, "checkpoint") if options.checkpoint else None
    except CannotStart as error:
        print(printable(f"could not start: {error}"), file=sys.stderr)
        return 2
    report = verify(path, key=key, checkpoint=kept, witnesses=witnesses, say=say)
    if options.json:
        steps = [
            {"step": number, "title": title, "result": printable(text)}
            for number, title, text in report.steps
        ]
        answer: dict[str, Any] = {
            "verdict": report.verdict,
            "exit_status": report.exit_status,
            "steps": steps,
        }
        answer["notices"] = [printable(text) for text in report.notices]
        if options.list:
            answer["entries"] = [
                {"index": e.index, "at": e.at, "kind": e.kind, "actor": e.actor, "leaf": e.leaf.hex()}
                for e in report.entries
            ]
        print(json.dumps(answer, indent=2))
        return report.exit_status
    if options.list:
        for entry in sorted(report.entries, key=lambda item: item.index):
            say(f"    {entry.index:>8} {entry.at} {entry.kind} by {entry.actor}: {entry.facts}")
    for notice in report.notices:
        say(f"Note: {notice}")
    say(report.verdict)
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main())
