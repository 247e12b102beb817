"""Tempo and key of sound at 22,050 Hz, for workers only: librosa is loaded when it runs.

librosa's own functions, applied to stretches, so that memory does not grow with the sound. What they need of the whole
(the highest level, the tuning, the mean of all frames) is found on the way, and what is small enough is kept for each
frame: the onset strength, on which the beats are tracked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.audio.arrays import Samples
from generation.audio.spool import Spool

RATE_HZ: Final = 22_050
_WINDOW: Final = 2048
_HOP: Final = 512
#: Frames of the spectrogram in one stretch: 15 s.
_FRAMES: Final = 646
_BANDS: Final = 128
_TOP_DB: Final = 80.0
#: librosa's tempogram: windows of 8 s.
_TEMPO_S: Final = 8.0
_TEMPO_FRAMES: Final = 2048
_BINS_PER_OCTAVE: Final = 36
_CHROMA_HOP: Final = 2048
#: Frames of the chromagram in one stretch, 5 min, and how many around it are looked at too: the filters for the lowest
#: octave, and the low-passes on the way there, reach over 3 s.
_CHROMA_FRAMES: Final = 3230
_CHROMA_MARGIN: Final = 40
_TUNING_EDGES: Final = np.linspace(-0.5, 0.5, 101)
#: Tonics as they are usually spelled in either mode.
_MAJOR_TONICS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_TONICS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

#: How much each degree belongs to a key (C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, table 2.1).
_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

Floats = NDArray[np.float32]
Key = tuple[str, float]


def tempo_and_key(mono: Spool, step: Callable[[], None] = lambda: None) -> tuple[float | None, Key | None]:
    """`tempo_estimate`, and `key_of` its chroma, of sound that is kept elsewhere; from one spectrogram.

    `step` is called now and then, and what it raises ends the work.
    """
    with _Onsets() as onsets, _Tuning() as tuning:
        for magnitude in _magnitudes(mono):
            onsets.add(magnitude)
            tuning.add(magnitude)
            step()
        chroma = _chroma(mono, tuning.estimate(), step)
        return _tempo(onsets.envelope(), step), key_of(chroma)


def tempo_estimate(mono: Floats) -> float | None:
    """Beats per minute (librosa's beat tracker), None where nothing begins; half and double tempo can be confused."""
    with _kept(mono) as kept, _Onsets() as onsets:
        for magnitude in _magnitudes(kept):
            onsets.add(magnitude)
        return _tempo(onsets.envelope(), lambda: None)


def key_of(chroma: Samples) -> Key | None:
    """The key ("D minor") whose profile fits best how much each pitch class sounds, from C, and the margin.

    Correlation with Krumhansl's 24 profiles; the margin is how much better it fits than the next one.
    """
    if not np.any(chroma > 0) or np.ptp(chroma) == 0:
        return None
    fits = [
        (float(np.corrcoef(np.roll(profile, pitch), chroma)[0, 1]), f"{tonics[pitch]} {mode}")
        for mode, profile, tonics in (("major", _MAJOR, _MAJOR_TONICS), ("minor", _MINOR, _MINOR_TONICS))
        for pitch in range(12)
    ]
    fits.sort(reverse=True)
    return fits[0][1], max(0.0, fits[0][0] - fits[1][0])


def _kept(mono: Floats) -> Spool:
    kept = Spool()
    kept.add(mono)
    return kept


def _magnitudes(mono: Spool) -> Iterator[Floats]:
    """`[1025, frames]`: the spectrogram of the whole, a stretch at a time; centred frames, zeros around the sound."""
    import librosa  # here, because only workers have room for it

    frames = 1 + len(mono) // _HOP
    for first in range(0, frames, _FRAMES):
        last = min(frames, first + _FRAMES)
        sound = mono.span(first * _HOP - _WINDOW // 2, (last - 1) * _HOP + _WINDOW // 2)
        yield np.abs(librosa.stft(sound, n_fft=_WINDOW, hop_length=_HOP, center=False))


class _Onsets:
    """How much begins in each frame: `librosa.onset.onset_strength`, whose floor is the whole's maximum less 80 dB."""

    def __init__(self) -> None:
        import librosa

        self._filters: Floats = librosa.filters.mel(sr=RATE_HZ, n_fft=_WINDOW, fmax=RATE_HZ / 2)
        self._levels = Spool()
        self._highest = -np.inf

    def __enter__(self) -> _Onsets:
        return self

    def __exit__(self, *_: object) -> None:
        self._levels.close()

    def add(self, magnitude: Floats) -> None:
        power = np.einsum("ft,mf->mt", magnitude**2, self._filters, optimize=True)
        level = (10 * np.log10(np.maximum(np.float32(1e-10), power))).astype(np.float32)
        self._highest = max(self._highest, float(level.max()))
        self._levels.add(level.T)

    def envelope(self) -> Floats:
        frames = len(self._levels) // _BANDS
        result = np.zeros(frames, dtype=np.float32)
        floor = np.float32(self._highest - _TOP_DB)
        late = 1 + _WINDOW // (2 * _HOP)  # as librosa does, for what the window sees before it begins
        for first in range(0, frames - 1, _FRAMES):
            last = min(frames - 1, first + _FRAMES)
            rows = self._levels.span(first * _BANDS, (last + 1) * _BANDS).reshape(-1, _BANDS)
            level = np.maximum(np.ascontiguousarray(rows.T), floor)
            rise = np.maximum(np.float32(0), level[:, 1:] - level[:, :-1]).mean(axis=0)
            place = first + late
            result[place : place + len(rise)] = rise[: max(0, frames - place)]
        return result


def _tempo(onsets: Floats, step: Callable[[], None]) -> float | None:
    import librosa

    if not np.any(onsets > 0):
        return None
    window = int(librosa.time_to_frames(_TEMPO_S, sr=RATE_HZ, hop_length=_HOP))
    padded = np.pad(onsets, window // 2, mode="linear_ramp", end_values=0)
    total: Samples = np.zeros(window)
    for first in range(0, len(onsets), _TEMPO_FRAMES):
        last = min(len(onsets), first + _TEMPO_FRAMES)
        stretch = padded[first : last - 1 + window]
        total += librosa.feature.tempogram(
            onset_envelope=stretch, sr=RATE_HZ, hop_length=_HOP, win_length=window, center=False
        ).sum(axis=1)
        step()
    coarse = librosa.feature.tempo(tg=total[:, None] / len(onsets), sr=RATE_HZ, hop_length=_HOP)
    beats: Any
    tempo, beats = librosa.beat.beat_track(onset_envelope=onsets, sr=RATE_HZ, hop_length=_HOP, bpm=coarse)
    if len(beats) < 4:
        return float(np.atleast_1d(tempo)[0]) or None
    # The tracker's tempo comes from a coarse grid; the line through its beats is finer.
    slope = np.polyfit(np.arange(len(beats)), beats * _HOP / RATE_HZ, 1)[0]
    return float(60 / slope) if slope > 0 else None


class _Tuning:
    """`librosa.estimate_tuning`: how far the louder half of all spectral peaks is off the grid, in its bins."""

    def __init__(self) -> None:
        self._peaks = Spool()

    def __enter__(self) -> _Tuning:
        return self

    def __exit__(self, *_: object) -> None:
        self._peaks.close()

    def add(self, magnitude: Floats) -> None:
        import librosa

        pitches, heights = librosa.piptrack(S=magnitude, sr=RATE_HZ)
        found = pitches > 0
        aside = np.mod(_BINS_PER_OCTAVE * librosa.hz_to_octs(pitches[found]), 1.0)
        aside[aside >= 0.5] -= 1.0
        self._peaks.add(np.stack((heights[found], aside), axis=1))

    def estimate(self) -> float:
        if not len(self._peaks):
            return 0.0
        counts = np.zeros(len(_TUNING_EDGES) - 1, dtype=np.int64)
        heights = np.concatenate([rows[:, 0] for rows in self._rows()])
        middle = np.median(heights, overwrite_input=True)
        for rows in self._rows():
            counts += np.histogram(rows[rows[:, 0] >= middle, 1], _TUNING_EDGES)[0]
        return float(_TUNING_EDGES[np.argmax(counts)])

    def _rows(self, many: int = 1 << 20) -> Iterator[Floats]:
        for first in range(0, len(self._peaks), 2 * many):
            yield self._peaks.span(first, min(len(self._peaks), first + 2 * many)).reshape(-1, 2)


def _chroma(mono: Spool, tuning: float, step: Callable[[], None]) -> Samples:
    """Twelve numbers: the mean of `librosa.feature.chroma_cqt` over the whole."""
    import librosa

    frames = 1 + len(mono) // _CHROMA_HOP
    total: Samples = np.zeros(12)
    for first in range(0, frames, _CHROMA_FRAMES):
        last = min(frames, first + _CHROMA_FRAMES)
        low = max(0, first - _CHROMA_MARGIN)
        sound = mono.span(low * _CHROMA_HOP, min(len(mono), (last + _CHROMA_MARGIN) * _CHROMA_HOP))
        chroma = librosa.feature.chroma_cqt(
            y=sound, sr=RATE_HZ, hop_length=_CHROMA_HOP, tuning=tuning, bins_per_octave=_BINS_PER_OCTAVE
        )
        total += chroma[:, first - low : last - low].sum(axis=1)
        step()
    return total / frames
