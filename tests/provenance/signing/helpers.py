"""An authenticator in software, after W3C Web Authentication Level 2, 6.1 and 6.5: keys, registration, assertions."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provenance.signing import ED25519, ES256, PublicKey
from provenance.signing.assertion import Assertion, base64url

ORIGIN = "https://label.example"
RP_ID = "label.example"
PRESENT_AND_VERIFIED = 0x05


@dataclass
class Authenticator:
    """One passkey. `counter` grows with each use unless it is None, as synced passkeys keep none."""

    algorithm: str = ES256
    counter: int | None = 0
    private: Any = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self.private = self.private or (
            ec.generate_private_key(ec.SECP256R1())
            if self.algorithm == ES256
            else ed25519.Ed25519PrivateKey.generate()
        )

    @property
    def public(self) -> PublicKey:
        point = (Encoding.X962, PublicFormat.UncompressedPoint)
        raw = (Encoding.Raw, PublicFormat.Raw)
        form = point if self.algorithm == ES256 else raw
        return PublicKey(self.algorithm, self.private.public_key().public_bytes(*form))

    def sign(
        self,
        challenge: bytes,
        *,
        origin: str = ORIGIN,
        rp_id: str = RP_ID,
        flags: int = PRESENT_AND_VERIFIED,
        **client: Any,
    ) -> Assertion:
        said = _client("webauthn.get", challenge, origin) | client
        client_data = json.dumps(said, separators=(",", ":")).encode()
        data = self._header(rp_id, flags)
        message = data + hashlib.sha256(client_data).digest()
        signature = (
            self.private.sign(message, ec.ECDSA(SHA256()))
            if self.algorithm == ES256
            else self.private.sign(message)
        )
        return Assertion(data, client_data, signature)

    def register(self, challenge: bytes, *, origin: str = ORIGIN, rp_id: str = RP_ID) -> dict[str, Any]:
        """The credential as a browser sends it after `navigator.credentials.create`, attestation none."""
        cose: dict[int, Any] = (
            {1: 2, 3: -7, -1: 1, -2: self.public.raw[1:33], -3: self.public.raw[33:]}
            if self.algorithm == ES256
            else {1: 1, 3: -8, -1: 6, -2: self.public.raw}
        )
        data = self._header(rp_id, PRESENT_AND_VERIFIED | 0x40) + bytes(16)
        data += len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = json.dumps(_client("webauthn.create", challenge, origin)).encode()
        return {
            "id": base64url(self.credential_id),
            "rawId": base64url(self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64url(client_data),
                "attestationObject": base64url(attestation),
            },
        }

    def _header(self, rp_id: str, flags: int) -> bytes:
        if self.counter is not None:
            self.counter += 1
        count = (self.counter or 0).to_bytes(4, "big")
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count


def _client(kind: str, challenge: bytes, origin: str) -> dict[str, Any]:
    return {"type": kind, "challenge": base64url(challenge), "origin": origin, "crossOrigin": False}


ALGORITHMS = (ED25519, ES256)
