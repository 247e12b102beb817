"""Mastering: the target is met, the ceiling is a promise, and what cannot be done is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from generation.audio.arrays import SoundError
from generation.audio.limiter import STEP, apply, gain_curve, limit, step_envelope
from generation.audio.loudness import integrated_lufs, measure
from generation.audio.master import MasterError, master
from tests.generation.audio.signals import RATE, Sound, drums, ffmpeg_ebur128, noise, silence, sine
from tests.support import needs


def oversampled_peak_db(audio: Sound) -> float:
    """True peak by another filter than ours, sixteen-fold."""
    between = signal.resample_poly(audio.astype(float), 16, 1, axis=1, window=("kaiser", 14.0))
    return float(20 * np.log10(np.abs(between).max()))


@pytest.mark.parametrize("target", [-23.0, -16.0, -14.0, -13.0])
def test_the_target_is_met_and_the_ceiling_kept(target: float) -> None:
    mix = drums(12) * np.float32(0.3)
    mastered, report = master(mix, RATE, target_lufs=target)
    assert report.reached, report.note
    assert report.note == ""
    assert integrated_lufs(mastered, RATE) == pytest.approx(target, abs=0.1)
    assert oversampled_peak_db(mastered) <= -1.0
    assert mastered.dtype == np.float32
    assert mastered.shape == mix.shape
    assert report.before == measure(mix, RATE)
    assert report.after == measure(mastered, RATE)


@needs("ffmpeg")
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_ffmpegs_meter_agrees_with_the_report(rate: int, tmp_path: Path) -> None:
    mastered, report = master(drums(15, rate=rate), rate, target_lufs=-12.0)
    loudness, peak = ffmpeg_ebur128(tmp_path, mastered, rate=rate)
    assert loudness == pytest.approx(-12.0, abs=0.15)
    assert peak <= -1.0
    assert report.max_reduction_db > 1


def test_a_mix_with_room_is_only_multiplied() -> None:
    mix = noise(5, level=0.02)
    mastered, report = master(mix, RATE, target_lufs=-20)
    factor = mastered[0, 100] / mix[0, 100]
    assert mastered == pytest.approx(mix * factor, rel=1e-6)
    assert (report.max_reduction_db, report.limited_share) == (0.0, 0.0)
    assert report.gain_db == pytest.approx(20 * np.log10(factor), abs=1e-4)


def test_a_loud_mix_is_turned_down() -> None:
    mastered, report = master(noise(5, level=0.5), RATE)
    assert report.gain_db < 0
    assert report.reached
    assert integrated_lufs(mastered, RATE) == pytest.approx(-14, abs=0.1)


def test_what_the_ceiling_does_not_allow_is_said_and_the_ceiling_still_holds() -> None:
    clicks = noise(10, level=1e-4)
    clicks[:, :: RATE // 2] = 0.9
    mastered, report = master(clicks, RATE, target_lufs=-9)
    assert not report.reached
    assert "ceiling of -1 dBTP" in report.note
    assert "lower target" in report.note
    assert report.after.integrated_lufs < -9.1
    assert oversampled_peak_db(mastered) <= -1.0


def test_the_order_of_loudness_survives_between_the_channels() -> None:
    mix = np.stack((drums(8)[0], drums(8)[0] * np.float32(0.25)))
    mastered, _ = master(mix, RATE, target_lufs=-13)
    assert mastered[1] == pytest.approx(mastered[0] * 0.25, abs=1e-6)


def test_the_same_mix_gives_the_same_master() -> None:
    first, report = master(drums(6), RATE)
    again, same = master(drums(6), RATE)
    assert np.array_equal(first, again)
    assert report == same


@pytest.mark.parametrize(
    ("audio", "code"),
    [
        (silence(5), "silent"),
        (sine(-90, 5), "silent"),
        (sine(-10, 0.2), "too_short"),
        (silence(0), "too_short"),
    ],
)
def test_what_has_no_loudness_is_refused(audio: Sound, code: str) -> None:
    with pytest.raises(MasterError) as caught:
        master(audio, RATE)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"target_lufs": 0.0}, "bad_target"),
        ({"target_lufs": float("nan")}, "bad_target"),
        ({"ceiling_dbtp": 0.5}, "bad_ceiling"),
        ({"ceiling_dbtp": float("nan")}, "bad_ceiling"),
    ],
)
def test_wishes_out_of_range_are_refused(wish: dict[str, float], code: str) -> None:
    with pytest.raises(MasterError) as caught:
        master(noise(2), RATE, **wish)
    assert caught.value.code == code


def test_a_value_that_is_no_number_is_refused() -> None:
    broken = noise(2)
    broken[0, 5] = np.nan
    with pytest.raises(SoundError, match="no numbers"):
        master(broken, RATE)


def test_the_report_as_facts_holds_whole_numbers() -> None:
    facts = master(drums(5), RATE)[1].facts()
    assert facts["target_lufs_milli"] == -14_000
    assert facts["ceiling_millibel"] == -100
    assert facts["after"]["lufs_milli"] == pytest.approx(-14_000, abs=100)
    numbers = [value for name, value in facts.items() if name not in ("before", "after", "note", "reached")]
    assert all(type(value) is int for value in numbers)


def test_progress_can_cancel() -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        master(noise(2), RATE, progress=cancel)


def test_the_gain_is_down_before_the_peak_and_recovers_after_it() -> None:
    sound = noise(1, level=0.01)
    sound[:, RATE // 2] = 0.9
    curve = gain_curve(step_envelope(sound), RATE, gain=1.0, ceiling=0.45)
    peak = RATE // 2 // STEP
    assert curve[peak] == pytest.approx(0.5, abs=1e-6)
    assert curve[peak - RATE // 100 // STEP] == 1.0
    assert curve[peak + RATE // 16 // STEP] == pytest.approx(0.75, abs=0.03)
    assert curve[peak + RATE // 4 // STEP] == 1.0
    assert np.abs(np.diff(curve)).max() < 0.1


@given(
    st.integers(0, 10_000),
    st.floats(0.5, 8.0),
    st.floats(0.1, 0.95),
    st.sampled_from([8_000, 44_100, 192_000]),
)
@settings(max_examples=40, deadline=None)
def test_the_curve_never_allows_a_step_or_its_neighbours_more_than_the_ceiling(
    seed: int, gain: float, ceiling: float, rate: int
) -> None:
    envelope = np.random.default_rng(seed).exponential(0.2, 3000)
    curve = gain_curve(envelope, rate, gain=gain, ceiling=ceiling)
    neighbours = np.maximum(envelope, np.maximum(np.append(envelope[1:], 0), np.insert(envelope[:-1], 0, 0)))
    assert (curve * neighbours * gain <= ceiling * (1 + 1e-9)).all()
    assert (curve > 0).all()
    assert (curve <= 1).all()


@pytest.mark.parametrize("length", [1, 15, 16, 17, 400, 65_536, 65_537, 100_001])
def test_every_sample_gets_its_gain_whatever_the_length(length: int) -> None:
    sound = np.ones((2, length), np.float32)
    steps = -(-length // STEP)
    assert apply(sound, np.full(steps, 0.5), gain=0.5) == pytest.approx(np.full((2, length), 0.25))
    limited, _ = limit(sound, RATE, gain=1.0, ceiling=0.5, envelope=step_envelope(sound))
    assert limited.shape == sound.shape
    assert np.abs(limited).max() <= 0.5


@pytest.mark.parametrize("seed", range(4))
def test_the_limiter_never_passes_the_ceiling_by_an_independent_oversampler(seed: int) -> None:
    sound = noise(3, seed=seed, level=0.5)
    limited, _ = limit(sound, RATE, gain=4.0, ceiling=0.7, envelope=step_envelope(sound))
    assert oversampled_peak_db(limited) <= 20 * np.log10(0.7) + 0.05
