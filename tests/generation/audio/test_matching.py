"""Looking for a recording in another one: signals with known answers, and the figures that the thresholds rest on."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio import matching
from generation.audio.arrays import SoundError
from generation.audio.likeness import CHROMA_FROM, ONSET_FROM, SISTER_FROM, thresholds
from generation.audio.matching import RATE_HZ, features, likeness
from generation.audio.measured import alarms, changes, error_rates, measured
from label.benchmarks.matching import rate
from label.benchmarks.matching_changes import CHANGES
from provenance.audiofile.fingerprints import MATCH_THRESHOLD
from tests.generation.tunes import mixed, tune

SOURCE, OTHER = tune(1), tune(2)


def test_a_recording_is_itself_at_any_level_and_where_it_begins_is_said():
    quiet = features(SOURCE * np.float32(0.05), RATE_HZ)
    found = likeness(features(SOURCE, RATE_HZ), quiet)
    assert found.same_sound
    assert found.sound > SISTER_FROM
    assert found.tempo == pytest.approx(1, abs=0.011)
    assert found.from_s == pytest.approx(0, abs=0.6)
    later = np.concatenate([OTHER, SOURCE], axis=1)
    found = likeness(features(SOURCE, RATE_HZ), features(later, RATE_HZ))
    assert found.same_sound
    assert found.from_s == pytest.approx(OTHER.shape[1] / RATE_HZ, abs=0.6)


def test_different_tunes_are_not_the_same_sound():
    every = [features(tune(seed), RATE_HZ) for seed in range(3, 9)]
    for place, one in enumerate(every):
        for other in every[place + 1 :]:
            assert not likeness(one, other).same_sound


@pytest.mark.parametrize("level_db", [0, -6])
def test_a_tune_under_another_is_found(level_db):
    below = mixed(SOURCE, OTHER, level_db)
    assert likeness(features(SOURCE, RATE_HZ), features(below, RATE_HZ)).same_sound


def test_another_tempo_with_the_same_pitch_is_found_and_named():
    slower = tune(1, tempo=0.97)
    found = likeness(features(SOURCE, RATE_HZ), features(slower, RATE_HZ))
    assert found.same_sound
    assert found.tempo == pytest.approx(0.97, abs=0.011)


def test_the_same_chords_on_other_instruments_are_alike_but_not_the_same_sound():
    found = likeness(features(SOURCE, RATE_HZ), features(tune(1, bright=True), RATE_HZ))
    assert found.chroma > CHROMA_FROM
    assert found.onset > ONSET_FROM
    assert found.alike


@pytest.mark.parametrize("semitones", [2, -5, 7])
def test_a_transposed_piece_is_found_and_the_interval_is_named(semitones):
    moved = features(tune(1, semitones=semitones), RATE_HZ)
    found = likeness(features(SOURCE, RATE_HZ), moved, harmony=False)
    assert found.same_sound
    assert found.turned
    assert found.semitones == pytest.approx(semitones, abs=0.01)


def test_five_per_cent_slower_with_its_pitch_or_without_is_found():
    source = features(SOURCE, RATE_HZ)
    assert likeness(source, features(tune(1, tempo=0.954), RATE_HZ), harmony=False).same_sound
    at = np.arange(round(SOURCE.shape[1] / 0.864)) * 0.864
    slow = np.interp(at, np.arange(SOURCE.shape[1]), SOURCE[0]).astype(np.float32)[None]
    found = likeness(source, features(slow, RATE_HZ), harmony=False)
    assert found.same_sound
    assert found.tempo == pytest.approx(0.864, abs=0.006)
    assert found.semitones == pytest.approx(12 * np.log2(0.864), abs=0.1)


def test_the_same_backwards_is_found_and_said():
    found = likeness(features(SOURCE, RATE_HZ), features(SOURCE[:, ::-1].copy(), RATE_HZ), harmony=False)
    assert found.same_sound
    assert found.backwards


def test_where_the_part_begins_in_both_is_said():
    part = np.concatenate([OTHER[:, : 6 * RATE_HZ], SOURCE[:, 4 * RATE_HZ :]], axis=1)
    found = likeness(features(SOURCE, RATE_HZ), features(part, RATE_HZ), harmony=False)
    assert found.same_sound
    assert found.from_s == pytest.approx(6, abs=0.8)
    assert found.begins_s == pytest.approx(4, abs=0.8)


def test_a_piece_buried_20_db_below_a_performance_is_not_found_and_the_figures_say_so():
    buried = features(mixed(SOURCE, OTHER, -20), RATE_HZ)
    assert not likeness(features(SOURCE, RATE_HZ), buried).same_sound
    under = next(change for change in changes() if change.key == "under_20")
    assert not under.relied
    assert under.words in error_rates()
    assert "20 dB below" in error_rates()


def test_silence_and_moments_match_nothing():
    silence = features(np.zeros((1, RATE_HZ * 10), np.float32), RATE_HZ)
    moment = features(SOURCE[:, : RATE_HZ * 2], RATE_HZ)
    for one in (silence, moment):
        found = likeness(one, features(SOURCE, RATE_HZ))
        assert (found.sound, found.chroma, found.onset) == (0, 0, 0)


def test_broken_samples_are_refused():
    with pytest.raises(SoundError):
        features(np.full((1, 50_000), np.nan, np.float32), RATE_HZ)


def test_the_thresholds_are_those_that_were_measured_and_the_figures_are_complete():
    found = measured()
    assert found["thresholds"] == thresholds() | {"fingerprint": MATCH_THRESHOLD}
    real, made = alarms(), alarms("renders")
    assert real.pairs >= 1000
    assert real.recordings >= 50
    assert real.sound.high < 0.01
    assert made.sister.count == 0
    known = {change.key for change in changes()}
    assert known <= {change.key for change in CHANGES}
    assert {"as_it_is", "under_0", "under_6", "under_12", "under_20", "up_2", "slower", "speed"} <= known
    for one in (real.sound, made.sister, *(change.same for change in changes())):
        assert one.low <= one.count / one.of <= one.high


def test_bounds_are_the_exact_ones():
    # Clopper and Pearson (1934), and the rule of three for none of many.
    assert rate(0, 100) == {"count": 0, "of": 100, "low": 0.0, "high": 0.03622}
    assert rate(10, 20) == {"count": 10, "of": 20, "low": 0.27196, "high": 0.72804}
    assert rate(20, 20)["high"] == 1.0


def test_features_are_the_same_whether_a_recording_is_looked_at_at_once_or_in_stretches(monkeypatch):
    both = np.concatenate([SOURCE, OTHER], axis=1)
    clicks = np.zeros_like(both)
    clicks[:, :: matching.HOP * matching.STRETCH] = 0.5  # on every border of the stretches
    for sound in (both, clicks, both[:, :99_999], both[:, : matching.WINDOW * 4], np.zeros_like(both)):
        found = []
        for stretch in (1 << 30, matching.STRETCH * 8):
            monkeypatch.setattr(matching, "_STRETCH", stretch)
            found.append(features(sound, RATE_HZ))
        whole, pieced = found
        assert pieced.duration_s == whole.duration_s
        for name in ("chroma", "onsets"):
            assert getattr(pieced, name) == pytest.approx(getattr(whole, name), abs=1e-9)
        assert pieced.stars.frames.tolist() == whole.stars.frames.tolist()
        assert pieced.stars.bins == pytest.approx(whole.stars.bins, abs=1e-9)
    assert not len(pieced.stars)
