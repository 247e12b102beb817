"""Origin and travel of a file, on signals whose answer is known: bandwidth, mono, loudness range, silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from scipy import signal

from generation.audio.arrays import SoundError
from generation.audio.quality import quality
from tests.generation.audio.signals import RATE, Sound, noise, silence, sine


def bandwidth_hz(sound: Sound) -> tuple[int | None, bool]:
    found = quality(sound, RATE)
    return found.bandwidth_hz, found.lossy_wall


def mono_loss_db(sound: Sound) -> float | None:
    return quality(sound, RATE).mono_loss_db


def loudness_range_lu(sound: Sound) -> float | None:
    return quality(sound, RATE).loudness_range_lu


def longest_silence_ms(sound: Sound) -> int:
    return quality(sound, RATE).longest_silence_ms


def low_passed(cut_hz: float, *, rate: int = RATE, taps: int = 2001) -> Sound:
    """White noise up to a wall at `cut_hz`, as a codec's low-pass leaves it."""
    raw = np.random.default_rng(5).standard_normal((2, 8 * rate))
    wall = signal.firwin(taps, cut_hz, fs=rate, window=("kaiser", 12.0))
    return (0.1 * signal.oaconvolve(raw, wall[None], mode="same", axes=1)).astype(np.float32)


@pytest.mark.parametrize("cut_hz", [11_000, 16_000, 19_000])
def test_a_codecs_wall_is_found_where_it_is(cut_hz: int) -> None:
    found, wall = bandwidth_hz(low_passed(cut_hz))
    assert wall
    assert found is not None
    assert abs(found - cut_hz) < 400


def test_what_reaches_up_to_the_top_has_no_wall() -> None:
    raw = (0.1 * np.random.default_rng(5).standard_normal((2, 8 * RATE))).astype(np.float32)
    found, wall = bandwidth_hz(raw)
    assert not wall
    assert found is not None
    assert found > 23_000


def test_sound_that_falls_off_slowly_has_no_wall() -> None:
    """A room's or a microphone's end: 12 dB an octave from 6 kHz on."""
    raw = np.random.default_rng(5).standard_normal((2, 8 * RATE))
    gentle = signal.sosfilt(signal.butter(2, 6_000, fs=RATE, output="sos"), raw)
    assert not bandwidth_hz((0.1 * gentle).astype(np.float32))[1]


def test_a_dull_sampler_below_ten_kilohertz_is_no_codec() -> None:
    found, wall = bandwidth_hz(low_passed(8_000))
    assert not wall
    assert found is not None
    assert abs(found - 8_000) < 400


@pytest.mark.parametrize("sound", [silence(4.0), sine(-12, 0.01), np.zeros((1, 0), np.float32)])
def test_no_sound_has_no_bandwidth(sound: Sound) -> None:
    assert bandwidth_hz(sound) == (None, False)


def test_mono_loses_nothing_of_equal_channels_three_of_unrelated_and_all_of_opposed() -> None:
    tone = sine(-12, 2.0)
    assert mono_loss_db(tone) == pytest.approx(0.0, abs=1e-3)
    assert mono_loss_db(tone[:1]) == 0.0
    assert mono_loss_db(noise(4.0)) == pytest.approx(3.01, abs=0.1)
    assert mono_loss_db(np.stack((tone[0], -tone[0]))) == 60.0
    assert mono_loss_db(np.stack((tone[0], np.zeros_like(tone[0])))) == pytest.approx(3.01, abs=0.01)
    assert mono_loss_db(silence(1.0)) is None


@pytest.mark.parametrize(
    ("first_db", "second_db", "range_lu"), [(-20, -30, 10), (-20, -15, 5), (-40, -20, 20)]
)
def test_loudness_range_of_the_standards_own_signals(
    first_db: float, second_db: float, range_lu: float
) -> None:
    """EBU Tech 3342, table 1, cases 1 to 3: 1 kHz stereo, 20 s at one level, 20 s at another; +-1 LU."""
    both = np.concatenate((sine(first_db, 20, hz=1000), sine(second_db, 20, hz=1000)), axis=1)
    assert loudness_range_lu(both) == pytest.approx(range_lu, abs=1)


def test_loudness_range_of_five_levels() -> None:
    """EBU Tech 3342, table 1, case 4: -50, -35, -20, -35, -50 dBFS, 20 s each: 15 LU."""
    levels = [sine(level, 20, hz=1000) for level in (-50, -35, -20, -35, -50)]
    assert loudness_range_lu(np.concatenate(levels, axis=1)) == pytest.approx(15, abs=1)


def test_too_short_or_silent_sound_has_no_loudness_range() -> None:
    assert loudness_range_lu(sine(-20, 5.9)) is None
    assert loudness_range_lu(silence(10.0)) is None
    assert loudness_range_lu(sine(-20, 10.0)) == pytest.approx(0.0, abs=0.1)


def test_the_longest_silence_is_measured_to_the_millisecond() -> None:
    tone = sine(-12, 1.0, hz=100)
    sound = np.concatenate((silence(0.2), tone, silence(0.75), tone, silence(0.5)), axis=1)
    assert longest_silence_ms(sound) == pytest.approx(750, abs=1)
    assert longest_silence_ms(silence(3.0)) == 3000
    assert longest_silence_ms(np.full((2, RATE), 0.5, np.float32)) == 0
    assert longest_silence_ms(np.zeros((2, 0), np.float32)) == 0
    one_side = np.stack((silence(1.0)[0], np.full(RATE, 0.5, np.float32)))
    assert longest_silence_ms(one_side) == 0


def test_facts_are_whole_numbers_and_leave_out_what_is_unknown() -> None:
    facts = quality(noise(8.0), RATE).facts()
    assert all(isinstance(value, int) for value in facts.values())
    assert facts["mono_loss_millibel"] == pytest.approx(301, abs=10)
    assert set(quality(silence(1.0), RATE).facts()) == {"lossy_wall", "longest_silence_ms"}


def test_broken_sound_is_refused() -> None:
    with pytest.raises(SoundError):
        quality(np.full((2, 100), np.nan, np.float32), RATE)
    with pytest.raises(SoundError):
        quality(np.zeros(100, np.float32), RATE)


def test_an_mp3_that_was_saved_as_16_bits_is_told_from_its_original(tmp_path: Path) -> None:
    """LAME at its usual quality cuts below 20 kHz; 16 bits fill what is above with their own noise."""
    raw = (0.1 * np.random.default_rng(5).standard_normal((2, 8 * RATE))).astype(np.float32)
    sf.write(
        tmp_path / "lossy.mp3", raw.T, RATE, format="MP3", bitrate_mode="CONSTANT", compression_level=0.75
    )
    decoded, rate = sf.read(tmp_path / "lossy.mp3", dtype="float32", always_2d=True)
    sf.write(tmp_path / "again.wav", decoded, rate, subtype="PCM_16")
    again, _ = sf.read(tmp_path / "again.wav", dtype="float32", always_2d=True)
    found, wall = bandwidth_hz(np.ascontiguousarray(again.T))
    assert wall
    assert found is not None
    assert 14_000 < found < 20_500
    assert not bandwidth_hz(raw)[1]
