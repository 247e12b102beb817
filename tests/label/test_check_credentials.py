"""What the stranger's page says of credentials: ours, stripped, altered, and the ledger's proof inside."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from provenance.models import Asset
from provenance.services import Entry
from release import c2pa
from release.models import Recording
from tests.label.test_check_page import answered, ask, looks, packaged
from tests.scenes import Scene
from tests.support import needs

pytestmark = pytest.mark.django_db


def sentences(found: dict[str, Any]) -> dict[str, str]:
    return {look["title"].removeprefix("By its "): look["sentence"] for look in found["looks"]}


@pytest.mark.parametrize("role", ["signed_wav", "signed_flac"])
def test_a_delivered_file_shows_its_manifest_its_time_and_its_proof(scene: Scene, role: str) -> None:
    found = answered(packaged(scene, role))
    assert {name: looks(found)[name] for name in ("credentials", "time stamp", "proof")} == {
        "credentials": "match",
        "time stamp": "none",
        "proof": "match",
    }
    said = sentences(found)
    assert (
        "one made the master, one declares who made what, one records a signature over that." in said["proof"]
    )
    assert "only the signer says" in said["time stamp"]


@needs("ffmpeg")
@pytest.mark.parametrize("role", ["signed_wav", "signed_flac"])
def test_a_stripped_file_is_recognised_by_its_samples_and_the_kept_credential(
    scene: Scene, tmp_path: Path, role: str
) -> None:
    kind = role.removeprefix("signed_")
    source, copy = tmp_path / f"in.{kind}", tmp_path / f"copy.{kind}"
    source.write_bytes(packaged(scene, role))
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-c", "copy", copy], check=True)
    # ffmpeg loses the ISRC of a WAV, and this song is too short for a fingerprint
    if kind == "wav":
        from release import audiotags

        audiotags.write_tags(
            copy, audiotags.Tags(title="x", artists=("x",), album="x", isrc=scene.recording.isrc)
        )
    found = answered(copy.read_bytes(), copy.name)
    assert found["verdict"] == "altered"
    assert found["recording"]["isrc"] == scene.recording.isrc
    assert (looks(found)["credentials"], looks(found)["samples"]) == ("none", "match")
    said = sentences(found)
    assert "Every sample is that of the master" in said["samples"]
    assert "was stripped from the file" in said["kept credentials"]
    assert "It covers the file that left the house, not these bytes." in said["kept credentials"]
    assert looks(found)["proof"] == "match"


def test_an_isrc_in_the_tags_names_nothing_where_the_samples_are_others(scene: Scene, tmp_path: Path) -> None:
    from release import audiotags
    from tests.label.test_check_page import noise

    path = tmp_path / "noise.wav"
    path.write_bytes(noise(2))
    audiotags.write_tags(
        path, audiotags.Tags(title="x", artists=("x",), album="x", isrc=scene.recording.isrc)
    )
    assert answered(path.read_bytes())["verdict"] == "unknown"


def test_the_master_before_it_was_tagged_is_known_and_its_kept_credential_says_what_it_covers(
    scene: Scene,
) -> None:
    from provenance.assets import read

    found = answered(read(Asset.objects.get(sha256=scene.master.wav.sha256)))
    assert found["verdict"] == "known"
    assert "the master before it was tagged" in sentences(found)["kept credentials"]


def test_a_changed_sample_under_our_signature_says_that_it_was_changed_since(scene: Scene) -> None:
    data = bytearray(packaged(scene, "signed_wav"))
    data[data.index(b"data") + 5000] ^= 1
    assert "This label signed the file, and it was changed since." in ask(bytes(data)).content.decode()


# -- the assertion, with the file alone --------------------------------------------------------------------------------


@pytest.fixture
def ledger(scene: Scene, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "in.wav"
    path.write_bytes(packaged(scene, "signed_wav"))
    found = c2pa.read_manifest(path).ledger
    assert found is not None
    return found


def test_the_assertion_carries_made_declared_and_signed_and_nothing_private(
    scene: Scene, ledger: dict[str, Any]
) -> None:
    import base64

    assert [item["what"] for item in ledger["entries"]] == ["made", "declared", "signed"]
    kinds = [Entry.objects.get(leaf_hash=bytes.fromhex(item["leaf"])).kind for item in ledger["entries"]]
    assert kinds == ["master.finished", "master.declared", "session.signed"]
    proof = c2pa.check_ledger(ledger, log_keys=(ledger["log_key"],))
    assert (proof.ok, proof.ours, len(proof.leaves)) == (True, True, 3)
    assert c2pa.check_ledger(ledger).ours is False
    assert "not known here" in c2pa.check_ledger(ledger).sentence
    for item in ledger["entries"]:
        assert b"As I said." not in base64.b64decode(item["body"])
    recording = Recording.objects.get(pk=scene.recording.pk)
    assert ledger["master_sha256"] == recording.master.wav.sha256


def test_every_change_of_the_assertion_is_noticed(ledger: dict[str, Any]) -> None:
    import base64
    import copy
    import json

    def changed(change: Any) -> c2pa.LedgerProof:
        other = copy.deepcopy(ledger)
        change(other)
        return c2pa.check_ledger(other, log_keys=(ledger["log_key"],))

    def body(item: dict[str, Any], **public: Any) -> None:
        told = json.loads(base64.b64decode(item["body"]))
        told["public"].update(public)
        item["body"] = base64.b64encode(json.dumps(told).encode()).decode()

    def swap(other: dict[str, Any]) -> None:
        first, second = other["entries"][:2]
        first["proof"], second["proof"] = second["proof"], first["proof"]

    changes: list[Any] = [
        lambda o: o.update(size=o["size"] + 1),
        lambda o: o.update(root="00" * 32),
        lambda o: o.update(origin="other.example/log"),
        lambda o: o.update(master_sha256="ab" * 32),
        lambda o: o.update(entry="ab" * 32),
        lambda o: o.update(checkpoint=o["checkpoint"].replace(str(o["size"]), str(o["size"] + 1))),
        lambda o: o.update(checkpoint=None),
        lambda o: o.update(log_key="x"),
        lambda o: o.update(entries=[]),
        lambda o: o.update(entries="many"),
        lambda o: o.update(entries=[1, 2]),
        lambda o: o.update(entries=o["entries"] * 40),
        lambda o: o["entries"].reverse(),
        lambda o: body(o["entries"][1], approved=False),
        lambda o: o["entries"][0].update(body="%%%"),
        lambda o: o["entries"][0].update(body=base64.b64encode(b"[" * 100_000).decode()),
        lambda o: o["entries"][0].update(index=0),
        lambda o: o["entries"][0].update(leaf="ab" * 32),
        lambda o: o["entries"][1].update(proof=""),
        lambda o: o["entries"][1].pop("proof"),
        swap,
    ]
    for number, change in enumerate(changes):
        proof = changed(change)
        assert (number, proof.ok) == (number, False)
        assert proof.sentence
    for strange in ({}, {"v": 2}, {"log_key": 7, "entries": None}):
        assert not c2pa.check_ledger(strange).ok


def test_a_proof_under_another_log_is_not_ours(ledger: dict[str, Any]) -> None:
    """Somebody builds a log of their own, with any entry in it, under the label's name: it holds, and is not ours."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from provenance import merkle, notes

    private, origin = Ed25519PrivateKey.generate(), ledger["origin"]
    data = base64.b64decode(ledger["entries"][0]["body"])
    leaf = merkle.leaf_hash(data)
    note = bytes(notes.sign(notes.TreeHead(origin, 1, leaf).text, name=origin, private=private))
    key = str(notes.public_key(origin, private))
    forged = {
        **ledger, "log_key": key, "size": 1, "root": leaf.hex(), "checkpoint": note.decode(), "entry": leaf.hex(),
        "entries": [
            {
                "what": "made", "leaf": leaf.hex(), "index": 0, "body": base64.b64encode(data).decode(),
                "proof": bytes(notes.TlogProof(0, (), note)).decode(),
            }
        ],
    }  # fmt: skip
    proof = c2pa.check_ledger(forged, log_keys=(ledger["log_key"],))
    assert (proof.ok, proof.ours) == (True, False)
