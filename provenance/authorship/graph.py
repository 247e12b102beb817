"""Strongly connected components, dependencies first, without recursion (Tarjan, 1972)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def components(root: str, needs: Callable[[str], Iterable[str]]) -> list[tuple[str, ...]]:
    """The components reachable from `root`, each after everything that it needs. Linear time, any depth."""
    found: list[tuple[str, ...]] = []
    number: dict[str, int] = {root: 0}
    low: dict[str, int] = {root: 0}
    stack = [root]
    open_nodes = {root}
    path: list[tuple[str, Iterator[str]]] = [(root, iter(needs(root)))]
    while path:
        node, rest = path[-1]
        advanced = False
        for other in rest:
            if other not in number:
                number[other] = low[other] = len(number)
                stack.append(other)
                open_nodes.add(other)
                path.append((other, iter(needs(other))))
                advanced = True
                break
            if other in open_nodes:
                low[node] = min(low[node], number[other])
        if advanced:
            continue
        path.pop()
        if path:
            parent = path[-1][0]
            low[parent] = min(low[parent], low[node])
        if low[node] == number[node]:
            part: list[str] = []
            while True:
                member = stack.pop()
                open_nodes.discard(member)
                part.append(member)
                if member == node:
                    break
            found.append(tuple(part))
    return found
