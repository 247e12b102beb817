"""Cover pictures: checked as receivers check them, by content and never by name; and a plain cover for the demo."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, UnidentifiedImageError

from release.errors import UserFault
from release.sniff import sniff_bytes

MINIMUM_PX: Final = 3000
MAXIMUM_PX: Final = 6000
LIMIT_BYTES: Final = 25_000_000


class BadArtwork(UserFault):
    """A picture that receivers would bounce; the message says what to do."""

    code = "bad_artwork"


@dataclass(frozen=True, kw_only=True)
class Artwork:
    """A picture that passed."""

    codec: Literal["JPEG", "PNG"]
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
    if not data:
        raise BadArtwork("The file is empty. Choose the picture again.", code="empty")
    if len(data) > LIMIT_BYTES:
        raise BadArtwork(
            f"The file has {len(data) / 1e6:.0f} MB; {LIMIT_BYTES // 1_000_000} MB are the limit. Save it as JPEG.",
            code="too_large",
        )
    kind = sniff_bytes(data[:16])
    if kind not in ("jpeg", "png"):
        what = f"a {kind.upper()} file" if kind else "no picture"
        raise BadArtwork(f"This is {what}. Export the cover as JPEG or PNG.", code="not_jpeg_or_png")
    codec: Literal["JPEG", "PNG"] = "JPEG" if kind == "jpeg" else "PNG"
    _check_extension(filename, codec)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=(codec,)) as image:
                # size and mode stand in the header: they are judged before a single pixel is unpacked
                _check_header(image, codec)
                image.load()
                width_px, height_px = image.size
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadArtwork(
                f"The picture is larger than {MAXIMUM_PX} x {MAXIMUM_PX} pixels. Scale it down.",
                code="too_wide",
            ) from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise BadArtwork(
                "The picture is damaged or cut off. Export it again and upload the new file.", code="damaged"
            ) from error
    return Artwork(
        codec=codec,
        width_px=width_px,
        height_px=height_px,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _check_extension(filename: str, codec: str) -> None:
    _, dot, suffix = filename.rpartition(".")
    suffix = suffix.lower()
    wrong = {"JPEG": {"png"}, "PNG": {"jpg", "jpeg"}}[codec]
    if dot and (suffix in wrong or suffix in {"gif", "tif", "tiff", "webp", "bmp", "psd"}):
        raise BadArtwork(
            f"The file is named .{suffix} and is a {codec}. Rename it, or export it as what its name says.",
            code="extension",
        )


def _check_header(image: Image.Image, codec: str) -> None:
    width_px, height_px = image.size
    if max(width_px, height_px) > MAXIMUM_PX:
        raise BadArtwork(
            f"The picture has {width_px} x {height_px} pixels; {MAXIMUM_PX} on each side are the limit. Scale it down.",
            code="too_wide",
        )
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
