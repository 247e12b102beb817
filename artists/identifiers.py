"""Identifiers of people: ISNI (ISO 27729) and IPI name number (CISAC); and what every check of an identifier shares.

Every `check_*` function takes what a person typed and returns the compact form that is stored and sent. It
raises `BadIdentifier` with a message that says what to do; where only the check digit is wrong, the message
names the right one.
"""

from __future__ import annotations

import re
from typing import Final

from stdnum import isni

from artists.errors import ArtistsUserFault


class BadIdentifier(ArtistsUserFault):
    """An identifier that cannot be right. `suggestion`: the form with the check digit that fits, or ""."""

    code = "bad_identifier"

    def __init__(self, message: str, *, code: str, suggestion: str = "") -> None:
        super().__init__(message, code=code)
        self.suggestion = suggestion


_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


def compact_form(text: str, *, drop: str, name: str, code: str, example: str) -> str:
    """Upper case without separators. Refuses empty text and characters outside ASCII letters and digits."""
    raw = text.translate(_DASHES).strip()
    compact = re.sub(rf"[\s{re.escape(drop)}]", "", raw).upper()
    if not compact:
        raise BadIdentifier(f"The {name} is empty. Enter it like {example}.", code=code)
    if not re.fullmatch(r"[0-9A-Z]+", compact):
        raise BadIdentifier(
            f"The {name} may hold letters, digits and hyphens only. Enter it like {example}.", code=code
        )
    return compact


def check_isni(text: str) -> str:
    """The 16 characters of an ISNI. Raises BadIdentifier."""
    code, example = "isni", "0000 0001 2281 955X"
    bare = re.sub(r"^\s*(https?://(www\.)?isni\.org/isni/|ISNI)", "", text, flags=re.IGNORECASE)
    compact = compact_form(bare, drop="-", name="ISNI", code=code, example=example)
    if len(compact) != 16 or not compact[:15].isdigit():
        raise BadIdentifier(
            f"An ISNI has 16 digits; the last may be an X. Enter it like {example}.", code=code
        )
    right = _isni_check(compact[:15])
    if compact[-1] != right:
        raise wrong_check("ISNI", compact, right, code)
    return str(isni.compact(compact))


def _isni_check(digits: str) -> str:
    """ISO 7064 mod 11-2, with X for ten."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    value = (12 - total % 11) % 11
    return "X" if value == 10 else str(value)


def format_isni(compact: str) -> str:
    """The printed ISNI: four groups of four. Raises BadIdentifier."""
    digits = check_isni(compact)
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))


def check_ipi_name(text: str) -> str:
    """The eleven digits of an IPI name number; shorter ones are filled with zeros. Raises BadIdentifier."""
    code, example = "ipi_name", "00014107338"
    compact = compact_form(text, drop="-.", name="IPI name number", code=code, example=example)
    if not compact.isdigit() or not 3 <= len(compact) <= 11:
        raise BadIdentifier(f"An IPI name number has eleven digits. Enter it like {example}.", code=code)
    compact = compact.zfill(11)
    if compact == "0" * 11:
        raise BadIdentifier(
            "An IPI name number of zeros only means that none is known. Leave the field empty.", code=code
        )
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(compact[:9])) % 101
    right = "00" if rest == 0 else f"{(101 - rest) % 100:02d}"
    if compact[9:] != right:
        raise wrong_check("IPI name number", compact, right, code)
    return compact


def wrong_check(name: str, compact: str, right: str, code: str) -> BadIdentifier:
    fixed = compact[: -len(right)] + right
    wrong = compact[-len(right) :]
    return BadIdentifier(
        f"The {name} {compact} has a wrong check digit: it ends with {wrong}, and the rest asks for {right}. "
        f"Look for a mistyped character; if the rest is right, it is {fixed}.",
        code=f"{code}_check_digit",
        suggestion=fixed,
    )
