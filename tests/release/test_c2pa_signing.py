"""Signing for delivery: every format, time stamps and their authority's moods, programs that sign, stripped files."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from provenance import credential
from provenance.credential import Trust
from release import c2pa
from release.labels import ElementOrigins
from tests.provenance.outside.authority import Office, TsaServer
from tests.release.certificates import issue
from tests.support import needs

SONG = [ElementOrigins(element="melody", origins=frozenset({"human"}))]
KINDS = {
    "wav": ("audio/wav", ()),
    "flac": ("audio/flac", ()),
    "mp3": ("audio/mpeg", ("-c:a", "libmp3lame")),
    "m4a": ("audio/mp4", ("-c:a", "aac")),
    "ogg": ("audio/ogg", ("-c:a", "libvorbis")),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: Any) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def tsa(office: Office) -> Iterator[TsaServer]:
    server = TsaServer(office)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def root() -> Any:
    return issue("Pressing root", ca=True)


@pytest.fixture(scope="module")
def leaf(root: Any) -> Any:
    return issue("Etching desk", root)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "master.wav"
    sound = np.random.default_rng(3).normal(0, 0.1, (11_025, 2)).clip(-1, 1)
    soundfile.write(path, sound, 44_100, subtype="PCM_16")
    return path


def manifest(media_type: str = "audio/wav", **more: Any) -> c2pa.Manifest:
    actions = c2pa.actions_for(SONG, when="2026-11-20T11:00:00Z", ingredients=more.get("ingredients", ()))
    return c2pa.Manifest(title="Runout", media_type=media_type, actions=actions, **more)


def signer(leaf: Any, root: Any, *authorities: tuple[str, str], roots: str = "") -> c2pa.Signer:
    return c2pa.Signer.from_files(
        leaf.pem + root.pem,
        leaf.key_pem,
        anchors_pem=root.pem,
        timestamps=tuple(c2pa.TimeAuthority(*item) for item in authorities),
        timestamp_roots_pem=roots,
    )


# -- formats -----------------------------------------------------------------------------------------------------------


@needs("ffmpeg")
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_format_is_signed_with_a_time_stamp_and_reads_back(
    wav: Path, leaf: Any, root: Any, tsa: TsaServer, office: Office, kind: str
) -> None:
    media_type, codec = KINDS[kind]
    source, target = wav.with_name(f"tagged.{kind}"), wav.with_name(f"signed.{kind}")
    subprocess.run(["ffmpeg", "-v", "error", "-i", wav, *codec, source], check=True)
    stamps = (office.folder / "root.pem").read_text()
    made = c2pa.sign(source, target, manifest(media_type), signer(leaf, root, ("office", tsa.url)))
    assert made.authority == "office"
    assert made.sidecar_sha256 == hashlib.sha256(made.sidecar).hexdigest()
    beside = made.sidecar if media_type in c2pa.BESIDE_ONLY else None
    report = c2pa.read_manifest(
        target, anchors_pem=root.pem, timestamp_roots_pem=stamps, sidecar=beside, media_type=media_type
    )
    assert (report.state, report.timestamp) == (c2pa.State.TRUSTED, c2pa.Stamp.TRUSTED)
    assert report.signer == "Pressing Authority (fictional) / Etching desk"
    if beside:
        assert target.read_bytes() == source.read_bytes(), (
            "OGG has no place for a manifest: the file stays as it is"
        )
        target.write_bytes(target.read_bytes()[:-1] + b"\xff")
        changed = c2pa.read_manifest(
            target, anchors_pem=root.pem, timestamp_roots_pem=stamps, sidecar=beside, media_type=media_type
        )
        assert changed.state is c2pa.State.BROKEN


@needs("ffmpeg")
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "m4a"])
def test_a_copy_by_ffmpeg_has_no_manifest_and_the_sidecar_still_tells_who_signed(
    wav: Path, leaf: Any, root: Any, kind: str
) -> None:
    media_type, codec = KINDS[kind]
    source, target = wav.with_name(f"tagged.{kind}"), wav.with_name(f"signed.{kind}")
    subprocess.run(["ffmpeg", "-v", "error", "-i", wav, *codec, source], check=True)
    made = c2pa.sign(source, target, manifest(media_type), signer(leaf, root))
    copy = wav.with_name(f"copy.{kind}")
    subprocess.run(["ffmpeg", "-v", "error", "-i", target, "-c", "copy", copy], check=True)
    assert c2pa.read_manifest(copy, anchors_pem=root.pem).state is c2pa.State.ABSENT
    kept = c2pa.read_manifest(copy, anchors_pem=root.pem, sidecar=made.sidecar, media_type=media_type)
    assert kept.state is c2pa.State.BROKEN
    assert kept.signature_holds
    assert kept.signer_trusted


# -- time stamps -------------------------------------------------------------------------------------------------------


def test_an_authority_that_nobody_trusts_proves_no_time(
    wav: Path, leaf: Any, root: Any, tsa: TsaServer, office: Office
) -> None:
    target = wav.with_name("signed.wav")
    c2pa.sign(wav, target, manifest(), signer(leaf, root, ("office", tsa.url)))
    for roots in (None, (office.folder / "other.pem").read_text()):
        report = c2pa.read_manifest(target, anchors_pem=root.pem, timestamp_roots_pem=roots)
        assert (report.state, report.timestamp) == (c2pa.State.TRUSTED, c2pa.Stamp.UNTRUSTED)
    assert c2pa.read_manifest(target).signed_at.startswith("20")


@pytest.mark.parametrize(
    "mode", ["busy", "a page", "a flood", "cut off", "altered", "other bytes", "another nonce", "rejection"]
)
def test_without_a_stamp_that_holds_nothing_is_signed_and_the_reason_names_the_authority(
    wav: Path, leaf: Any, root: Any, tsa: TsaServer, mode: str
) -> None:
    tsa.mode = mode
    with pytest.raises(c2pa.TimestampUnavailable, match=r"office \(") as refused:
        c2pa.sign(wav, wav.with_name("signed.wav"), manifest(), signer(leaf, root, ("office", tsa.url)))
    assert refused.value.hold_s == 60
    assert [path.name for path in wav.parent.iterdir()] == ["master.wav"]


def test_the_next_authority_that_answers_stamps_it(wav: Path, leaf: Any, root: Any, tsa: TsaServer) -> None:
    target, away = wav.with_name("signed.wav"), ("shelf", "http://127.0.0.1:9/")
    with pytest.raises(c2pa.TimestampUnavailable, match=r"shelf \(.*; desk \("):
        c2pa.sign(wav, target, manifest(), signer(leaf, root, away, ("desk", "http://127.0.0.1:9/")))
    made = c2pa.sign(wav, target, manifest(), signer(leaf, root, away, ("office", tsa.url)))
    assert made.authority == "office"


def test_a_time_authoritys_root_never_makes_a_signer_trusted(wav: Path, leaf: Any, root: Any) -> None:
    """The library takes any anchor for both; whoever has a certificate under a public authority's root could sign."""
    target = wav.with_name("signed.wav")
    c2pa.sign(wav, target, manifest(), signer(leaf, root))
    other = issue("Another root", ca=True)
    for trust, state in (
        (Trust(signers=other.pem, timestamps=root.pem), "valid"),
        (Trust(timestamps=root.pem), "valid"),
        (Trust(signers=root.pem, timestamps=root.pem), "trusted"),
        (Trust(signers=root.pem, timestamps=other.pem), "trusted"),
    ):
        store = credential.read_store(target, trust=trust)
        assert store is not None
        assert (store.state, store.signer_trusted) == (state, state == "trusted")


def test_a_stamped_signature_outlives_its_certificate_and_an_unstamped_one_does_not(
    wav: Path, root: Any, tsa: TsaServer, office: Office
) -> None:
    short = issue("Etching desk for two seconds", root, end_s=2.5)
    stamped, bare = wav.with_name("stamped.wav"), wav.with_name("bare.wav")
    c2pa.sign(wav, stamped, manifest(), signer(short, root, ("office", tsa.url)))
    c2pa.sign(wav, bare, manifest(), signer(short, root))
    time.sleep(max(0.0, short.certificate.not_valid_after_utc.timestamp() + 1.1 - time.time()))
    stamps = (office.folder / "root.pem").read_text()
    report = c2pa.read_manifest(stamped, anchors_pem=root.pem, timestamp_roots_pem=stamps)
    assert (report.state, report.timestamp) == (c2pa.State.TRUSTED, c2pa.Stamp.TRUSTED)
    for path, roots in ((stamped, None), (bare, stamps)):
        late = c2pa.read_manifest(path, anchors_pem=root.pem, timestamp_roots_pem=roots)
        assert late.state is c2pa.State.INVALID
        assert "signingCredential.expired" in late.problems


# -- a program that signs ----------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
key = serialization.load_pem_private_key(open({key!r}, "rb").read(), password=None)
data = sys.stdin.buffer.read()
name = type(key).__name__
if "RSA" in name:
    made = key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
elif "Ed25519" in name:
    made = key.sign(data)
else:
    made = key.sign(data, ec.ECDSA({{256: hashes.SHA256, 384: hashes.SHA384}}[key.curve.key_size]()))
sys.stdout.buffer.write(made)
"""


def program(folder: Path, code: str) -> str:
    path = folder / "hsm.py"
    path.write_text(code)
    return f"{sys.executable} {path}"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("es256", lambda: ec.generate_private_key(ec.SECP256R1())),
        ("es384", lambda: ec.generate_private_key(ec.SECP384R1())),
        ("ps256", lambda: rsa.generate_private_key(65537, 2048)),
        ("ed25519", ed25519.Ed25519PrivateKey.generate),
    ],
)
def test_a_program_signs_in_the_place_of_a_key(wav: Path, root: Any, algorithm: str, key: Any) -> None:
    leaf = issue("Etching desk", root, key=key())
    held = wav.with_name("key.pem")
    held.write_text(leaf.key_pem)
    made = c2pa.Signer.from_program(leaf.pem + root.pem, program(wav.parent, PROGRAM.format(key=str(held))))
    assert made.chain.algorithm == algorithm
    made.try_out()
    target = wav.with_name("signed.wav")
    c2pa.sign(wav, target, manifest(), made)
    assert c2pa.read_manifest(target, anchors_pem=root.pem).state is c2pa.State.TRUSTED
    c2pa.sign(wav, target, manifest(), c2pa.Signer.from_files(leaf.pem + root.pem, leaf.key_pem))
    assert c2pa.read_manifest(target, anchors_pem=root.pem).state is c2pa.State.TRUSTED


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('the token is locked')", "status 1: the token is locked"),
        ("print('signed!')", "is no es256 signature"),
        ("", "is no es256 signature"),
    ],
)
def test_a_program_that_fails_says_why_and_leaves_nothing(
    wav: Path, leaf: Any, root: Any, code: str, said: str
) -> None:
    made = c2pa.Signer.from_program(leaf.pem + root.pem, program(wav.parent, code))
    with pytest.raises(c2pa.CertificateUnusable, match=said):
        made.try_out()
    with pytest.raises(c2pa.CertificateUnusable, match=said):
        c2pa.sign(wav, wav.with_name("signed.wav"), manifest(), made)
    assert not wav.with_name("signed.wav").exists()


def test_a_program_with_another_key_is_found_out_before_anything_is_delivered(
    wav: Path, leaf: Any, root: Any
) -> None:
    held = wav.with_name("key.pem")
    held.write_text(issue("Another desk", root).key_pem)
    made = c2pa.Signer.from_program(leaf.pem + root.pem, program(wav.parent, PROGRAM.format(key=str(held))))
    with pytest.raises(c2pa.CertificateUnusable, match="no es256 signature of the certificate's key"):
        made.try_out()


# -- what a manifest says ----------------------------------------------------------------------------------------------


def test_a_recording_that_was_brought_in_is_opened_and_training_is_answered_four_times(
    wav: Path, leaf: Any, root: Any
) -> None:
    parent = c2pa.Ingredient(
        title="vocals", sha256="a" * 64, media_type="audio/wav", relationship="parentOf",
        origins=frozenset({"human"}),
    )  # fmt: skip
    target = wav.with_name("signed.wav")
    made = manifest(ingredients=(parent,), training={"data_mining": "allowed", "ai_inference": "constrained"})
    c2pa.sign(wav, target, made, signer(leaf, root))
    report = c2pa.read_manifest(target, anchors_pem=root.pem)
    assert report.state is c2pa.State.TRUSTED
    assert report.actions[0] == "c2pa.opened"
    assert [(one.relationship, one.source_type) for one in report.ingredients] == [
        ("parentOf", "digitalCapture")
    ]
    assert report.training == {
        "cawg.data_mining": "allowed",
        "cawg.ai_inference": "constrained",
        "cawg.ai_training": "notAllowed",
        "cawg.ai_generative_training": "notAllowed",
    }


# -- hostile manifests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "training", [[], "all", {"entries": []}, {"entries": {"cawg.ai_training": "yes"}}, 7]
)
def test_statements_of_the_wrong_form_are_read_as_nothing(
    wav: Path, leaf: Any, root: Any, training: Any
) -> None:
    """Somebody signs whatever they like with a certificate of their own; reading it must not fail."""
    import c2pa as library

    definition = {
        "claim_generator_info": [{"name": "\u202eevil\x00" + "x" * 5000}],
        "title": "<script>alert(1)</script>" + "y" * 5000,
        "format": "audio/wav",
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [{"action": "c2pa.created", "digitalSourceType": "http://x/" + "z" * 9000}]
                },
            },
            {"label": "cawg.training-mining", "data": training},
            {"label": c2pa.LEDGER_ASSERTION, "data": ["no", {"v": 2}]},
        ],
    }
    info = library.C2paSignerInfo(b"es256", (leaf.pem + root.pem).encode(), leaf.key_pem.encode(), None)
    target = wav.with_name("hostile.wav")
    with (
        library.Builder(definition) as builder,
        library.Signer.from_info(info) as opened,
        wav.open("rb") as read,
        target.open("w+b") as write,
    ):
        builder.sign(opened, "audio/wav", read, write)
    report = c2pa.read_manifest(target, anchors_pem=root.pem)
    assert report.ledger is None
    assert len(report.title) <= 160
    assert all(char.isprintable() for char in report.claim_generator)
    found = credential.read(target, "audio/wav")
    assert found is not None
    assert len(str(found.to_json())) < 4000


def test_bytes_that_only_look_like_a_manifest_are_invalid_and_never_a_crash(
    wav: Path, leaf: Any, root: Any
) -> None:
    target = wav.with_name("signed.wav")
    made = c2pa.sign(wav, target, manifest(), signer(leaf, root))
    whole = target.read_bytes()
    at = whole.index(b"C2PA")
    rng = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(at, len(whole), 8):
            data[place] ^= int(rng.integers(1, 256))
        target.write_bytes(bytes(data))
        assert c2pa.read_manifest(target, anchors_pem=root.pem).state is not c2pa.State.TRUSTED
    target.write_bytes(whole[: at + 500])
    assert c2pa.read_manifest(target).state is not c2pa.State.VALID
    for beside in (b"", b"\x00" * 64, made.sidecar[:200], made.sidecar[:-1] + b"\x00" * 3):
        assert c2pa.read_manifest(wav, sidecar=beside).state is not c2pa.State.TRUSTED
