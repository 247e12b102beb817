"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_STARTS: Final = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"MThd", "midi"),
)


def sniff_bytes(head: bytes) -> str:
    """The kind of content, such as "wav", "flac", "jpeg"; "" for none that is known. Needs the first 12 bytes."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mp4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # MPEG layer III frame sync
        return "mp3"
    return ""


def sniff(path: Path) -> str:
    """Like `sniff_bytes`, for a file; looks behind an ID3 block, where C2PA keeps the manifest of a FLAC file."""
    with path.open("rb") as stream:
        head = stream.read(16)
        if head.startswith(b"ID3") and len(head) > 9:
            # ID3v2: four bytes of seven bits each, and a footer where its flag is set
            size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
            stream.seek(10 + size + (10 if head[5] & 0x10 else 0))
            if stream.read(4) == b"fLaC":
                return "flac"
    return sniff_bytes(head)
