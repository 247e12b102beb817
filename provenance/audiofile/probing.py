"""The technical facts of one audio file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provenance.audiofile.errors import BadAudio
from provenance.audiofile.header import MAX_DURATION_S, Header
from provenance.audiofile.reading import counted_blocks, open_audio

MEDIA_TYPES: Final = {
    "wav": "audio/wav",
    "aiff": "audio/aiff",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
}


@dataclass(frozen=True, kw_only=True)
class AudioProbe:
    """Facts about a file. `bit_depth` is None for codecs that have none (MP3, Vorbis, Opus, AAC)."""

    format: str
    codec: str
    sample_rate_hz: int
    channels: int
    samples: int
    duration_ms: int
    bit_depth: int | None

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    def to_json(self) -> dict[str, str | int | None]:
        return dataclasses.asdict(self)


def probe(path: Path | str) -> AudioProbe:
    """The facts, from the header where it tells them all, else by decoding. Trusts the header: see `check_upload`.

    Raises BadAudio for what cannot be opened.
    """
    with open_audio(path) as reader:
        header = reader.header
        samples = header.declared_samples
        if samples is None:
            limit = MAX_DURATION_S * header.sample_rate_hz
            too_long = BadAudio("too_long", "This file is longer than two hours. Split it.")
            blocks = counted_blocks(reader, max_samples=limit, too_long=too_long)
            samples = sum(len(block) for block in blocks)
    return facts(header, samples)


def facts(header: Header, samples: int) -> AudioProbe:
    """The probe of a file with this header and this many samples."""
    return AudioProbe(
        format=header.container,
        codec=header.codec,
        sample_rate_hz=header.sample_rate_hz,
        channels=header.channels,
        samples=samples,
        duration_ms=samples * 1000 // max(1, header.sample_rate_hz),
        bit_depth=header.bit_depth,
    )
