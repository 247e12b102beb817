"""Writing SVG as text: escaping, numbers, and text that has to fit."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final
from xml.sax.saxutils import escape

_FORBIDDEN: Final = re.compile(
    # what XML 1.0 cannot hold, and marks that would turn the text around them
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_SPACE: Final = re.compile(r"\s+")
_SAFE_HREF: Final = re.compile(r"(?:https?://|/(?!/)|#|\?)[^\x00-\x20]*\Z")

MONO_WIDTH: Final = 0.6
"""Advance of a monospaced character, in em."""


def clean(text: str) -> str:
    """Text that is safe inside XML and cannot reorder what stands beside it."""
    return _SPACE.sub(" ", _FORBIDDEN.sub("", text)).strip()


def isolate(text: str) -> str:
    """`text` for the middle of a sentence: a right-to-left name leaves the words around it in place."""
    found = clean(text)
    if any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in found):
        return f"\u2068{found}\u2069"
    return found


def tag(name: str, /, *content: str, **attributes: object) -> str:
    """One element. `content` is markup already; attribute values are escaped, None leaves one out.

    Underscores in attribute names become hyphens; a trailing one is dropped (`class_`).
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(content)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def words(text: str) -> str:
    """Text as element content."""
    return escape(clean(text)) if "\u2068" not in text else escape(_SPACE.sub(" ", text))


def number(value: float) -> str:
    """At most two decimals, no trailing zeros: the same picture gives the same bytes everywhere."""
    return (
        f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0")
        if abs(value) < 0.005
        else (f"{value:.2f}".rstrip("0").rstrip("."))
    )


def fit(text: str, width: float, size: float, *, mono: bool = False) -> str:
    """`text`, shortened with an ellipsis to about `width` pixels at font size `size`."""
    found = clean(text)
    if text_width(found, size, mono=mono) <= width:
        return found
    kept = ""
    used = text_width("…", size, mono=mono)
    for char in found:
        used += text_width(char, size, mono=mono)
        if used > width:
            break
        kept += char
    return kept.rstrip() + "…"


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """An estimate in pixels, on the wide side: the server has no font."""
    return sum(_advance(char, mono) for char in text) * size


def uid_of(*parts: object) -> str:
    """A short id that depends on the picture's content only, for patterns and titles."""
    return "p" + hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:8]


def safe_href(href: str | None) -> str | None:
    """`href` if it is a place on this site or a web address, else None: never a script."""
    return href if href and _SAFE_HREF.match(href) else None


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return escape(str(value), {'"': "&quot;", "\n": " ", "\t": " ", "\r": " "})


def _advance(char: str, mono: bool) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if mono:
        return MONO_WIDTH
    if char in "iljftI.,:;|'!()[] ":
        return 0.3
    return 0.95 if char in "mwMW@%—" else 0.64 if char.isupper() else 0.56
