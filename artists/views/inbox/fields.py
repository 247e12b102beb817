"""What the forms of the inbox send, as values."""

from __future__ import annotations

import re
import uuid
from typing import Final

from provenance.errors import UserFault

_MOMENT: Final = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,5}(?:[.,][0-9]{1,3})?)")


def uuid_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def whole_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def ms_of(text: str) -> int | None:
    """A moment as people write it, `1:44`, `1:44.5` or `104`, in milliseconds; nothing is None."""
    text = text.strip()
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise UserFault("Write the moment as minutes:seconds, for example 1:44.")
    if found[1] and float(found[2].replace(",", ".")) >= 60:
        raise UserFault(f"A minute has 60 seconds: write {text} with fewer than 60 behind the colon.")
    return int(found[1] or 0) * 60_000 + round(float(found[2].replace(",", ".")) * 1000)
