"""A plain cover for the fictional demo label: the rings of a record, and what is etched between the last two."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Final

import typst
from PIL import Image

from release.errors import SystemFault

TEMPLATE: Final = Path(__file__).parent / "documents" / "templates" / "demo_cover.typ"
SIZE_PX: Final = 3000
_GROUNDS: Final = (
    ("#131211", "#e2a54c", "#ece7db"),
    ("#f1e4cd", "#8f5a12", "#1c1a16"),
    ("#10302a", "#e8c27a", "#f1ece0"),
    ("#2b1a14", "#e8743a", "#f6ead9"),
    ("#16213a", "#9cc4e8", "#ece7db"),
)
"""Ground, etching, title."""


def demo_cover(title: str, seed: int, *, artist: str = "", etching: str = "") -> bytes:
    """A square RGB JPEG of 3000 px; the same words and seed give the same bytes. Raises SystemFault."""
    chance = random.Random(seed)  # noqa: S311 - a picture, not a secret
    ground, line, ink = chance.choice(_GROUNDS)
    radius = 0.16
    rings = []
    while radius < 0.62:
        rings.append([round(radius, 5), round(chance.uniform(0.25, 1.0), 3)])
        radius += chance.choice((0.0035, 0.0035, 0.0035, 0.004, 0.0052, 0.0125))
    data = {
        "title": title,
        "artist": artist,
        "etching": (etching or title).upper()[:40],
        "ground": ground,
        "line": line,
        "ink": ink,
        "rings": rings,
        "x": round(chance.uniform(0.56, 0.66), 4),
        "y": round(chance.uniform(0.40, 0.50), 4),
        "turn": round(chance.uniform(0, 360), 2),
    }
    try:
        png = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            ignore_system_fonts=True,
            format="png",
            ppi=72.0,
            sys_inputs={"data": json.dumps(data)},
        )
    except typst.TypstError as error:
        raise SystemFault(f"The demo cover could not be set: {error}", code="cannot_typeset") from error
    if not isinstance(png, bytes):
        raise SystemFault("The demo cover came out as more than one page.", code="cannot_typeset")
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").resize((SIZE_PX, SIZE_PX)).save(
            out, "JPEG", quality=90, subsampling=0, dpi=(300, 300)
        )
    return out.getvalue()
