"""Looking for a recording in another one: signals with known answers, and the figures that the thresholds rest on."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.arrays import SoundError
from generation.audio.likeness import CHROMA_FROM, ONSET_FROM, SISTER_FROM, SOUND_FROM, measured
from generation.audio.matching import RATE_HZ, features, likeness
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
    assert found["thresholds"] == {
        "sound": SOUND_FROM, "sister": SISTER_FROM, "chroma": CHROMA_FROM, "onset": ONSET_FROM, "fingerprint": 0.6,
    }  # fmt: skip
    real, made = found["false_alarms"]["real"], found["false_alarms"]["rendered"]
    assert real["n"] >= 1000
    assert real["sound"] == 0
    assert made["sister"] == 0
    assert all(one["n"] > 40 for one in found["hits"].values())
