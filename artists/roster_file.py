"""The roster as CSV: read whatever a spreadsheet writes, line by line, and write what no spreadsheet runs. Pure.

A broken line costs itself and no other: quotation marks that are never closed end at the line they began on.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from artists.errors import ArtistsUserFault
from artists.roster_row import COLUMNS, Row, harmless, row_of

LIMIT_BYTES: Final = 2_000_000
LIMIT_ROWS: Final = 2_000
#: A value in quotation marks may hold so many line ends.
_MAX_LINES: Final = 40
SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
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
    "bio": "about",
    "biography": "about",
    "person": "contributor",
    "creditname": "contributor",
    "creditedname": "contributor",
    "ipiname": "ipi",
    "ipinamenumber": "ipi",
    "pro": "society",
    "cmo": "society",
    "countrycode": "country",
}


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
            rows.append(row_of(number, raw, columns))
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
