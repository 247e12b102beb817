"""Estimates on sounds whose tempo and key are known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generation.audio.analysis import analyse, clipped_samples, silence_share
from tests.generation.audio.signals import Sound, silence, sine

RATE = 44_100
C_MAJOR = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)]
A_MINOR = [(57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64)]


def chords(
    progression: list[tuple[int, ...]], *, bpm: float, transpose: int = 0, seconds: float = 16
) -> Sound:
    """A chord on every beat, one bar each, with a click that marks the beat."""
    beat_s = 60 / bpm
    out = np.zeros(round(seconds * RATE))
    length = round(beat_s * RATE)
    time = np.arange(length) / RATE
    for beat in range(int(seconds / beat_s) - 1):
        start = round(beat * beat_s * RATE)
        notes = progression[beat // 4 % len(progression)]
        for note in notes:
            hz = 440 * 2 ** ((note + transpose - 69) / 12)
            out[start : start + length] += 0.1 * np.sin(2 * np.pi * hz * time) * np.exp(-4 * time)
        out[start : start + 200] += 0.4 * np.hanning(200)
    return np.stack((out, out)).astype(np.float32)


@pytest.mark.parametrize("bpm", [92, 120, 140])
def test_the_tempo_of_a_steady_beat_is_found(bpm: int) -> None:
    found = analyse(chords(C_MAJOR, bpm=bpm), RATE).tempo_bpm
    assert found is not None
    assert min(abs(found * factor - bpm) for factor in (0.5, 1, 2)) < 0.5


@pytest.mark.parametrize(
    ("progression", "transpose", "key"),
    [
        (C_MAJOR, 0, "C major"),
        (C_MAJOR, 3, "Eb major"),
        (A_MINOR, 0, "A minor"),
        (A_MINOR, 5, "D minor"),
        (A_MINOR, -1, "G# minor"),
    ],
)
def test_the_key_of_a_cadence_is_found(progression: list[tuple[int, ...]], transpose: int, key: str) -> None:
    found = analyse(chords(progression, bpm=100, transpose=transpose), RATE)
    assert found.key == key
    assert found.key_margin is not None
    assert found.key_margin > 0
    assert found.facts()["key"] == key


def test_silence_and_moments_have_no_tempo_and_no_key() -> None:
    for nothing in (silence(10, rate=RATE), sine(-20, 1, rate=RATE), np.zeros((2, 0), np.float32)):
        found = analyse(nothing, RATE)
        assert (found.tempo_bpm, found.key, found.key_margin, found.spectral_centroid_hz) == (
            None,
            None,
            None,
            None,
        )
    assert analyse(silence(2, rate=RATE), RATE).facts() == {
        "duration_ms": 2000,
        "silence_permille": 1000,
        "clipped_samples": 0,
    }


def test_the_share_of_silence_is_counted() -> None:
    sound = np.concatenate((sine(-20, 3, rate=RATE), silence(1, rate=RATE)), axis=1)
    assert silence_share(sound, RATE) == pytest.approx(0.25, abs=0.03)


def test_the_centre_of_a_tone_is_the_tone() -> None:
    assert analyse(sine(-20, 5, hz=2000, rate=RATE), RATE).spectral_centroid_hz == pytest.approx(2000, abs=20)


def test_clipping_is_counted_in_runs_and_not_in_touches() -> None:
    hot = np.clip(sine(6, 1, hz=100, rate=RATE), -1, 1)
    share = clipped_samples(hot) / hot.size
    assert share == pytest.approx(2 / 3, abs=0.01)  # a sine of 6 dB is above half of its peak for two thirds
    assert clipped_samples(sine(0, 1, hz=RATE / 4, rate=RATE)) == 0


def test_the_sound_package_loads_no_librosa_and_no_django_until_it_is_needed() -> None:
    code = (
        "import sys, generation.audio.analysis, generation.audio.master, generation.audio.render\n"
        "import generation.audio.files, provenance.audiofile\n"
        "print([m for m in ('librosa', 'numba', 'pyloudnorm', 'django', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
