"""Pictures that people upload: judged by content and never by name, before a single pixel is unpacked. Pure.

Covers (release/artwork.py) and pictures of artists share this; what a cover must be besides is said there.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, ImageOps, UnidentifiedImageError

from provenance.errors import UserFault
from provenance.sniff import sniff_bytes

MAXIMUM_PX: Final = 6000
LIMIT_BYTES: Final = 25_000_000
#: Of the shorter side: less looks poor on a screen in a meeting.
MINIMUM_PX: Final = 400
#: A picture this much longer than wide cannot be cropped to a portrait.
MAXIMUM_RATIO: Final = 4

Codec = Literal["JPEG", "PNG"]


class BadPicture(UserFault):
    """A picture that cannot be used; the message says what to do."""

    code = "bad_picture"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that passed."""

    codec: Codec
    width_px: int
    height_px: int

    @property
    def media_type(self) -> str:
        return f"image/{self.codec.lower()}"


Header = Callable[[Image.Image, Codec], None]


def open_picture(
    data: bytes, *, filename: str, header: Header, what: str, fault: type[UserFault] = BadPicture
) -> Picture:
    """The facts of a whole, still JPEG or PNG. `header` judges size and mode; `what` is its name in messages.

    Raises `fault` with a code: empty, too_large, not_jpeg_or_png, extension, too_wide, damaged, or one of `header`'s.
    """
    if not data:
        raise fault("The file is empty. Choose the picture again.", code="empty")
    if len(data) > LIMIT_BYTES:
        raise fault(
            f"The file has {len(data) / 1e6:.0f} MB; {LIMIT_BYTES // 1_000_000} MB are the limit. Save it as JPEG.",
            code="too_large",
        )
    kind = sniff_bytes(data[:16])
    if kind not in ("jpeg", "png"):
        found = f"a {kind.upper()} file" if kind else "no picture"
        raise fault(f"This is {found}. Export the {what} as JPEG or PNG.", code="not_jpeg_or_png")
    codec: Codec = "JPEG" if kind == "jpeg" else "PNG"
    _check_extension(filename, codec, fault)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=(codec,)) as image:
                if max(image.size) > MAXIMUM_PX:
                    width_px, height_px = image.size
                    raise fault(
                        f"The picture has {width_px} x {height_px} pixels; {MAXIMUM_PX} on each side are the limit. "
                        "Scale it down.",
                        code="too_wide",
                    )
                header(image, codec)
                image.load()
                return Picture(codec=codec, width_px=image.size[0], height_px=image.size[1])
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise fault(
                f"The picture is larger than {MAXIMUM_PX} x {MAXIMUM_PX} pixels. Scale it down.",
                code="too_wide",
            ) from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise fault(
                "The picture is damaged or cut off. Export it again and upload the new file.", code="damaged"
            ) from error


def check_picture(data: bytes, *, filename: str = "") -> Picture:
    """The facts of a picture of somebody: any shape that can be cropped, 400 to 6000 px. Raises BadPicture."""
    return open_picture(data, filename=filename, header=_portrait, what="picture")


def smaller(image: Image.Image, *, side_px: int, square: bool) -> bytes:
    """The picture as a JPEG whose sides are `side_px` (square: cropped to its middle) or less.

    Upright as its camera meant it, on white where it was transparent, and without what cameras write into files:
    places, names, thumbnails.
    """
    upright = ImageOps.exif_transpose(image)
    if "A" in upright.getbands() or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.new("RGB", layer.size, "white")
        upright.paste(layer, mask=layer.getchannel("A"))
    plain = upright.convert("RGB")
    if square:
        plain = ImageOps.fit(plain, (side_px, side_px), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    else:
        plain.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    plain.save(out, format="JPEG", quality=82, optimize=True)
    return out.getvalue()


def _portrait(image: Image.Image, codec: Codec) -> None:
    width_px, height_px = image.size
    if min(image.size) < MINIMUM_PX:
        raise BadPicture(
            f"The picture has {width_px} x {height_px} pixels; {MINIMUM_PX} on each side are needed. "
            "Choose a larger one.",
            code="too_small",
        )
    if max(image.size) > MAXIMUM_RATIO * min(image.size):
        raise BadPicture(
            f"The picture has {width_px} x {height_px} pixels, too long for its width. Crop it.", code="shape"
        )
    if codec == "PNG" and getattr(image, "is_animated", False):
        raise BadPicture("The picture is animated. Export a still one.", code="animated")


def _check_extension(filename: str, codec: Codec, fault: type[UserFault]) -> None:
    _, dot, suffix = filename.rpartition(".")
    suffix = suffix.lower()
    wrong = {"JPEG": {"png"}, "PNG": {"jpg", "jpeg"}}[codec]
    if dot and (suffix in wrong or suffix in {"gif", "tif", "tiff", "webp", "bmp", "psd"}):
        raise fault(
            f"The file is named .{suffix} and is a {codec}. Rename it, or export it as what its name says.",
            code="extension",
        )
