"""Identifiers of works, recordings, releases and DDEX parties: check, normalise, print, and build the next one.

Those of people (ISNI, IPI) are in `artists.identifiers`.

Every `check_*` function takes what a person typed and returns the compact form that is stored and sent. It
raises `BadIdentifier` with a message that says what to do; where only the check digit is wrong, the message
names the right one.
The builders are pure: whoever allocates numbers holds the counter and the lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from stdnum import ean, grid
from stdnum import isrc as stdnum_isrc
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from artists.identifiers import BadIdentifier, check_ipi_name, check_isni, compact_form, wrong_check

__all__ = [
    "CHECKS",
    "BadIdentifier",
    "Isrc",
    "catalogue_number",
    "check_dpid",
    "check_grid",
    "check_gtin",
    "check_ipi_name",
    "check_isni",
    "check_isrc",
    "check_isrc_prefix",
    "check_iswc",
    "format_grid",
    "format_isrc",
    "format_iswc",
    "gtin_kind",
    "is_valid",
    "next_gtin",
    "next_isrc",
    "parse_isrc",
]

# ISRC (ISO 3901): country 2, registrant 3, year 2, designation 5; no check digit


@dataclass(frozen=True, kw_only=True)
class Isrc:
    """The parts of one ISRC."""

    country: str
    registrant: str
    year: int
    designation: int

    def __str__(self) -> str:
        return f"{self.country}{self.registrant}{self.year:02d}{self.designation:05d}"

    @property
    def prefix(self) -> str:
        """The five characters that the agency gave out."""
        return self.country + self.registrant


def parse_isrc(text: str) -> Isrc:
    """The parts of an ISRC. Raises BadIdentifier."""
    code, example = "isrc", "QZ-DWX-26-00001"
    compact = compact_form(text.removeprefix("ISRC"), drop="-.", name="ISRC", code=code, example=example)
    found = re.fullmatch(r"([A-Z]{2})([A-Z0-9]{3})([0-9]{2})([0-9]{5})", compact)
    if not found:
        raise BadIdentifier(
            "An ISRC has 12 characters: two letters of the country, three of the registrant, two of the "
            f"year, five digits. This one has {len(compact)}. Enter it like {example}.",
            code=code,
        )
    if not stdnum_isrc.is_valid(compact):
        raise BadIdentifier(
            f"{found[1]} is not a prefix that ISRC agencies give out. Check the first two letters.", code=code
        )
    return Isrc(country=found[1], registrant=found[2], year=int(found[3]), designation=int(found[4]))


def check_isrc(text: str) -> str:
    """The compact ISRC, such as QZDWX2600001. Raises BadIdentifier."""
    return str(parse_isrc(text))


def format_isrc(compact: str) -> str:
    """The printed ISRC, such as QZ-DWX-26-00001. Raises BadIdentifier."""
    part = parse_isrc(compact)
    return f"{part.country}-{part.registrant}-{part.year:02d}-{part.designation:05d}"


def check_isrc_prefix(text: str) -> str:
    """The five characters of an ISRC prefix, such as QZDWX. Raises BadIdentifier."""
    compact = compact_form(text, drop="-", name="ISRC prefix", code="isrc_prefix", example="QZ-DWX")
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}", compact):
        raise BadIdentifier(
            "An ISRC prefix has five characters: two letters of the country and three of the registrant, as "
            "your national ISRC agency wrote them. Enter it like QZ-DWX.",
            code="isrc_prefix",
        )
    try:
        check_isrc(compact + "0000001")
    except BadIdentifier as error:
        raise BadIdentifier(error.message, code="isrc_prefix") from error
    return compact


def next_isrc(prefix: str, year: int, n: int) -> str:
    """The n-th ISRC of a prefix in a year; 1 is the first. Raises BadIdentifier beyond 99999."""
    if not 1 <= n <= 99_999:
        raise BadIdentifier(
            f"Prefix {prefix} has no number {n} in {year}: it holds 1 to 99999. Add another prefix.",
            code="isrc_range",
        )
    if not 1900 <= year <= 2999:
        raise BadIdentifier("The year of an ISRC has four digits, such as 2026.", code="isrc_year")
    return check_isrc(f"{check_isrc_prefix(prefix)}{year % 100:02d}{n:05d}")


# GTIN-12 and GTIN-13 (GS1), the ICPN of a release


def check_gtin(text: str) -> str:
    """The digits of a GTIN-12 (UPC) or GTIN-13 (EAN). Raises BadIdentifier, with the right check digit."""
    code, example = "gtin", "5901234123457"
    compact = compact_form(text, drop="-", name="GTIN", code=code, example=example)
    if not compact.isdigit() or len(compact) not in (12, 13):
        raise BadIdentifier(
            f"A GTIN (barcode) has 12 digits (UPC) or 13 digits (EAN). Enter it like {example}.", code=code
        )
    right = ean.calc_check_digit(compact[:-1])
    if compact[-1] != right:
        raise wrong_check("GTIN", compact, right, code)
    return compact


def gtin_kind(compact: str) -> str:
    """UPC for 12 digits, EAN for 13."""
    return "UPC" if len(compact) == 12 else "EAN"


def next_gtin(prefix: str, n: int, *, length: Literal[12, 13] = 13) -> str:
    """The n-th GTIN (0 is the first) of a company prefix: prefix, item number, check digit.

    `length` 12 builds a UPC, 13 an EAN. Raises BadIdentifier when the range is used up.
    """
    digits = re.sub(r"[\s-]", "", prefix)
    if not digits.isdigit() or not 6 <= len(digits) <= length - 2:
        raise BadIdentifier(
            f"A company prefix for a GTIN-{length} has 6 to {length - 2} digits. Enter it as GS1 wrote it.",
            code="gtin_prefix",
        )
    room = length - 1 - len(digits)
    if not 0 <= n < 10**room:
        raise BadIdentifier(
            f"Prefix {digits} holds {10**room} numbers and number {n} is beyond it. Add another prefix.",
            code="gtin_range",
        )
    body = f"{digits}{n:0{room}d}"
    return body + str(ean.calc_check_digit(body))


# GRid (ISO 7064 mod 37,36), DPID


def check_grid(text: str) -> str:
    """The 18 characters of a GRid. Raises BadIdentifier."""
    code, example = "grid", "A1-2425G-ABC1234002-M"
    compact = compact_form(
        text.upper().removeprefix("GRID:"), drop="-", name="GRid", code=code, example=example
    )
    if len(compact) != 18 or not compact.startswith("A1"):
        raise BadIdentifier(
            f"A GRid has 18 characters and starts with A1. Enter it like {example}.", code=code
        )
    right = mod_37_36.calc_check_digit(compact[:-1])
    if compact[-1] != right:
        raise wrong_check("GRid", compact, right, code)
    return str(grid.compact(compact))


def format_grid(compact: str) -> str:
    """The printed GRid, such as A1-2425G-ABC1234002-M. Raises BadIdentifier."""
    return str(grid.format(check_grid(compact)))


def check_dpid(text: str) -> str:
    """The 18 characters of a DDEX party id, such as PADPIDA2007050901U. Raises BadIdentifier."""
    code, example = "dpid", "PADPIDA2007050901U"
    compact = compact_form(text, drop="-", name="DDEX party id", code=code, example=example)
    if len(compact) != 18 or not compact.startswith("PADPIDA"):
        raise BadIdentifier(
            f"A DDEX party id has 18 characters and starts with PADPIDA. Enter it like {example}.", code=code
        )
    right = mod_37_36.calc_check_digit(compact[:-1])
    if compact[-1] != right:
        raise wrong_check("DDEX party id", compact, right, code)
    return compact


# ISWC (ISO 15707)


def check_iswc(text: str) -> str:
    """The compact ISWC, such as T0345246801. Raises BadIdentifier."""
    code, example = "iswc", "T-034.524.680-1"
    compact = compact_form(
        text.upper().removeprefix("ISWC"), drop="-.", name="ISWC", code=code, example=example
    )
    if not re.fullmatch(r"T[0-9]{10}", compact):
        raise BadIdentifier(
            f"An ISWC is a T, nine digits and a check digit. Enter it like {example}.", code=code
        )
    total = 1 + sum(place * int(digit) for place, digit in enumerate(compact[1:10], start=1))
    right = str((10 - total % 10) % 10)
    if compact[-1] != right:
        raise wrong_check("ISWC", compact, right, code)
    return compact


def format_iswc(compact: str) -> str:
    """The printed ISWC, such as T-034.524.680-1. Raises BadIdentifier."""
    value = check_iswc(compact)
    return f"T-{value[1:4]}.{value[4:7]}.{value[7:10]}-{value[10]}"


# Catalogue numbers


def catalogue_number(pattern: str, n: int) -> str:
    """The n-th catalogue number of a pattern such as "DWX-{n:03d}". Raises BadIdentifier."""
    found = re.fullmatch(r"([^{}]*)\{n(?::0?([1-9]))?d?\}([^{}]*)", pattern)
    if not found:
        raise BadIdentifier(
            "A catalogue pattern needs the number once, in braces, such as DWX-{n:03d}.",
            code="catalogue_pattern",
        )
    if n < 1:
        raise BadIdentifier("Catalogue numbers start at 1.", code="catalogue_range")
    return f"{found[1]}{n:0{int(found[2] or 1)}d}{found[3]}"


CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "isrc": check_isrc,
    "isrc_prefix": check_isrc_prefix,
    "gtin": check_gtin,
    "grid": check_grid,
    "isni": check_isni,
    "dpid": check_dpid,
    "iswc": check_iswc,
    "ipi_name": check_ipi_name,
}
"""All checks by the name of the identifier, for forms that are built from data."""


def is_valid(kind: str, text: str) -> bool:
    """Whether `text` is a right identifier of `kind` (a key of CHECKS)."""
    try:
        CHECKS[kind](text)
    except (BadIdentifier, ValidationError):
        return False
    return True
