"""Covers: what receivers take passes, everything else is refused with what to do."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from release.artwork import BadArtwork, check_artwork


def encode(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def square(mode: str = "RGB", size: int = 3000) -> Image.Image:
    return Image.new(mode, (size, size))


@pytest.mark.parametrize(
    ("kind", "name", "extension"), [("JPEG", "cover.JPG", "jpg"), ("PNG", "cover.png", "png")]
)
def test_a_square_rgb_picture_of_3000_pixels_passes(kind, name, extension):
    data = encode(square(), kind)
    artwork = check_artwork(data, filename=name)
    assert (artwork.codec, artwork.width_px, artwork.height_px) == (kind, 3000, 3000)
    assert artwork.extension == extension
    assert artwork.size_bytes == len(data)
    assert len(artwork.sha256) == 64


@pytest.mark.parametrize(
    ("data", "name", "code", "words"),
    [
        (b"", "", "empty", "again"),
        (b"just text", "a.jpg", "not_jpeg_or_png", "Export"),
        (b"GIF89a" + b"\x00" * 40, "a.gif", "not_jpeg_or_png", "GIF"),
        (b"\xff\xd8\xff" + b"\x00" * 900, "", "damaged", "again"),
        (encode(square())[:20_000], "", "damaged", "again"),
        (encode(square(), "PNG")[:-20_000], "", "damaged", "again"),
        (encode(square("CMYK")), "", "not_rgb", "CMYK"),
        (encode(square("L")), "", "not_rgb", "greyscale"),
        (encode(square("P"), "PNG"), "", "not_rgb", "palette"),
        (encode(square("RGBA"), "PNG"), "", "alpha", "Flatten"),
        (encode(square(), "PNG", transparency=(0, 0, 0)), "", "alpha", "Flatten"),
        (encode(Image.new("RGB", (3000, 3001))), "", "not_square", "3000 x 3001"),
        (encode(square(size=2999)), "", "too_small", "2999"),
        (encode(square(size=6001)), "", "too_wide", "6001"),
        (encode(square()), "cover.png", "extension", "JPEG"),
        (encode(square(), "PNG"), "cover.jpg", "extension", "PNG"),
        (b"\xff\xd8\xff" + b"\x00" * 25_000_000, "", "too_large", "25 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_receivers_would_bounce_is_refused_with_what_to_do(data, name, code, words):
    with pytest.raises(BadArtwork) as caught:
        check_artwork(data, filename=name)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_decompression_bomb_is_refused_by_its_header():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 50))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(BadArtwork) as caught:
        check_artwork(bomb)
    assert caught.value.code == "too_wide"
