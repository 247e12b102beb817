"""Signed notes, checkpoints and proofs in the forms of C2SP: `signed-note`, `tlog-checkpoint`, `tlog-proof@v1`.

Pure. A note is text plus signature lines; anybody may add a line (a witness, a second algorithm) without touching
the text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519: Final = 0x01
PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_SIGNATURES: Final = 100
_DASH: Final = "\u2014"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """Text that is not a signed note, checkpoint or proof, or whose signature does not hold."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name. Its text form is `name+key id+base64(algorithm, key)`."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != 32:
            raise NoteError(f"an Ed25519 key has 32 bytes, got {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, ED25519, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_b64(bytes([ED25519]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises NoteError on any change of the text form."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
            raise NoteError("a verifier key reads name+8 hex digits+base64")
        key = _unb64(parts[2], "verifier key")
        if len(key) != 33 or key[0] != ED25519:
            raise NoteError("only Ed25519 verifier keys are known")
        found = cls(parts[0], key[1:])
        if found.key_id.hex() != parts[1]:
            raise NoteError(f"the key id is {found.key_id.hex()}, the text says {parts[1]}")
        return found


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: who signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {_b64(self.key_id + self.value)}"


@dataclass(frozen=True, slots=True)
class SignedNote:
    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        lines = "".join(f"{signature}\n" for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()

    def verify(self, key: VerifierKey) -> None:
        """Returns if a signature of `key` is on the note and holds. Raises NoteError."""
        mine = [item for item in self.signatures if item.name == key.name and item.key_id == key.key_id]
        if not mine:
            signed_by = ", ".join(f"{item.name}+{item.key_id.hex()}" for item in self.signatures) or "nobody"
            raise NoteError(f"expected a signature of {key.name}+{key.key_id.hex()}, got {signed_by}")
        for item in mine:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(item.value, self.text.encode())
            except InvalidSignature:
                raise NoteError(f"the signature of {key.name} does not fit the text") from None


def check_name(name: str) -> str:
    """A key name is not empty and holds neither Unicode spaces nor a plus."""
    if not name or "+" in name or any(char.isspace() or not char.isprintable() for char in name):
        raise NoteError(f"{name!r} cannot name a key: no spaces and no plus")
    return name


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256(name, newline, algorithm, key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def public_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(text: str, *, name: str, private: Ed25519PrivateKey) -> SignedNote:
    """`text` must end with a newline; the signature covers exactly its UTF-8 bytes."""
    _check_text(text)
    key = public_key(name, private)
    return SignedNote(text, (Signature(name, key.key_id, private.sign(text.encode())),))


def with_signatures(note: SignedNote, more: Iterable[Signature]) -> SignedNote:
    """The same text with further signature lines, for example a witness's."""
    return SignedNote(note.text, (*note.signatures, *more))


def parse_note(data: bytes) -> SignedNote:
    """The note in these bytes; signatures are not checked yet. Raises NoteError."""
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8 text") from None
    split = whole.rfind("\n\n")
    if split < 0 or not whole.endswith("\n"):
        raise NoteError("a note has text, an empty line and signature lines")
    text, lines = whole[: split + 1], whole[split + 2 :].split("\n")[:-1]
    _check_text(text)
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures, got {len(lines)}")
    signatures = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH:
            raise NoteError(f"a signature line reads '{_DASH} name base64'")
        value = _unb64(parts[2], "signature")
        if len(value) < 5:
            raise NoteError("a signature has a key id of four bytes and a value")
        signatures.append(Signature(check_name(parts[1]), value[:4], value[4:]))
    return SignedNote(text, tuple(signatures))


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint states: the log's name, its size and its root. `extensions` are further lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), _b64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> TreeHead:
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise NoteError("a checkpoint has at least three lines: origin, size, root")
        if not _DECIMAL.fullmatch(lines[1]):
            raise NoteError(f"the size of a checkpoint is a decimal number, got {lines[1][:40]!r}")
        root = _unb64(lines[2], "root hash")
        if len(root) != 32:
            raise NoteError(f"a root hash has 32 bytes, got {len(root)}")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:-1]))


def open_checkpoint(data: bytes, key: VerifierKey) -> TreeHead:
    """The tree head in a signed checkpoint of the log that `key` names. Raises NoteError."""
    note = parse_note(data)
    note.verify(key)
    head = TreeHead.parse(note.text)
    if head.origin != key.name:
        raise NoteError(f"expected a checkpoint of {key.name}, got one of {head.origin}")
    return head


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof of inclusion with the checkpoint it leads to: `index`, hashes from the leaf's sibling upwards."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        head = "".join(f"{line}\n" for line in (PROOF_HEADER, f"index {self.index}", *map(_b64, self.hashes)))
        return head.encode() + b"\n" + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        head, found, checkpoint = data.partition(b"\n\n")
        lines = head.decode("utf-8", errors="replace").split("\n")
        if not found or lines[0] != PROOF_HEADER:
            raise NoteError(f"a proof starts with {PROOF_HEADER} and ends with a checkpoint")
        rest: Sequence[str] = lines[1:]
        if rest and rest[0].startswith("extra "):
            rest = rest[1:]
        if not rest or not rest[0].startswith("index ") or not _DECIMAL.fullmatch(rest[0][6:]):
            raise NoteError("a proof names the index of its leaf")
        return cls(int(rest[0][6:]), tuple(_unb64(line, "proof hash") for line in rest[1:]), checkpoint)


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends with a newline")
    if any(ord(char) < 0x20 and char != "\n" for char in text):
        raise NoteError("the text of a note holds no control characters but newlines")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str, what: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"the {what} is not base64") from None
    if _b64(value) != text:
        raise NoteError(f"the {what} is not base64 in its one form")
    return value
