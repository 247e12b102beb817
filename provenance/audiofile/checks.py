"""The gate for uploads: a file passes only if every second of it can be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from provenance.audiofile.errors import BadAudio, not_a_file, too_long
from provenance.audiofile.header import MAX_DURATION_S, Header
from provenance.audiofile.probing import AudioProbe, facts
from provenance.audiofile.reading import counted_blocks, open_audio
from provenance.audiofile.sniffing import describe_other, sniff
from provenance.audiofile.wholeness import check_whole

EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    ".wav": ("wav",),
    ".wave": ("wav",),
    ".aif": ("aiff",),
    ".aiff": ("aiff",),
    ".aifc": ("aiff",),
    ".flac": ("flac",),
    ".mp3": ("mp3",),
    ".ogg": ("ogg", "opus"),
    ".oga": ("ogg", "opus"),
    ".opus": ("opus",),
    ".m4a": ("m4a",),
    ".aac": ("aac",),
}
"""Accepted file name endings and the containers that each may hold."""

_NAMES: Final = {
    "wav": "WAV",
    "aiff": "AIFF",
    "flac": "FLAC",
    "mp3": "MP3",
    "ogg": "Ogg",
    "opus": "Opus",
    "m4a": "M4A",
    "aac": "AAC",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an upload may be. The longest duration can be set per use, up to two hours."""

    max_duration_s: int = 30 * 60
    min_sample_rate_hz: int = 8_000
    max_sample_rate_hz: int = 192_000
    max_channels: int = 2


def check_upload(path: Path | str, filename: str, *, limits: Limits | None = None) -> AudioProbe:
    """The exact facts of a file that can be used whole; `samples` is counted, not believed.

    Reads every block once and keeps none, and stops decoding at the longest duration: a small file that unpacks
    to days of sound costs no more than half an hour of it.

    Raises:
        BadAudio: codes empty, unknown_type, not_audio, mislabelled, needs_ffmpeg, unusual_encoding, truncated,
            damaged, bad_sample_rate, too_many_channels, too_long, no_samples, not_finite, out_of_range.
    """
    path, limits = Path(path), limits or Limits()
    _check_name_and_kind(path, filename)
    with open_audio(path) as reader:
        header = reader.header
        _check_header(header, limits)
        allowed = min(limits.max_duration_s, MAX_DURATION_S)
        max_samples = allowed * header.sample_rate_hz
        if header.declared_samples is not None and header.declared_samples > max_samples:
            raise too_long(allowed)
        blocks = counted_blocks(reader, max_samples=max_samples, too_long=too_long(allowed))
        samples = sum(len(block) for block in blocks)
    return facts(header, samples)


def _check_name_and_kind(path: Path, filename: str) -> None:
    ending = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    if path.stat().st_size == 0:
        raise not_a_file()
    container = sniff(path)
    if container is None:
        raise BadAudio("not_audio", f"This is {describe_other(path)}.")
    if ending not in EXTENSIONS:
        raise BadAudio(
            "unknown_type",
            f"Files that end in {ending!a} are not accepted. Upload WAV, AIFF, FLAC, MP3, Ogg, Opus, AAC or M4A."
            if ending
            else "The file name has no ending. Give it the one of its kind, such as .wav or .flac.",
        )
    if container not in EXTENSIONS[ending]:
        raise BadAudio(
            "mislabelled",
            f"The name ends in {ending}, but the file holds {_NAMES[container]}. Give it the ending "
            f"{_ending_of(container)}, or export it again as what you meant.",
        )
    check_whole(path, container)


def _check_header(header: Header, limits: Limits) -> None:
    if not limits.min_sample_rate_hz <= header.sample_rate_hz <= limits.max_sample_rate_hz:
        raise BadAudio(
            "bad_sample_rate",
            f"The sample rate of this file is {header.sample_rate_hz} Hz; {limits.min_sample_rate_hz} to "
            f"{limits.max_sample_rate_hz} Hz can be used. Export it at 44100 or 48000 Hz.",
        )
    if not 1 <= header.channels <= limits.max_channels:
        raise BadAudio(
            "too_many_channels",
            f"This file has {header.channels} channels; {limits.max_channels} can be used. "
            "Export it as stereo or mono, or as one file per part.",
        )


def _ending_of(container: str) -> str:
    return next(ending for ending, containers in EXTENSIONS.items() if containers[0] == container)
