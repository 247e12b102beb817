"""Tags come back equal from every kind of file, and the sound stays as it was."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from release.audiotags import CannotTag, Tags, read_tags, write_tags
from tests.support import needs


def picture(kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), (143, 90, 18)).save(out, kind)
    return out.getvalue()


FULL = Tags(
    title="Rillenende – 終わり",
    artists=("Nula Quark", "Żaneta Example"),
    album="Dead Wax",
    album_artist="Nula Quark",
    isrc="QZDWX2600001",
    barcode="5012345000015",
    catalogue_number="DWX-001",
    label="Deadwax Demo Records",
    p_line="2026 Deadwax Demo Records",
    c_line="2026 Deadwax Demo Records",
    date="2026-12-04",
    track_number=2,
    track_total=5,
    disc_number=1,
    disc_total=1,
    genre="Electronic",
    composers=("Żaneta Example", "Nula Quark"),
    lyricists=("Nula Quark",),
    explicit=True,
    ai_involvement="Partly",
    comment="Master 3 of project Runout",
    cover=picture(),
)
BARE = Tags(title="Only a title", artists=("Nula Quark",), album="Dead Wax")
SOUND = np.random.default_rng(7).normal(0, 0.1, (8820, 2)).clip(-1, 1)


@pytest.fixture(params=["wav", "flac"])
def audio(request, tmp_path):
    path = tmp_path / f"master.{request.param}"
    soundfile.write(path, SOUND, 44_100, subtype="PCM_24")
    return path


def test_tags_read_back_equal_and_the_samples_are_untouched(audio):
    before = soundfile.read(audio, dtype="int32")[0]
    write_tags(audio, FULL)
    assert read_tags(audio) == FULL
    assert np.array_equal(soundfile.read(audio, dtype="int32")[0], before)


def test_new_tags_replace_all_old_ones(audio):
    write_tags(audio, FULL)
    write_tags(audio, BARE)
    assert read_tags(audio) == BARE


def test_a_png_cover_and_a_clean_track_come_back_too(audio):
    tags = replace(
        FULL, cover=picture("PNG"), explicit=False, track_total=None, disc_number=None, disc_total=None
    )
    write_tags(audio, tags)
    assert read_tags(audio) == tags


def test_a_file_without_tags_reads_as_empty(audio):
    assert read_tags(audio) == Tags(title="", artists=(), album="")


@needs("ffmpeg")
def test_another_program_reads_the_same_words(audio):
    write_tags(audio, FULL)
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "default=nw=1", str(audio)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Rillenende – 終わり" in shown
    assert "QZDWX2600001" in shown
    assert "5012345000015" in shown


@needs("ffmpeg")
def test_mp3_takes_the_same_tags(tmp_path):
    source, path = tmp_path / "a.wav", tmp_path / "a.mp3"
    soundfile.write(source, SOUND, 44_100)
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, path], check=True)
    write_tags(path, FULL)
    assert read_tags(path) == FULL


@pytest.mark.parametrize("content", [b"", b"text", b"OggS" + b"\x00" * 60, b"fLaC", b"fLaC" + b"\xff" * 99])
def test_what_takes_no_tags_is_refused_and_left_as_it_was(tmp_path, content):
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(CannotTag):
        write_tags(path, BARE)
    assert path.read_bytes() == content


def test_a_cover_that_is_no_picture_and_a_nul_byte_are_refused_before_writing(audio):
    before = audio.read_bytes()
    for bad in (
        replace(BARE, cover=b"GIF89a" + b"0" * 20),
        replace(BARE, title="a\x00b"),
        replace(BARE, artists=("\x00",)),
    ):
        with pytest.raises(CannotTag):
            write_tags(audio, bad)
    assert audio.read_bytes() == before


def test_the_kind_is_taken_from_the_content_and_not_from_the_name(tmp_path):
    path = tmp_path / "really.flac"
    soundfile.write(tmp_path / "x.wav", SOUND, 44_100)
    shutil.move(tmp_path / "x.wav", path)
    write_tags(path, BARE)
    assert read_tags(path) == BARE
    assert path.read_bytes()[:4] == b"RIFF"
