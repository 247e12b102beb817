"""The tree against RFC 6962's published tree, and against the definition read aloud."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import merkle

# The eight leaves and roots of the certificate-transparency test tree.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_OF_5_IN_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_6_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CONSISTENCY_2_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]


class Grown:
    """A tree grown leaf by leaf, every node kept."""

    def __init__(self, data: list[bytes]) -> None:
        self.frontier = merkle.Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [self.frontier.root()]
        for item in data:
            for level, index, value in self.frontier.append(merkle.leaf_hash(item)):
                assert (level, index) not in self.nodes, "a node is written once"
                self.nodes[level, index] = value
            self.roots.append(self.frontier.root())

    def get(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


PUBLISHED = Grown([bytes.fromhex(leaf) for leaf in LEAVES])


def mth(data: list[bytes]) -> bytes:
    """MTH as RFC 9162, 2.1.1 words it."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: list[bytes]) -> list[bytes]:
    """PATH as RFC 9162, 2.1.3.1 words it."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*path(m, data[:k]), mth(data[k:])]
    return [*path(m - k, data[k:]), mth(data[:k])]


def subproof(m: int, data: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF as RFC 9162, 2.1.4.1 words it."""
    if m == len(data):
        return [] if whole else [mth(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*subproof(m, data[:k], whole), mth(data[k:])]
    return [*subproof(m - k, data[k:], False), mth(data[:k])]


def test_roots_are_those_of_the_published_tree():
    assert [root.hex() for root in PUBLISHED.roots[1:]] == ROOTS
    assert [merkle.root(size, PUBLISHED.get).hex() for size in range(1, 9)] == ROOTS


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.root(0, PUBLISHED.get) == merkle.Frontier().root() == hashlib.sha256(b"").digest()


def test_proofs_are_the_published_ones():
    assert [item.hex() for item in merkle.inclusion_proof(5, 8, PUBLISHED.get)] == INCLUSION_OF_5_IN_8
    assert [item.hex() for item in merkle.consistency_proof(6, 8, PUBLISHED.get)] == CONSISTENCY_6_8
    assert [item.hex() for item in merkle.consistency_proof(2, 5, PUBLISHED.get)] == CONSISTENCY_2_5


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=70), st.data())
def test_trees_and_proofs_agree_with_the_definition(data, draw):
    tree = Grown(data)
    size = draw.draw(st.integers(1, len(data)))
    index = draw.draw(st.integers(0, size - 1))
    old = draw.draw(st.integers(1, size))
    root = mth(data[:size])
    assert tree.roots[size] == merkle.root(size, tree.get) == root

    proof = merkle.inclusion_proof(index, size, tree.get)
    assert proof == path(index, data[:size])
    merkle.verify_inclusion(index, size, merkle.leaf_hash(data[index]), proof, root)

    proof = merkle.consistency_proof(old, size, tree.get)
    assert proof == subproof(old, data[:size], True)
    merkle.verify_consistency(old, size, proof, mth(data[:old]), root)


@given(st.integers(2, 40), st.data())
def test_no_changed_proof_holds(size, draw):
    tree = Grown([str(number).encode() for number in range(size)])
    index, old = draw.draw(st.integers(0, size - 1)), draw.draw(st.integers(1, size - 1))
    leaf = merkle.leaf_hash(str(index).encode())
    for proof, check in (
        (
            merkle.inclusion_proof(index, size, tree.get),
            lambda proof: merkle.verify_inclusion(index, size, leaf, proof, tree.roots[size]),
        ),
        (
            merkle.consistency_proof(old, size, tree.get),
            lambda proof: merkle.verify_consistency(old, size, proof, tree.roots[old], tree.roots[size]),
        ),
    ):
        check(proof)
        spot = draw.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[spot][0] ^ 1]) + proof[spot][1:]
        for changed in (
            [*proof[:spot], flipped, *proof[spot + 1 :]],
            proof[:-1],
            [*proof, bytes(32)],
            [*proof[:spot], proof[spot][:31], *proof[spot + 1 :]],
        ):
            with pytest.raises(merkle.MerkleError):
                check(changed)


def test_an_error_says_what_was_expected_and_what_came():
    proof = merkle.inclusion_proof(5, 8, PUBLISHED.get)
    with pytest.raises(merkle.MerkleError, match=rf"expected root {'00' * 32}, got {ROOTS[7]}"):
        merkle.verify_inclusion(5, 8, merkle.leaf_hash(bytes.fromhex(LEAVES[5])), proof, bytes(32))


@pytest.mark.parametrize(("index", "size"), [(8, 8), (-1, 8), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index, size):
    with pytest.raises(merkle.MerkleError):
        merkle.inclusion_proof(index, size, PUBLISHED.get)
    with pytest.raises(merkle.MerkleError):
        merkle.verify_inclusion(index, size, bytes(32), [], bytes(32))


def test_a_frontier_goes_on_where_a_stored_tree_ended():
    for size in range(9):
        frontier = merkle.Frontier(size, PUBLISHED.get)
        assert frontier.root() == PUBLISHED.roots[size]
        for leaf in LEAVES[size:]:
            frontier.append(merkle.leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == ROOTS[7]


@given(st.lists(st.integers(0, 40), max_size=8))
def test_many_leaves_at_once_make_the_same_tree_as_one_by_one(batches):
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(sum(batches))]
    single, many = merkle.Frontier(), merkle.Frontier()
    nodes = {(level, index): value for leaf in leaves for level, index, value in single.append(leaf) if level}
    grown: dict[tuple[int, int], bytes] = {}
    for size in batches:
        fresh = many.extend(leaves[many.size : many.size + size])
        assert not any((level, index) in grown for level, index, _ in fresh), "a node is written once"
        grown |= {(level, index): value for level, index, value in fresh}
    assert (many.size, many.root(), grown) == (single.size, single.root(), nodes)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.data())
def test_any_order_of_growing_proving_and_checking_holds(batches, draw):
    """Every root that was ever signed stays the beginning of the tree, and every leaf provable under each later one."""
    frontier, nodes, roots = merkle.Frontier(), {}, {0: merkle.EMPTY_ROOT}
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(sum(batches))]

    def get(level: int, index: int) -> bytes:
        return nodes[level, index]

    for size in batches:
        fresh = leaves[frontier.size : frontier.size + size]
        nodes |= {(0, frontier.size + place): leaf for place, leaf in enumerate(fresh)}
        if draw.draw(st.booleans()):
            nodes |= {(level, index): value for level, index, value in frontier.extend(fresh)}
        else:
            nodes |= {(lv, index): value for leaf in fresh for lv, index, value in frontier.append(leaf)}
        roots[frontier.size] = frontier.root()
        at = draw.draw(st.sampled_from(sorted(roots)))
        old = draw.draw(st.sampled_from([size for size in roots if size <= at]))
        merkle.verify_consistency(old, at, merkle.consistency_proof(old, at, get), roots[old], roots[at])
        if at:
            index = draw.draw(st.integers(0, at - 1))
            merkle.verify_inclusion(
                index, at, leaves[index], merkle.inclusion_proof(index, at, get), roots[at]
            )


def test_nodes_used_names_all_that_a_proof_reads():
    wanted = merkle.nodes_used(lambda get: merkle.inclusion_proof(2, 7, get))
    few = {node: PUBLISHED.nodes[node] for node in wanted}
    assert merkle.inclusion_proof(2, 7, lambda level, index: few[level, index]) == merkle.inclusion_proof(
        2, 7, PUBLISHED.get
    )
