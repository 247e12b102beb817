"""Does a file end where its own structure says? Found by seeking through it, without decoding.

An MP3 without a Xing header and a raw AAC stream do not say how long they are: a cut in those cannot be seen.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

from provenance.audiofile.errors import damaged, truncated
from provenance.audiofile.sniffing import Container, audio_start, first_mp3_frame, mp3_frame_bytes

#: Programs that write to a pipe cannot know the length and put a number from here on.
_UNKNOWN_LENGTH: Final = 0x7FFF_0000
_MAX_CHUNKS: Final = 10_000
#: Tags behind the sound, counted by some encoders and not by others.
_MP3_SLACK_BYTES: Final = 4096


def check_whole(path: Path, container: Container) -> None:
    """Raises BadAudio: `truncated`, or `damaged` where the structure itself makes no sense."""
    size = path.stat().st_size
    with path.open("rb") as file:
        match container:
            case "wav":
                _riff(file, size)
            case "aiff":
                _aiff(file, size)
            case "ogg" | "opus":
                _ogg(file, size)
            case "mp3":
                _mp3(file, size)
            case "m4a":
                _mp4(file, size)
            case "flac" | "aac":
                pass  # FLAC is told by decoding: its frames carry checksums and its header the length


def _riff(file: BinaryIO, size: int) -> None:
    start = audio_start(file)
    file.seek(start)
    big = file.read(4) == b"RF64"
    position, data_bytes_64 = start + 12, None
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            raise damaged() if position <= size else truncated()
        name, length = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"ds64" and big:
            data_bytes_64 = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        if name == b"data":
            if data_bytes_64 is not None and length == 0xFFFF_FFFF:
                length = data_bytes_64
            elif length >= _UNKNOWN_LENGTH and position + 8 + length > size:
                return
            if position + 8 + length > size:
                raise truncated()
            return
        position += 8 + length + (length & 1)
    raise damaged()


def _aiff(file: BinaryIO, size: int) -> None:
    position = audio_start(file) + 12
    seen = False
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(">4sI", file.read(8))
        seen = seen or name == b"SSND"
        if name in (b"SSND", b"COMM") and position + 8 + length > size:
            raise truncated()
        position += 8 + length + (length & 1)
    if not seen:
        raise truncated()


def _ogg(file: BinaryIO, size: int) -> None:
    # The last page MUST carry the end-of-stream flag and lie whole in the file (RFC 3533, 6).
    file.seek(max(0, size - 2 * 65_307))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) - at < 27:
        raise truncated()
    flags, segments = tail[at + 5], tail[at + 26]
    lacing = tail[at + 27 : at + 27 + segments]
    if len(lacing) < segments or at + 27 + segments + sum(lacing) > len(tail) or not flags & 4:
        raise truncated()


def _mp3(file: BinaryIO, size: int) -> None:
    first = first_mp3_frame(file)
    if first is None:
        raise damaged()
    declared = _xing(file, first).get(_XING_BYTES)
    if declared is not None and first + declared > size + _MP3_SLACK_BYTES:
        raise truncated()


_XING_FRAMES: Final = 1
_XING_BYTES: Final = 2


def _xing(file: BinaryIO, first: int) -> dict[int, int]:
    """The index frame that encoders put first: numbers of frames and bytes, as far as it holds them."""
    file.seek(first)
    frame = file.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16:
        return {}
    flags, *numbers = struct.unpack(">3I", frame[at + 4 : at + 16])
    return {flag: numbers.pop(0) for flag in (_XING_FRAMES, _XING_BYTES) if flags & flag}


def mp3_samples_without_index(path: Path) -> int | None:
    """Samples of an MP3 that holds no index, counted frame by frame; None when it has one."""
    with path.open("rb") as file:
        first = first_mp3_frame(file)
        if first is None or _XING_FRAMES in _xing(file, first):
            return None
        at, samples = first, 0
        file.seek(at)
        while length := mp3_frame_bytes(head := file.read(4)):
            samples += 1152 if head[1] >> 3 & 3 == 3 else 576
            at += length
            file.seek(at)  # mostly within the buffer
    return samples


def _mp4(file: BinaryIO, size: int) -> None:
    position, names = 0, set()
    for _ in range(_MAX_CHUNKS):
        if position >= size:
            break
        file.seek(position, os.SEEK_SET)
        head = file.read(16)
        if len(head) < 8:
            raise truncated()
        length, name = struct.unpack(">I4s", head[:8])
        names.add(name)
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:
            length = size - position
        if length < 8:
            raise damaged()
        position += length
    if position > size or b"moov" not in names:
        raise truncated()
