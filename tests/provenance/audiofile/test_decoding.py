"""The samples of a file: all at once or in blocks, the same; no more than is allowed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from provenance.audiofile import BadAudio, decode, decoding
from provenance.audiofile.header import BLOCK_FRAMES
from provenance.audiofile.wholeness import mp3_samples_without_index
from tests.support import needs

RATE = 44_100


def write(path: Path, *, seconds: float = 4, channels: int = 2) -> Path:
    samples = np.random.default_rng(4).uniform(-0.5, 0.5, (round(seconds * RATE), channels))
    sf.write(path, samples, RATE, **({"bitrate_mode": "CONSTANT"} if path.suffix == ".mp3" else {}))
    return path


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3", ".ogg"])
def test_the_blocks_are_the_whole_in_pieces_that_may_be_kept(
    tmp_path: Path, ending: str, channels: int
) -> None:
    path = write(tmp_path / f"sound{ending}", channels=channels)
    whole, rate = decode(path)
    with decoding(path) as sound:
        assert (sound.sample_rate_hz, sound.channels) == (rate, channels)
        blocks = list(sound.blocks)
    assert [block.shape[1] for block in blocks[:-1]] == [BLOCK_FRAMES] * (len(blocks) - 1)
    assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)
    assert np.array_equal(np.concatenate(blocks, axis=1), whole)


def test_what_states_that_it_is_too_long_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.wav")
    with (
        pytest.raises(BadAudio, match=r"longer than 3 seconds. Trim it, or split"),
        decoding(path, max_duration_s=3),
    ):
        pytest.fail("it was opened")
    assert decode(path, max_duration_s=4)[0].shape[1] == 4 * RATE


@needs("ffmpeg")
def test_what_does_not_state_its_length_is_read_as_far_as_allowed(tmp_path: Path) -> None:
    source, path = write(tmp_path / "sound.wav", seconds=6), tmp_path / "piped.flac"
    with path.open("wb") as out:
        subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-f", "flac", "-"], stdout=out, check=True)
    with decoding(path, max_duration_s=3) as sound:
        assert next(sound.blocks).shape == (2, BLOCK_FRAMES)
        with pytest.raises(BadAudio, match="longer than 3 seconds"):
            list(sound.blocks)


def test_the_frames_of_an_mp3_without_an_index_are_counted_where_they_lie(tmp_path: Path) -> None:
    path = write(tmp_path / "sound.mp3")
    data = path.read_bytes()
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    assert mp3_samples_without_index(path) is None
    path.write_bytes(data[:at] + b"none" + data[at + 4 :])
    counted = mp3_samples_without_index(path)
    assert counted is not None
    assert abs(counted - 4 * RATE) <= 4 * 1152
