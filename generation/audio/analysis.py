"""What a listener would say about a piece in numbers: for workers only, because librosa is loaded when it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from generation.audio.arrays import Audio, Samples, valid_audio
from generation.audio.loudness import measure
from provenance.audiofile.resampling import resample

_RATE_HZ: Final = 22_050
_HOP: Final = 512
_SILENT_BELOW: Final = 10 ** (-60 / 20)
_SILENCE_BLOCK_S: Final = 0.1
_LEAST_MUSIC_S: Final = 3.0
_CLIPPED_FROM: Final = 1.0 - 2.0**-15
_CLIPPED_RUN: Final = 3
#: Tonics as they are usually spelled in either mode.
_MAJOR_TONICS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_TONICS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

#: How much each degree belongs to a key (C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, table 2.1).
_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Measures and estimates. Estimates are None where there is too little sound; `key_margin` is 0 (a guess) to 1.

    `clipped_samples` counts values that stay at full scale for three samples or longer.
    """

    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    tempo_bpm: float | None
    key: str | None
    key_margin: float | None
    silence_share: float
    spectral_centroid_hz: float | None
    clipped_samples: int

    def facts(self) -> dict[str, int | str]:
        """As whole numbers and text, for records that hold no floats; what is None is left out."""
        values: tuple[tuple[str, float | None, int], ...] = (
            ("duration_ms", self.duration_s, 1000),
            ("lufs_milli", self.integrated_lufs, 1000),
            ("true_peak_millibel", self.true_peak_dbtp, 100),
            ("tempo_milli_bpm", self.tempo_bpm, 1000),
            ("key_margin_permille", self.key_margin, 1000),
            ("silence_permille", self.silence_share, 1000),
            ("spectral_centroid_hz", self.spectral_centroid_hz, 1),
            ("clipped_samples", self.clipped_samples, 1),
        )
        numbers: dict[str, int | str] = {n: round(v * factor) for n, v, factor in values if v is not None}
        return numbers | ({"key": self.key} if self.key else {})


def analyse(audio: Audio, sample_rate_hz: int) -> Analysis:
    """Everything above for `[channels, samples]`. Raises SoundError."""
    audio = valid_audio(audio)
    loudness = measure(audio, sample_rate_hz)
    mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), sample_rate_hz, _RATE_HZ)[0]
    musical = loudness.integrated_lufs is not None and len(mono) >= _LEAST_MUSIC_S * _RATE_HZ
    key = key_estimate(mono) if musical else None
    return Analysis(
        duration_s=audio.shape[1] / sample_rate_hz,
        integrated_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        tempo_bpm=tempo_estimate(mono) if musical else None,
        key=key[0] if key else None,
        key_margin=key[1] if key else None,
        silence_share=silence_share(audio, sample_rate_hz),
        spectral_centroid_hz=_centroid_hz(mono) if musical else None,
        clipped_samples=clipped_samples(audio),
    )


def tempo_estimate(mono: NDArray[np.float32]) -> float | None:
    """Beats per minute of sound at 22,050 Hz (librosa's beat tracker); half and double tempo can be confused."""
    import librosa  # here, because only workers have room for it

    onsets: Any = librosa.onset.onset_strength(y=mono, sr=_RATE_HZ, hop_length=_HOP)
    if not np.any(onsets > 0):
        return None
    tempo, beats = librosa.beat.beat_track(onset_envelope=onsets, sr=_RATE_HZ, hop_length=_HOP)
    if len(beats) < 4:
        return float(np.atleast_1d(tempo)[0]) or None
    # The tracker's tempo comes from a coarse grid; the line through its beats is finer.
    slope = np.polyfit(np.arange(len(beats)), beats * _HOP / _RATE_HZ, 1)[0]
    return float(60 / slope) if slope > 0 else None


def key_estimate(mono: NDArray[np.float32]) -> tuple[str, float] | None:
    """The key ("D minor") whose profile fits the pitch classes of sound at 22,050 Hz best, and the margin.

    Correlation with Krumhansl's 24 profiles; the margin is how much better it fits than the next one.
    """
    import librosa  # here, because only workers have room for it

    chroma: Samples = librosa.feature.chroma_cqt(y=mono, sr=_RATE_HZ, hop_length=2048).mean(axis=1)
    return key_of(chroma)


def key_of(chroma: Samples) -> tuple[str, float] | None:
    """As `key_estimate`, of how much each of the twelve pitch classes sounds, from C."""
    if not np.any(chroma > 0) or np.ptp(chroma) == 0:
        return None
    fits = [
        (float(np.corrcoef(np.roll(profile, pitch), chroma)[0, 1]), f"{tonics[pitch]} {mode}")
        for mode, profile, tonics in (("major", _MAJOR, _MAJOR_TONICS), ("minor", _MINOR, _MINOR_TONICS))
        for pitch in range(12)
    ]
    fits.sort(reverse=True)
    return fits[0][1], max(0.0, fits[0][0] - fits[1][0])


def silence_share(audio: Audio, sample_rate_hz: int) -> float:
    """Share of the time, in steps of 0.1 s, in which every sample stays below -60 dBFS; 1.0 for no sound at all."""
    if audio.shape[1] == 0:
        return 1.0
    highest = np.abs(audio).max(axis=0)
    steps = np.maximum.reduceat(
        highest, np.arange(0, len(highest), max(1, round(_SILENCE_BLOCK_S * sample_rate_hz)))
    )
    return float(np.mean(steps < _SILENT_BELOW))


def clipped_samples(audio: Audio) -> int:
    """Values at full scale in runs of at least three: one sample that touches it is no clipping."""
    total = 0
    for channel in audio:
        high = np.concatenate(([0], (np.abs(channel) >= _CLIPPED_FROM).astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(high))
        lengths = edges[1::2] - edges[::2]
        total += int(lengths[lengths >= _CLIPPED_RUN].sum())
    return total


def _centroid_hz(mono: NDArray[np.float32]) -> float:
    """The centre of the mean power spectrum."""
    frequencies, power = signal.welch(mono, _RATE_HZ, nperseg=4096)
    return float((frequencies * power).sum() / max(power.sum(), 1e-30))
