"""Colours and patterns of origins. One fixed legend everywhere; a pattern goes with every colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provenance.elements import Origin
from provenance.pictures.svg import tag


@dataclass(frozen=True, slots=True)
class Palette:
    ground: str
    surface: str
    ink: str
    ink_2: str
    ink_3: str
    hair: str
    accent: str
    human: str
    model: str
    procedural: str
    third: str
    text: str
    mono: str


PAGE: Final = Palette(
    ground="var(--ground, #f6f3ec)",
    surface="var(--surface, #fcfaf5)",
    ink="var(--ink, #1c1a16)",
    ink_2="var(--ink-2, #5c564b)",
    ink_3="var(--ink-3, #767062)",
    hair="var(--hair, #dad3c4)",
    accent="var(--accent, #8f5a12)",
    human="var(--human, #d55e00)",
    model="var(--model, #0072b2)",
    procedural="var(--procedural, #009e73)",
    third="var(--third, #857f73)",
    text="var(--text, sans-serif)",
    mono="var(--mono, monospace)",
)
"""Follows the page's theme; the values after the comma serve a picture that stands alone."""

PRINT: Final = Palette(
    ground="#ffffff",
    surface="#ffffff",
    ink="#1c1a16",
    ink_2="#5c564b",
    ink_3="#767062",
    hair="#cfc8b8",
    accent="#8f5a12",
    human="#d55e00",
    model="#0072b2",
    procedural="#009e73",
    third="#857f73",
    text="Instrument Sans, Helvetica, Arial, DejaVu Sans, sans-serif",
    mono="IBM Plex Mono, DejaVu Sans Mono, monospace",
)
"""Plain colours for paper: PDF renderers know no CSS variables."""


def palette(*, for_print: bool) -> Palette:
    return PRINT if for_print else PAGE


def paint(origin: Origin, uid: str, colours: Palette) -> dict[str, str]:
    """Presentation attributes that fill a shape with an origin. `defs` of the same `uid` must be in the picture."""
    match origin:
        case Origin.HUMAN:
            return {"fill": colours.human}
        case Origin.TRAINED_MODEL:
            return {"fill": f"url(#{uid}-model)"}
        case Origin.PROCEDURAL:
            return {"fill": f"url(#{uid}-proc)"}
        case Origin.MIXED:
            return {"fill": f"url(#{uid}-mixed)"}
        case Origin.THIRD_PARTY:
            return {"fill": f"url(#{uid}-third)"}
        case Origin.UNKNOWN:
            return {"fill": colours.ground, "stroke": colours.ink_2, "stroke_dasharray": "3 2"}


def defs(uid: str, colours: Palette) -> str:
    """The patterns, under ids that start with `uid`."""
    model = tag("rect", width=7, height=7, fill=colours.model, opacity=0.3) + tag(
        "line", x1=0, y1=0, x2=0, y2=7, stroke=colours.model, stroke_width=4
    )
    procedural = tag("rect", width=7, height=7, fill=colours.procedural, opacity=0.28) + tag(
        "circle", cx=3.5, cy=3.5, r=1.8, fill=colours.procedural
    )
    mixed = (
        tag("rect", width=9, height=9, fill=colours.human)
        + tag("line", x1=0, y1=0, x2=0, y2=9, stroke=colours.model, stroke_width=4)
        + tag("line", x1=0, y1=0, x2=9, y2=0, stroke=colours.model, stroke_width=4)
    )
    third = tag("rect", width=6, height=6, fill=colours.third) + tag(
        "line", x1=3, y1=0, x2=3, y2=6, stroke=colours.ground, stroke_width=1, opacity=0.6
    )
    return tag(
        "defs",
        _pattern(f"{uid}-model", 7, model, turned=True),
        _pattern(f"{uid}-proc", 7, procedural),
        _pattern(f"{uid}-mixed", 9, mixed, turned=True),
        _pattern(f"{uid}-third", 6, third),
    )


def _pattern(name: str, size: int, content: str, *, turned: bool = False) -> str:
    return tag(
        "pattern",
        content,
        id=name,
        width=size,
        height=size,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)" if turned else None,
    )
