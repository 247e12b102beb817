"""The lineage picture: sounds are boxes with their origin on the left edge, steps are rounded, time runs right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from provenance.elements import Origin
from provenance.lineage import Lineage, Node, NodeKind, PlacedEdge, PlacedNode, layout
from provenance.lineage.layout import NODE_HEIGHT, NODE_WIDTH
from provenance.pictures.palette import Palette, defs, paint, palette
from provenance.pictures.svg import fit, isolate, number, safe_href, tag, uid_of, words
from provenance.words import count, join

MARGIN: Final = 4
BAR: Final = 5
EMPTY: Final = "No entry says where this sound comes from."


def lineage_picture(
    lineage: Lineage,
    *,
    title: str = "Where it came from",
    for_print: bool = False,
    href: Callable[[Node], str | None] | None = None,
    uid: str | None = None,
) -> str:
    """The graph as a picture in its natural size; wide ones scroll on the page and scale on paper.

    `href` gives a node's link. With links the picture is a group of links to assistive technology, without it
    is one image. `uid` starts every id; by default it follows from the content.
    """
    colours = palette(for_print=for_print)
    prefix = uid or uid_of(
        "lineage", title, for_print, lineage.target, *lineage.nodes.values(), lineage.edges
    )
    placed = layout(lineage)
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    edges = tag("g", *(_edge(edge, colours) for edge in placed.edges), aria_hidden="true")
    nodes = [_node(node, lineage, colours, prefix, href) for node in placed.nodes]
    return tag(
        "svg",
        tag("title", words(title), id=f"{prefix}-t"),
        tag("desc", words(describe(lineage)), id=f"{prefix}-d"),
        defs(prefix, colours),
        tag("g", edges, *nodes, transform=f"translate({MARGIN} {MARGIN})"),
        xmlns="http://www.w3.org/2000/svg",
        class_="picture picture-lineage",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="group" if href else "img",
        aria_labelledby=f"{prefix}-t",
        aria_describedby=f"{prefix}-d",
    )


def describe(lineage: Lineage) -> str:
    """The graph in one or two sentences."""
    if not lineage.nodes or all(node.kind is NodeKind.UNKNOWN for node in lineage.nodes.values()):
        return EMPTY
    fed = {edge.target for edge in lineage.edges}
    first = [isolate(node.title) for node in lineage.nodes.values() if node.id not in fed]
    last = next((n for n in lineage.nodes.values() if lineage.target in n.refs), None)
    said = f"{count(lineage.total, 'step or sound', 'steps and sounds')}, from {join(first, limit=6)}"
    return f"{said} to {isolate(last.title)}." if last else f"{said}."


def _edge(edge: PlacedEdge, colours: Palette) -> str:
    (x, y), *_ = edge.points
    path = [f"M{number(x)} {number(y)}"]
    for (x1, y1), (x2, y2) in pairwise(edge.points):
        if y1 == y2:
            path.append(f"L{number(x2)} {number(y2)}")
            continue
        half = number((x1 + x2) / 2)
        path.append(f"C{half} {number(y1)} {half} {number(y2)} {number(x2)} {number(y2)}")
    return tag(
        "path",
        d="".join(path),
        fill="none",
        stroke=colours.ink_3,
        stroke_width=1.1,
        stroke_dasharray="4 3" if edge.edge.reference else None,
    )


def _node(
    placed: PlacedNode,
    lineage: Lineage,
    colours: Palette,
    uid: str,
    href: Callable[[Node], str | None] | None,
) -> str:
    node = placed.node
    is_target = lineage.target in node.refs
    step = node.kind is NodeKind.STEP or node.origin is None
    hint = _hint(node)
    inset = 17 if step else 14
    shape = [
        tag("title", words(hint)),
        _outline(node, colours, step=step, is_target=is_target),
        "" if step or node.kind is NodeKind.UNKNOWN else _bar(node.origin or Origin.UNKNOWN, colours, uid),
        tag(
            "text",
            words(fit(node.title, NODE_WIDTH - inset - 8, 12.5)),
            x=inset,
            y=16,
            font_size=12.5,
            font_family=colours.text,
            fill=colours.ink,
        ),
        tag(
            "text",
            words(fit(node.note, NODE_WIDTH - inset - 6, 10.5, mono=True)),
            x=inset,
            y=30,
            font_size=10.5,
            font_family=colours.mono,
            fill=colours.ink_3,
        ),
    ]
    group = tag(
        "g",
        *shape,
        class_=f"node node-{node.kind.value}" + (" node-target" if is_target else ""),
        transform=f"translate({number(placed.x)} {number(placed.y)})",
    )
    link = safe_href(href(node)) if href else None
    return tag("a", group, href=link, aria_label=hint) if link else group


def _outline(node: Node, colours: Palette, *, step: bool, is_target: bool) -> str:
    size = {"width": NODE_WIDTH, "height": NODE_HEIGHT}
    box = tag(
        "rect",
        **size,
        rx=NODE_HEIGHT / 2 if step else 3,
        fill=colours.surface,
        stroke=colours.accent
        if is_target
        else colours.ink_2
        if node.kind is NodeKind.UNKNOWN
        else colours.hair,
        stroke_width=1.4 if is_target else None,
        stroke_dasharray="3 2" if node.kind is NodeKind.UNKNOWN else None,
    )
    if node.kind is not NodeKind.GROUP:
        return box
    behind = tag("rect", x=3, y=3, **size, rx=3, fill=colours.surface, stroke=colours.hair)
    return behind + box


def _bar(origin: Origin, colours: Palette, uid: str) -> str:
    if origin is Origin.UNKNOWN:
        attributes = {"fill": "none", "stroke": colours.ink_2, "stroke_dasharray": "3 2"}
        return tag("line", x1=BAR, x2=BAR, y1=1, y2=NODE_HEIGHT - 1, class_="bar", **attributes)
    return tag("rect", width=BAR, height=NODE_HEIGHT, class_="bar", **paint(origin, uid, colours))


def _hint(node: Node) -> str:
    said = [isolate(node.title), isolate(node.note)]
    if node.origin is not None:
        said.append(node.origin.label)
    said.append(count(len(node.entries), "entry", "entries"))
    return ", ".join(part for part in said if part)
