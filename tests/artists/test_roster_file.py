"""A roster as CSV: whatever a spreadsheet writes, good lines in and bad ones reported; nothing that runs comes out."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artists import roster_file, services
from artists.errors import ArtistsUserFault
from artists.models import Artist
from tests.cast import Cast

HEAD = "name,kind,status,isni,contributor,ipi\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found(encoding: str, separator: str) -> None:
    text = (
        separator.join(["Name", "Sort name", "Tags"])
        + "\r\n"
        + separator.join(["Zoë Brückner", "Brückner", "x"])
    )
    reading = roster_file.read(text.encode(encoding))
    assert [row.name for row in reading.rows] == ["Zoë Brückner"]
    assert (reading.separator, reading.problems) == (separator, ())


def test_bad_lines_cost_themselves_alone() -> None:
    text = HEAD + (
        "Good One,group,signed,,,\n"
        '"Never closed,group,signed,,,\n'
        "Good Two,person,,,,\n"
        ",group,,,,\n"
        "Odd Kind,orchestra,,,,\n"
        "Wrong Digit,group,,0000 0001 2103 2682,,\n"
        "Too,many,values,,,,,extra\n"
        "IPI,group,,,,00014107338\n"
        '"Two\nlines",group,,,,\n'
    )
    reading = roster_file.read_text(text)
    assert [row.name for row in reading.rows] == ["Good One", "Good Two", "Two lines"]
    assert [one.line for one in reading.problems] == [3, 5, 6, 7, 8, 9]
    messages = " ".join(one.message for one in reading.problems)
    for words in (
        "never closed",
        "name is missing",
        "Use one of: person",
        "0000000121032683",
        "values and the header",
        "contributor",
    ):
        assert words in messages


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"PK\x03\x04xlsx", b"no,header\n1,2\n", b"\xff\xfe\x00", b"name\0,x\n"]
)
def test_a_file_that_is_none_says_what_to_do(data: bytes) -> None:
    with pytest.raises(ArtistsUserFault):
        roster_file.read(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ArtistsUserFault):
        roster_file.read(b"name,tags\n" + data)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+CMD|x", "-2", "@SUM(A1)", "\t=1", "'=1", "＝1", "plain", "O'Hara"]
)
def test_no_cell_runs_and_all_come_back(cell: str) -> None:
    text = roster_file.write([{"name": cell, "kind": "person"}])
    written = next(csv.reader(io.StringIO(text.removeprefix("\ufeff").split("\r\n", 1)[1])))[0]
    assert not written.startswith(("=", "+", "-", "@", "\t", "＝"))
    assert roster_file.read(text.encode()).rows[0].name == cell.strip()


@pytest.mark.django_db
def test_the_preview_changes_nothing_and_says_what_the_import_does(cast: Cast) -> None:
    text = (
        "name,kind,alias_of,contributor,legal_name,manager\n"
        "Mask (fictional),alias,夜の町 (fictional),,,\n"
        "夜の町 (fictional),group,,Yoru (fictional),Legal Yoru,anr@label.invalid\n"
        "夜の町 (fictional),group,,Machi (fictional),,\n"
        f"{cast.artist.name},group,,,,\n"
        "Lost (fictional),alias,Nobody,,,\n"
    )
    reading = roster_file.read_text(text)
    before = Artist.objects.count()
    said = services.import_rows(reading, actor=cast.owner, really=False)
    assert Artist.objects.count() == before
    done = services.import_rows(reading, actor=cast.owner, really=True)
    assert [(one.line, one.what) for one in said] == [(one.line, one.what) for one in done]
    assert [one.what for one in done] == ["new", "new", "contributor", "there", "bad"]
    artist = Artist.objects.get(name="夜の町 (fictional)")
    assert [row.credit_name for row in services.people_behind(artist)] == [
        "Machi (fictional)",
        "Yoru (fictional)",
    ]
    assert artist.aliases.get().name == "Mask (fictional)"
    assert artist.team.get().user == cast.anr
    rows = services.export_rows([artist])
    assert [row["contributor"] for row in rows] == ["Machi (fictional)", "Yoru (fictional)"]
    assert "Legal" not in roster_file.write(rows)
