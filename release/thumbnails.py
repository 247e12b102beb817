"""Covers small enough for lists. Made on demand, kept in memory: the original is never more than a click away."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image

from provenance import blobs

SMALL_PX = 480


@lru_cache(maxsize=256)
def small_cover(sha256: str) -> bytes:
    """The cover with this digest as a JPEG of 480 pixels."""
    with blobs.store().open(sha256) as stream, Image.open(stream, formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (SMALL_PX, SMALL_PX))  # a JPEG is unpacked at a fraction of its size
        small = image.convert("RGB").resize((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, format="JPEG", quality=82, optimize=True)
    return out.getvalue()
