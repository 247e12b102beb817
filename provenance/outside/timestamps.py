"""Tokens of RFC 3161 authorities: ask for one, and verify one, over the exact bytes of a checkpoint.

A token proves that the bytes existed before the time it states. It is verified before it is stored: signature and
chain to the authority's own roots at the stated time, imprint, nonce, the critical key purpose time stamping.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from provenance.outside import der, wire
from provenance.outside.config import Authority, Roots
from provenance.outside.errors import PlaceRefused

SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
#: The verifier calls an entry a contradiction that is five minutes younger than a token over it.
CLOCKS_APART: Final = dt.timedelta(minutes=4)
_STATUS: Final = {
    1: "granted with changes",
    2: "rejection",
    3: "waiting",
    4: "revocation is near",
    5: "revoked",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A DER TimeStampToken that was verified, exact bytes, and the time that it states (UTC)."""

    der: bytes
    gen_time: dt.datetime


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def ask(authority: Authority, data: bytes, *, now: Callable[[], dt.datetime] = _utc_now) -> Token:
    """A verified token over `data` from the authority. Raises PlaceRefused or WireError with the reason.

    A token of a wrong clock is refused: it could not be taken out again, and would contradict honest entries.
    """
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = wire.exchange(
        "POST",
        authority.url,
        request.as_bytes(),
        headers={
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
        },
    )
    if answer.status != 200:
        raise PlaceRefused(f"The authority answered {answer.status}: {answer.excerpt() or 'nothing'}.")
    try:
        token = der.token_of(answer.body)
    except der.DerError as error:
        raise PlaceRefused(f"The authority sent no time-stamp response ({error}).") from error
    if token is None:
        raise PlaceRefused(f"The authority gave no token: {_refusal(answer.body)}.")
    nonce = request.nonce
    if nonce is None:  # cannot be: the builder adds one
        raise PlaceRefused("The request has no nonce.")
    held = verify(token, data, authority.roots(), nonce=nonce)
    if (apart := abs(held.gen_time - now())) > CLOCKS_APART:
        raise PlaceRefused(
            f"The authority's clock is {apart.total_seconds():.0f} s from ours: set whichever is wrong."
        )
    return held


def verify(token: bytes, data: bytes, roots: Roots, *, nonce: int | None = None) -> Token:
    """Return the token with its time if it holds over `data`. Raises PlaceRefused with the reason.

    Without `nonce` (a token that was stored earlier) the rest is checked.
    """
    try:
        response: TimeStampResponse = decode_timestamp_response(der.granted(token))
        imprint = response.tst_info.message_imprint
        if imprint.hash_algorithm.dotted_string != SHA256_OID:
            raise PlaceRefused("The token's imprint is not SHA-256.")
        # First the imprint: then the sentence says what matters most.
        if imprint.message != hashlib.sha256(data).digest():
            raise PlaceRefused("The token is over other bytes than the checkpoint.")
        if nonce is not None and response.tst_info.nonce != nonce:
            raise PlaceRefused("The token answers another request: its nonce is not ours.")
        verifier = VerifierBuilder(
            roots=list(roots.roots), intermediates=list(roots.intermediates), nonce=nonce
        ).build()
        verifier.verify(response, hashlib.sha256(data).digest())
        return Token(token, response.tst_info.gen_time)
    except VerificationError as error:
        raise PlaceRefused(
            f"The token does not verify against the authority's roots: {_why(error)}."
        ) from error
    except (ValueError, OverflowError) as error:
        raise PlaceRefused(f"The token cannot be read: {_why(error)}.") from error


def _refusal(response: bytes) -> str:
    """What PKIStatusInfo (RFC 3161, 2.4.2) says, as far as it can be read."""
    try:
        info = der.elements(der.elements(response)[0][1])[0][1]
        fields = der.elements(info)
        status = int.from_bytes(fields[0][1], "big")
        words = b" ".join(text for tag, text, _ in _texts(fields[1:])).decode("utf-8", "replace")
    except (der.DerError, IndexError):
        return "its answer cannot be read"
    clean = "".join(char if char.isprintable() else " " for char in words)[:120].strip()
    return f"{_STATUS.get(status, f'status {status}')}{f' ({clean})' if clean else ''}"


def _texts(fields: list[tuple[int, bytes, bytes]]) -> list[tuple[int, bytes, bytes]]:
    """The UTF8Strings of PKIFreeText, if it is there."""
    free = [content for tag, content, _ in fields if tag == 0x30]
    return [item for item in der.elements(free[0]) if item[0] == 0x0C] if free else []


def _why(error: Exception) -> str:
    """OpenSSL's errors come as a long list; its reason strings say enough."""
    text = str(error)
    reasons = [part.split('"')[1] for part in text.split("reason: ")[1:] if part.startswith('"')]
    return ", ".join(dict.fromkeys(reasons)) or text[:160].rstrip(".")
