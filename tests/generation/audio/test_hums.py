"""What can be followed as a melody, and the sentence where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.arrays import SoundError
from generation.audio.hums import check_melody, pitched
from tests.generation.audio.signals import RATE, Sound, noise, silence, sine


def hummed(
    seconds: float, *, hz: float = 180.0, rate: int = RATE, breath: float = 0.01, vibrato: float = 0.3
) -> Sound:
    """Eight notes, two a second, with breath and vibrato (semitones), one channel."""
    time = np.arange(round(seconds * rate)) / rate
    steps = np.array([0, 2, 4, 5, 7, 5, 4, 2])[(time * 2).astype(int) % 8]
    phase = 2 * np.pi * np.cumsum(hz * 2 ** ((steps + vibrato * np.sin(2 * np.pi * 5.5 * time)) / 12)) / rate
    tone = sum(0.5**harmonic * np.sin((harmonic + 1) * phase) for harmonic in range(6))
    swell = np.clip(4 * np.sin(np.pi * (time * 2 % 1)), 0, 1)
    air = np.random.default_rng(1).standard_normal(len(time))
    return (0.1 * tone * swell + breath * air)[None].astype(np.float32)


def coloured(seconds: float, *, exponent: float) -> Sound:
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(round(seconds * RATE)))
    spectrum /= np.maximum(np.fft.rfftfreq(round(seconds * RATE), 1 / RATE), 20) ** exponent
    sound = np.fft.irfft(spectrum)
    return (0.1 * sound / sound.std())[None].astype(np.float32)


@pytest.mark.parametrize(
    "sound",
    [hummed(4.0), hummed(4.0, breath=0.05), hummed(4.0, hz=440), hummed(4.0, vibrato=1.0), sine(-30, 2.0)],
    ids=["hum", "breathy", "high", "wide vibrato", "quiet tone"],
)
def test_what_has_a_pitch_is_followed(sound: Sound) -> None:
    melody = check_melody(sound, RATE)
    assert melody.pitched_permille > 900
    assert melody.notices == ()
    assert melody.audio is sound


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_every_rate_will_do(rate: int) -> None:
    assert check_melody(hummed(3.0, rate=rate), rate).pitched_permille > 900


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (silence(4.0), "silent"),
        (sine(-70, 4.0), "silent"),
        (noise(4.0), "no_pitch"),
        (coloured(4.0, exponent=0.5), "no_pitch"),
        (coloured(4.0, exponent=1.0), "no_pitch"),
        (hummed(0.2), "too_short"),
        (np.zeros((1, 0), np.float32), "too_short"),
        (np.zeros((1, 1), np.float32), "too_short"),
        (np.clip(hummed(4.0) * 50, -1, 1), "clipped"),
        (np.full((1, RATE * 2), np.nan, np.float32), "not_finite"),
        (np.zeros((3, RATE * 2), np.float32), "wrong_shape"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_sentence(sound: Sound, code: str) -> None:
    with pytest.raises(SoundError) as caught:
        check_melody(sound, RATE)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_a_short_hum_in_a_long_silence_is_followed_and_a_bare_blip_is_not() -> None:
    quiet = silence(20.0, channels=1)
    assert check_melody(np.concatenate((quiet, hummed(3.0)), axis=1), RATE).pitched_permille > 900
    with pytest.raises(SoundError) as caught:
        check_melody(np.concatenate((quiet, sine(-12, 0.2, channels=1)), axis=1), RATE)
    assert caught.value.code == "no_pitch"


def test_twenty_minutes_are_narrowed_to_five_and_said_so() -> None:
    sound = np.tile(hummed(10.0, rate=8_000), (1, 120))
    melody = check_melody(sound, 8_000)
    assert melody.audio.shape == (1, 300 * 8_000)
    assert "20 minutes" in melody.notices[0]
    assert melody.facts()["melody_ms"] == 300_000


def test_an_overdriven_hum_is_used_and_said_so() -> None:
    melody = check_melody(np.clip(hummed(4.0) * 8, -1, 1), RATE)
    assert melody.clipped_permille > 2
    assert "overdriven" in melody.notices[0]


def test_noise_over_a_tone_is_told_by_its_share() -> None:
    half = np.concatenate((sine(-12, 4.0, channels=1), noise(4.0, channels=1)), axis=1)
    share, seconds = pitched(half, RATE)
    assert abs(share - 0.5) < 0.05
    assert abs(seconds - 8) < 0.3
