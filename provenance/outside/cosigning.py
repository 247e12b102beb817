"""Cosignatures of witnesses: C2SP `tlog-cosignature`, the Ed25519 form (`cosignature/v1`). Pure."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from provenance.notes import NoteError, check_name, key_id

COSIGNATURE_V1: Final = 0x04
_DASH: Final = "\u2014"
_LATEST_S: Final = int(dt.datetime(9999, 1, 1, tzinfo=dt.UTC).timestamp())


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A witness's public key under its name. Its text form is `name+key id+base64(0x04, key)`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, COSIGNATURE_V1, self.public)

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([COSIGNATURE_V1]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> CosignerKey:
        """Raises NoteError on any change of the text form, and for keys of another kind."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
            raise NoteError("a verifier key reads name+8 hex digits+base64")
        raw = _unb64(parts[2])
        if raw is None or len(raw) != 33 or raw[0] != COSIGNATURE_V1:
            raise NoteError("a witness's key is an Ed25519 key for cosignatures (algorithm 4)")
        found = cls(check_name(parts[0]), raw[1:])
        if found.key_id.hex() != parts[1]:
            raise NoteError(f"the key id is {found.key_id.hex()}, the text says {parts[1]}")
        return found


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature that holds: its whole line without the newline, and the witness's time (whole seconds, UTC)."""

    line: str
    at: dt.datetime


def verify_line(line: str, text: str, key: CosignerKey) -> Cosigned:
    """The line as a cosignature of `key` under the note text `text`. Raises NoteError."""
    parts = line.split(" ")
    raw = _unb64(parts[2]) if len(parts) == 3 and parts[0] == _DASH else None
    if raw is None:
        raise NoteError(f"a signature line reads '{_DASH} name base64'")
    if (parts[1], raw[:4]) != (key.name, key.key_id):
        raise NoteError(f"the line is not one of {key.name}+{key.key_id.hex()}")
    if len(raw) != 4 + 8 + 64:
        raise NoteError("a cosignature has eight bytes of time and 64 of signature")
    seconds = struct.unpack(">Q", raw[4:12])[0]
    if not 0 < seconds < _LATEST_S:
        raise NoteError("the time of the cosignature is no time")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[12:], message)
    except (InvalidSignature, ValueError):
        raise NoteError(f"the cosignature of {key.name} does not fit the checkpoint") from None
    return Cosigned(line, dt.datetime.fromtimestamp(seconds, dt.UTC))


def find(answer: str, text: str, key: CosignerKey) -> Cosigned:
    """The cosignature of `key` among the signature lines of a witness's answer; lines of unknown keys are ignored.

    Raises NoteError where there is none, or where a line of this key does not hold.
    """
    for line in answer.split("\n"):
        parts = line.split(" ")
        raw = _unb64(parts[2]) if len(parts) == 3 and parts[0] == _DASH else None
        if raw is not None and (parts[1], raw[:4]) == (key.name, key.key_id):
            return verify_line(line, text, key)
    raise NoteError(f"the answer has no cosignature of {key.name}+{key.key_id.hex()}")


def _unb64(text: str) -> bytes | None:
    """None for anything but the one base64 form."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value).decode() == text else None
