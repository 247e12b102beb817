"""The verifier's tree against proofs that others published, and each way in which they say such a proof may be wrong.

Vectors: transparency-dev/merkle, testdata/inclusion/2 and testdata/consistency/1 and 3 (happy-path.json and its
neighbours), over the eight leaves of the certificate-transparency test tree (RFC 6962; RFC 9162 hashes alike).
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from provenance import verifier


def hashes(*texts: str) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


ROOT_1, ROOT_2, ROOT_5, ROOT_8 = hashes(
    "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
    "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
    "Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=",
    "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
)
LEAF_5 = hashes("QnGia+DYqE8L1UyMMC58s6O10fpngKQLzOKHNHfatlg=")[0]
INCLUSION_5_IN_8 = hashes(
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
)
CONSISTENCY_1_8 = hashes(
    "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
)
CONSISTENCY_2_5 = hashes(
    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
)


def included(index: int, size: int, leaf: bytes, root: bytes, path: list[bytes]) -> bool:
    try:
        return verifier.included_root(index, size, leaf, path) == root
    except verifier.Broken:
        return False


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    try:
        return verifier.consistent_roots(old, new, old_root, path) == (old_root, new_root)
    except verifier.Broken:
        return False


def test_the_published_proofs_hold():
    assert included(5, 8, LEAF_5, ROOT_8, INCLUSION_5_IN_8)
    assert consistent(1, 8, ROOT_1, ROOT_8, CONSISTENCY_1_8)
    assert consistent(2, 5, ROOT_2, ROOT_5, CONSISTENCY_2_5)


#: The published ways to spoil a proof, by their names there.
SPOILED: dict[str, Callable[[list[bytes], bytes], list[bytes]]] = {
    "empty-proof": lambda path, root: [],
    "truncated-proof": lambda path, root: path[:-1],
    "trailing-garbage": lambda path, root: [*path, b""],
    "trailing-root": lambda path, root: [*path, root],
    "preceding-garbage": lambda path, root: [b"", *path],
    "preceding-root": lambda path, root: [root, *path],
    "preceding-proof": lambda path, root: [path[0], *path],
    "modified-proof[0]-bit-4": lambda path, root: [bytes([path[0][0] ^ 16]) + path[0][1:], *path[1:]],
    "modified-proof[last]-bit-4": lambda path, root: [*path[:-1], bytes([path[-1][0] ^ 16]) + path[-1][1:]],
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_proof_does_not_hold(name):
    spoil = SPOILED[name]
    assert not included(5, 8, LEAF_5, ROOT_8, spoil(INCLUSION_5_IN_8, ROOT_8))
    assert not consistent(1, 8, ROOT_1, ROOT_8, spoil(CONSISTENCY_1_8, ROOT_1))
    assert not consistent(2, 5, ROOT_2, ROOT_5, spoil(CONSISTENCY_2_5, ROOT_2))


@pytest.mark.parametrize(
    ("index", "size"), [(4, 8), (6, 8), (7, 8), (5, 16), (5, 4), (5, 5), (13, 16), (0, 8)]
)
def test_another_place_does_not_hold(index, size):
    assert not included(index, size, LEAF_5, ROOT_8, INCLUSION_5_IN_8)


@pytest.mark.parametrize(("old", "new"), [(2, 8), (3, 8), (1, 16), (1, 4), (1, 2), (7, 8)])
def test_other_sizes_do_not_hold(old, new):
    assert not consistent(old, new, ROOT_1, ROOT_8, CONSISTENCY_1_8)


def test_swapped_and_wrong_roots_do_not_hold():
    assert not consistent(1, 8, ROOT_8, ROOT_1, CONSISTENCY_1_8)
    assert not consistent(1, 8, ROOT_2, ROOT_8, CONSISTENCY_1_8)
    assert not consistent(1, 8, ROOT_1, ROOT_5, CONSISTENCY_1_8)
    assert not included(5, 8, LEAF_5, ROOT_5, INCLUSION_5_IN_8)
    assert not included(5, 8, ROOT_8, ROOT_8, INCLUSION_5_IN_8)
