"""24-bit files: exact samples, the same bytes every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from generation.audio.files import passes_full_scale, quantise, write_flac, write_wav, write_wav_float
from provenance import audiofile
from tests.generation.audio.signals import RATE, noise
from tests.support import needs

WRITERS = {"wav": write_wav, "flac": write_flac}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_24_bit_value_comes_back_exactly(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(-(2**23), 2**23, (2, 200_000))
    values[:, :4] = [-(2**23), 2**23 - 1, 0, -1]
    path = tmp_path / f"exact.{kind}"
    assert WRITERS[kind](path, (values / 2**23).astype(np.float32), RATE) == 0
    back, rate = sf.read(path, dtype="int32", always_2d=True)
    assert rate == RATE
    assert np.array_equal(back.T >> 8, values)
    audio, _ = audiofile.decode(path)
    assert np.array_equal(audio.astype(np.float64) * 2**23, values)
    probe = audiofile.check_upload(path, path.name)
    assert (probe.format, probe.bit_depth, probe.samples) == (kind, 24, 200_000)


def test_rounding_is_to_the_nearest_and_clipping_is_counted() -> None:
    steps = np.array([[0.4, 0.6, -0.6, 1.5, 2.5]], np.float32) / 2**23
    assert quantise(steps)[0].tolist() == [[0, 1, -1, 2, 2]]
    values, clipped = quantise(np.array([[1.5, -1.5, 1.0, -1.0, 0.0]], np.float32))
    assert values.tolist() == [[2**23 - 1, -(2**23), 2**23 - 1, -(2**23), 0]]
    assert clipped == 2


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_samples_give_the_same_bytes_also_in_a_fresh_process(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"here.{kind}"
    WRITERS[kind](path, noise(3), RATE)
    code = (
        "import sys; from generation.audio import files; from tests.generation.audio.signals import noise\n"
        f"files.write_{kind}(sys.argv[1], noise(3), 48000)"
    )
    other = tmp_path / f"there.{kind}"
    subprocess.run([sys.executable, "-c", code, other], check=True, cwd=Path(__file__).parents[3])
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()


def test_a_float_wav_keeps_every_sample_also_beyond_full_scale(tmp_path: Path) -> None:
    loud = noise(3, level=1.5)
    assert passes_full_scale(loud)
    assert not passes_full_scale(noise(1, level=0.05))
    path = tmp_path / "loud.wav"
    write_wav_float(path, loud, RATE)
    back, rate = audiofile.decode(path)
    assert rate == RATE
    assert np.array_equal(back, loud)
    probe = audiofile.check_upload(path, path.name)
    assert (probe.codec, probe.bit_depth, probe.samples) == ("pcm_float", 32, loud.shape[1])
    again = tmp_path / "again.wav"
    write_wav_float(again, loud, RATE)
    assert path.read_bytes() == again.read_bytes()
    assert path.stat().st_size == 58 + loud.size * 4


@needs("ffmpeg")
def test_ffmpeg_reads_a_float_wav_without_complaint(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    write_wav_float(path, noise(1, level=1.5), RATE)
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout == noise(1, level=1.5).T.tobytes()


@needs("ffmpeg")
def test_ffmpeg_reads_the_same_samples(tmp_path: Path) -> None:
    wav, flac = tmp_path / "a.wav", tmp_path / "a.flac"
    write_wav(wav, noise(2), RATE)
    write_flac(flac, noise(2), RATE)
    sums = {
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", path, "-f", "s32le", "-c:a", "pcm_s32le", "-"],
            capture_output=True,
            check=True,
        ).stdout
        for path in (wav, flac)
    }
    assert len(sums) == 1
    assert len(sums.pop()) == 2 * RATE * 2 * 4
