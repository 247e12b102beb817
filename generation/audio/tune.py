"""From one voice to its notes: pitch by pYIN (M. Mauch and S. Dixon, ICASSP 2014; librosa), then cut into notes.

For a hum, a voice, a solo instrument. Chords have no one pitch and come out as garbage: `engine/transcribe.py` has a
model for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from generation.audio.arrays import Audio, Samples, valid_audio
from generation.audio.music import key_of
from provenance.audiofile.resampling import resample

RATE_HZ: Final = 22_050
HOP: Final = 256
_FRAME: Final = 2048
_LOW_HZ, _HIGH_HZ = 55.0, 1_396.9  # A1 to F6: nobody hums below or above; wider takes longer
_RESOLUTION: Final = 0.2  # semitones; the time taken grows with its square
_BLOCK_S: Final = 20.0
_MARGIN_S: Final = 0.5
_QUIET_DB: Final = -45.0
"""Below the loudest moment: room, breath, the tail of a note."""
_GAP: Final = 4
_CHANGE: Final = 4
"""Frames (12 ms) that a pause, or another pitch, must last."""
_AWAY: Final = 0.6
"""Semitones from the note so far that are another note; vibrato stays within."""
_ATTACK_DB: Final = 6.0
_SETTLED: Final = 6
_SCOOP: Final = 12
"""Another pitch for less than this many frames (140 ms), with no attack after it, is the way up to a note."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One note. `exact` is its pitch as it sounded, in semitones (MIDI); `pitch` the key that it is taken for."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    exact: float


@dataclass(frozen=True, kw_only=True)
class Tune:
    """The notes in order; `tuning_cents`: how far the voice's own tuning is from A = 440 Hz, -50..50."""

    notes: tuple[Heard, ...]
    tuning_cents: int
    voiced_permille: int


def tune(
    audio: Audio,
    sample_rate_hz: int,
    *,
    shortest_s: float = 0.08,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Tune:
    """The notes of one voice in `[channels, samples]`. `step(done, total)` is called before each block of 20 s, and
    what it raises ends the work. Raises SoundError.
    """
    audio = valid_audio(audio)
    mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), sample_rate_hz, RATE_HZ)[0]
    pitch = _pitches(mono, step)
    level = _levels(mono, len(pitch))
    quiet = level < max(float(level.max(initial=-200.0)) + _QUIET_DB, -70.0)
    pitch[quiet] = np.nan
    voiced = np.isfinite(pitch)
    offset = _tuning(pitch[voiced])
    frames_s = HOP / RATE_HZ
    notes = []
    loudest = float(level.max(initial=-200.0))
    for first, last in _cut(pitch, level):
        if (last - first) * frames_s < shortest_s:
            continue
        edge = (last - first) // 10
        exact = float(np.nanmedian(pitch[first + edge : last - edge])) - offset
        velocity = round(105 + 1.5 * (float(level[first:last].max()) - loudest))
        notes.append(
            Heard(
                start_s=first * frames_s, end_s=last * frames_s, pitch=round(exact), exact=exact,
                velocity=min(127, max(30, velocity)),
            )
        )  # fmt: skip
    return Tune(
        notes=tuple(notes),
        tuning_cents=round(100 * offset),
        voiced_permille=round(1000 * float(voiced.mean())) if len(voiced) else 0,
    )


def snapped(notes: Iterable[Heard], scale: Iterable[int]) -> tuple[Heard, ...]:
    """Each note on the pitch of the scale (pitch classes) that is nearest to how it sounded."""
    classes = set(scale)
    return tuple(
        replace(
            note,
            pitch=min(
                (pitch for pitch in range(128) if pitch % 12 in classes),
                key=lambda pitch: abs(pitch - note.exact),
            ),
        )
        for note in notes
    )


def quantised(notes: Iterable[Heard], grid_s: float) -> tuple[tuple[Heard, ...], float]:
    """Notes on multiples of the grid, at least one grid long; and by how many seconds all were moved first.

    Nobody starts to hum on the beat of a click that is not there: all are moved by up to half a grid, so that the
    steps from note to note decide and not the moment of pressing the button.
    """
    kept = list(notes)
    if not kept:
        return (), 0.0
    angles = np.array([note.start_s for note in kept]) * (2 * np.pi / grid_s)
    moved = -float(np.angle(np.mean(np.exp(1j * angles)))) * grid_s / (2 * np.pi)
    if kept[0].start_s + moved < -grid_s / 2:
        moved += grid_s
    placed = []
    for note in kept:
        start = max(0, round((note.start_s + moved) / grid_s))
        end = max(start + 1, round((note.end_s + moved) / grid_s))
        placed.append(replace(note, start_s=start * grid_s, end_s=end * grid_s))
    return tuple(placed), moved


def key_of_notes(notes: Iterable[Heard]) -> str | None:
    """The key that fits how long each pitch class sounds; None where nothing does."""
    chroma = np.zeros(12)
    for note in notes:
        chroma[note.pitch % 12] += note.end_s - note.start_s
    found = key_of(chroma)
    return found[0] if found else None


def _pitches(mono: NDArray[np.float32], step: Callable[[int, int], None]) -> Samples:
    """Semitones (MIDI) for each hop, NaN where there is no voice."""
    import librosa  # here, because only workers have room for it

    frames = len(mono) // HOP + 1
    out = np.full(frames, np.nan)
    block, margin = round(_BLOCK_S * RATE_HZ / HOP), round(_MARGIN_S * RATE_HZ / HOP)
    starts = range(0, frames, block)
    for number, start in enumerate(starts):
        step(number, len(starts))
        low, high = max(0, start - margin), min(frames, start + block + margin)
        piece = mono[low * HOP : high * HOP]
        if len(piece) < _FRAME:
            piece = np.pad(piece, (0, _FRAME - len(piece)))
        if not np.any(piece):
            continue
        hertz, _, _ = librosa.pyin(
            piece,
            fmin=_LOW_HZ,
            fmax=_HIGH_HZ,
            sr=RATE_HZ,
            frame_length=_FRAME,
            hop_length=HOP,
            resolution=_RESOLUTION,
        )
        end = min(frames, start + block)
        out[start:end] = 69 + 12 * np.log2(hertz[start - low : end - low] / 440)
    step(len(starts), len(starts))
    return out


def _levels(mono: NDArray[np.float32], frames: int) -> Samples:
    """dB for each hop, over 23 ms around it."""
    power = np.square(np.pad(mono, (HOP, 2 * HOP)).astype(np.float64))
    sums = np.concatenate(([0.0], np.cumsum(power)))
    starts = np.minimum(np.arange(frames) * HOP, len(power) - 2 * HOP)
    level: Samples = 10 * np.log10((sums[starts + 2 * HOP] - sums[starts]) / (2 * HOP) + 1e-20)
    return level


def _tuning(pitch: Samples) -> float:
    """How far the pitches are from whole semitones on the whole, -0.5..0.5; 0 where they say nothing clear."""
    if not len(pitch):
        return 0.0
    mean = complex(np.mean(np.exp(2j * np.pi * pitch)))
    return float(np.angle(mean)) / (2 * np.pi) if abs(mean) > 0.3 else 0.0


def _cut(pitch: Samples, level: Samples) -> list[tuple[int, int]]:
    """Frames from and to of each note: a pause, another pitch that lasts, or a new attack ends it."""
    found: list[tuple[int, int]] = []
    smooth = _smooth(pitch)
    rise = (
        np.concatenate((np.zeros(3), level[3:] - ndimage.minimum_filter1d(level, 5)[:-3]))
        if len(level) > 3
        else level
    )
    start, gap, away = -1, 0, 0
    held: list[float] = []
    for at, now in enumerate(smooth):
        if start < 0:
            if np.isfinite(now):
                start, gap, away, held = at, 0, 0, [float(now)]
            continue
        if not np.isfinite(now):
            gap += 1
            if gap >= _GAP:
                found.append((start, at - gap + 1))
                start = -1
            continue
        gap = 0
        if abs(now - float(np.median(held[-40:]))) > _AWAY:
            away += 1
            if away >= _CHANGE:
                found.append((start, at - away + 1))
                start, held, away = at - away + 1, [float(one) for one in smooth[at - away + 1 : at + 1]], 0
            continue
        away = 0
        if at - start >= _SETTLED and rise[at] >= _ATTACK_DB and rise[at] >= rise[at - 1]:
            found.append((start, at - 1))
            start, held = at - 1, []
        held.append(float(now))
    if start >= 0:
        found.append((start, len(smooth) - gap))
    return _without_scoops(found, rise)


def _without_scoops(spans: list[tuple[int, int]], rise: Samples) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in spans:
        calm = float(rise[max(0, first - 2) : first + 4].max(initial=0.0)) < _ATTACK_DB / 2
        if calm and found and found[-1][1] == first and first - found[-1][0] < _SCOOP:
            found.append((found.pop()[0], last))
        else:
            found.append((first, last))
    return found


def _smooth(pitch: Samples) -> Samples:
    """Each voiced stretch through a median of five, so that single frames an octave off do not count."""
    out = pitch.copy()
    voiced = np.isfinite(pitch)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], voiced.astype(np.int8), [0]))))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        out[first:last] = ndimage.median_filter(pitch[first:last], size=5, mode="nearest")
    return out
