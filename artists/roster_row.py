"""One line of a roster file: its columns, and what its cells mean once they were checked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from artists.identifiers import BadIdentifier, check_ipi_name, check_isni

#: What makes a spreadsheet read a cell as a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS: Final = (
    "name",
    "sort_name",
    "kind",
    "alias_of",
    "status",
    "since",
    "isni",
    "ai_persona",
    "tags",
    "about",
    "manager",
    "contributor",
    "legal_name",
    "ipi",
    "society",
    "country",
)
_KINDS: Final = {
    "person": "person", "solo": "person", "duo": "duo", "group": "group", "band": "group", "alias": "alias",
    "": "",
}  # fmt: skip
_STATES: Final = {
    "prospect": "prospect", "signed": "signed", "active": "signed", "alumni": "alumni", "alumnus": "alumni",
    "former": "alumni", "left": "alumni", "": "",
}  # fmt: skip
_YES: Final = {"yes", "y", "true", "1", "x", "ja", "oui", "sí", "si"}
_NO: Final = {"", "no", "n", "false", "0", "nein", "non"}


@dataclass(frozen=True)
class Row:
    """What one line says, checked. Empty where it says nothing."""

    line: int
    name: str
    sort_name: str = ""
    kind: str = ""
    alias_of: str = ""
    status: str = ""
    since: dt.date | None = None
    isni: str = ""
    is_ai_persona: bool = False
    tags: tuple[str, ...] = ()
    about: str = ""
    manager: str = ""
    contributor: str = ""
    legal_name: str = ""
    ipi: str = ""
    society: str = ""
    country: str = ""


def row_of(line: int, cells: list[str], columns: list[str]) -> Row:
    """Raises ValueError, with what to do, for a line that cannot be taken in."""
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise ValueError(
            f"The line has {len(cells)} values and the header {len(columns)} columns. "
            "Put values that hold the separator in quotation marks."
        )
    said = {column: bare(cell) for column, cell in zip(columns, cells, strict=False) if column}
    name = " ".join(said.get("name", "").split())
    if not name:
        raise ValueError("The name is missing. Write it, or take the line out.")
    for column, limit in (
        ("name", 120),
        ("sort_name", 120),
        ("about", 2000),
        ("contributor", 120),
        ("legal_name", 160),
        ("society", 32),
    ):
        if len(said.get(column, "")) > limit:
            raise ValueError(f"The {column.replace('_', ' ')} is longer than {limit} characters. Shorten it.")
    country = said.get("country", "").upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ValueError(
            f"The country “{country[:20]}” is not two letters, such as DE. Correct it or leave it empty."
        )
    person = {key: said.get(key, "") for key in ("legal_name", "ipi", "society", "country")}
    if any(person.values()) and not said.get("contributor"):
        raise ValueError(
            "Legal name, IPI, society and country belong to a contributor. Fill that column as well."
        )
    kind = _one_of(said.get("kind", ""), _KINDS, "kind", "person, duo, group, alias")
    if (kind == "alias") != bool(said.get("alias_of")) and (kind or said.get("alias_of")):
        if kind == "alias":
            raise ValueError("An alias must say whose it is, in the column alias_of.")
        kind = "alias" if not kind else _refuse("Only the kind alias has an alias_of. Change one of the two.")
    return Row(
        line=line,
        name=name,
        sort_name=said.get("sort_name", ""),
        kind=kind,
        alias_of=" ".join(said.get("alias_of", "").split()),
        status=_one_of(said.get("status", ""), _STATES, "status", "prospect, signed, alumni"),
        since=_day(said.get("since", "")),
        isni=_number(check_isni, said.get("isni", "")),
        is_ai_persona=_flag(said.get("ai_persona", "")),
        tags=tuple(tag.strip() for tag in re.split(r"[,;|]", said.get("tags", "")) if tag.strip()),
        about=said.get("about", ""),
        manager=said.get("manager", ""),
        contributor=" ".join(said.get("contributor", "").split()),
        legal_name=said.get("legal_name", ""),
        ipi=_number(check_ipi_name, said.get("ipi", "")),
        society=said.get("society", ""),
        country=country,
    )


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula. `read` takes it off again."""
    return (
        f"'{cell}"
        if cell.startswith(_FORMULA) or (cell[:1] == "'" and cell[1:].startswith(_FORMULA))
        else cell
    )


def bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip("'").startswith(_FORMULA) else cell


def _number(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text) if text else ""
    except BadIdentifier as error:
        raise ValueError(error.message) from error


def _one_of(text: str, known: Mapping[str, str], column: str, offered: str) -> str:
    found = known.get(text.casefold())
    if found is None:
        raise ValueError(f"The {column} “{text[:30]}” is not known. Use one of: {offered}.")
    return found


def _refuse(message: str) -> str:
    raise ValueError(message)


def _flag(text: str) -> bool:
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    raise ValueError(f"AI persona is “{text[:20]}”. Write yes or no.")


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
        if day > dt.datetime.now(dt.UTC).date():
            raise ValueError(f"The day {text} lies ahead. A status counts from a day that has come.")
        return day
    raise ValueError(f"The day “{text[:20]}” cannot be read. Write it as 2026-01-31.")
