"""Pictures small enough for pages. Made on demand, kept in memory; what cameras wrote into the file is left out."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from provenance import blobs
from provenance.imagefile import smaller

SMALL_PX = 480


@lru_cache(maxsize=256)
def small_picture(sha256: str, side_px: int = SMALL_PX, *, square: bool = True) -> bytes:
    """The JPEG or PNG with this digest as a JPEG of `side_px` pixels: cropped to a square, or whole."""
    with blobs.store().open(sha256) as stream, Image.open(stream, formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (side_px, side_px))  # a JPEG is unpacked at a fraction of its size
        return smaller(image, side_px=side_px, square=square)
