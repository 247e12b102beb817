"""Bundles made to deceive or to harm: always one clear sentence, never a traceback, never much memory."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import struct
import subprocess
import sys
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance import keys, notes, verifier
from tests.provenance.ledger.bundles import build, forge, make_entries, pack, put, unpack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def good() -> bytes:
    return build(make_entries())


def verdict(folder, data: bytes, **options) -> str:
    report = verifier.verify(put(folder, data), **options)
    assert report.exit_status == (1 if report.verdict.startswith("broken") else 0)
    return report.verdict


# -- deceit ------------------------------------------------------------------------------------------------------------


def nth(members, listed, kind):
    return next(row for row in listed["entries"] if kind(members[row["body"]]))


def change_body(members, listed):
    row = listed["entries"][0]
    members[row["body"]] = members[row["body"]].replace(b'"number":4', b'"number":5')


def change_body_and_its_leaf(members, listed):
    change_body(members, listed)
    row = listed["entries"][0]
    row["leaf"] = hashlib.sha256(b"\x00" + members[row["body"]]).hexdigest()


def swap_two_bodies(members, listed):
    one, two = listed["entries"][:2]
    members[one["body"]], members[two["body"]] = members[two["body"]], members[one["body"]]


def swap_two_indexes(members, listed):
    one, two = listed["entries"][:2]
    one["index"], two["index"] = two["index"], one["index"]
    one["proof"], two["proof"] = two["proof"], one["proof"]


def spaces_in_a_body(members, listed):
    row = listed["entries"][0]
    members[row["body"]] = json.dumps(json.loads(members[row["body"]])).encode()
    row["leaf"] = hashlib.sha256(b"\x00" + members[row["body"]]).hexdigest()


def leave_out_a_body(members, listed):
    del members[listed["entries"][0]["body"]]


def bring_an_unnamed_file(members, listed):
    members["entries/extra.json"] = b"{}"


def repeat_an_entry(members, listed):
    listed["entries"].append(listed["entries"][0])


def shorten_a_proof(members, listed):
    name = listed["entries"][0]["proof"]
    lines = members[name].split(b"\n")
    members[name] = b"\n".join(lines[:2] + lines[3:])


def change_a_proof(members, listed):
    name = listed["entries"][0]["proof"]
    lines = members[name].split(b"\n")
    lines[2], lines[3] = lines[3], lines[2]
    members[name] = b"\n".join(lines)


def change_the_checkpoint(members, listed):
    old = members["log/checkpoint.txt"]
    new = old.replace(b"\n20\n", b"\n21\n", 1)
    listed["log"]["size"] = 21
    for name in members:
        if name.endswith((".tlog-proof", "checkpoint.txt")):
            members[name] = members[name].replace(old, new)


def sign_with_another_key(members, listed):
    other = Ed25519PrivateKey.generate()
    old = members["log/checkpoint.txt"]
    new = bytes(notes.sign(notes.parse_note(old).text, name=keys.origin(), private=other))
    for name in members:
        if name.endswith((".tlog-proof", "checkpoint.txt")):
            members[name] = members[name].replace(old, new)


def state_another_size(members, listed):
    listed["log"]["size"] = 19


def invent_a_prompt(members, listed):
    name = next(row["disclosed"] for row in listed["entries"] if "disclosed" in row)
    members[name] = members[name].replace(b"rain", b"snow")


def change_a_salt(members, listed):
    name = next(row["disclosed"] for row in listed["entries"] if "disclosed" in row)
    shown = json.loads(members[name])
    shown["words"]["salt"] = "00" * 32
    members[name] = json.dumps(shown).encode()


def disclose_what_was_never_sealed(members, listed):
    name = next(row["disclosed"] for row in listed["entries"] if "disclosed" in row)
    shown = json.loads(members[name])
    shown["other"] = shown["words"]
    members[name] = json.dumps(shown).encode()


def swap_the_sound(members, listed):
    members["assets/song.wav"] = b"another song"


def swap_the_sound_and_its_digest(members, listed):
    swap_the_sound(members, listed)
    for asset in listed["assets"]:
        if asset["path"] == "assets/song.wav":
            asset["sha256"] = hashlib.sha256(b"another song").hexdigest()


def relink_a_stream(members, listed):
    # Entries 4, 5, 9, 11 of stream a stand side by side; entry 5 shall follow something else.
    listed["entries"][1]["prev"] = "ab" * 32


def reorder_a_stream(members, listed):
    listed["entries"][2]["stream_seq"] = 0
    listed["entries"][2]["prev"] = None


def claim_another_stream(members, listed):
    listed["entries"][0]["stream"] = "project:b"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (change_body, "broken at step 5 because the body entries/000000000004.json has another hash"),
        (change_body_and_its_leaf, "broken at step 6 because entry 4 is not in the log"),
        (swap_two_bodies, "broken at step 5"),
        (swap_two_indexes, "broken at step 6"),
        (spaces_in_a_body, "broken at step 5 because the body entries/000000000004.json is not canonical"),
        (leave_out_a_body, "broken at step 2 because the file 'entries/000000000004.json' is missing"),
        (bring_an_unnamed_file, "broken at step 2 because 'entries/extra.json' is in the archive"),
        (repeat_an_entry, "broken at step 5 because two entries of the bundle have the same index"),
        (shorten_a_proof, "broken at step 6 because the proof of entry 4 is too short"),
        (change_a_proof, "broken at step 6 because entry 4 is not in the log"),
        (change_the_checkpoint, "broken at step 4 because the signature of"),
        (sign_with_another_key, "broken at step 4 because the checkpoint is not signed by"),
        (state_another_size, "broken at step 4 because bundle.json states another origin, size or root"),
        (claim_another_stream, "broken at step 5 because bundle.json puts"),
        (relink_a_stream, "broken at step 8 because entry 5 does not name the entry before it"),
        (reorder_a_stream, "broken at step 8"),
        (invent_a_prompt, "broken at step 10 because the private value 'words' of entry 5 is not what"),
        (change_a_salt, "broken at step 10 because the private value 'words' of entry 5 is not what"),
        (disclose_what_was_never_sealed, "broken at step 10 because the private value 'other'"),
        (swap_the_sound, "broken at step 11 because the file 'assets/song.wav' is not the asset"),
        (swap_the_sound_and_its_digest, "broken at step 11 because no entry of the bundle names"),
    ],
)
def test_a_forger_is_caught_at_the_right_step(good, tmp_path, change, expected):
    assert (
        verdict(tmp_path, forge(good, lambda members, listed: None)) == "valid but not witnessed/timestamped"
    )
    assert verdict(tmp_path, forge(good, change)).startswith(expected)


def test_every_single_changed_byte_of_the_record_is_noticed(good, tmp_path):
    members = unpack(good)
    for name in sorted(members):
        if name in {"README.txt", "summary.txt", "verifier.py", "bundle.json"}:
            continue
        data = members[name]
        for place in range(0, len(data), max(1, len(data) // 12)):
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            report = verdict(tmp_path, pack({**members, name: changed}))
            # Only the layout of disclosed/*.json may vary: it is a list, not the record.
            assert report.startswith("broken") or name.startswith("disclosed/"), (name, place)


# -- harm --------------------------------------------------------------------------------------------------------------


def raw_zip(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, data in members:
            archive.writestr(info, data)
    return out.getvalue()


def info(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    found.external_attr = mode << 16
    return found


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
        "./a",
        "a//b",
        "C:\\x",
        "a\\b",
        "a/",
        "a\nb",
        "a\x1b[2Jb",
        "",
    ],
)
def test_a_name_that_could_escape_is_refused(tmp_path, name):
    assert verdict(tmp_path, raw_zip((info(name), b"x"))).startswith(
        "broken at step 1 because the archive has a"
    )


def test_a_nul_in_a_name_is_refused(tmp_path):
    data = raw_zip((info("bundleX.json"), b"{}")).replace(b"bundleX", b"bundle\0")
    assert verdict(tmp_path, data).startswith("broken at step 1 because")


def test_links_and_devices_are_refused(tmp_path):
    for mode in (0o120777, 0o020666, 0o010644, 0o040755):
        assert "a link or device" in verdict(tmp_path, raw_zip((info("log", mode), b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["bundle.json", "BUNDLE.JSON"])
def test_two_files_under_one_name_are_refused(tmp_path, second):
    assert "twice" in verdict(tmp_path, raw_zip((info("bundle.json"), b"{}"), (info(second), b"{}")))


def test_an_encrypted_or_oddly_packed_file_is_refused(tmp_path):
    data = bytearray(raw_zip((info("bundle.json"), b"{}")))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "encrypted" in verdict(tmp_path, bytes(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("bundle.json", "{}")
    assert "a way that is not read" in verdict(tmp_path, out.getvalue())


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"not a zip at all", b"\x00" * 100_000, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_refused(tmp_path, data):
    assert verdict(tmp_path, data).startswith("broken at step 1 because")


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("absent.zip", "", "pipe"):
        report = verifier.verify(str(tmp_path / name))
        assert report.verdict.startswith("broken at step 1 because"), name


def test_a_cut_off_bundle_is_refused_wherever_it_is_cut(good, tmp_path):
    for length in range(0, len(good), len(good) // 60):
        assert verdict(tmp_path, good[:length]).startswith("broken at step")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_bundle_never_raises(good, tmp_path, data):
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    assert verdict(tmp_path, bytes(damaged)).startswith(("broken at step", "valid but"))


def listing(text: bytes) -> bytes:
    return pack({"bundle.json": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[" * 500_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[]", "is not an object"),
        (b'{"v":1.0}', "not an integer"),
        (b'{"v":NaN}', "not an integer"),
        (b'{"v":1e400}', "not an integer"),
        (b'{"v":' + b"9" * 100_000 + b"}", "too large"),
        (b'{"v":9007199254740993}', "too large"),
        (b'{"v":1,"v":1}', "two values under one name"),
        (b'{"format":"deadwax-bundle","v":3}', "not that of a bundle of version 1 or 2"),
        (b'{"format":"deadwax-bundle","v":true}', "not that of a bundle of version 1 or 2"),
        (b'{"format":"deadwax-bundle","v":1,"entries":[]}', "no entries"),
        (b'{"format":"deadwax-bundle","v":1,"entries":[1]}', "is not an object"),
        (b'{"format":"deadwax-bundle","v":1,"entries":{}}', "is not a list"),
        (b'{"format":"deadwax-bundle","v":1,"entries":[' + b",".join([b"{}"] * 20_001) + b"]}", "more than"),
        (b'{"format":"deadwax-bundle","v":1,"entries":[{}],"checkpoint":7}', "is not text"),
        (b'{"format":"deadwax-bundle","v":1,"entries":[{}],"checkpoint":"\\ud800","key":"k"}', "is not text"),
    ],
)
def test_a_hostile_list_gets_a_sentence(tmp_path, text, expected):
    said = verdict(tmp_path, listing(text))
    assert said.startswith("broken at step 2 because")
    assert expected in said


@pytest.mark.parametrize("value", [None, True, -1, 2**60, "x", [], {}, [[]], "\ud800", "a" * 2000])
@pytest.mark.parametrize(
    "key", ["index", "leaf", "stream", "stream_seq", "prev", "body", "proof", "disclosed"]
)
def test_a_wrong_value_anywhere_in_the_list_gets_a_sentence(good, tmp_path, key, value):
    def change(members, listed):
        listed["entries"][1][key] = value

    assert verdict(tmp_path, forge(good, change)).startswith("broken at step")


@pytest.mark.parametrize("key", ["assets", "consistency", "log", "checkpoint", "key"])
@pytest.mark.parametrize("value", [None, 7, "x", [1], [{"path": 1}], {"a": 1}])
def test_a_wrong_part_of_the_list_gets_a_sentence(good, tmp_path, key, value):
    def change(members, listed):
        listed[key] = value

    kept = unpack(good)["log/checkpoint.txt"]
    said = verdict(tmp_path, forge(good, change), checkpoint=kept)
    # The proofs of consistency are only read where an older checkpoint has to be compared.
    assert said.startswith("broken at step") or key == "consistency"


def test_a_zip_bomb_costs_neither_memory_nor_a_traceback(tmp_path):
    """A list of 1 GB in 5 MB of zip, checked with 300 MB of address space."""
    big = io.BytesIO()
    block = b" " * (1 << 20)
    with (
        zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(info_deflated("bundle.json"), "w", force_zip64=True) as target,
    ):
        for _ in range(1000):
            target.write(block)
    path = put(tmp_path, big.getvalue())

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

    done = subprocess.run(
        [sys.executable, "-m", "provenance.verifier", path],
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1].startswith(
        "broken at step 2 because 'bundle.json' has 1048576000 bytes"
    )


def info_deflated(name: str) -> zipfile.ZipInfo:
    found = info(name)
    found.compress_type = zipfile.ZIP_DEFLATED
    return found


def test_a_file_that_is_larger_than_it_says_is_refused(tmp_path):
    """Both headers say 10 bytes; deflate gives a million."""
    data = raw_zip((info_deflated("bundle.json"), b" " * 1_000_000))
    size = struct.pack("<I", 1_000_000)
    assert data.count(size) == 2
    assert verdict(tmp_path, data.replace(size, struct.pack("<I", 10))).startswith("broken at step 2 because")


def test_a_directory_of_a_million_names_is_refused_before_it_is_read(tmp_path):
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 50 << 20, 0, 0)
    assert "more than are read" in verdict(tmp_path, b"\x00" * 100 + end)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, 90 << 20, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    small = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)
    assert "more than are read" in verdict(tmp_path, record + locator + small)


def test_control_characters_of_a_bundle_never_reach_the_terminal(good, tmp_path, capsys):
    def change(members, listed):
        listed["entries"][0]["body"] = "\x1b[31mred"

    path = put(tmp_path, forge(good, change))
    assert verifier.main([path]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_wrong_questions_are_no_verdicts(tmp_path, capsys):
    (tmp_path / "key.txt").write_text("nonsense")
    for arguments in (
        ["--key", str(tmp_path / "key.txt")],
        ["--key", "a+b+c"],
        ["--witness", str(tmp_path / "absent")],
        ["--checkpoint", str(tmp_path / "absent")],
    ):
        assert verifier.main([str(tmp_path / "x.zip"), *arguments]) == 2
        assert capsys.readouterr().err.startswith("could not start: ")
    with pytest.raises(SystemExit) as stopped:
        verifier.main([])
    assert stopped.value.code == 2
