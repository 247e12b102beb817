"""A passkey's signature: W3C Web Authentication Level 2, 7.2 "Verifying an Authentication Assertion"."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Final

from provenance.signing.errors import SigningError
from provenance.signing.publickey import PublicKey

USER_PRESENT: Final = 0x01
USER_VERIFIED: Final = 0x04
_HEADER_BYTES: Final = 37
#: A browser's client data has a few hundred bytes.
_MAX_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator answered."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @classmethod
    def from_base64url(cls, *, authenticator_data: str, client_data: str, signature: str) -> Assertion:
        """From texts without padding. Raises `SigningError`."""
        return cls(*(unbase64url(text) for text in (authenticator_data, client_data, signature)))

    def to_json(self) -> dict[str, str]:
        return {
            "authenticator_data": base64url(self.authenticator_data),
            "client_data": base64url(self.client_data),
            "signature": base64url(self.signature),
        }


def check_assertion(
    assertion: Assertion, *, challenge: bytes, origin: str, rp_id: str, key: PublicKey
) -> int:
    """Return the authenticator's counter if the assertion is `key`'s answer to `challenge`. Raises `SigningError`.

    The counter is 0 where the authenticator keeps none (synced passkeys); comparing it with the last is the caller's.
    """
    # 1. What the browser says it asked for (7.2, steps 11 to 14).
    client = _client(assertion.client_data)
    if not isinstance(client, dict) or client.get("type") != "webauthn.get":
        raise SigningError("the client data is not of a signature (webauthn.get)")
    if client.get("challenge") != base64url(challenge):
        raise SigningError("another payload was signed: the challenge is not this one")
    if client.get("origin") != origin:
        raise SigningError(f"expected a signature made on {origin}, got one of {client.get('origin')!r:.120}")
    if client.get("crossOrigin", False) is not False:
        raise SigningError("the signature was made inside another site's page")
    # 2. What the authenticator says (steps 15 to 17).
    data = assertion.authenticator_data
    if len(data) < _HEADER_BYTES:
        raise SigningError("the authenticator data is cut off")
    if not hmac.compare_digest(data[:32], hashlib.sha256(rp_id.encode()).digest()):
        raise SigningError(f"the key was asked for another site than {rp_id}")
    if not data[32] & USER_PRESENT or not data[32] & USER_VERIFIED:
        raise SigningError("the authenticator did not verify that the person was there")
    # 3. The signature over both (steps 19 and 20).
    key.verify(assertion.signature, data + hashlib.sha256(assertion.client_data).digest())
    return int.from_bytes(data[33:37], "big")


def _client(data: bytes) -> Any:
    """The browser's JSON: UTF-8, no name twice, no fractions or huge numbers.

    A verifier elsewhere MUST read it as we did, and for good: what one parser takes and another refuses would make
    everything that is signed here unverifiable.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(items)) != len(items):
            raise ValueError("a name stands twice")
        return found

    def number(text: str) -> int:
        if len(text) > 15:
            raise ValueError("a number is too large")
        return int(text)

    def refuse(text: str) -> Any:
        raise ValueError(f"{text[:20]} is no integer")

    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_int=number,
            parse_float=refuse,
            parse_constant=refuse,
        )
    except (ValueError, RecursionError) as error:
        raise SigningError(f"the client data is not JSON as browsers write it ({str(error)[:80]})") from None


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    if not isinstance(text, str) or len(text) > _MAX_BYTES:
        raise SigningError("expected base64url text")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SigningError("expected base64url text") from None
    if base64url(data) != text:
        raise SigningError("expected base64url text without padding")
    return data
