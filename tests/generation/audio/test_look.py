"""The look at a file as a worker takes it: what it finds, what it takes of memory, what is too long for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from generation.audio.analysis import analyse
from generation.audio.look import look
from generation.audio.quality import quality
from provenance.audiofile import BadAudio, decode
from tests.generation.audio.signals import RATE, drums, noise
from tests.provenance.audiofile.memory import peak_rss_growth_bytes

MB = 1_000_000


@pytest.fixture(scope="module")
def twelve_minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chords on a beat, at a low rate: tempo and key are estimated at 22,050 Hz whatever it is."""
    path, rate = tmp_path_factory.mktemp("long") / "set.wav", 8_000
    time = np.arange(10 * rate) / rate
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220, 277, 330))
    few = 0.2 * np.exp(-12 * (time % 0.5)) * chord
    both = np.stack((few, few), axis=1) + 0.01 * np.random.default_rng(1).standard_normal((len(few), 2))
    with sf.SoundFile(path, "w", samplerate=rate, channels=2, subtype="PCM_16") as file:
        for _ in range(72):
            file.write(both)
    return path


def test_twelve_minutes_take_little_more_memory_than_ten_seconds(twelve_minutes: Path) -> None:
    """Measured: 146 MB, most of it for the five minutes of which chroma is taken at a time; read whole, 1,000 MB."""
    growth = peak_rss_growth_bytes(
        "look(path)", twelve_minutes, imports="from generation.audio.look import look"
    )
    assert growth < 350 * MB


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg"])
def test_a_look_finds_what_the_samples_held_at_once_show(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"sound{ending}"
    sf.write(path, np.concatenate((drums(7), noise(2)), axis=1).T, RATE)
    audio, rate = decode(path)
    steps: list[int] = []
    found, finish = look(path, lambda: steps.append(1))
    assert steps
    assert (found, finish) == (analyse(audio, rate), quality(audio, rate))


def test_what_a_step_raises_ends_the_look(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    sf.write(path, drums(7).T, RATE)

    def cancelled() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        look(path, cancelled)


def test_more_than_two_hours_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "night.wav"
    sf.write(path, np.zeros(10, np.int16), 8_000)
    samples = 8_000 * (2 * 3600 + 1)
    with path.open("r+b") as file:
        file.seek(40)
        file.write((2 * samples).to_bytes(4, "little"))
        file.truncate(44 + 2 * samples)  # really there, as a sparse file
    with pytest.raises(BadAudio) as refused:
        look(path, lambda: pytest.fail("it was read"))
    assert refused.value.code == "too_long"
    assert refused.value.message == "This file is longer than 120 minutes. Trim it, or split it into parts."
