"""Canonical JSON (RFC 8785), commitments and leaf hashes: pure functions over bytes.

Ledger bodies hold no floats, because two writers may print one float differently; text is NFC, and NUL and
lone surrogates are refused because PostgreSQL and UTF-8 cannot hold them.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import hmac
import json
import secrets
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import rfc8785

from provenance.errors import BadEvent

LEAF_PREFIX = b"\x00"
COMMITMENT_DOMAIN = b"deadwax/commitment/v1"
SALT_BYTES = 32
#: Integers beyond 2**53 are not exact in every JSON reader (RFC 8785, 3.2.2.3).
_MAX_INT = 2**53 - 1


def plain(value: Any) -> Any:
    """Return *value* as JSON types only, or raise `BadEvent` naming what cannot be written."""
    try:
        return _plain(value)
    except RecursionError:
        raise BadEvent("A value for the ledger is nested too deeply.", code="nested_too_deeply") from None


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str:  # what bodies are mostly made of
        return _text(value)
    if kind is dict:
        return {_text(str(key)): _plain(item) for key, item in value.items()}
    match value:
        case None | bool():
            return value
        case enum.Enum():
            return _plain(value.value)
        case int():
            if abs(value) > _MAX_INT:
                raise BadEvent(f"The integer {value} is too large for the ledger; write it as text.")
            return value
        case str():
            return _text(value)
        case uuid.UUID():
            return str(value)
        case Decimal():
            return format(value, "f")
        case dt.datetime():
            return timestamp(value)
        case dt.date():
            return value.isoformat()
        case Mapping():
            return {_text(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(_plain(item) for item in value)
        case _:
            raise BadEvent(
                f"A ledger entry cannot hold a {type(value).__name__};"
                " write it as text or as an integer with its unit."
            )


def _text(value: str) -> str:
    if "\x00" in value:
        raise BadEvent("Text with a NUL character cannot be recorded; remove it.", code="nul_character")
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadEvent(
            "Text with half of a surrogate pair cannot be recorded.", code="lone_surrogate"
        ) from None
    return unicodedata.normalize("NFC", value)


def timestamp(value: dt.datetime) -> str:
    """RFC 3339 in UTC with microseconds, so that text order is time order."""
    if value.tzinfo is None:
        raise BadEvent("A time in the ledger needs a time zone.")
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def dumps(value: Any) -> bytes:
    """Canonical bytes of JSON types, as RFC 8785 orders and escapes them."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise BadEvent(f"This cannot be written as canonical JSON: {error}") from error


def encode(value: Any) -> bytes:
    """`dumps(plain(value))`, several times faster for most texts.

    The standard encoder escapes as RFC 8785 does and sorts names by code point. That is the order of UTF-16 units as
    long as no character lies beyond the surrogates' block; where one does, the slow way is taken.
    """
    found = plain(value)
    text = json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if text.isascii() or max(text) < "\ud800":
        return text.encode()
    return dumps(found)


def _integer(digits: str) -> int:
    value = int(digits)
    if abs(value) > _MAX_INT:
        raise ValueError(f"the integer {value} is too large for the ledger")
    return value


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is no integer; a ledger entry holds no floats")


_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
    parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
).scan_once  # type: ignore[attr-defined]
_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False
)


def decode(data: bytes) -> Any:
    """The value of canonical bytes: `encode(decode(data)) == data` holds. Raises `BadEvent` for all others.

    The standard library's reader and writer agree with RFC 8785 on everything but the order of names beyond the
    surrogates' block, so one round trip settles nearly every body. Raw text in NFC has its strings in NFC: the form is
    closed under substrings, and no escape takes part in a composition. What this cannot settle goes the long way.
    """
    try:
        text = data.decode()
        value, end = _scan(text, 0)
        simple = text.isascii() or (max(text) < "\ud800" and unicodedata.is_normalized("NFC", text))
        if simple and "\\u0000" not in text:
            again = _ENCODER.encode(value) == text
        else:
            again = dumps(plain(value)) == data
    except (ValueError, RecursionError, StopIteration) as error:
        raise BadEvent(f"The bytes are not canonical JSON: {error}") from error
    if not again or end != len(text):
        raise BadEvent("The bytes are not canonical JSON.")
    return value


def leaf_hash(body: bytes) -> bytes:
    """RFC 9162, section 2.1.1: the hash of a leaf."""
    return hashlib.sha256(LEAF_PREFIX + body).digest()


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def commitment(kind: str, name: str, content: bytes, salt: bytes) -> str:
    """Salted commitment to one private value: binding, and useless to a guesser without the salt."""
    message = b"\x00".join([COMMITMENT_DOMAIN, kind.encode(), name.encode(), content])
    return hmac.new(salt, message, hashlib.sha256).hexdigest()
