"""The labels' question: which part of an element a trained model made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.labels import (
    ElementOrigins,
    Involvement,
    combine,
    involvement,
    overall,
    procedural_elements,
    unknown_elements,
)


@pytest.mark.parametrize(
    ("origins", "answer"),
    [
        ({"human"}, "None"),
        ({"third_party"}, "None"),
        ({"trained_model"}, "All"),
        ({"human", "trained_model"}, "Partly"),
        ({"procedural", "trained_model"}, "Partly"),
        ({"procedural"}, "None"),
        ({"human", "procedural"}, "None"),
        ({"mixed"}, "Partly"),
        ({"unknown"}, "Unknown"),
        ({"trained_model", "unknown"}, "Unknown"),
    ],
)
def test_an_element_is_all_none_partly_or_unknown(origins, answer):
    assert involvement(origins).value == answer


def test_procedural_material_counts_only_where_the_receiver_counts_it():
    assert involvement({"procedural"}, count_procedural=True) is Involvement.ALL
    assert involvement({"procedural", "human"}, count_procedural=True) is Involvement.PARTLY


def test_an_element_that_is_not_there_has_no_involvement():
    with pytest.raises(ValueError):
        involvement(set())
    absent = ElementOrigins(element="lyrics", origins=frozenset())
    assert overall([absent]) is None


def test_a_word_that_is_no_origin_is_refused_rather_than_read_as_human():
    with pytest.raises(ValueError):
        involvement({"robot"})


def test_the_cover_is_not_part_of_the_recording():
    findings = [
        ElementOrigins(element="melody", origins=frozenset({"human"})),
        ElementOrigins(element="artwork", origins=frozenset({"trained_model"})),
    ]
    assert overall(findings) is Involvement.NONE
    assert overall(findings, patterns=["artwork"]) is Involvement.ALL


def test_procedural_and_unknown_elements_are_listed_apart():
    findings = [
        ElementOrigins(element="mix", origins=frozenset({"unknown"})),
        ElementOrigins(element="harmony", origins=frozenset({"procedural", "human"})),
    ]
    assert procedural_elements(findings) == ("harmony",)
    assert unknown_elements(findings) == ("mix",)


@given(st.lists(st.sampled_from([Involvement.ALL, Involvement.PARTLY, Involvement.NONE]), min_size=1))
def test_a_whole_is_all_only_if_every_part_is_and_none_only_if_no_part_has_any(parts):
    whole = combine(parts)
    assert (whole is Involvement.ALL) == all(part is Involvement.ALL for part in parts)
    assert (whole is Involvement.NONE) == all(part is Involvement.NONE for part in parts)
    assert combine([*parts, Involvement.UNKNOWN]) is Involvement.UNKNOWN
