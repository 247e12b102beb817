"""The gate for uploads: what passes, and every hostile file with its code and its cure."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from provenance.audiofile import BadAudio, Limits, check_upload, decode, probe
from tests.provenance.audiofile.memory import peak_rss_growth_bytes
from tests.provenance.audiofile.sounds import KINDS, RATE, tone, write
from tests.support import needs


def refused(path: Path, filename: str | None = None, **limits: int) -> BadAudio:
    with pytest.raises(BadAudio) as caught:
        check_upload(path, filename or path.name, limits=Limits(**limits))
    return caught.value


def patched(path: Path, at: int, data: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[at : at + len(data)] = data
    path.write_bytes(content)
    return path


def saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_accepted_kind_passes_with_its_exact_facts(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, kind, tone())
    checked = check_upload(path, path.name)
    rate = 48_000 if kind == "opus" else RATE
    assert checked.format == {"wav24": "wav", "wavfloat": "wav"}.get(kind, kind)
    assert (checked.sample_rate_hz, checked.channels, checked.samples) == (rate, 2, 2 * RATE)
    assert checked.duration_ms == 2 * RATE * 1000 // rate
    assert checked.bit_depth == {"wav": 16, "wav24": 24, "wavfloat": 32, "aiff": 24, "flac": 24}.get(kind)
    assert probe(path) == checked
    assert checked.media_type.startswith("audio/")


@needs("ffmpeg")
@pytest.mark.parametrize(("ending", "codec"), [("m4a", "aac"), ("m4a", "alac"), ("aac", "aac")])
def test_aac_and_alac_pass_through_ffmpeg(ending: str, codec: str, tmp_path: Path) -> None:
    source = write(tmp_path, "wav", tone())
    path = tmp_path / f"song.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-c:a", codec, path], check=True)
    checked = check_upload(path, path.name)
    assert (checked.format, checked.codec, checked.sample_rate_hz, checked.channels) == (
        ending,
        codec,
        RATE,
        2,
    )
    assert abs(checked.samples - 2 * RATE) < 4096
    audio, rate = decode(path)
    assert rate == RATE
    assert np.abs(audio[0, RATE // 2 : RATE]).max() == pytest.approx(0.5, abs=0.02)  # behind the onset


def test_without_ffmpeg_m4a_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    atoms = struct.pack(">I4s8s", 16, b"ftyp", b"M4A \0\0\0\0") + struct.pack(">I4s", 8, b"moov")
    error = refused(saved(tmp_path, "song.m4a", atoms))
    assert error.code == "needs_ffmpeg"
    assert "WAV or FLAC" in error.message
    assert "install ffmpeg" in error.message


def test_text_is_refused_as_text(tmp_path: Path) -> None:
    error = refused(saved(tmp_path, "lyrics.wav", b"The only one that breathes\n" * 400))
    assert error.code == "not_audio"
    assert "text file" in error.message
    assert "WAV or FLAC" in error.message


@pytest.mark.parametrize(
    ("magic", "says"),
    [
        (b"PK\x03\x04", "unpack"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "artwork"),
        (b"MThd\0\0\0\6", "MIDI"),
        (b"\x1aE\xdf\xa3", "Matroska"),
        (b"\x00\x01\x02\x03", "no audio file that we know"),
    ],
)
def test_other_files_are_named_for_what_they_are(magic: bytes, says: str, tmp_path: Path) -> None:
    error = refused(saved(tmp_path, "song.wav", magic + bytes(range(256)) * 8))
    assert error.code == "not_audio"
    assert says in error.message


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refused(saved(tmp_path, "song.wav", b"")).code == "empty"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_file_that_breaks_off_is_refused(kind: str, share: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).uniform(-0.3, 0.3, (2, 5 * RATE)).astype(np.float32)
    path = write(tmp_path, kind, noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    error = refused(path)
    assert error.code in ("truncated", "damaged")
    assert "xport it again" in error.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_nothing_but_a_header_is_refused(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, kind, tone())
    path.write_bytes(path.read_bytes()[:60])
    assert refused(path).code in ("truncated", "damaged", "not_audio")


def test_noise_inside_a_flac_is_found_by_its_own_checksums(tmp_path: Path) -> None:
    path = write(tmp_path, "flac", tone(seconds=5))
    size = path.stat().st_size
    assert refused(patched(path, size // 2, b"\x55" * 500)).code == "damaged"


@pytest.mark.parametrize(
    ("kind", "name", "right"),
    [
        ("mp3", "song.wav", ".mp3"),
        ("wav", "song.mp3", ".wav"),
        ("flac", "song.ogg", ".flac"),
        ("ogg", "a.opus", ".ogg"),
    ],
)
def test_a_file_whose_name_lies_is_refused_with_the_right_ending(
    kind: str, name: str, right: str, tmp_path: Path
) -> None:
    error = refused(write(tmp_path, kind, tone()), name)
    assert error.code == "mislabelled"
    assert right in error.message


@pytest.mark.parametrize("name", ["song", "song.exe", "song.wav.txt", "song.\x00wav", ""])
def test_unknown_endings_are_refused_with_the_list_of_known_ones(name: str, tmp_path: Path) -> None:
    error = refused(write(tmp_path, "wav", tone()), name or " ")
    assert error.code == "unknown_type"
    assert ".wav" in error.message or "WAV" in error.message


def test_upper_case_and_foreign_paths_in_the_name_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", tone())
    assert check_upload(path, "C:\\Music\\My Song.WAV").samples == 2 * RATE


@pytest.mark.parametrize("kind", ["wav", "wavfloat", "aiff"])
def test_a_file_without_a_single_sample_is_refused(kind: str, tmp_path: Path) -> None:
    error = refused(write(tmp_path, kind, np.zeros((2, 0), np.float32)))
    assert error.code == "no_samples"
    assert "export range" in error.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 100_000, 3 * RATE - 1])
def test_one_value_that_is_no_number_is_found_wherever_it_is(
    value: float, place: int, tmp_path: Path
) -> None:
    audio = tone(seconds=3)
    audio[1, place] = value
    assert refused(write(tmp_path, "wavfloat", audio)).code == "not_finite"


def test_absurd_levels_are_refused_but_hot_float_files_pass(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "wavfloat", tone(level=1e6))).code == "out_of_range"
    assert check_upload(write(tmp_path, "wavfloat", tone(level=4.0)), "hot.wav").samples == 2 * RATE


def test_eight_hours_are_refused_by_the_header(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", tone(seconds=0.1)[:1], rate=8_000)
    size = 8 * 3600 * 8_000 * 2
    patched(path, 4, struct.pack("<I", size + 36))
    patched(path, 40, struct.pack("<I", size))
    with path.open("r+b") as file:
        file.truncate(44 + size)  # really there, as a sparse file
    error = refused(path)
    assert error.code == "too_long"
    assert "30 minutes" in error.message


@pytest.fixture(scope="module")
def eight_hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight hours of silence: a small FLAC that unpacks to gigabytes."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.flac"
    silence = np.zeros(1 << 20, np.int16)
    with sf.SoundFile(path, "w", samplerate=8_000, channels=1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(8 * 3600 * 8_000 // len(silence) + 1):
            file.write(silence)
    assert path.stat().st_size < 1_000_000
    return path


def test_a_small_file_that_unpacks_to_eight_hours_is_refused(eight_hours: Path) -> None:
    assert refused(eight_hours).code == "too_long"


@needs("ffmpeg")
def test_the_same_file_without_a_stated_length_is_decoded_only_as_far_as_allowed(
    eight_hours: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.flac"
    shutil.copy(eight_hours, path)
    head = path.read_bytes()[:26]
    with path.open("r+b") as file:  # STREAMINFO: the low 36 bits before the MD5 are the number of samples
        file.seek(21)
        file.write(bytes([head[21] & 0xF0]) + bytes(4))
    start = time.perf_counter()
    assert refused(path, max_duration_s=600).code == "too_long"
    assert time.perf_counter() - start < 10


@needs("ffmpeg")
def test_files_that_do_not_state_their_length_are_read_to_their_true_end(tmp_path: Path) -> None:
    source = write(tmp_path, "wav", tone(seconds=10))
    flac = tmp_path / "piped.flac"
    with flac.open("wb") as out:
        subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-f", "flac", "-"], stdout=out, check=True)
    assert check_upload(flac, flac.name).samples == 10 * RATE
    mp3 = tmp_path / "vbr.mp3"
    command = ["ffmpeg", "-v", "error", "-i", source, "-f", "lavfi", "-i", "anoisesrc=d=10:r=44100:a=0.3"]
    command += ["-filter_complex", "[1][0]concat=n=2:v=0:a=1", "-write_xing", "0", "-q:a", "2", str(mp3)]
    subprocess.run(command, check=True)
    assert check_upload(mp3, mp3.name).duration_ms == pytest.approx(20_000, abs=100)


def test_a_wav_written_to_a_pipe_passes(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", tone())
    patched(path, 4, b"\xff\xff\xff\xff")
    patched(path, 40, b"\xff\xff\xff\xff")
    assert check_upload(path, path.name).samples == 2 * RATE


@pytest.mark.parametrize("rate", [1, 7_999, 192_001, 2_000_000])
def test_absurd_sample_rates_are_refused(rate: int, tmp_path: Path) -> None:
    error = refused(write(tmp_path, "wav", tone(), rate=rate))
    assert error.code == "bad_sample_rate"
    assert "44100" in error.message


def test_sixty_four_channels_are_refused(tmp_path: Path) -> None:
    error = refused(write(tmp_path, "wav", np.zeros((64, 1000), np.float32)))
    assert error.code == "too_many_channels"
    assert "64 channels" in error.message


def test_an_encoding_that_nobody_masters_from_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phone.wav"
    sf.write(path, tone()[0], 8_000, format="WAV", subtype="GSM610")
    assert refused(path).code == "unusual_encoding"


def test_the_longest_duration_is_the_callers_choice(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", tone(seconds=5))
    assert check_upload(path, path.name, limits=Limits(max_duration_s=5)).duration_ms == 5000
    assert refused(path, max_duration_s=4).code == "too_long"


@pytest.mark.parametrize("kind", ["wav", "wavfloat", "aiff", "flac", "mp3", "ogg"])
def test_no_damage_to_a_file_gives_anything_but_a_probe_or_a_refusal(kind: str, tmp_path: Path) -> None:
    source = write(tmp_path, kind, tone(seconds=0.4))
    whole = source.read_bytes()
    random = np.random.default_rng(11)
    path = tmp_path / "damaged"
    outcomes = set()
    for _ in range(150):
        data = bytearray(whole)
        for place in random.integers(0, min(len(data), 120), size=3):
            data[place] = random.integers(0, 256)
        path.write_bytes(data[: random.integers(20, len(data) + 1)] if random.random() < 0.3 else data)
        try:
            outcomes.add(check_upload(path, source.name).format)
        except BadAudio as error:
            outcomes.add(error.code)
    assert len(outcomes) > 1


def test_checking_keeps_memory_flat(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", np.zeros((2, 25 * 60 * 8_000), np.float32), rate=8_000)
    for call in ("check_upload(path, path)", "peaks(path)", "probe(path)"):
        assert peak_rss_growth_bytes(call, path) < 12_000_000
