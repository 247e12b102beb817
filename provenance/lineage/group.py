"""Making a large lineage readable: twins and chains become groups, until the picture fits its limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from provenance.elements import combine
from provenance.lineage.model import Edge, Lineage, Node, NodeKind
from provenance.words import count, join

GROUP_SEPARATOR: Final = " + "


def group(lineage: Lineage, limit: int) -> Lineage:
    """At most `limit` nodes (at least 2), the target never grouped: twins, then chains, then the far end."""
    grouped = lineage
    while len(grouped.nodes) > limit:
        smaller = _merge(grouped, _twins(grouped))
        if len(smaller.nodes) > limit:
            smaller = _merge(smaller, _chains(smaller))
        if len(smaller.nodes) == len(grouped.nodes):
            return _merge(grouped, [_far_end(grouped, max(limit, 2))])
        grouped = smaller
    return grouped


def _is_target(lineage: Lineage, node: Node) -> bool:
    return lineage.target in node.refs


def _neighbours(lineage: Lineage) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    before: dict[str, set[str]] = {node_id: set() for node_id in lineage.nodes}
    after: dict[str, set[str]] = {node_id: set() for node_id in lineage.nodes}
    for edge in lineage.edges:
        before[edge.target].add(edge.source)
        after[edge.source].add(edge.target)
    return before, after


def _twins(lineage: Lineage) -> list[list[str]]:
    """Nodes that came from the same and went into the same."""
    before, after = _neighbours(lineage)
    alike: dict[tuple[bool, frozenset[str], frozenset[str]], list[str]] = {}
    for node_id, node in lineage.nodes.items():
        if not _is_target(lineage, node):
            key = (node.kind is NodeKind.UNKNOWN, frozenset(before[node_id]), frozenset(after[node_id]))
            alike.setdefault(key, []).append(node_id)
    return [members for members in alike.values() if len(members) > 1]


def _chains(lineage: Lineage) -> list[list[str]]:
    """Runs of nodes that each have one predecessor and one successor, the first one's predecessors aside."""
    before, after = _neighbours(lineage)
    follows: dict[str, str] = {}
    for node_id, targets in after.items():
        if len(targets) == 1:
            (target,) = targets
            if (
                len(before[target]) == 1
                and not _is_target(lineage, lineage.nodes[target])
                and target != node_id
            ):
                follows[node_id] = target
    inner = set(follows.values())
    chains = []
    for start in lineage.nodes:
        if start in follows and start not in inner:
            chain = [start]
            while chain[-1] in follows:
                chain.append(follows[chain[-1]])
            chains.append(chain)
    return [chain for chain in chains if not any(_is_target(lineage, lineage.nodes[n]) for n in chain)]


def _far_end(lineage: Lineage, limit: int) -> list[str]:
    """All but the `limit - 1` nodes nearest to the target."""
    before, _ = _neighbours(lineage)
    start = next((n.id for n in lineage.nodes.values() if _is_target(lineage, n)), next(iter(lineage.nodes)))
    near = {start: None}
    waiting = deque([start])
    while waiting:
        for node_id in sorted(before[waiting.popleft()]):
            if node_id not in near:
                near[node_id] = None
                waiting.append(node_id)
    kept = set(list(near)[: limit - 1])
    return [node_id for node_id in lineage.nodes if node_id not in kept]


def _merge(lineage: Lineage, groups: Iterable[list[str]]) -> Lineage:
    into: dict[str, str] = {}
    made: dict[str, Node] = {}
    for members in groups:
        node = _group_node([lineage.nodes[node_id] for node_id in members])
        made[members[0]] = node
        into.update(dict.fromkeys(members, node.id))
    if not into:
        return lineage
    nodes = {}
    for node_id, node in lineage.nodes.items():
        if node_id in made:
            nodes[made[node_id].id] = made[node_id]
        elif node_id not in into:
            nodes[node_id] = node
    edges = {
        Edge(into.get(e.source, e.source), into.get(e.target, e.target), e.reference) for e in lineage.edges
    }
    kept = tuple(sorted(edge for edge in edges if edge.source != edge.target))
    return Lineage(lineage.target, MappingProxyType(nodes), kept, lineage.total)


def _group_node(nodes: list[Node]) -> Node:
    per_noun: dict[str, int] = {}
    for node in nodes:
        for noun, number in _content(node).items():
            per_noun[noun] = per_noun.get(noun, 0) + number
    said = [count(number, noun) for noun, number in per_noun.items()]
    origins = [node.origin for node in nodes if node.origin is not None]
    return Node(
        id=f"group:{nodes[0].id}",
        kind=NodeKind.GROUP,
        noun=GROUP_SEPARATOR.join(f"{number} {noun}" for noun, number in per_noun.items()),
        title=join(said, limit=2),
        note=f"{nodes[0].title} …",
        origin=combine(origins) if origins else None,
        refs=tuple(ref for node in nodes for ref in node.refs),
        entries=tuple(dict.fromkeys(leaf for node in nodes for leaf in node.entries)),
        count=sum(node.count for node in nodes),
    )


def _content(node: Node) -> dict[str, int]:
    """How many of what a node stands for."""
    if node.kind is not NodeKind.GROUP:
        return {"unknown source" if node.kind is NodeKind.UNKNOWN else node.noun.replace("_", " "): 1}
    parts = [part.partition(" ") for part in node.noun.split(GROUP_SEPARATOR)]
    return {noun: int(number) for number, _, noun in parts}
