"""A bundle changed in any byte is found: headers, directory, compressed data, texts around the record, the seal."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance import verifier
from tests.provenance.ledger.bundles import build, make_entries, put, unpack

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "bundles"


@pytest.fixture(scope="module")
def whole() -> bytes:
    return (GOLDEN / "v2.zip").read_bytes()


def verdict(folder: Path, data: bytes) -> str:
    return verifier.verify(put(folder, data)).verdict


def places(data: bytes) -> Iterator[tuple[str, int]]:
    """One byte of each class: every field of a local header, of a directory row and of the end, and all members."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            name_bytes = len(info.filename.encode())
            for at in range(30 + name_bytes):
                yield f"local header of {info.filename}", info.header_offset + at
            start = info.header_offset + 30 + name_bytes
            for at in {0, 1, info.compress_size // 2, info.compress_size - 1}:
                yield f"data of {info.filename}", start + at
        directory = archive.start_dir
        end = data.rindex(b"PK\x05\x06")
    step = max(1, (end - directory) // 400)
    for at in range(directory, end, step):
        yield "directory", at
    for at in range(end, len(data)):
        yield "end and seal", at


def test_a_flipped_bit_of_every_class_is_found(whole, tmp_path):
    assert verdict(tmp_path, whole).startswith("valid")
    generator = random.Random(7)
    missed = []
    chosen = list(places(whole))
    for what, at in generator.sample(chosen, 400):
        changed = bytearray(whole)
        changed[at] ^= 1 << generator.randrange(8)
        if not verdict(tmp_path, bytes(changed)).startswith("broken"):
            missed.append((what, at))
    assert missed == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_is_covered(whole, tmp_path, data):
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))
    assert verdict(tmp_path, whole[:at] + bytes([other]) + whole[at + 1 :]).startswith("broken")


@pytest.mark.parametrize("more", [b"\0", b"PK\x05\x06" + bytes(18), b"x" * 5000])
def test_nothing_can_be_put_before_or_behind_it(whole, tmp_path, more):
    assert verdict(tmp_path, whole + more).startswith("broken")
    assert verdict(tmp_path, more + whole).startswith("broken")


@pytest.mark.parametrize("name", ["README.txt", "summary.txt", "verifier.py", "provenance.json"])
def test_texts_around_the_record_are_under_the_seal_only(whole, tmp_path, name):
    """Nothing else depends on them: who packs the files again (--repacked) can change them unseen, and is told so."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, content in unpack(whole).items():
            archive.writestr(member, content + b"\n" if member == name else content)
    data = out.getvalue()
    assert verdict(tmp_path, data).startswith("broken at step 18")
    report = verifier.verify(put(tmp_path, data), repacked=True)
    assert report.verdict == "valid but not witnessed/timestamped"
    assert "may be changed" in report.steps[-1][2]


def test_the_seal_of_another_bundle_does_not_fit(whole, tmp_path):
    data = build(make_entries())
    length = struct.unpack("<H", whole[whole.rindex(b"PK\x05\x06") + 20 :][:2])[0]
    swapped = data[: data.rindex(b"PK\x05\x06") + 20] + struct.pack("<H", length) + whole[-length:]
    assert verdict(tmp_path, swapped).startswith("broken at step 18")
    assert verdict(tmp_path, data).startswith("valid")


# -- bundles of earlier versions ---------------------------------------------------------------------------------------


def options(version: str) -> list[str]:
    found = ["--key", str(GOLDEN / f"{version}.key")]
    for flag, name in (
        ("--checkpoint", "kept-8.txt"),
        ("--witness", "witness"),
        ("--timestamp-root", "root.pem"),
    ):
        if (GOLDEN / f"{version}-{name}").exists():
            found += [flag, str(GOLDEN / f"{version}-{name}")]
    return found


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_bundle_made_long_ago_reads_as_it_did(version, capsys):
    """The files were made once by the program of their time; what the verifier says of them is kept beside them."""
    assert verifier.main([str(GOLDEN / f"{version}.zip"), *options(version), "--json", "--list"]) == 0
    said = json.loads(capsys.readouterr().out)
    golden = GOLDEN / f"{version}.json"
    if not golden.exists():
        golden.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    assert said == json.loads(golden.read_text())
