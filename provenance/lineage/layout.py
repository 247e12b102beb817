"""Placing a lineage in layers from left to right (Sugiyama, Tagawa and Toda, 1981), in pure Python.

1. Layers: the longest way from a source; sources are then pulled towards what they went into.
2. Long edges are cut by way points, so that they run between nodes and not through them.
3. Order within layers: sweeps by the mean position of neighbours.
4. Heights: least squares towards the neighbours' mean at a minimum distance (pool adjacent violators).
All units are pixels of the picture. Deterministic: the same lineage is placed the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from provenance.lineage.model import Edge, Lineage, Node

NODE_WIDTH: Final = 150
NODE_HEIGHT: Final = 38
GAP_X: Final = 38
GAP_Y: Final = 18
WAY_GAP_Y: Final = 10
PORT_STEP: Final = 7.0
PORT_SPAN: Final = 26.0
SWEEPS: Final = 8
MAX_WAY_POINTS: Final = 2_000
"""Beyond this many, long edges are drawn straight: a hostile graph must not cost more than its nodes."""


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """`x`, `y`: the upper left corner."""

    node: Node
    x: float
    y: float
    layer: int


@dataclass(frozen=True, slots=True)
class PlacedEdge:
    """`points` run from the right side of the source to the left side of the target."""

    edge: Edge
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]
    width: float
    height: float


def layout(lineage: Lineage) -> Layout:
    """Where every node and edge of the lineage goes. Loops are drawn, never followed."""
    if not lineage.nodes:
        return Layout((), (), NODE_WIDTH, NODE_HEIGHT)
    layers = _layers(list(lineage.nodes), [(edge.source, edge.target) for edge in lineage.edges])
    ways = _way_points(lineage.edges, layers)
    rows: list[list[str]] = [[] for _ in range(max(layers.values()) + 1)]
    for node_id in lineage.nodes:
        rows[layers[node_id]].append(node_id)
    links: list[tuple[str, str]] = []
    for edge in lineage.edges:
        stops = [edge.source, *ways.get(edge, ()), edge.target]
        links += pairwise(stops)
        for step, stop in enumerate(ways.get(edge, ()), start=layers[edge.source] + 1):
            rows[step].append(stop)
    before, after = _neighbours(links)
    _order(rows, before, after)
    centres = _heights(rows, before, after, lineage.nodes)
    top = min(y - _half(stop, lineage.nodes) for y, stop in ((y, stop) for stop, y in centres.items()))
    centres = {stop: round(y - top, 1) for stop, y in centres.items()}
    nodes = tuple(
        PlacedNode(node, _left(layers[node_id]), centres[node_id] - NODE_HEIGHT / 2, layers[node_id])
        for node_id, node in lineage.nodes.items()
    )
    edges = _ports([_edge(edge, ways.get(edge, ()), layers, centres) for edge in lineage.edges])
    return Layout(
        nodes=nodes,
        edges=edges,
        width=_left(len(rows) - 1) + NODE_WIDTH,
        height=max(node.y for node in nodes) + NODE_HEIGHT,
    )


def _left(layer: int) -> float:
    return float(layer * (NODE_WIDTH + GAP_X))


def _edge(
    edge: Edge, ways: Sequence[str], layers: Mapping[str, int], centres: Mapping[str, float]
) -> PlacedEdge:
    start = (_left(layers[edge.source]) + NODE_WIDTH, centres[edge.source])
    end = (_left(layers[edge.target]), centres[edge.target])
    middle = []
    for layer, way in enumerate(ways, start=layers[edge.source] + 1):
        middle += [(_left(layer), centres[way]), (_left(layer) + NODE_WIDTH, centres[way])]
    return PlacedEdge(edge, (start, *middle, end))


def _ports(edges: list[PlacedEdge]) -> tuple[PlacedEdge, ...]:
    """Spreads the ends of edges over a node's side, in the order of arrival, so that each can be followed."""
    points = [list(edge.points) for edge in edges]
    for at, beside in ((-1, -2), (0, 1)):
        ends: dict[str, list[int]] = {}
        for n, edge in enumerate(edges):
            ends.setdefault(edge.edge.target if at else edge.edge.source, []).append(n)
        for meeting in ends.values():
            step = min(PORT_STEP, PORT_SPAN / len(meeting))
            meeting.sort(key=lambda n: points[n][beside][1])
            for place, n in enumerate(meeting):
                x, y = points[n][at]
                points[n][at] = (x, round(y + (place - (len(meeting) - 1) / 2) * step, 1))
    return tuple(PlacedEdge(edge.edge, tuple(line)) for edge, line in zip(edges, points, strict=True))


def _layers(node_ids: list[str], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    before, after = _neighbours(links)
    waiting = {node_id: len(set(before.get(node_id, ()))) for node_id in node_ids}
    layers = dict.fromkeys(node_ids, 0)
    ready = [node_id for node_id in node_ids if waiting[node_id] == 0]
    order: list[str] = []
    open_nodes = dict.fromkeys(node_ids)
    while open_nodes:
        if not ready:  # a loop: start it at its first node, as if nothing came before
            ready.append(next(iter(open_nodes)))
        node_id = ready.pop()
        if node_id not in open_nodes:
            continue
        del open_nodes[node_id]
        order.append(node_id)
        for target in sorted(set(after.get(node_id, ()))):
            if target in open_nodes:
                layers[target] = max(layers[target], layers[node_id] + 1)
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
    for node_id in reversed(order):
        if not before.get(node_id):
            nearest = [layers[t] for t in after.get(node_id, ()) if layers[t] > layers[node_id]]
            layers[node_id] = min(nearest) - 1 if nearest else layers[node_id]
    return layers


def _way_points(edges: Iterable[Edge], layers: Mapping[str, int]) -> dict[Edge, tuple[str, ...]]:
    long = {edge: layers[edge.target] - layers[edge.source] - 1 for edge in edges}
    if sum(length for length in long.values() if length > 0) > MAX_WAY_POINTS:
        return {}
    return {
        edge: tuple(f"way:{edge.source}>{edge.target}:{step}" for step in range(length))
        for edge, length in long.items()
        if length > 0
    }


def _neighbours(links: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    return before, after


def _order(rows: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> None:
    place = {stop: float(n) for row in rows for n, stop in enumerate(row)}

    def sort(row: list[str], beside: Mapping[str, list[str]]) -> None:
        means = {stop: _mean([place[other] for other in beside.get(stop, ())], place[stop]) for stop in row}
        row.sort(key=lambda stop: (means[stop], place[stop]))
        place.update((stop, float(n)) for n, stop in enumerate(row))

    for _ in range(SWEEPS // 2):
        for row in reversed(rows):
            sort(row, after)
        for row in rows:
            sort(row, before)


def _heights(
    rows: list[list[str]],
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
    nodes: Mapping[str, Node],
) -> dict[str, float]:
    centres: dict[str, float] = {}
    for row in rows:
        y = 0.0
        for stop in row:
            y += _half(stop, nodes)
            centres[stop] = y
            y += _half(stop, nodes) + _gap(stop, nodes)
        for stop in row:
            centres[stop] -= y / 2
    for _ in range(SWEEPS):
        for sweep, beside in ((rows, before), (list(reversed(rows)), after)):
            for row in sweep:
                wanted = [_mean([centres[o] for o in beside.get(stop, ())], centres[stop]) for stop in row]
                for stop, y in zip(row, _apart(row, wanted, nodes), strict=True):
                    centres[stop] = y
    return centres


def _apart(row: Sequence[str], wanted: Sequence[float], nodes: Mapping[str, Node]) -> list[float]:
    """The heights nearest to `wanted` (least squares) that keep order and distance."""
    offsets = [0.0]
    for one, other in pairwise(row):
        distance = _half(one, nodes) + _half(other, nodes) + max(_gap(one, nodes), _gap(other, nodes))
        offsets.append(offsets[-1] + distance)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, size = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            more, count = blocks.pop()
            total, size = total + more, size + count
        blocks.append((total, size))
    levels = [total / size for total, size in blocks for _ in range(size)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _half(stop: str, nodes: Mapping[str, Node]) -> float:
    return NODE_HEIGHT / 2 if stop in nodes else 0.0


def _gap(stop: str, nodes: Mapping[str, Node]) -> float:
    return float(GAP_Y if stop in nodes else WAY_GAP_Y)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
