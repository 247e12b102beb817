"""The picture of a file, in audiowaveform's format, and the samples behind it."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest

from provenance.audiofile import BadAudio, decode, peaks
from tests.provenance.audiofile.sounds import KINDS, RATE, tone, write


def read_dat(data: bytes) -> tuple[dict[str, int], np.ndarray]:
    """Header and `[pixels, (minimum, maximum)]` of a .dat file, as its published format says."""
    names = ("version", "flags", "sample_rate", "samples_per_pixel", "length", "channels")
    header = dict(zip(names, struct.unpack("<iIiiIi", data[:24]), strict=True))
    return header, np.frombuffer(data, np.int8, offset=24).reshape(-1, 2)


def test_the_file_is_version_2_of_8_bits_and_one_channel(tmp_path: Path) -> None:
    data = peaks(write(tmp_path, "wav", tone(seconds=2)))
    header, pixels = read_dat(data)
    assert header == {
        "version": 2,
        "flags": 1,
        "sample_rate": RATE,
        "samples_per_pixel": 256,
        "length": -(-2 * RATE // 256),
        "channels": 1,
    }
    assert len(pixels) == header["length"]


def test_each_pixel_holds_the_minimum_and_maximum_of_the_mean_of_the_channels(tmp_path: Path) -> None:
    audio = np.random.default_rng(5).uniform(-1, 1, (2, 256 * 1000 + 100)).astype(np.float32)
    audio *= np.repeat(np.linspace(0, 1, 1001), 256)[: audio.shape[1]]
    _, pixels = read_dat(peaks(write(tmp_path, "wavfloat", audio)))
    mono = audio.astype(np.float64).mean(axis=0)
    assert len(pixels) == 1001
    for index in (
        0,
        1,
        255,
        256,
        257,
        511,
        999,
        1000,
    ):  # around the blocks in which the file is read, and the end
        part = mono[index * 256 : (index + 1) * 256]
        assert abs(pixels[index, 0] - part.min() * 128) <= 0.51
        assert abs(pixels[index, 1] - min(127, part.max() * 128)) <= 0.51


def test_full_scale_and_beyond_do_not_wrap_around(tmp_path: Path) -> None:
    loud = np.tile(np.array([1.0, -1.0, 3.0, -3.0], np.float32), 64)[None, :]
    _, pixels = read_dat(peaks(write(tmp_path, "wavfloat", loud)))
    assert pixels.tolist() == [[-128, 127]]


def test_opposite_channels_cancel_in_the_picture(tmp_path: Path) -> None:
    left = tone(seconds=1)[0]
    _, pixels = read_dat(peaks(write(tmp_path, "wavfloat", np.stack((left, -left)))))
    assert not pixels.any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_picture(kind: str, tmp_path: Path) -> None:
    header, pixels = read_dat(peaks(write(tmp_path, kind, tone(seconds=2))))
    middle = pixels[100:200]
    assert header["length"] == -(-2 * RATE // 256)
    assert middle[:, 1].max() == pytest.approx(0.375 * 128, abs=2)
    assert middle[:, 0].min() == pytest.approx(-0.375 * 128, abs=2)


def test_a_broken_file_has_none(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"no sound" * 100)
    with pytest.raises(BadAudio):
        peaks(path)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
def test_five_minutes_are_drawn_within_a_second_and_a_half(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, kind, tone(seconds=300))
    start = time.process_time()
    data = peaks(path)
    assert time.process_time() - start < 1.5
    assert len(data) == 24 + 2 * -(-300 * RATE // 256)


@pytest.mark.parametrize(
    ("kind", "tolerance"), [("wav", 2**-15), ("wav24", 2**-23), ("wavfloat", 0), ("flac", 2**-23)]
)
def test_decoding_gives_back_the_samples(kind: str, tolerance: float, tmp_path: Path) -> None:
    audio = tone(seconds=3)
    back, rate = decode(write(tmp_path, kind, audio))
    assert rate == RATE
    assert back.dtype == np.float32
    assert back.shape == audio.shape
    assert np.abs(back - audio).max() <= tolerance


@pytest.mark.parametrize("kind", ["mp3", "ogg"])
def test_compressed_sound_comes_back_in_time_and_at_its_level(kind: str, tmp_path: Path) -> None:
    audio = tone(seconds=3)
    back, _ = decode(write(tmp_path, kind, audio))
    assert back.shape == audio.shape
    inside = slice(5000, -5000)
    assert np.abs(back - audio)[:, inside].max() < 0.02


def test_decoding_to_another_rate_resamples(tmp_path: Path) -> None:
    audio, rate = decode(write(tmp_path, "wav24", tone(seconds=2)), 48_000)
    assert (rate, audio.shape) == (48_000, (2, 96_000))
    assert np.abs(audio - tone(seconds=2, rate=48_000))[:, 200:-200].max() < 1e-4


def test_decoding_stops_at_the_callers_limit_and_refuses_what_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(BadAudio) as caught:
        decode(write(tmp_path, "wav", tone(seconds=3)), max_duration_s=2)
    assert caught.value.code == "too_long"
    broken = tone(seconds=1)
    broken[0, 77] = np.nan
    with pytest.raises(BadAudio) as caught:
        decode(write(tmp_path, "wavfloat", broken))
    assert caught.value.code == "not_finite"
