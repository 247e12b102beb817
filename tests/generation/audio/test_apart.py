"""Sound taken apart: nothing is lost, and each part goes where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from generation.audio.apart import GRID, exact, harmonic_percussive
from tests.generation.audio.signals import RATE, Sound, noise, sine


def hits(seconds: float) -> Sound:
    """A struck noise of 5 ms four times a second."""
    out = np.zeros((2, round(seconds * RATE)), np.float32)
    burst = noise(0.005, seed=9, level=0.3)
    for start in range(0, out.shape[1] - burst.shape[1], RATE // 4):
        out[:, start : start + burst.shape[1]] = burst
    return out


def level_db(part: Sound, of: Sound) -> float:
    """How much of `of` stands in `part`, dB: by correlation."""
    gain = float(np.sum(part * of, dtype=np.float64) / np.sum(of * of, dtype=np.float64))
    return 20 * np.log10(max(1e-6, abs(gain)))


def test_a_tone_sounds_on_and_hits_strike() -> None:
    tone, struck = sine(-12, 4.0, hz=440), hits(4.0)
    harmonic, percussive = harmonic_percussive(tone + struck)
    inside = slice(RATE // 2, -RATE // 2)
    tone, struck, harmonic, percussive = (one[:, inside] for one in (tone, struck, harmonic, percussive))
    assert level_db(harmonic, tone) > -0.2
    assert level_db(percussive, tone) < -30
    assert level_db(percussive, struck) > -1.0
    assert level_db(harmonic, struck) < -20


def test_blocks_give_what_the_whole_gives() -> None:
    """Twelve seconds are two blocks; librosa's own decomposition knows none."""
    import librosa

    sound = (
        sine(-12, 13.0, hz=440, channels=1) + hits(13.0)[:1] + noise(13.0, channels=1, level=0.02)
    ).astype(np.float32)
    steps: list[tuple[int, int]] = []
    harmonic, percussive = harmonic_percussive(sound, lambda done, total: steps.append((done, total)))
    whole, _ = librosa.decompose.hpss(
        librosa.stft(sound[0], n_fft=2048, hop_length=512), kernel_size=31, power=2
    )
    assert np.abs(harmonic[0] - librosa.istft(whole, hop_length=512, length=sound.shape[1])).max() < 1e-4
    assert np.abs(harmonic + percussive - sound).max() < 1e-6
    assert steps == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("samples", [0, 1, 100, 2047])
def test_what_is_shorter_than_a_window_is_taken_apart_too(samples: int) -> None:
    sound = noise(1.0)[:, :samples]
    harmonic, percussive = harmonic_percussive(sound)
    assert harmonic.shape == percussive.shape == sound.shape
    assert np.abs(harmonic + percussive - sound).max(initial=0) < 1e-6


def test_parts_sum_to_the_recording_exactly() -> None:
    recording = (np.rint(noise(1.0) * GRID) / GRID).astype(np.float32)
    made = exact(recording, [noise(1.0, seed=2), noise(1.0, seed=3), noise(1.0, seed=4)])
    assert np.array_equal(made.mix, recording)
    assert made.gain_db == 0.0
    assert len(made.parts) == 4
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        total = np.zeros_like(recording)
        for number in order:
            total += made.parts[number]
        assert np.array_equal(total, recording)


def test_parts_that_pass_full_scale_make_all_quieter() -> None:
    made = exact(noise(1.0), [noise(1.0, seed=2, level=0.8)])
    assert made.gain_db < -6
    assert max(np.abs(part).max() for part in made.parts) < 1.0
    assert np.array_equal(made.parts[0] + made.parts[1], made.mix)
    assert abs(np.abs(made.mix).max() / np.abs(noise(1.0)).max() - 10 ** (made.gain_db / 20)) < 1e-4
