"""Tunes by arithmetic: notes by chance, with overtones and decay. The same seed gives the same tune."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from generation.audio.arrays import Audio

RATE_HZ = 11_025
SECONDS = 14.0


def tune(
    seed: int, *, tempo: float = 1.0, semitones: float = 0.0, bright: bool = False, seconds: float = SECONDS
) -> Audio:
    """Chords of three notes, two a second. `bright`: other overtones, the same notes at the same moments."""
    rng = np.random.default_rng(seed)
    length = round(seconds / tempo * RATE_HZ)
    out = np.zeros(length)
    beat = 0.5 / tempo
    noise = np.random.default_rng(99)
    for place in range(int(seconds * 2)):
        root = rng.integers(45, 70)
        start = round((place + rng.uniform(0, 0.4)) * beat * RATE_HZ)
        span = min(round(beat * 1.8 * RATE_HZ), length - start)
        if span <= 0:
            continue
        t = np.arange(span) / RATE_HZ
        for step in (0, int(rng.choice([3, 4])), int(rng.choice([7, 9]))):
            hz = 440 * 2 ** ((root + step + semitones - 69) / 12)
            for overtone in range(1, 6):
                weight = 1 / overtone ** (0.3 if bright and overtone % 2 == 0 else 1.4)
                out[start : start + span] += weight * np.sin(2 * np.pi * hz * overtone * t) * np.exp(-t * 5)
        click = min(span, 200)
        out[start : start + click] += noise.standard_normal(click) * 0.15 * np.exp(-np.arange(click) / 60)
    audio: Audio = (out / np.abs(out).max() * 0.5).astype(np.float32)[None]
    return audio


def mixed(audio: Audio, other: Audio, level_db: float) -> Audio:
    """`audio` under `other`, at a level relative to it."""
    length = min(audio.shape[1], other.shape[1])
    first, second = (one[:, :length] / np.sqrt((one[:, :length] ** 2).mean()) for one in (audio, other))
    both: Audio = ((first * 10 ** (level_db / 20) + second) * 0.1).astype(np.float32)
    return both


def wav(audio: Audio) -> bytes:
    """As a stereo file at 44.1 kHz, 24 bit."""
    from provenance.audiofile import resample

    stereo = resample(np.repeat(audio, 2, axis=0), RATE_HZ, 44_100)
    file = io.BytesIO()
    soundfile.write(file, stereo.T, 44_100, format="WAV", subtype="PCM_24")
    return file.getvalue()
