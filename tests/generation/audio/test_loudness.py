"""Loudness and true peak against the published test signals (EBU Tech 3341) and two independent meters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from generation.audio.arrays import SoundError
from generation.audio.loudness import integrated_lufs, k_weighting, measure
from generation.audio.truepeak import peak_envelope, true_peak_dbtp
from tests.generation.audio.signals import RATE, Sound, drums, ffmpeg_ebur128, noise, silence, sine
from tests.support import needs

RATES = [8_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def in_turn(*parts: tuple[float, float]) -> Sound:
    """1 kHz stereo sines one after another: (level in dBFS, seconds)."""
    return np.concatenate([sine(level, seconds, hz=1000) for level, seconds in parts], axis=1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23.0, 20)], -23.0),
        ([(-33.0, 20)], -33.0),
        ([(-36.0, 10), (-23.0, 60), (-36.0, 10)], -23.0),
        ([(-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)], -23.0),
        ([(-26.0, 20), (-20.0, 20.1), (-26.0, 20)], -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_the_signals_of_ebu_tech_3341_give_the_published_loudness(
    parts: list[tuple[float, float]], expected: float
) -> None:
    assert integrated_lufs(in_turn(*parts), RATE) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_a_full_scale_sine_in_one_channel_is_minus_3_01_at_every_rate(rate: int) -> None:
    left_only = np.stack((sine(0, 5, rate=rate)[0], silence(5, rate=rate)[0]))
    assert integrated_lufs(left_only, rate) == pytest.approx(-3.01, abs=0.05)
    assert integrated_lufs(sine(0, 5, rate=rate, channels=1), rate) == pytest.approx(-3.01, abs=0.05)


def test_the_weighting_at_48_khz_is_the_standards_table() -> None:
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    assert k_weighting(48_000) == pytest.approx(np.array([shelf, high_pass]), abs=1e-6)


@pytest.mark.parametrize(
    "sound", [noise(12), drums(12), noise(7.77, seed=5)], ids=["noise", "drums", "odd length"]
)
def test_pyloudnorm_measures_the_same(sound: Sound) -> None:
    theirs = pyloudnorm.Meter(RATE).integrated_loudness(sound.T.astype(float))
    assert integrated_lufs(sound, RATE) == pytest.approx(theirs, abs=0.1)


@needs("ffmpeg")
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_ffmpeg_measures_the_same(rate: int, tmp_path: Path) -> None:
    sound = drums(15, rate=rate) * np.float32(0.4)
    loudness, peak = ffmpeg_ebur128(tmp_path, sound, rate=rate)
    assert integrated_lufs(sound, rate) == pytest.approx(loudness, abs=0.1)
    assert true_peak_dbtp(sound) == pytest.approx(peak, abs=0.15)


def test_silence_and_moments_have_no_loudness() -> None:
    assert integrated_lufs(silence(5), RATE) is None
    assert integrated_lufs(sine(-80, 5), RATE) is None
    assert integrated_lufs(sine(-20, 0.39), RATE) is None
    assert integrated_lufs(sine(-20, 0.41), RATE) == pytest.approx(-20, abs=0.5)
    assert measure(silence(1), RATE).facts() == {}
    assert measure(np.zeros((2, 0), np.float32), RATE).true_peak_dbtp is None


def test_facts_are_whole_numbers() -> None:
    assert measure(sine(-23, 10, hz=1000), RATE).facts() == {
        "lufs_milli": pytest.approx(-23_000, abs=50),
        "true_peak_millibel": -2300,
        "sample_peak_millibel": -2300,
    }
    assert all(type(value) is int for value in measure(noise(1), RATE).facts().values())


@pytest.mark.parametrize(
    ("divisor", "phase_deg", "peak", "expected"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
    ids=["case 15", "case 16", "case 17", "case 18", "case 19"],
)
def test_the_peaks_between_the_samples_of_ebu_tech_3341_are_found(
    divisor: int, phase_deg: float, peak: float, expected: float
) -> None:
    wave = sine(20 * np.log10(peak), 1, hz=RATE / divisor, phase_deg=phase_deg)
    ramp = np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / 480).astype(np.float32)
    found = true_peak_dbtp(wave * ramp)
    assert found is not None
    assert expected - 0.4 <= found <= expected + 0.2
    assert found == pytest.approx(expected, abs=0.05)


def test_the_samples_alone_would_miss_those_peaks() -> None:
    wave = sine(0, 1, hz=RATE / 4, phase_deg=45)
    measured = measure(wave, RATE)
    assert measured.sample_peak_dbfs == pytest.approx(-3.01, abs=0.01)
    assert measured.true_peak_dbtp == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize("seed", range(5))
def test_another_oversampler_finds_the_same_peak(seed: int) -> None:
    sound = noise(0.5, seed=seed)
    between = signal.resample_poly(sound.astype(float), 16, 1, axis=1, window=("kaiser", 12.0))
    assert true_peak_dbtp(sound) == pytest.approx(20 * np.log10(np.abs(between).max()), abs=0.05)


def test_a_peak_is_found_wherever_it_lies_even_at_the_edges_and_between_blocks() -> None:
    pair = np.array([0.5, 0.5], np.float32)
    for place in (0, 1, 8_142, 8_143, 8_144, 8_145, 19_998):
        sound = np.zeros((1, 20_000), np.float32)
        sound[0, place : place + 2] = pair
        assert true_peak_dbtp(sound) == pytest.approx(20 * np.log10(0.6366), abs=0.05)
        envelope = peak_envelope(sound)
        assert int(np.argmax(envelope)) == place
        assert envelope[place] == pytest.approx(0.63, abs=0.02)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(100, np.float32),
        np.zeros((3, 100), np.float32),
        np.zeros((2, 100), np.int16),
        np.full((1, 9), np.nan),
    ],
    ids=["one dimension", "three channels", "integers", "NaN"],
)
def test_what_is_no_sound_is_refused(audio: np.ndarray) -> None:
    with pytest.raises(SoundError):
        measure(audio, RATE)
