"""What a person signs: the leaf hashes of their own entries, with the words that were shown, in canonical JSON.

The nonce works once, the log's name keeps a signature from being used in another log, and the digest of the newest
timestamp token shows that the signature was made after that token.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from provenance import canonical
from provenance.errors import BadEvent
from provenance.signing.errors import SigningError

DOMAIN: Final = "deadwax/person-signature/v1"
ENROLMENT_DOMAIN: Final = "deadwax/key-enrolment/v1"
PURPOSES: Final = ("session", "declaration", "approval")
_FIELDS: Final = frozenset(
    {"domain", "log", "person", "purpose", "stream", "leaves", "words_sha256", "nonce", "timestamp", "at"}
)
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonPayload:
    """The fields of a payload. `data` gives its canonical bytes, `parse` reads them back."""

    log: str
    person: str
    purpose: str
    stream: str
    #: Leaf hashes in hex: in the log's order where the entries have their places already, else as they were written.
    leaves: tuple[str, ...]
    words_sha256: str
    nonce: str
    #: SHA-256 in hex of the newest timestamp token's DER, or nothing.
    timestamp: str
    at: str

    @property
    def data(self) -> bytes:
        """RFC 8785 canonical JSON: the bytes that are signed."""
        return canonical.dumps(
            {
                "domain": DOMAIN,
                "log": self.log,
                "person": self.person,
                "purpose": self.purpose,
                "stream": self.stream,
                "leaves": list(self.leaves),
                "words_sha256": self.words_sha256,
                "nonce": self.nonce,
                "timestamp": self.timestamp,
                "at": self.at,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> PersonPayload:
        """Raises `SigningError` for anything but a payload in its one canonical form."""
        try:
            found: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise SigningError("the payload is not JSON") from None
        if not isinstance(found, dict) or set(found) != _FIELDS or found["domain"] != DOMAIN:
            raise SigningError(f"a payload of {DOMAIN} has the fields {', '.join(sorted(_FIELDS))}")
        leaves = found.pop("leaves")
        texts = all(isinstance(value, str) for value in found.values())
        if not texts or not isinstance(leaves, list) or not all(isinstance(leaf, str) for leaf in leaves):
            raise SigningError("a payload holds texts and a list of leaf hashes")
        del found["domain"]
        payload = cls(leaves=tuple(leaves), **found)
        payload.check()
        try:
            canonical_form = payload.data
        except BadEvent:
            raise SigningError("the payload holds text that cannot be signed") from None
        if canonical_form != data:
            raise SigningError("the payload is not in canonical form")
        return payload

    def check(self) -> None:
        """Raises `SigningError` where a field cannot be right."""
        digests = (*self.leaves, self.words_sha256, self.nonce, *filter(None, [self.timestamp]))
        if not all(_HEX.fullmatch(digest) for digest in digests):
            raise SigningError("digests and nonce have 64 small hex digits")
        if not self.leaves or len(set(self.leaves)) != len(self.leaves):
            raise SigningError("a payload names at least one entry, and each once")
        if self.purpose not in PURPOSES:
            raise SigningError(f"the purpose of a signature is one of {', '.join(PURPOSES)}")


def words_sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def challenge(data: bytes, *, domain: str = DOMAIN) -> bytes:
    """The WebAuthn challenge for these exact bytes: 32 bytes, SHA-256(domain, NUL, bytes)."""
    return hashlib.sha256(domain.encode() + b"\x00" + data).digest()


def enrolment(*, log: str, person: str, nonce: str, at: dt.datetime) -> bytes:
    """What a new key signs to show that it is there. Its domain keeps it from passing as a signature of entries."""
    return canonical.dumps(
        {
            "domain": ENROLMENT_DOMAIN,
            "log": log,
            "person": person,
            "nonce": nonce,
            "at": canonical.timestamp(at),
        }
    )
