"""The stored tree: reads nodes for roots and proofs, a few queries for any number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import DEFAULT_DB_ALIAS, connections

from provenance import merkle


class NodeMissing(LookupError):
    """The stored tree lacks a node that its size demands."""


def reader(nodes: Iterable[merkle.NodeId], *, using: str = DEFAULT_DB_ALIAS) -> merkle.GetNode:
    """Fetch these nodes at once and return how to look them up. Asking for another one raises `NodeMissing`."""
    wanted = set(nodes)
    found: dict[merkle.NodeId, bytes] = {}
    leaves = sorted(index for level, index in wanted if level == 0)
    above = sorted(node for node in wanted if node[0] > 0)
    with connections[using].cursor() as cursor:
        if leaves:
            cursor.execute(
                'SELECT l."index", e.leaf_hash FROM provenance_leaf l JOIN provenance_entry e ON e.id = l.entry_id'
                ' WHERE l."index" = ANY(%s)',
                [leaves],
            )
            found |= {(0, index): bytes(value) for index, value in cursor.fetchall()}
        if above:
            cursor.execute(
                'SELECT n.level, n."index", n.hash FROM unnest(%s::int[], %s::bigint[]) AS w(level, index)'
                ' JOIN provenance_node n ON n.level = w.level AND n."index" = w.index',
                [[level for level, _ in above], [index for _, index in above]],
            )
            found |= {(level, index): bytes(value) for level, index, value in cursor.fetchall()}

    def get(level: int, index: int) -> bytes:
        try:
            return found[level, index]
        except KeyError:
            raise NodeMissing(f"the stored tree lacks node {index} of level {level}") from None

    return get


def reader_for(ask: Callable[[merkle.GetNode], object], *, using: str = DEFAULT_DB_ALIAS) -> merkle.GetNode:
    """A reader that has every node which `ask` reads."""
    return reader(merkle.nodes_used(ask), using=using)
