"""Synthetic sound with known answers, and files of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

RATE = 44_100

KINDS = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "aiff": ("AIFF", "PCM_24"),
    "flac": ("FLAC", "PCM_24"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
}
ENDINGS = {"wav24": "wav", "wavfloat": "wav"}


def tone(
    seconds: float = 2.0, *, hz: float = 440.0, rate: int = RATE, level: float = 0.5
) -> NDArray[np.float32]:
    """A stereo sine `[2, samples]`, the right side half as loud."""
    time = np.arange(round(seconds * rate)) / rate
    left = level * np.sin(2 * np.pi * hz * time)
    return np.stack((left, left / 2)).astype(np.float32)


def song(seed: int, seconds: float = 30.0, *, rate: int = RATE) -> NDArray[np.float32]:
    """A made-up piece `[1, samples]`: chords of its own, a melody of its own, a beat; one seed, one piece."""
    random = np.random.default_rng(seed)
    beat_s = float(random.uniform(0.35, 0.7))
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) + int(random.integers(0, 12))
    total = round(seconds * rate)
    out = np.zeros(total + rate)
    for index in range(int(seconds / beat_s)):
        start = round(index * beat_s * rate)
        root = int(random.integers(0, 7))
        notes = [48 + scale[root], 48 + scale[(root + 2) % 7], 60 + scale[(root + 4) % 7]]
        notes.append(72 + scale[int(random.integers(0, 7))])
        time = np.arange(round(beat_s * rate)) / rate
        shape = np.exp(-3 * time / beat_s)
        for note in notes:
            hz = 440.0 * 2 ** ((note - 69) / 12)
            sound = sum(np.sin(2 * np.pi * hz * k * time) / k for k in (1, 2, 3))
            out[start : start + len(time)] += 0.1 * sound * shape
        hit = round(0.05 * rate)
        out[start : start + hit] += 0.2 * random.standard_normal(hit) * np.linspace(1, 0, hit)
    return out[:total].astype(np.float32)[None, :]


def write(
    folder: Path, kind: str, audio: NDArray[np.float32], *, rate: int = RATE, name: str = "song"
) -> Path:
    """A file of this kind with its right ending."""
    container, subtype = KINDS[kind]
    path = folder / f"{name}.{ENDINGS.get(kind, kind)}"
    sf.write(path, audio.T, 48_000 if kind == "opus" else rate, format=container, subtype=subtype)
    return path
