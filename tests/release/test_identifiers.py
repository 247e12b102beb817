"""Identifiers: known answers of the standards, and messages that name the cure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artists.identifiers import format_isni
from release import identifiers as ids


@pytest.mark.parametrize(
    ("check", "typed", "compact"),
    [
        (ids.check_isrc, "qz-dwx-26-00001", "QZDWX2600001"),
        (ids.check_isrc, "ISRC US-S1Z-99-00001", "USS1Z9900001"),
        (ids.check_gtin, "5901234123457", "5901234123457"),
        (ids.check_gtin, "036000 291452", "036000291452"),
        (ids.check_grid, "A1-2425G-ABC1234002-M", "A12425GABC1234002M"),
        (ids.check_isni, "0000 0001 2281 955X", "000000012281955X"),
        (ids.check_isni, "https://isni.org/isni/000000012281955X", "000000012281955X"),
        (ids.check_iswc, "T-034.524.680-1", "T0345246801"),
        (ids.check_ipi_name, "00014107338", "00014107338"),
        (ids.check_ipi_name, "14107338", "00014107338"),
        (ids.check_dpid, "PADPIDA2007050901U", "PADPIDA2007050901U"),
        (ids.check_isrc_prefix, "qz-dwx", "QZDWX"),
    ],
)
def test_published_examples_are_accepted_in_every_usual_spelling(check, typed, compact):
    assert check(typed) == compact


@pytest.mark.parametrize(
    ("check", "typed", "right"),
    [
        (ids.check_gtin, "5901234123450", "5901234123457"),
        (ids.check_grid, "A1-2425G-ABC1234002-N", "A12425GABC1234002M"),
        (ids.check_isni, "0000 0001 2281 9551", "000000012281955X"),
        (ids.check_iswc, "T-034.524.680-2", "T0345246801"),
        (ids.check_ipi_name, "00014107337", "00014107338"),
        (ids.check_dpid, "PADPIDA2007050901A", "PADPIDA2007050901U"),
    ],
)
def test_a_wrong_check_digit_is_refused_and_the_right_one_named(check, typed, right):
    with pytest.raises(ids.BadIdentifier) as caught:
        check(typed)
    assert caught.value.code.endswith("_check_digit")
    assert caught.value.suggestion == right
    assert right in caught.value.message


@pytest.mark.parametrize("kind", sorted(ids.CHECKS))
@pytest.mark.parametrize(
    "typed", ["", "  ", "\x00", "null", "💿", "T-", "9" * 40, "QZ-DWX-26-0000O", "٣٤٥٦٧٨٩٠١٢٣٤"]
)
def test_hostile_text_is_refused_with_a_message_never_a_crash(kind, typed):
    with pytest.raises(ids.BadIdentifier) as caught:
        ids.CHECKS[kind](typed)
    assert len(caught.value.message) > 15


def test_printed_forms_are_those_of_the_standards():
    assert ids.format_isrc("QZDWX2600001") == "QZ-DWX-26-00001"
    assert ids.format_iswc("T0345246801") == "T-034.524.680-1"
    assert format_isni("000000012281955X") == "0000 0001 2281 955X"
    assert ids.format_grid("A12425GABC1234002M") == "A1-2425G-ABC1234002-M"


def test_the_next_isrc_carries_prefix_year_and_number_and_ends_at_99999():
    assert ids.next_isrc("QZ-DWX", 2026, 1) == "QZDWX2600001"
    assert ids.next_isrc("QZDWX", 2031, 99_999) == "QZDWX3199999"
    with pytest.raises(ids.BadIdentifier, match="Add another prefix"):
        ids.next_isrc("QZDWX", 2026, 100_000)
    with pytest.raises(ids.BadIdentifier):
        ids.next_isrc("QZDWX", 2026, 0)


@given(st.integers(0, 9_999))
def test_every_built_gtin_passes_the_check_and_keeps_its_prefix(n):
    thirteen = ids.next_gtin("50123456", n)
    assert ids.check_gtin(thirteen) == thirteen
    assert thirteen.startswith("50123456")
    assert ids.gtin_kind(thirteen) == "EAN"
    twelve = ids.next_gtin("8500123", n, length=12)
    assert ids.check_gtin(twelve) == twelve
    assert ids.gtin_kind(twelve) == "UPC"


def test_a_used_up_gtin_range_and_a_bad_prefix_are_refused():
    with pytest.raises(ids.BadIdentifier, match="holds 10 numbers"):
        ids.next_gtin("50123456789", 10)
    with pytest.raises(ids.BadIdentifier, match="GS1"):
        ids.next_gtin("12", 0)


def test_catalogue_numbers_follow_the_pattern():
    assert ids.catalogue_number("DWX-{n:03d}", 7) == "DWX-007"
    assert ids.catalogue_number("DWX{n}", 1234) == "DWX1234"
    for pattern in ("DWX", "{n}{n}", "{x}", "{n.__class__}", "{n:99999999d}"):
        with pytest.raises(ids.BadIdentifier):
            ids.catalogue_number(pattern, 1)
