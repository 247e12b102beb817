"""One way to read any accepted file: header facts, then float32 blocks. libsndfile, or ffmpeg where that cannot."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import soundfile as sf

from provenance.audiofile import ffmpeg
from provenance.audiofile.errors import BadAudio, damaged, not_a_file, truncated
from provenance.audiofile.header import BLOCK_FRAMES, Block, Header
from provenance.audiofile.sniffing import Container, describe_other, sniff
from provenance.audiofile.wholeness import mp3_samples_without_index

#: 36 dB over full scale: float files may pass 1.0, but not like this.
MAX_LEVEL: Final = 64.0
#: Encoders of MP3 pad at both ends, by up to about two frames each.
_PADDING_SAMPLES: Final = 4 * 1152
_KNOWN_LENGTH: Final = 1 << 40

_BIT_DEPTHS: Final = {
    "PCM_U8": 8,
    "PCM_S8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}
_CODECS: Final = {"MPEG_LAYER_III": "mp3", "FLOAT": "pcm_float", "DOUBLE": "pcm_double"}
_LIBSNDFILE_FORMATS: Final = {
    "wav": {"WAV", "WAVEX", "RF64"},
    "aiff": {"AIFF"},
    "flac": {"FLAC"},
    "mp3": {"MP3", "MPEG"},
    "ogg": {"OGG"},
    "opus": {"OGG"},
}
_ACCEPTED_SUBTYPES: Final = {*_BIT_DEPTHS, "VORBIS", "OPUS", "MPEG_LAYER_III"}


class AudioReader(Protocol):
    """An open file. `blocks` yields `[frames, channels]` float32 once, and raises BadAudio where it breaks."""

    header: Header

    def blocks(self) -> Iterator[Block]: ...


@contextlib.contextmanager
def open_audio(path: Path | str) -> Iterator[AudioReader]:
    """Open a file by what its bytes are. Raises BadAudio."""
    path = Path(path)
    if path.stat().st_size == 0:
        raise not_a_file()
    container = sniff(path)
    if container is None:
        raise BadAudio("not_audio", f"This is {describe_other(path)}.")
    if container in ("m4a", "aac"):
        yield ffmpeg.Reader(path, ffmpeg.probe_header(path, container))
        return
    try:
        file = sf.SoundFile(str(path))
    except sf.LibsndfileError as error:
        raise damaged() from error
    with file:
        header = _header(file, container)
        # libsndfile gives up in the middle of sound Opus files whose packets change their length, so it is only
        # the second choice there.
        if _length_is_known(path, header) and not (container == "opus" and ffmpeg.available()):
            yield _SoundfileReader(file, header)
        else:
            yield ffmpeg.Reader(path, dataclasses.replace(header, declared_samples=None))


def _header(file: sf.SoundFile, container: Container) -> Header:
    if file.format not in _LIBSNDFILE_FORMATS[container] or file.subtype not in _ACCEPTED_SUBTYPES:
        raise BadAudio(
            "unusual_encoding",
            f"The sound in this file is encoded as {file.subtype_info}, which is not accepted. "
            "Export it as WAV or FLAC, 16 or 24 bit.",
        )
    return Header(
        container=container,
        codec=_CODECS.get(file.subtype, file.subtype.lower()),
        sample_rate_hz=file.samplerate,
        channels=file.channels,
        declared_samples=file.frames if 0 <= file.frames < _KNOWN_LENGTH else None,
        bit_depth=_BIT_DEPTHS.get(file.subtype),
    )


def _length_is_known(path: Path, header: Header) -> bool:
    """libsndfile reads as many samples as it believes in, so its belief MUST be right.

    It is wrong for an MP3 of variable bit rate without an index (a guess from the first frame), and it has none
    for a FLAC that was written to a pipe.
    """
    if header.declared_samples is None:
        return False
    if header.container != "mp3":
        return True
    counted = mp3_samples_without_index(path)
    return counted is None or abs(counted - header.declared_samples) <= _PADDING_SAMPLES


class _SoundfileReader:
    def __init__(self, file: sf.SoundFile, header: Header) -> None:
        self._file = file
        self.header = header

    def blocks(self) -> Iterator[Block]:
        buffer = np.empty((BLOCK_FRAMES, self.header.channels), dtype=np.float32)
        while True:
            try:
                block: Block = self._file.read(out=buffer)
            except (sf.LibsndfileError, RuntimeError) as error:
                raise (ffmpeg.needed() if self.header.container == "opus" else damaged()) from error
            if not len(block):
                return
            yield block


def counted_blocks(reader: AudioReader, *, max_samples: int, too_long: BadAudio) -> Iterator[Block]:
    """The reader's blocks, checked: finite, at sane levels, no more than `max_samples`, no fewer than declared.

    A block is valid until the next one is asked for.



    Raises `too_long`, or BadAudio with not_finite, out_of_range, no_samples, truncated, damaged.
    """
    samples = 0
    for block in reader.blocks():
        samples += len(block)
        if samples > max_samples:
            raise too_long
        high = float(np.max(np.abs(block)))  # NaN and infinity win over every number
        if not np.isfinite(high):
            raise BadAudio(
                "not_finite",
                "This file holds values that are no numbers (NaN or infinity), usually from a broken plug-in. "
                "Find the plug-in, or export as 24-bit WAV, and upload the new file.",
            )
        if high > MAX_LEVEL:
            raise BadAudio(
                "out_of_range",
                "This file is more than 36 dB above full scale, which no playback survives. "
                "Lower the level in your music program and export again.",
            )
        yield block
    if samples == 0:
        raise BadAudio(
            "no_samples",
            "There is no sound in this file (0 samples). Check the export range and export again.",
        )
    declared = reader.header.declared_samples
    if declared is not None and samples + _PADDING_SAMPLES < declared:
        raise truncated()
