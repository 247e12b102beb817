"""Decoding by the ffmpeg program: one forced demuxer, no network, no playlists, no streams but the first sound."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from provenance.audiofile.errors import BadAudio, damaged
from provenance.audiofile.header import BLOCK_FRAMES, MAX_DURATION_S, Block, Header
from provenance.audiofile.sniffing import Container

_TIMEOUT_S: Final = 300
_DEMUXERS: Final[dict[Container, str]] = {
    "m4a": "mov",
    "aac": "aac",
    "mp3": "mp3",
    "flac": "flac",
    "opus": "ogg",
}


def probe_header(path: Path, container: Container) -> Header:
    """The header of an AAC or ALAC file. Raises BadAudio."""
    stream = _first_sound(path, container)
    codec = str(stream.get("codec_name", ""))
    if codec not in ("aac", "alac"):
        raise BadAudio(
            "unusual_encoding", "The sound in this file is neither AAC nor ALAC. Export it as WAV or FLAC."
        )
    return Header(
        container=container,
        codec=codec,
        sample_rate_hz=_number(stream.get("sample_rate")),
        channels=_number(stream.get("channels")),
        declared_samples=None,  # the header counts the encoder's padding too; only decoding tells
        bit_depth=_number(stream.get("bits_per_raw_sample")) or None,
    )


class Reader:
    """Samples of a file whose header is known, decoded by a process that ends with the iteration."""

    def __init__(self, path: Path, header: Header) -> None:
        _require()
        self._path = path
        self.header = header

    def blocks(self) -> Iterator[Block]:
        channels = self.header.channels
        command = ["ffmpeg", "-nostdin", "-v", "error", "-xerror", *_input(self._path, self.header.container)]
        command += ["-map", "0:a:0", "-t", str(MAX_DURATION_S + 1)]
        command += [
            "-ac",
            str(channels),
            "-ar",
            str(self.header.sample_rate_hz),
            "-c:a",
            "pcm_f32le",
            "-f",
            "f32le",
            "-",
        ]
        process = subprocess.Popen(  # noqa: S603 - no shell; the path is the only part from outside
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        watchdog = threading.Timer(_TIMEOUT_S, process.kill)
        watchdog.start()
        try:
            while data := process.stdout.read(BLOCK_FRAMES * channels * 4):
                whole = len(data) // (channels * 4) * channels * 4
                yield np.frombuffer(data[:whole], dtype="<f4").reshape(-1, channels)
            if process.wait() != 0:
                raise damaged()
        finally:
            watchdog.cancel()
            process.kill()
            process.stdout.close()
            process.wait()


def _first_sound(path: Path, container: Container) -> dict[str, Any]:
    _require()
    command = ["ffprobe", "-v", "error", *_input(path, container)]
    command += ["-select_streams", "a:0", "-show_streams", "-of", "json"]
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the path is the only part from outside
            command, capture_output=True, timeout=60, check=True, stdin=subprocess.DEVNULL
        )
        streams = json.loads(done.stdout).get("streams", [])
    except (subprocess.SubprocessError, ValueError) as error:
        raise damaged() from error
    if not streams:
        raise BadAudio("not_audio", "There is no sound in this file. Export the sound alone, as WAV or FLAC.")
    return dict(streams[0])


def _input(path: Path, container: Container) -> list[str]:
    return ["-protocol_whitelist", "file", "-f", _DEMUXERS[container], "-i", f"file:{path.absolute()}"]


def available() -> bool:
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def needed() -> BadAudio:
    return BadAudio(
        "needs_ffmpeg",
        "This file (AAC, M4A, Opus, or one without a stated length) can be read only where the program ffmpeg is "
        "installed, and here it is not. Export it as an ordinary WAV or FLAC file, or ask whoever runs this "
        "installation to install ffmpeg.",
    )


def _require() -> None:
    if not available():
        raise needed()


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
