"""Public keys of people, in one form each: Ed25519 (RFC 8032) as 32 bytes, P-256 as its uncompressed point of 65."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from provenance.signing.errors import SigningError

ED25519: Final = "ed25519"
ES256: Final = "es256"
_SIZES: Final = {ED25519: 32, ES256: 65}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key and its algorithm. Making one raises `SigningError` where the bytes are no such key."""

    algorithm: str
    raw: bytes

    def __post_init__(self) -> None:
        if self.algorithm not in _SIZES:
            raise SigningError(f"{self.algorithm!r} is not a kind of key: ed25519 or es256")
        if len(self.raw) != _SIZES[self.algorithm]:
            raise SigningError(f"a key of kind {self.algorithm} has {_SIZES[self.algorithm]} bytes")
        if self.algorithm == ES256:
            try:
                EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.raw)
            except ValueError:
                raise SigningError("the key is not a point on P-256") from None

    @classmethod
    def from_base64(cls, algorithm: str, text: str) -> PublicKey:
        try:
            return cls(algorithm, base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError) as error:
            raise SigningError(f"the public key cannot be read: {error}") from None

    @property
    def base64(self) -> str:
        return base64.b64encode(self.raw).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's bytes, in hex."""
        return hashlib.sha256(self.raw).hexdigest()

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if `signature` is this key's over `message`: 64 bytes (Ed25519), DER (ECDSA with SHA-256)."""
        try:
            if self.algorithm == ED25519:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
            else:
                point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.raw)
                point.verify(signature, message, ECDSA(SHA256()))
        except InvalidSignature:
            raise SigningError(
                "the signature does not fit: another key, or something else was signed"
            ) from None
