"""The picture of an inclusion proof: where one entry stands in the log, and the hashes that lead to the signed root.

Every row is one step of the tree (RFC 9162, 2.1.3): the span that holds the entry, and beside it the span whose hash
the proof supplies. The uppermost row is the whole log, the lowest the entry itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provenance.pictures import svg

ROW: Final = 15
GAP: Final = 5
WIDTH: Final = 720
LABEL: Final = 190
_LEAST: Final = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step from the root down: entries [start, end) hold ours; the sibling's [start, end) and its hash."""

    own: tuple[int, int]
    sibling: tuple[int, int]
    hash: bytes


def steps(index: int, size: int, hashes: Sequence[bytes]) -> list[Step]:
    """The way from the root to the leaf. `hashes` as RFC 9162 orders them: the leaf's sibling first.

    Raises ValueError where their number does not fit.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    spans, low, high = [], 0, size
    while high - low > 1:
        half = low + (1 << ((high - low - 1).bit_length() - 1))
        own, other = ((low, half), (half, high)) if index < half else ((half, high), (low, half))
        spans.append((own, other))
        low, high = own
    if len(spans) != len(hashes):
        raise ValueError(f"{len(hashes)} hashes do not lead from leaf {index} to the root of {size}")
    return [
        Step(own, other, value) for (own, other), value in zip(spans, reversed(list(hashes)), strict=True)
    ]


def inclusion_picture(index: int, size: int, hashes: Sequence[bytes], *, root: bytes) -> str:
    """SVG for a page: needs the page's colours (`--ink`, `--accent`, `--hair`)."""
    way = steps(index, size, hashes)
    field = WIDTH - LABEL
    height = (len(way) + 1) * (ROW + GAP) + GAP
    parts = [_row(0, (0, size), size, field, own=True), _label(0, root, "signed root")]
    for number, step in enumerate(way, start=1):
        parts.append(_row(number, step.sibling, size, field, own=False))
        parts.append(_row(number, step.own, size, field, own=True))
        parts.append(_label(number, step.hash, ""))
    words = (
        f"Entry {index} of {size}: {len(way)} hashes lead from it to the signed root."
        if way
        else f"Entry {index} is the whole log."
    )
    return svg.tag(
        "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", width=WIDTH,
        height=height, role="img", aria_label=words, class_="picture picture-inclusion",
    )  # fmt: skip


def _row(number: int, span: tuple[int, int], size: int, field: int, *, own: bool) -> str:
    start, end = span
    x = field * start / size
    width = max(_LEAST, field * (end - start) / size - 1)
    x = min(x, field - width)
    return svg.tag(
        "rect", x=svg.number(x), y=GAP + number * (ROW + GAP), width=svg.number(width), height=ROW, rx=1.5,
        fill="var(--accent)" if own else "var(--hair)",
    )  # fmt: skip


def _label(number: int, value: bytes, words: str) -> str:
    text = f"{value.hex()[:6]}…{value.hex()[-3:]}"
    return svg.tag(
        "text", svg.words(f"{text} {words}".strip()), x=WIDTH - LABEL + 12, y=GAP + number * (ROW + GAP) + ROW - 4,
        font_size=11, font_family="var(--mono)", fill="var(--ink-2)",
    )  # fmt: skip
