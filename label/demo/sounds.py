"""Two sounds for the demo song: a "sung" lead and choir pads. Both are arithmetic, and both are declared as samples."""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf

RATE_HZ = 44_100
BPM = 92
#: D minor, as scale steps in semitones above D3 (146.83 Hz); pairs of (semitone or None for a rest, beats).
MELODY = (
    (12, 1.5), (14, 0.5), (15, 2), (None, 1), (14, 1), (12, 2), (None, 1), (7, 1),
    (10, 1.5), (12, 0.5), (14, 2), (None, 2), (15, 1), (17, 1), (19, 2), (17, 1),
    (15, 1), (14, 2), (None, 1), (12, 1), (10, 1), (9, 1), (7, 1), (12, 3), (None, 1),
)  # fmt: skip
#: i - VI - III - VII, two bars each, as semitones above D3.
CHORDS = ((0, 3, 7, 12), (-4, 0, 3, 8), (-9, 3, 7, 10), (-2, 2, 5, 10))


def sung_lead(duration_s: float) -> bytes:
    """A voice-like line with vibrato and breath, as WAV bytes. The same call gives the same bytes."""
    total = round(duration_s * RATE_HZ)
    out = np.zeros(total)
    rng = np.random.Generator(np.random.PCG64(7))
    beat_s, at_s = 60 / BPM, 4 * 60 / BPM
    while at_s < duration_s - 2:
        for semitone, beats in MELODY:
            length_s = beats * beat_s
            start, length = round(at_s * RATE_HZ), round(length_s * RATE_HZ)
            at_s += length_s
            if semitone is None or start + length > total - RATE_HZ:
                continue
            out[start : start + length] += _vowel(146.83 * 2 ** (semitone / 12), length, rng)
    return _wav(np.stack([out, out]) * 0.5)


def _vowel(pitch_hz: float, length: int, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(length) / RATE_HZ
    depth = np.clip((t - 0.15) / 0.4, 0, 1) * 0.006
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + depth * np.sin(2 * np.pi * 5.3 * t))) / RATE_HZ
    tone = np.zeros(length)
    for harmonic in range(1, 24):
        frequency = harmonic * pitch_hz
        formants = sum(
            np.exp(-(((frequency - centre) / width) ** 2))
            for centre, width in ((650, 160), (1080, 200), (2650, 400))
        )
        tone += (0.15 + formants) / harmonic**0.7 * np.sin(harmonic * phase)
    breath = np.convolve(rng.standard_normal(length), np.ones(6) / 6, "same") * 0.02
    envelope = np.minimum(1, np.minimum(t / 0.06, np.maximum(0, (t[-1] - t) / 0.09)))
    return np.asarray((tone * 0.12 + breath) * envelope)


def choir_pads(duration_s: float) -> bytes:
    """Slow detuned chords, stereo, as WAV bytes."""
    total = round(duration_s * RATE_HZ)
    t = np.arange(total) / RATE_HZ
    out = np.zeros((2, total))
    chord_s = 8 * 60 / BPM
    for place in range(int(duration_s / chord_s) + 1):
        start_s = place * chord_s
        fade = np.clip((t - start_s) / 0.8, 0, 1) * np.clip((start_s + chord_s + 0.4 - t) / 0.8, 0, 1)
        if not fade.any():
            continue
        for semitone in CHORDS[place % len(CHORDS)]:
            pitch_hz = 146.83 * 2 ** (semitone / 12)
            for side, detune in ((0, 0.9975), (1, 1.0025)):
                for harmonic in (1, 2, 3, 4):
                    out[side] += (
                        fade * np.sin(2 * np.pi * pitch_hz * detune * harmonic * t + side) / harmonic**1.8
                    )
    out *= np.clip((duration_s - t) / 2.5, 0, 1) * np.clip(t / 1.5, 0, 1)
    return _wav(out * 0.06)


def _wav(audio: np.ndarray) -> bytes:
    file = io.BytesIO()
    sf.write(file, audio.T.astype(np.float32), RATE_HZ, format="WAV", subtype="PCM_24")
    return file.getvalue()
