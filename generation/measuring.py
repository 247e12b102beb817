"""From arrays and files to stored, measured audio. For workers: the web side neither renders nor measures."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generation.audio.analysis import Analysis, analyse
from generation.audio.arrays import Audio
from generation.audio.files import passes_full_scale, write_flac, write_wav, write_wav_float
from generation.audio.loudness import Loudness, measure
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
    ending = _WRITERS[media_type][1]
    with written(audio, sample_rate_hz, media_type) as (path, as_float, clipped):
        with path.open("rb") as file:
            staged = assets.ingest(file, limit_bytes=path.stat().st_size)
        peaks = audiofile.peaks(path)
        printed = (audiofile.fingerprint(path) or "") if fingerprint else ""
    if loudness is None and measured:
        loudness = measure(audio, sample_rate_hz)
    samples = audio.shape[1]
    return MadeAudio(
        staged=staged,
        role=role,
        name=name,
        media_type=media_type,
        probe={
            "format": ending[1:],
            "codec": "pcm_float" if as_float else "pcm_24" if media_type == "audio/wav" else "flac",
            "sample_rate_hz": sample_rate_hz,
            "channels": audio.shape[0],
            "samples": samples,
            "duration_ms": samples * 1000 // sample_rate_hz,
            "bit_depth": 32 if as_float else 24,
            "clipped_samples": clipped,
        },
        peaks=peaks,
        lufs=loudness.integrated_lufs if loudness else None,
        true_peak_dbtp=loudness.true_peak_dbtp if loudness else None,
        fingerprint=printed,
        tempo_bpm=tempo_bpm,
        key=key,
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


def analyse_asset(asset: Asset) -> tuple[Audio, int]:
    """Measure a stored file and keep what was found. Returns its samples, for who needs them next."""
    audio, rate, _ = analyse_whole(asset)
    return audio, rate


def analyse_whole(asset: Asset) -> tuple[Audio, int, Analysis]:
    """`analyse_asset`, and all that was measured."""
    with blobs.store().local_path(asset.sha256) as path:
        peaks = audiofile.peaks(path)
        printed = audiofile.fingerprint(path) or ""
        audio, rate = audiofile.decode(path)
    found = analyse(audio, rate)
    assets.save_analysis(
        asset,
        peaks=peaks,
        lufs=found.integrated_lufs,
        true_peak_dbtp=found.true_peak_dbtp,
        tempo_bpm=found.tempo_bpm,
        key=found.key or "",
        fingerprint=printed,
    )
    return audio, rate, found
