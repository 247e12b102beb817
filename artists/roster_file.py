"""The roster as CSV: read whatever a spreadsheet writes, line by line, and write what no spreadsheet runs. Pure.

A broken line costs itself and no other: quotation marks that are never closed end at the line they began on.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from artists.errors import ArtistsUserFault
from artists.identifiers import BadIdentifier, check_ipi_name, check_isni

LIMIT_BYTES: Final = 2_000_000
LIMIT_ROWS: Final = 2_000
#: A value in quotation marks may hold so many line ends.
_MAX_LINES: Final = 12
SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
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
    "manager",
    "contributor",
    "legal_name",
    "ipi",
    "society",
    "country",
)
#: As other people call these columns; compared without case, spaces and signs.
_CALLED: Final[Mapping[str, str]] = {
    "artist": "name",
    "artistname": "name",
    "kunstler": "name",
    "künstler": "name",
    "artiste": "name",
    "sort": "sort_name",
    "type": "kind",
    "alias": "alias_of",
    "state": "status",
    "date": "since",
    "signed": "since",
    "isnicode": "isni",
    "aipersona": "ai_persona",
    "isaipersona": "ai_persona",
    "tag": "tags",
    "genre": "tags",
    "person": "contributor",
    "creditname": "contributor",
    "creditedname": "contributor",
    "ipiname": "ipi",
    "ipinamenumber": "ipi",
    "pro": "society",
    "cmo": "society",
    "countrycode": "country",
}
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
    manager: str = ""
    contributor: str = ""
    legal_name: str = ""
    ipi: str = ""
    society: str = ""
    country: str = ""


@dataclass(frozen=True)
class Problem:
    """A line that cannot be taken in, and what to do about it."""

    line: int
    text: str
    message: str


@dataclass(frozen=True)
class Reading:
    """A file as it was understood. `unknown`: columns that mean nothing here."""

    encoding: str
    separator: str
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: int = 0
    text: str = field(default="", repr=False)

    @property
    def separator_name(self) -> str:
        return SEPARATORS[self.separator]


def read(data: bytes) -> Reading:
    """All lines of a file, good and bad. Raises ArtistsUserFault where nothing at all can be made of it."""
    if len(data) > LIMIT_BYTES:
        raise ArtistsUserFault(
            f"The file is larger than {LIMIT_BYTES // 1_000_000} MB. Split it into smaller ones.",
            code="too_large",
        )
    if data[:4] == b"PK\x03\x04" or data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise ArtistsUserFault(
            "This is a spreadsheet's own format. Save it as CSV (UTF-8) and choose that file.", code="not_csv"
        )
    text, encoding, notes = _decode(data)
    return read_text(text, encoding=encoding, notes=notes)


def read_text(text: str, *, encoding: str = "UTF-8", notes: tuple[str, ...] = ()) -> Reading:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise ArtistsUserFault(
            "The file holds bytes that no text has. Save it as CSV (UTF-8).", code="not_csv"
        )
    lines = text.split("\n")
    if lines and re.fullmatch(r"sep=(.)", lines[0].strip()):  # a line for one spreadsheet program
        lines[0] = ""
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise ArtistsUserFault("The file is empty. Choose another one.", code="empty")
    separator = _separator(lines[first])
    header = next(csv.reader([lines[first]], delimiter=separator))
    columns = [_column(title) for title in header]
    if "name" not in columns:
        raise ArtistsUserFault(
            f"No column is called “name”. The first line must name the columns: {', '.join(COLUMNS)}.",
            code="no_header",
        )
    double = {one for one in columns if one and columns.count(one) > 1}
    if double:
        raise ArtistsUserFault(
            f"Two columns mean {', '.join(sorted(double))}. Keep one of them.", code="double_column"
        )
    rows: list[Row] = []
    problems: list[Problem] = []
    count = 0
    for number, raw in _records(lines, first + 1, separator):
        count += 1
        if count > LIMIT_ROWS:
            problems.append(
                Problem(number, "", f"{LIMIT_ROWS} lines are the limit; this and all after it were not read.")
            )
            break
        if isinstance(raw, str):
            problems.append(
                Problem(
                    number,
                    raw[:120],
                    "A quotation mark is opened and never closed. Close it, or take it out.",
                )
            )
            continue
        try:
            rows.append(_row(number, raw, columns))
        except (ArtistsUserFault, ValueError) as error:
            message = error.message if isinstance(error, ArtistsUserFault) else str(error)
            problems.append(Problem(number, separator.join(raw)[:120], message))
    unknown = tuple(
        title.strip() for title, column in zip(header, columns, strict=True) if not column and title.strip()
    )
    return Reading(encoding, separator, tuple(rows), tuple(problems), unknown, notes, count, text)


def write(rows: Iterable[Mapping[str, str]]) -> str:
    """The roster as CSV with all columns, a byte order mark for spreadsheets, and no cell that runs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless(row.get(column, "")) for column in COLUMNS])
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula. `read` takes it off again."""
    return (
        f"'{cell}"
        if cell.startswith(_FORMULA) or (cell[:1] == "'" and cell[1:].startswith(_FORMULA))
        else cell
    )


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip("'").startswith(_FORMULA) else cell


def _decode(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    for mark, encoding, title in (
        (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
        (b"\xff\xfe", "utf-16-le", "UTF-16"),
        (b"\xfe\xff", "utf-16-be", "UTF-16"),
    ):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), title, ()
            except UnicodeDecodeError:
                raise ArtistsUserFault(
                    f"The file says that it is {title} and is damaged. Save it again as CSV (UTF-8).",
                    code="encoding",
                ) from None
    try:
        return data.decode("utf-8"), "UTF-8", ()
    except UnicodeDecodeError:
        pass
    if (
        data[1:40:2].count(0) > 8 or data[0:40:2].count(0) > 8
    ):  # every other byte is nothing: UTF-16 without its mark
        side = "utf-16-le" if data[1:40:2].count(0) > 8 else "utf-16-be"
        try:
            return data.decode(side), "UTF-16", ()
        except UnicodeDecodeError:
            pass
    text = data.decode("cp1252", errors="replace").replace("\ufffd", "?")
    return (
        text,
        "Windows-1252",
        (
            (
                "The file is not UTF-8; it was read as Windows-1252. Look at names with accents; "
                "if one is wrong, save the file as UTF-8."
            ),
        ),
    )


def _separator(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=lambda one: (outside.count(one), -list(SEPARATORS).index(one)))


def _column(title: str) -> str:
    plain = re.sub(r"[^\w]|_", "", title.casefold())
    known = {column.replace("_", ""): column for column in COLUMNS}
    return known.get(plain) or _CALLED.get(plain, "")


def _records(lines: list[str], start: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """(line number, cells) of every record; the line itself where its quotation marks are never closed."""
    index = start
    while index < len(lines):
        if not lines[index].strip() or not lines[index].replace(separator, "").strip():
            index += 1
            continue
        taken = lines[index : index + 1]
        while (
            _state(taken, separator) == "open" and len(taken) < _MAX_LINES and index + len(taken) < len(lines)
        ):
            taken = lines[index : index + len(taken) + 1]
        if _state(taken, separator) != "whole":
            yield index + 1, lines[index]
            index += 1
            continue
        yield index + 1, next(csv.reader(["\n".join(taken)], delimiter=separator))
        index += len(taken)


def _state(lines: list[str], separator: str) -> str:
    """Whether these lines are a whole record, one whose quotation is still open, or one that is broken.

    A quotation opens at the beginning of a value and closes before a separator or the end; a mark elsewhere inside it
    means that it was never closed and ran into the next one.
    """
    text, index, quoted, fresh = "\n".join(lines), 0, False, True
    while index < len(text):
        char = text[index]
        if quoted and char == '"':
            after = text[index + 1 : index + 2]
            if after == '"':
                index += 1
            elif after in ("", separator):
                quoted = False
            else:
                return "broken"
        elif not quoted:
            quoted = fresh and char == '"'
            fresh = char == separator
        index += 1
    return "open" if quoted else "whole"


def _row(line: int, cells: list[str], columns: list[str]) -> Row:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise ValueError(
            f"The line has {len(cells)} values and the header {len(columns)} columns. "
            "Put values that hold the separator in quotation marks."
        )
    said = {column: _bare(cell) for column, cell in zip(columns, cells, strict=False) if column}
    name = " ".join(said.get("name", "").split())
    if not name:
        raise ValueError("The name is missing. Write it, or take the line out.")
    for column, limit in (
        ("name", 120),
        ("sort_name", 120),
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
        manager=said.get("manager", ""),
        contributor=" ".join(said.get("contributor", "").split()),
        legal_name=said.get("legal_name", ""),
        ipi=_number(check_ipi_name, said.get("ipi", "")),
        society=said.get("society", ""),
        country=country,
    )


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
