"""The picture of an inclusion proof: the right spans, from the root to the leaf."""

from __future__ import annotations

import hashlib
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import merkle
from provenance.pictures.inclusion import inclusion_picture, steps


def tree(size: int) -> merkle.GetNode:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()
    for leaf in leaves:
        for level, index, value in frontier.append(leaf):
            nodes[level, index] = value
    return lambda level, index: nodes[level, index]


def test_a_known_tree_of_seven():
    get = tree(7)
    way = steps(5, 7, merkle.inclusion_proof(5, 7, get))
    assert [(step.own, step.sibling) for step in way] == [
        ((4, 7), (0, 4)), ((4, 6), (6, 7)), ((5, 6), (4, 5)),
    ]  # fmt: skip
    assert way[0].hash == get(2, 0)
    assert way[2].hash == get(0, 4)


@given(size=st.integers(1, 200), data=st.data())
@settings(max_examples=60, deadline=None)
def test_spans_halve_down_to_the_leaf_and_together_are_the_log(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    way = steps(index, size, merkle.inclusion_proof(index, size, tree(size)))
    before = (0, size)
    for step in way:
        assert sorted((step.own, step.sibling)) == [
            (before[0], min(step.own[1], step.sibling[1])),
            (max(step.own[0], step.sibling[0]), before[1]),
        ]
        assert step.own[0] <= index < step.own[1]
        before = step.own
    assert before == (index, index + 1)


def test_the_picture_is_well_formed_and_says_what_it_shows():
    for size in (1, 2, 100_000):
        index = size - 1
        hashes = [hashlib.sha256(bytes([n])).digest() for n in range((0, 1, 6)[(1, 2, 100_000).index(size)])]
        if size == 100_000:
            with pytest.raises(ValueError, match="do not lead"):
                steps(index, size, hashes[:3])
            hashes = [b"\0" * 32] * len(_path(index, size))
        picture = inclusion_picture(index, size, hashes, root=b"\1" * 32)
        root = ElementTree.fromstring(picture)
        assert str(index) in root.attrib["aria-label"]
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            assert 0 <= float(rect.attrib["x"]) + float(rect.attrib["width"]) <= 720
        assert "style" not in picture


def _path(index: int, size: int) -> list[int]:
    found, low, high = [], 0, size
    while high - low > 1:
        half = low + (1 << ((high - low - 1).bit_length() - 1))
        low, high = (low, half) if index < half else (half, high)
        found.append(low)
    return found


def test_a_leaf_outside_the_tree_is_refused():
    with pytest.raises(ValueError, match="not in a tree"):
        steps(7, 7, [])
