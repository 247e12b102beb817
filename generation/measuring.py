"""From arrays and files to stored, measured audio. For workers: the web side neither renders nor measures."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation.audio.analysis import Analysis, analyse
from generation.audio.arrays import Audio
from generation.audio.files import (
    passes_full_scale,
    write_flac,
    write_flac_blocks,
    write_wav,
    write_wav_float,
)
from generation.audio.look import look
from generation.audio.loudness import Loudness, measure
from generation.audio.quality import Quality
from generation.services.making import MadeAudio
from provenance import assets, audiofile, blobs
from provenance.services import Asset

_WRITERS = {"audio/wav": (write_wav, ".wav"), "audio/flac": (write_flac, ".flac")}


def stored(
    audio: Audio,
    sample_rate_hz: int,
    *,
    role: str,
    name: str,
    media_type: str = "audio/wav",
    loudness: Loudness | None = None,
    measured: bool = True,
    fingerprint: bool = False,
    tempo_bpm: float | None = None,
    key: str = "",
) -> MadeAudio:
    """Write 24-bit audio, store it durably and draw its peaks. Nothing refers to the bytes yet.

    `loudness`: measures that are known already; `measured=False` leaves loudness out (stems).
    """
    with written(audio, sample_rate_hz, media_type) as (path, as_float, clipped):
        made = _kept(
            path,
            role=role,
            name=name,
            media_type=media_type,
            codec="pcm_float" if as_float else "pcm_24" if media_type == "audio/wav" else "flac",
            sample_rate_hz=sample_rate_hz,
            channels=audio.shape[0],
            samples=audio.shape[1],
            clipped=clipped,
            fingerprint=fingerprint,
        )
    if loudness is None and measured:
        loudness = measure(audio, sample_rate_hz)
    return replace(
        made,
        lufs=loudness.integrated_lufs if loudness else None,
        true_peak_dbtp=loudness.true_peak_dbtp if loudness else None,
        tempo_bpm=tempo_bpm,
        key=key,
    )


def _kept(
    path: Path,
    *,
    role: str,
    name: str,
    media_type: str,
    codec: str,
    sample_rate_hz: int,
    channels: int,
    samples: int,
    clipped: int,
    fingerprint: bool = False,
) -> MadeAudio:
    """A file that was just written, durably stored, with its picture. Its loudness is not measured."""
    with path.open("rb") as file:
        staged = assets.ingest(file, limit_bytes=path.stat().st_size)
    return MadeAudio(
        staged=staged,
        role=role,
        name=name,
        media_type=media_type,
        probe={
            "format": _WRITERS[media_type][1][1:],
            "codec": codec,
            "sample_rate_hz": sample_rate_hz,
            "channels": channels,
            "samples": samples,
            "duration_ms": samples * 1000 // sample_rate_hz,
            "bit_depth": 32 if codec == "pcm_float" else 24,
            "clipped_samples": clipped,
        },
        peaks=audiofile.peaks(path),
        lufs=None,
        true_peak_dbtp=None,
        fingerprint=(audiofile.fingerprint(path) or "") if fingerprint else "",
    )


@contextlib.contextmanager
def written(
    audio: Audio, sample_rate_hz: int, media_type: str = "audio/wav"
) -> Iterator[tuple[Path, bool, int]]:
    """The sound as a file of 24 bits for as long as it is looked at; whether it holds floats, and samples clipped."""
    write, ending = _WRITERS[media_type]
    # A mix above full scale is kept as floats: clipped here, no master could mend it.
    as_float = media_type == "audio/wav" and passes_full_scale(audio)
    with tempfile.NamedTemporaryFile(prefix="deadwax-", suffix=ending) as file:
        path = Path(file.name)
        clipped = (
            write_wav_float(path, audio, sample_rate_hz) if as_float else write(path, audio, sample_rate_hz)
        )
        yield path, as_float, clipped


def decoded(asset_sha256: str) -> tuple[Audio, int]:
    """The samples of a stored asset. Raises `BlobMissing`, `BadAudio`."""
    with blobs.store().local_path(asset_sha256) as path:
        return audiofile.decode(path)


def heard(audio: Audio, sample_rate_hz: int, facts: Mapping[str, Any]) -> tuple[float | None, str]:
    """Tempo and key: as the engine states them, else estimated."""
    tempo, key = facts.get("tempo_milli_bpm"), facts.get("key")
    if type(tempo) is int and isinstance(key, str):
        return tempo / 1000, key
    found = analyse(audio, sample_rate_hz)
    return found.tempo_bpm, found.key or ""


def analyse_asset(asset: Asset, step: Callable[[], None] = lambda: None) -> tuple[Analysis, Quality]:
    """Measure a stored file and keep what was found. In blocks: two hours take little more memory than a song.

    `step` is called now and then, and what it raises ends the work. Raises BadAudio, also for more than two hours.
    """
    with blobs.store().local_path(asset.sha256) as path:
        found, quality = look(path, step)
        peaks = audiofile.peaks(path)
        printed = audiofile.fingerprint(path) or ""
    assets.save_analysis(
        asset,
        peaks=peaks,
        lufs=found.integrated_lufs,
        true_peak_dbtp=found.true_peak_dbtp,
        tempo_bpm=found.tempo_bpm,
        key=found.key or "",
        fingerprint=printed,
    )
    return found, quality


def flac_copy(
    asset_sha256: str, *, role: str, name: str, step: Callable[[], None] = lambda: None
) -> MadeAudio:
    """The sound of a stored file once more, as 24-bit FLAC that browsers play, with its peaks. In blocks."""
    with (
        blobs.store().local_path(asset_sha256) as path,
        audiofile.decoding(path) as sound,
        tempfile.NamedTemporaryFile(prefix="deadwax-", suffix=".flac") as file,
    ):
        samples = 0

        def counted() -> Iterator[Audio]:
            nonlocal samples
            for block in sound.blocks:
                samples += block.shape[1]
                step()
                yield block

        clipped = write_flac_blocks(file.name, counted(), sound.channels, sound.sample_rate_hz)
        return _kept(
            Path(file.name),
            role=role,
            name=name,
            media_type="audio/flac",
            codec="flac",
            sample_rate_hz=sound.sample_rate_hz,
            channels=sound.channels,
            samples=samples,
            clipped=clipped,
        )
