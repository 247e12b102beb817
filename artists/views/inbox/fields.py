"""What the forms of the inbox send, as values."""

from __future__ import annotations

import uuid

from provenance.errors import UserFault


def uuid_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def whole_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def ms_of(text: str) -> int | None:
    """Milliseconds, or m:ss as people write it."""
    text = text.strip()
    if not text:
        return None
    try:
        if ":" in text:
            minutes, seconds = text.split(":", 1)
            return round((int(minutes) * 60 + float(seconds)) * 1000)
        return int(text)
    except (ValueError, OverflowError):
        raise UserFault("Write the moment as minutes:seconds, for example 1:44.") from None
