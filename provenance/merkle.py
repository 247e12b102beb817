"""Merkle trees as RFC 9162, section 2.1 (same hashing as RFC 6962): pure functions over bytes.

A tree is known by the hashes of its complete subtrees: `(level, index)` names the subtree of `2**level` leaves that
starts at leaf `index * 2**level`; level 0 are leaf hashes. Roots and proofs of every size up to the present one
follow from those nodes, so a writer stores each node once and never changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

NodeId = tuple[int, int]
GetNode = Callable[[int, int], bytes]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256().digest()


class MerkleError(ValueError):
    """A proof that does not hold, or a question that no tree can answer. The message has what was expected and got."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (`size` > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


class Frontier:
    """The right edge of a growing tree: the complete subtrees that its size in binary names, largest first."""

    def __init__(self, size: int = 0, get: GetNode | None = None) -> None:
        """Start empty, or at `size` with the nodes that `frontier_nodes(size)` names."""
        self.size = size
        self._hashes = [get(level, index) for level, index in frontier_nodes(size)] if get else []

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; return every node this completes as (level, index, hash), its own first."""
        completed = [(0, self.size, leaf)]
        level, index, value = 0, self.size, leaf
        while index & 1:
            value = node_hash(self._hashes.pop(), value)
            level, index = level + 1, index >> 1
            completed.append((level, index, value))
        self._hashes.append(value)
        self.size += 1
        return completed

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Add many leaf hashes, level by level; return every node above the leaves that this completes."""
        levels = [level for level, _ in frontier_nodes(self.size)]
        edge = dict(zip(levels, self._hashes, strict=True))
        completed: list[tuple[int, int, bytes]] = []
        level, start, fresh = 0, self.size, list(leaves)
        while fresh:
            if start & 1:  # the left sibling of the first one stands already
                fresh.insert(0, edge.pop(level))
            if len(fresh) & 1:
                edge[level] = fresh[-1]
            start >>= 1
            level += 1
            fresh = [
                sha256(b"\x01" + fresh[place] + fresh[place + 1]).digest()
                for place in range(0, len(fresh) - 1, 2)
            ]
            completed += [(level, index, value) for index, value in enumerate(fresh, start=start)]
        self.size += len(leaves)
        self._hashes = [edge[level] for level, _ in frontier_nodes(self.size)]
        return completed

    def root(self) -> bytes:
        if not self._hashes:
            return EMPTY_ROOT
        value = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            value = node_hash(left, value)
        return value


def frontier_nodes(size: int) -> list[NodeId]:
    """The complete subtrees of which a tree of `size` leaves is made, from left to right."""
    nodes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes


def _subtree(start: int, end: int, get: GetNode) -> bytes:
    """MTH of the leaves [start, end), where start is a multiple of the next power of two (RFC 9162, 2.1.1)."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return get(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(start, middle, get), _subtree(middle, end, get))


def root(size: int, get: GetNode) -> bytes:
    """The root of the first `size` leaves."""
    return _subtree(0, size, get) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get: GetNode) -> list[bytes]:
    """Audit path of leaf `index` in the tree of `size` leaves, from the leaf upwards (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise MerkleError(f"a tree of {size} leaves has no leaf {index}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, get))
            end = middle
        else:
            path.append(_subtree(start, middle, get))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, get: GetNode) -> list[bytes]:
    """Proof that the tree of `old` leaves is the beginning of that of `new` leaves (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise MerkleError(f"a tree of {new} leaves has no beginning of {old}")
    if old in (0, new):
        return []
    path, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, get))
            end = middle
        else:
            path.append(_subtree(start, middle, get))
            start, whole = middle, False
    if not whole:
        path.append(_subtree(start, end, get))
    return path[::-1]


def nodes_used(ask: Callable[[GetNode], object]) -> set[NodeId]:
    """The nodes that `ask` reads, so that a caller can fetch them at once: `nodes_used(lambda get: root(9, get))`."""
    used: set[NodeId] = set()

    def note(level: int, index: int) -> bytes:
        used.add((level, index))
        return bytes(HASH_BYTES)

    ask(note)
    return used


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2). Raises MerkleError where its length is wrong."""
    if not 0 <= index < size:
        raise MerkleError(f"a tree of {size} leaves has no leaf {index}")
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if len(sibling) != HASH_BYTES:
            raise MerkleError(f"a hash of the proof has {len(sibling)} bytes, expected {HASH_BYTES}")
        if last == 0:
            raise MerkleError(f"the proof has more hashes than a tree of {size} leaves needs")
        if place & 1 or place == last:
            value = node_hash(sibling, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise MerkleError(f"the proof has fewer hashes than a tree of {size} leaves needs")
    return value


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes
) -> None:
    """Returns if `leaf` (a leaf hash) stands at `index` of the tree with that root. Raises MerkleError."""
    got = root_from_inclusion(index, size, leaf, proof)
    if got != expected_root:
        raise MerkleError(f"inclusion of leaf {index}: expected root {expected_root.hex()}, got {got.hex()}")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Returns if the older tree is the beginning of the newer one (RFC 9162, 2.1.4.2). Raises MerkleError."""
    if not 0 <= old <= new:
        raise MerkleError(f"a tree of {new} leaves has no beginning of {old}")
    if any(len(item) != HASH_BYTES for item in proof):
        raise MerkleError(f"a hash of the proof does not have {HASH_BYTES} bytes")
    if old in (0, new):
        if proof:
            raise MerkleError(
                f"consistency of {old} and {new} leaves needs no proof, got {len(proof)} hashes"
            )
        expected = EMPTY_ROOT if old == 0 else new_root
        if old_root != expected:
            raise MerkleError(f"root of {old} leaves: expected {expected.hex()}, got {old_root.hex()}")
        return
    # 2. A power of two is itself the first hash of the path.
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise MerkleError(f"consistency of {old} and {new} leaves needs a proof, got none")
    # 3.-4. Skip what both trees share below the split.
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    # 5.-6. Climb in both trees.
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise MerkleError(f"the proof has more hashes than {old} and {new} leaves need")
        if place & 1 or place == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        place, last = place >> 1, last >> 1
    # 7. Both climbs end at the roots.
    if last:
        raise MerkleError(f"the proof has fewer hashes than {old} and {new} leaves need")
    if old_value != old_root:
        raise MerkleError(f"root of {old} leaves: expected {old_root.hex()}, got {old_value.hex()}")
    if new_value != new_root:
        raise MerkleError(f"root of {new} leaves: expected {new_root.hex()}, got {new_value.hex()}")
