"""Acoustic fingerprints: the same sound is found again, other sound is not."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from provenance.audiofile import (
    MATCH_THRESHOLD,
    BadAudio,
    align,
    fingerprint,
    fingerprint_unavailable,
    match,
)
from provenance.audiofile.fingerprints import decode_fingerprint
from tests.provenance.audiofile.sounds import RATE, song, tone, write
from tests.support import needs

pytestmark = needs("fpcalc")


def printed(path: Path) -> str:
    found = fingerprint(path)
    assert found
    return found


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Fingerprints of twelve different made-up pieces."""
    folder = tmp_path_factory.mktemp("pieces")
    return {seed: printed(write(folder, "wav", song(seed), name=str(seed))) for seed in range(12)}


def test_the_same_file_has_the_same_fingerprint(tmp_path: Path, pieces: dict[int, str]) -> None:
    again = printed(write(tmp_path, "wav", song(3)))
    assert again == pieces[3]
    assert match(again, pieces[3]) == 1.0


def test_it_is_chromaprints_own_fingerprint(tmp_path: Path, pieces: dict[int, str]) -> None:
    path = write(
        tmp_path, "wav", song(3)
    )  # some builds of fpcalc end with an error status after a right answer
    said = subprocess.run(
        ["fpcalc", "-plain", "-length", "600", path], capture_output=True, text=True, check=False
    )
    assert pieces[3] == said.stdout.strip()
    raw = subprocess.run(
        ["fpcalc", "-raw", "-length", "600", path], capture_output=True, text=True, check=False
    )
    numbers = raw.stdout.partition("FINGERPRINT=")[2].strip().split(",")
    assert decode_fingerprint(pieces[3]).tolist() == [int(number) & 0xFFFFFFFF for number in numbers]


def test_different_pieces_do_not_match(pieces: dict[int, str]) -> None:
    similar = [match(one, other) for one, other in itertools.combinations(pieces.values(), 2)]
    assert max(similar) < MATCH_THRESHOLD
    assert np.mean(similar) < 0.25


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac"])
def test_a_piece_is_found_after_encoding(kind: str, tmp_path: Path, pieces: dict[int, str]) -> None:
    encoded = printed(write(tmp_path, kind, song(4) * np.float32(0.5)))
    assert match(pieces[4], encoded) > 0.8
    assert match(pieces[5], encoded) < MATCH_THRESHOLD


def test_a_cut_is_found_at_its_place(tmp_path: Path, pieces: dict[int, str]) -> None:
    cut = printed(write(tmp_path, "mp3", song(6)[:, 11 * RATE : 23 * RATE]))
    found = align(pieces[6], cut)
    assert found.similarity > 0.75
    assert found.offset_s == pytest.approx(11, abs=0.3)
    assert found.overlap_s == pytest.approx(10, abs=3)
    back = align(cut, pieces[6])
    assert back.offset_s == pytest.approx(-11, abs=0.3)
    assert max(match(other, cut) for seed, other in pieces.items() if seed != 6) < MATCH_THRESHOLD


def test_a_piece_in_the_middle_of_another_recording_is_found(tmp_path: Path, pieces: dict[int, str]) -> None:
    longer = np.concatenate((song(40, 10), song(7), song(41, 10)), axis=1)
    found = align(printed(write(tmp_path, "wav", longer)), pieces[7])
    assert found.similarity > 0.8
    assert found.offset_s == pytest.approx(10, abs=0.3)


def test_silence_and_held_tones_match_nothing(tmp_path: Path, pieces: dict[int, str]) -> None:
    quiet = printed(write(tmp_path, "wav", np.zeros((1, 30 * RATE), np.float32), name="quiet"))
    held = printed(write(tmp_path, "wav", tone(seconds=30), name="held"))
    for other in (quiet, held, pieces[1]):
        assert match(quiet, other) < MATCH_THRESHOLD
    padded = np.concatenate((np.zeros((1, 20 * RATE), np.float32), song(8)), axis=1)
    other = np.concatenate((np.zeros((1, 20 * RATE), np.float32), song(9)), axis=1)
    one, two = (
        printed(write(tmp_path, "wav", audio, name=str(n))) for n, audio in enumerate((padded, other))
    )
    assert match(one, two) < MATCH_THRESHOLD
    assert match(one, pieces[8]) > 0.8


def test_a_moment_has_no_fingerprint_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    assert fingerprint(write(tmp_path, "wav", tone(seconds=1))) is None
    (tmp_path / "broken.wav").write_bytes(b"no sound" * 100)
    with pytest.raises(BadAudio):
        fingerprint(tmp_path / "broken.wav")


@pytest.mark.parametrize("text", ["", "AQ", "not base64 at all!", "AQAAFA", "AQAAA1", "Ä", "AQA" + "_" * 400])
def test_what_is_no_fingerprint_is_refused(text: str, pieces: dict[int, str]) -> None:
    with pytest.raises(ValueError):
        match(text, pieces[0])


def test_a_fingerprint_cut_anywhere_is_refused_or_decoded_but_never_breaks(pieces: dict[int, str]) -> None:
    for length in range(0, len(pieces[0]), 7):
        try:
            decode_fingerprint(pieces[0][:length])
        except ValueError as error:
            assert "fingerprint" in str(error)  # noqa: PT017 - both outcomes are right


def test_without_the_library_there_is_no_fingerprint_but_a_reason(tmp_path: Path) -> None:
    path = write(tmp_path, "wav", song(1))
    code = (
        "import sys; sys.modules['chromaprint'] = None\n"
        "from provenance.audiofile import fingerprint, fingerprint_unavailable, match\n"
        "print(fingerprint(sys.argv[1])); print(fingerprint_unavailable())"
    )
    root = Path(__file__).parents[3]

    def run(path_variable: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, path],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env=os.environ | {"PATH": path_variable},
        )
        return done.stdout.splitlines()

    nothing, reason = run(str(tmp_path))
    assert nothing == "None"
    assert "Chromaprint" in reason
    assert "apt install" in reason
    by_program = run(os.environ["PATH"])
    assert by_program[0] == printed(path)
    assert fingerprint_unavailable() == ""
