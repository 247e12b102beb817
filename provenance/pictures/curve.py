"""The energy arc of a brief as a small curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from provenance.pictures.palette import palette
from provenance.pictures.svg import clean, fit, number, tag, uid_of, words
from provenance.words import join


def energy_curve(
    values: Sequence[float],
    *,
    sections: Sequence[str] = (),
    title: str = "Energy",
    width: int = 300,
    height: int = 34,
    for_print: bool = False,
    uid: str | None = None,
) -> str:
    """A smooth line through `values` (0 to 1, evenly spaced, clipped); `sections` are named below it.

    The curve never leaves the range between two neighbouring values. Raises ValueError for NaN or infinity.
    """
    if not all(math.isfinite(value) for value in values):
        raise ValueError("Energy values must be numbers from 0 to 1.")
    colours = palette(for_print=for_print)
    levels = [min(max(float(value), 0.0), 1.0) for value in values]
    names = [clean(name) for name in sections]
    prefix = uid or uid_of("energy", title, width, height, for_print, levels, names)
    foot = 14 if names else 0
    body = ""
    if levels:
        body = tag(
            "path",
            d=_line(levels, width, height),
            fill="none",
            stroke=colours.accent,
            stroke_width=2,
            stroke_linecap="round",
        )
    room = width / max(len(names), 1)
    labels = [
        tag(
            "text",
            words(fit(name, room - 4, 10, mono=True)),
            x=(place + 0.5) * room,
            y=height + 11,
            font_size=10,
            font_family=colours.mono,
            fill=colours.ink_3,
            text_anchor="middle",
        )
        for place, name in enumerate(names)
    ]
    return tag(
        "svg",
        tag("title", words(title), id=f"{prefix}-t"),
        tag("desc", words(_describe(levels, names)), id=f"{prefix}-d"),
        tag("line", x1=0, x2=width, y1=height - 0.5, y2=height - 0.5, stroke=colours.hair),
        body,
        *labels,
        xmlns="http://www.w3.org/2000/svg",
        class_="picture picture-energy",
        viewBox=f"0 0 {width} {height + foot}",
        width=width if for_print else "100%",
        height=height + foot if for_print else None,
        role="img",
        aria_labelledby=f"{prefix}-t",
        aria_describedby=f"{prefix}-d",
    )


def _describe(levels: Sequence[float], names: Sequence[str]) -> str:
    if not levels:
        return "No energy arc is given."
    said = [f"{round(level * 100)} %" for level in levels]
    if len(names) == len(said):
        said = [f"{name} {level}" for name, level in zip(names, said, strict=True)]
    return f"From start to end: {join(said)}."


def _line(levels: Sequence[float], width: int, height: int) -> str:
    """Cubic segments with the tangents of Fritsch and Butland (1984): no overshoot."""
    top, low = 3.0, height - 4.0
    heights = [low - level * (low - top) for level in levels]
    if len(heights) == 1:
        return f"M2 {number(heights[0])}L{width - 2} {number(heights[0])}"
    step = (width - 4) / (len(heights) - 1)
    slopes = [(b - a) / step for a, b in itertools.pairwise(heights)]
    tangents = [slopes[0], *(_mean_slope(a, b) for a, b in itertools.pairwise(slopes)), slopes[-1]]
    path = [f"M2 {number(heights[0])}"]
    for n, (y1, y2) in enumerate(itertools.pairwise(heights)):
        x1, x2 = 2 + n * step, 2 + (n + 1) * step
        third = step / 3
        path.append(
            f"C{number(x1 + third)} {number(y1 + tangents[n] * third)} "
            f"{number(x2 - third)} {number(y2 - tangents[n + 1] * third)} {number(x2)} {number(y2)}"
        )
    return "".join(path)


def _mean_slope(a: float, b: float) -> float:
    return 0.0 if a * b <= 0 else 2 * a * b / (a + b)
