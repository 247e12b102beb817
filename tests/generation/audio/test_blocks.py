"""Sound that is measured in blocks gives what the whole gives, wherever it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import librosa
import numpy as np
import pytest
from scipy import signal

from generation.audio import music
from generation.audio.analysis import AnalysisMeter, clipped_samples, silence_share
from generation.audio.arrays import PIECE, pieces
from generation.audio.loudness import LoudnessMeter
from generation.audio.quality import QualityMeter
from generation.audio.runs import Runs
from generation.audio.spectrum import Spectrum
from generation.audio.spool import Spool
from generation.audio.truepeak import TruePeakMeter, peak_envelope
from provenance.audiofile import Resampler, resample
from tests.generation.audio.signals import RATE, Sound, drums, noise, silence, sine

#: Whole, in the usual blocks, in odd ones, and one sample at a time where a block has to be shorter than any window.
CUTS = [1 << 40, PIECE, 10_007]


def one_click(seconds: float, at: int, *, level: float = 0.9) -> Sound:
    sound = silence(seconds)
    sound[:, at] = level
    return sound


SOUNDS = {
    "a click on a border": one_click(4, PIECE),
    "a click before a border": one_click(4, PIECE - 1),
    "a click as the last sample": one_click(2, 2 * RATE - 1),
    "odd length": noise(5)[:, : 5 * RATE - 4_321],
    "shorter than a block": drums(0.5),
    "a few samples": noise(0.001),
    "nothing": np.zeros((2, 0), np.float32),
    "silence": silence(7),
    "one channel": drums(8)[:1],
    "two channels": drums(8),
    "silence between": np.concatenate((sine(-6, 3), silence(2.3), sine(-12, 3)), axis=1),
    "clipped over a border": np.clip(sine(20, 3, hz=30), -1, 1),
}


def cut(sound: Sound, size: int) -> Iterator[Sound]:
    yield from pieces(sound, size)


def measures(sound: Sound, size: int) -> dict[str, Any]:
    """All that a look at a file finds, from blocks of `size`."""
    with AnalysisMeter(RATE, len(sound)) as meter:
        finish = QualityMeter(RATE, len(sound), meter.loudness)
        for block in cut(sound, size):
            meter.add(block)
            finish.add(block)
        return asdict(meter.end()) | asdict(finish.end())


@pytest.mark.parametrize("name", SOUNDS)
def test_a_look_in_blocks_finds_what_a_look_at_the_whole_finds(name: str) -> None:
    whole = measures(SOUNDS[name], CUTS[0])
    for size in CUTS[1:]:
        found = measures(SOUNDS[name], size)
        assert set(found) == set(whole)
        for key, value in whole.items():
            # Sums over everything are rounded in another order; all else is equal to the bit.
            inexact = key in {"mono_loss_db", "spectral_centroid_hz", "key_margin", "tempo_bpm"}
            wanted = pytest.approx(value, rel=1e-5) if inexact and value is not None else value
            assert found[key] == wanted, (key, size)


@pytest.mark.parametrize("size", [1, 7, 333])
def test_blocks_may_be_shorter_than_any_window(size: int) -> None:
    sound = drums(0.6)[:, :20_011]
    loud, peak = LoudnessMeter(RATE, 2), TruePeakMeter(2)
    for block in cut(sound, size):
        loud.add(block)
        peak.add(block)
    whole = LoudnessMeter(RATE, 2)
    whole.add(sound)
    assert loud.integrated_lufs == whole.integrated_lufs
    assert peak.end() == peak_envelope(sound, factor=8).max()


@pytest.mark.parametrize("at", [0, 8063, 8064, 8065, PIECE - 1, PIECE, PIECE + 63, 2 * RATE - 1])
def test_the_true_peak_between_two_samples_is_found_at_every_border(at: int) -> None:
    """Two equal samples beside each other: the waveform is higher between them than on either."""
    sound = np.zeros((1, 2 * RATE), np.float32)
    sound[0, at : at + 2] = 0.5
    for size in (PIECE, 4_032):
        meter = TruePeakMeter(1)
        for block in cut(sound, size):
            meter.add(block)
        found = meter.end()
        assert found == peak_envelope(sound, factor=8).max()
        assert found > 0.6 or at == 2 * RATE - 1


@pytest.mark.parametrize("rates", [(44_100, 22_050), (48_000, 22_050), (8_000, 22_050), (192_000, 11_025)])
def test_another_rate_has_the_same_bits_in_blocks(rates: tuple[int, int]) -> None:
    sound = noise(6, channels=1)[:, :270_001]
    for size in (PIECE, 9_999):
        resampler = Resampler(*rates)
        found = [resampler.add(block) for block in cut(sound, size)]
        found.append(resampler.end())
        assert np.array_equal(np.concatenate(found, axis=1), resample(sound, *rates))
    assert Resampler(*rates).end().size == 0


@pytest.mark.parametrize("length", [4096, 4097, 6143, 6144, 100_001])
def test_the_mean_spectrum_is_welchs(length: int) -> None:
    sound = noise(3, channels=1)[0, :length]
    spectrum = Spectrum(RATE, 4096)
    for block in cut(sound[None], 1_000):
        spectrum.add(block[0])
    frequencies, power = signal.welch(sound, RATE, nperseg=4096)
    assert np.array_equal(spectrum.frequencies_hz, frequencies)
    assert spectrum.power == pytest.approx(power, rel=1e-5)
    assert Spectrum(RATE, 4096).power is None


def test_runs_are_counted_over_borders() -> None:
    flags = np.array([1, 1, 0, 1, 1, 1, 1, 0, 0, 1], dtype=bool)
    for size in range(1, len(flags) + 1):
        runs = Runs()
        found = [
            int(one) for first in range(0, len(flags), size) for one in runs.add(flags[first : first + size])
        ]
        assert (found, runs.end(), runs.end()) == ([2, 4], 1, 0), size
    assert clipped_samples(np.clip(sine(20, 3, hz=30), -1, 1)) > PIECE
    assert silence_share(np.zeros((2, 0), np.float32), RATE) == 1.0


def test_a_spool_gives_back_what_it_was_given_also_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.audio.spool._IN_MEMORY_BYTES", 1024)
    values = noise(1, channels=1)[0]
    with Spool() as spool:
        for block in np.array_split(values, 7):
            spool.add(block)
        assert len(spool) == len(values)
        assert np.array_equal(spool.span(0, len(values)), values)
        assert np.array_equal(spool.span(-3, 2), [0, 0, 0, values[0], values[1]])
        assert np.array_equal(spool.span(len(values) - 1, len(values) + 2), [values[-1], 0, 0])
        assert spool.span(5, 5).size == 0


@pytest.fixture(scope="module")
def song() -> Sound:
    """Twenty seconds at 22,050 Hz with a beat, chords a little out of tune, and quiet in the middle."""
    rate = music.RATE_HZ
    time = np.arange(20 * rate) / rate
    sound = np.zeros(len(time))
    for beat in range(40):
        start = beat * rate // 2
        notes = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)][beat // 4 % 4]
        length = min(rate // 2, len(time) - start)
        here = np.arange(length) / rate
        for note in notes:
            sound[start : start + length] += (
                0.1 * np.sin(2 * np.pi * 440 * 2 ** ((note - 68.9) / 12) * here) * np.exp(-4 * here)
            )
        sound[start : start + 200] += 0.4 * np.hanning(200)
    sound[9 * rate : 10 * rate] *= 0.001
    return (sound + 1e-3 * np.random.default_rng(2).standard_normal(len(time))).astype(np.float32)


def test_tempo_and_key_in_stretches_are_librosas_of_the_whole(
    song: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beats on librosa's onset strength, its tuning and chroma: the same whether they come in one stretch or many."""
    rate = music.RATE_HZ
    onsets = librosa.onset.onset_strength(y=song, sr=rate, hop_length=512)
    _, beats = librosa.beat.beat_track(onset_envelope=onsets, sr=rate, hop_length=512)
    slope = np.polyfit(np.arange(len(beats)), beats * 512 / rate, 1)[0]
    chroma = librosa.feature.chroma_cqt(y=song, sr=rate, hop_length=2048).mean(axis=1)
    key = music.key_of(chroma)
    assert key is not None
    for frames in (10_000, 97):
        monkeypatch.setattr(music, "_FRAMES", frames)
        monkeypatch.setattr(music, "_TEMPO_FRAMES", frames)
        monkeypatch.setattr(music, "_CHROMA_FRAMES", frames)
        with Spool() as spool:
            spool.add(song)
            steps: list[int] = []
            tempo, found = music.tempo_and_key(spool, lambda: steps.append(1))  # noqa: B023
            assert steps
        assert tempo == pytest.approx(60 / slope, rel=1e-6)
        assert found is not None
        assert found[0] == key[0] == "C major"
        assert found[1] == pytest.approx(key[1], abs=1e-4)
        assert music.tempo_estimate(song) == tempo


def test_the_tuning_and_the_onsets_in_stretches_are_librosas(
    song: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(music, "_FRAMES", 97)
    with Spool() as spool, music._Onsets() as onsets, music._Tuning() as tuning:
        spool.add(song)
        for magnitude in music._magnitudes(spool):
            onsets.add(magnitude)
            tuning.add(magnitude)
        wanted = librosa.onset.onset_strength(y=song, sr=music.RATE_HZ, hop_length=512)
        assert onsets.envelope() == pytest.approx(wanted, abs=1e-4)
        assert tuning.estimate() == librosa.estimate_tuning(y=song, sr=music.RATE_HZ, bins_per_octave=36)
        assert tuning.estimate() != 0
