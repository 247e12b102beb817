"""The legend of origins: swatches for a line of text, the list for a page, one picture for paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from provenance.elements import ORIGIN_MEANING, Origin
from provenance.pictures.palette import Palette, defs, paint, palette
from provenance.pictures.svg import tag, text_width, words

WIDTH: Final = 22
HEIGHT: Final = 12


def swatch(origin: Origin | str, *, for_print: bool = False) -> str:
    """A small sample of an origin. It needs no ids, so any number may stand on a page; the word must stand beside."""
    colours = palette(for_print=for_print)
    return tag(
        "svg",
        _sample(Origin(origin), colours),
        xmlns="http://www.w3.org/2000/svg" if for_print else None,
        class_="swatch",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        aria_hidden="true",
        focusable="false",
    )


def legend(origins: Iterable[Origin] = tuple(Origin)) -> str:
    """The legend as an HTML list; every word explains itself on hover."""
    items = [
        tag("li", swatch(origin), words(origin.label), title=ORIGIN_MEANING[origin]) for origin in origins
    ]
    return tag("ul", *items, class_="legend", aria_label="Origins")


def legend_picture(
    origins: Iterable[Origin] = tuple(Origin), *, for_print: bool = True, uid: str = "legend"
) -> str:
    """The legend as one picture, for documents."""
    colours = palette(for_print=for_print)
    parts = []
    x = 0.0
    for origin in origins:
        edge = 0.5 if origin is Origin.UNKNOWN else 0
        parts.append(
            tag(
                "rect",
                x=x + edge,
                y=3 + edge,
                width=WIDTH - 2 * edge,
                height=HEIGHT - 2 * edge,
                **paint(origin, uid, colours),
            )
        )
        parts.append(
            tag(
                "text",
                words(origin.label),
                x=x + WIDTH + 7,
                y=13,
                font_size=12,
                font_family=colours.text,
                fill=colours.ink_2,
            )
        )
        x += WIDTH + 7 + text_width(origin.label, 12) + 18
    return tag(
        "svg",
        tag("title", "Legend of origins", id=f"{uid}-t"),
        defs(uid, colours),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="picture picture-legend",
        viewBox=f"0 0 {x:.0f} 18",
        width=f"{x:.0f}",
        height=18,
        role="img",
        aria_labelledby=f"{uid}-t",
    )


def _sample(origin: Origin, colours: Palette) -> str:
    whole = {"width": WIDTH, "height": HEIGHT}
    match origin:
        case Origin.HUMAN:
            return tag("rect", **whole, fill=colours.human)
        case Origin.TRAINED_MODEL:
            return tag("rect", **whole, fill=colours.model, opacity=0.3) + _stripes(colours.model, 4, 9.9)
        case Origin.PROCEDURAL:
            dots = [
                tag("circle", cx=x, cy=y, r=1.8, fill=colours.procedural)
                for y in (2.5, 9.5)
                for x in (4, 11, 18)
            ]
            return tag("rect", **whole, fill=colours.procedural, opacity=0.28) + "".join(dots)
        case Origin.MIXED:
            return (
                tag("rect", **whole, fill=colours.human)
                + _stripes(colours.model, 3, 12.7)
                + _stripes(colours.model, 3, 12.7, falling=True)
            )
        case Origin.THIRD_PARTY:
            lines = [
                tag("line", x1=x, y1=0, x2=x, y2=HEIGHT, stroke=colours.ground, stroke_width=1, opacity=0.6)
                for x in (2, 8, 14, 20)
            ]
            return tag("rect", **whole, fill=colours.third) + "".join(lines)
        case Origin.UNKNOWN:
            return tag(
                "rect",
                x=0.5,
                y=0.5,
                width=WIDTH - 1,
                height=HEIGHT - 1,
                fill="none",
                stroke=colours.ink_2,
                stroke_dasharray="3 2",
            )


def _stripes(colour: str, thick: float, apart: float, *, falling: bool = False) -> str:
    lines = []
    x = -float(HEIGHT)
    while x < WIDTH:
        low, high = (0, HEIGHT) if falling else (HEIGHT, 0)
        lines.append(tag("line", x1=x, y1=low, x2=x + HEIGHT, y2=high, stroke=colour, stroke_width=thick))
        x += apart
    return "".join(lines)
