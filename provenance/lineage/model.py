"""The lineage of one asset: what the graph consists of, and the same as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from provenance.elements import Origin


class NodeKind(StrEnum):
    STEP = "step"
    """Something that was done: a prompt run, a version of an arrangement."""
    ASSET = "asset"
    """Sound or notes that an entry made or took in."""
    GROUP = "group"
    """Several nodes of one neighbourhood, drawn as one."""
    UNKNOWN = "unknown"
    """Bytes that no entry accounts for."""


@dataclass(frozen=True, slots=True)
class Node:
    """`refs`: digests of assets, or the subject of a step ("run:..."). `origin` is None for steps.

    `entries` are leaf hashes; `count` is how many nodes a group stands for, otherwise 1.
    """

    id: str
    kind: NodeKind
    noun: str
    title: str
    note: str
    origin: Origin | None
    refs: tuple[str, ...]
    entries: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`source` went into `target`. A `reference` was looked at but no sound or note of it was used."""

    source: str
    target: str
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes by id, in the order of making; edges sorted. `total` counts the nodes before any grouping."""

    target: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LineageRow:
    title: str
    note: str
    origin: str
    made_from: tuple[str, ...]
    entries: int


def lineage_rows(lineage: Lineage) -> list[LineageRow]:
    """The graph as a table, for readers who cannot or will not look at the picture."""
    sources: dict[str, list[str]] = {}
    for edge in lineage.edges:
        words = lineage.nodes[edge.source].title + (" (as a reference)" if edge.reference else "")
        sources.setdefault(edge.target, []).append(words)
    return [
        LineageRow(
            title=node.title,
            note=node.note,
            origin=node.origin.label if node.origin else "",
            made_from=tuple(sources.get(node.id, ())),
            entries=len(node.entries),
        )
        for node in lineage.nodes.values()
    ]
