"""Cover pictures: checked as receivers check them, by content and never by name; and a plain cover for the demo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from PIL import Image

from provenance.imagefile import Codec, open_picture
from release.errors import UserFault

MINIMUM_PX: Final = 3000


class BadArtwork(UserFault):
    """A picture that receivers would bounce; the message says what to do."""

    code = "bad_artwork"


@dataclass(frozen=True, kw_only=True)
class Artwork:
    """A picture that passed."""

    codec: Codec
    width_px: int
    height_px: int
    size_bytes: int
    sha256: str

    @property
    def media_type(self) -> str:
        return f"image/{self.codec.lower()}"

    @property
    def extension(self) -> str:
        """Of the content, without a dot."""
        return "jpg" if self.codec == "JPEG" else "png"


def check_artwork(data: bytes, *, filename: str = "") -> Artwork:
    """The facts of a cover that receivers take: square, 3000 to 6000 px, RGB, JPEG or PNG. Raises BadArtwork."""
    picture = open_picture(data, filename=filename, header=_check_header, what="cover", fault=BadArtwork)
    return Artwork(
        codec=picture.codec,
        width_px=picture.width_px,
        height_px=picture.height_px,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _check_header(image: Image.Image, codec: Codec) -> None:
    width_px, height_px = image.size
    if width_px != height_px:
        raise BadArtwork(
            f"The picture has {width_px} x {height_px} pixels and must be square. Crop it.", code="not_square"
        )
    if width_px < MINIMUM_PX:
        raise BadArtwork(
            f"The picture has {width_px} x {height_px} pixels; {MINIMUM_PX} x {MINIMUM_PX} are needed. "
            "Export it larger from the original; enlarging a small one is noticed.",
            code="too_small",
        )
    if "A" in image.getbands() or "transparency" in image.info:
        raise BadArtwork(
            "The picture has transparent parts. Flatten it onto a background and export it again.",
            code="alpha",
        )
    if image.mode != "RGB":
        name = {"CMYK": "CMYK, a mode for print", "L": "greyscale", "P": "a palette of few colours"}
        raise BadArtwork(
            f"The picture is in {name.get(image.mode, image.mode)}. Convert it to RGB and export it again.",
            code="not_rgb",
        )
    if codec == "PNG" and getattr(image, "is_animated", False):
        raise BadArtwork("The picture is animated. Export a still one.", code="animated")
