"""What a file is by its own bytes, whatever it is called: a few reads, no decoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Literal

Container = Literal["wav", "aiff", "flac", "mp3", "ogg", "opus", "m4a", "aac"]

_HEAD_BYTES: Final = 64
#: Leading junk that is tolerated before the first MPEG frame.
_SYNC_SEARCH_BYTES: Final = 4096
_FRAMES_IN_A_ROW: Final = 3

_OTHER_KINDS: Final = (
    (b"PK\x03\x04", "a ZIP archive; unpack it and upload the audio files in it"),
    (b"\x1f\x8b", "a gzip archive; unpack it and upload the audio files in it"),
    (b"Rar!", "a RAR archive; unpack it and upload the audio files in it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it and upload the audio files in it"),
    (b"%PDF", "a PDF document; upload audio"),
    (b"\x89PNG", "a picture; upload audio here, artwork goes to the release"),
    (b"\xff\xd8\xff", "a picture; upload audio here, artwork goes to the release"),
    (
        b"MThd",
        "a MIDI file, which holds notes and no sound; render it in your music program and upload the audio",
    ),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file; export the sound alone, as WAV or FLAC"),
    (b"0&\xb2u", "a Windows Media file; export it as WAV or FLAC"),
    (b"caff", "a CAF file; export it as WAV or FLAC"),
    (b"MAC ", "a Monkey's Audio file; export it as WAV or FLAC"),
    (b"wvpk", "a WavPack file; export it as WAV or FLAC"),
)


def sniff(path: Path) -> Container | None:
    """The container that the bytes show, or None when they show none that is accepted."""
    with path.open("rb") as file:
        start = audio_start(file)
        file.seek(start)
        head = file.read(_HEAD_BYTES)
        if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
            return "wav"
        if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
            return "aiff"
        if head[:4] == b"fLaC":
            return "flac"
        if head[:4] == b"OggS":
            return "opus" if b"OpusHead" in head else "ogg"
        if head[4:8] == b"ftyp":
            return "m4a"
        return _mpeg(file, start)


def describe_other(path: Path) -> str:
    """What a file without accepted sound seems to be, and what to do: ends a sentence that starts "This is "."""
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, what in _OTHER_KINDS:
        if head.startswith(magic):
            return what
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return "no audio file that we know; export your sound as WAV or FLAC and upload that"
    if "\x00" in text:
        return "no audio file that we know; export your sound as WAV or FLAC and upload that"
    return "a text file, not sound; export your sound as WAV or FLAC and upload that"


def audio_start(file: BinaryIO) -> int:
    """Where the sound begins: behind any ID3v2 tags (id3.org, ID3v2.4, 3.1)."""
    position = 0
    for _ in range(8):
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or any(byte > 0x7F for byte in head[6:10]):
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    return position


def _mpeg(file: BinaryIO, start: int) -> Container | None:
    """MP3 or ADTS AAC: several frames that follow one another, because a sync word alone occurs anywhere."""
    file.seek(start)
    data = file.read(_SYNC_SEARCH_BYTES + 3 * 8192)
    for at in range(min(len(data) - 4, _SYNC_SEARCH_BYTES)):
        if data[at] != 0xFF:
            continue
        for name, length_of in (("mp3", mp3_frame_bytes), ("aac", _adts_frame_bytes)):
            if _frames_follow(data, at, length_of):
                return "mp3" if name == "mp3" else "aac"
    return None


def first_mp3_frame(file: BinaryIO) -> int | None:
    """Offset of the first MPEG layer III frame, or None."""
    start = audio_start(file)
    file.seek(start)
    data = file.read(_SYNC_SEARCH_BYTES + 3 * 8192)
    for at in range(min(len(data) - 4, _SYNC_SEARCH_BYTES)):
        if data[at] == 0xFF and _frames_follow(data, at, mp3_frame_bytes):
            return start + at
    return None


def _frames_follow(data: bytes, at: int, length_of: Callable[[bytes], int]) -> bool:
    found = 0
    while found < _FRAMES_IN_A_ROW:
        if at == len(data) and found:
            return True  # a very short file that ends exactly behind a frame
        length = length_of(data[at : at + 7])
        if not length:
            return False
        found += 1
        at += length
    return True


_BITRATES_KBPS: Final = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def mp3_frame_bytes(head: bytes) -> int:
    """Length of the MPEG layer III frame with this header; 0 if it is none (ISO 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate_index, rate_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate_index in (0, 15) or rate_index == 3:
        return 0
    kbps = _BITRATES_KBPS[1 if version == 3 else 2][bitrate_index]
    samples_per_8 = 144 if version == 3 else 72
    return samples_per_8 * kbps * 1000 // _RATES_HZ[version][rate_index] + (head[2] >> 1 & 1)


def _adts_frame_bytes(head: bytes) -> int:
    """Length of the ADTS frame with this header; 0 if it is none (ISO 13818-7, 6.2)."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0
