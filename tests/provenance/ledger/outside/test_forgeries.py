"""What an opponent's expert tried against bundles: downgrades, slipped-in keys, hidden revocations, hostile bytes."""

from __future__ import annotations

import datetime as dt
import json
import random
import struct
import uuid
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from provenance import key_history, keys, ledger, notes, rotation, sequencer, verifier
from provenance.key_events import LogKeyRotated
from tests.provenance.ledger.bundles import forge, pack, put, unpack
from tests.provenance.ledger.helpers import ACTOR
from tests.provenance.ledger.outside.reading import check, forged, older_key
from tests.provenance.ledger.signed_story import Signer

pytestmark = pytest.mark.django_db


def without(members, listed, unwanted):
    """As the list would be if these entries had never been chosen."""
    for row in [row for row in listed["entries"] if unwanted(json.loads(members[row["body"]]))]:
        listed["entries"].remove(row)
        for part in ("body", "proof", "disclosed"):
            members.pop(row.get(part, ""), None)


def as_version_1(members, listed):
    for name in [name for name in members if name.startswith(("log/points/", "timestamps/"))]:
        del members[name]
    for name in (listed.pop("keys"), listed.pop("streams"), listed.pop("provenance")):
        del members[name]
    for name in ("points", "timestamps", "roots"):
        listed.pop(name)
    listed["v"] = 1


def test_a_bundle_is_not_made_older_to_hide_a_revocation(story, tmp_path):
    """Version 1 says nothing of held back entries: a receiver could drop the revocation and relabel the rest."""
    story.mara.revoke()
    members = unpack(story.bundle())
    listed = json.loads(members["bundle.json"])
    without(members, listed, lambda body: body["kind"].startswith(("person_key.revoked", "log_key.")))
    as_version_1(members, listed)
    members["bundle.json"] = json.dumps(listed).encode()
    key = verifier.Key.parse(str(keys.verifier_key()))
    report = check(tmp_path, pack(members), key=key, witnesses=[story.witness.key])
    assert report.verdict.startswith("broken at step 7 because entry ")
    assert "a kind that bundles of version 1 never held" in report.verdict


@pytest.mark.parametrize("left", ["points", "timestamps", "roots", "keys", "streams"])
def test_a_bundle_is_of_one_version(story, tmp_path, left):
    def change(members, listed):
        kept = listed[left]
        as_version_1(members, listed)
        listed[left] = kept

    assert "but has parts of version 2" in forged(story, tmp_path, change)


@pytest.mark.parametrize("kind", ["person_key.revoked", "log_key.revoked"])
def test_a_revocation_cannot_be_held_back(story, tmp_path, kind):
    """The stream statement counts it; whoever packs again without it, with or without a seal, has a broken bundle."""
    story.mara.revoke()
    first = notes.VerifierKey.parse(verifier.str_of(story.first_key))
    rotation.revoke(reason="found on a stick", actor=ACTOR, key=first, from_size=1)
    data = story.bundle()
    assert check(tmp_path, data).exit_status == 0

    def change(members, listed):
        without(members, listed, lambda body: body["kind"] == kind)

    changed = forge(data, change)
    assert "that a key was revoked may be among them" in check(tmp_path, changed).verdict
    bare = pack(unpack(changed))
    assert check(tmp_path, bare, repacked=True).verdict.startswith("broken at step 9 because entries of")


def test_an_erased_label_of_a_key_leaves_its_signatures_whole(story, tmp_path):
    """The erasure stands in the stream of the person's keys, so it comes along."""
    enrolled = ledger.Entry.objects.get(stream=f"person:{story.mara.user}", kind="person_key.enrolled")
    with transaction.atomic():
        ledger.shred(enrolled, actor=ACTOR)
    report = check(tmp_path, story.bundle())
    assert report.exit_status == 0, report.verdict


@pytest.mark.parametrize("part", ["enrolled", "confirmed"])
def test_a_key_that_somebody_else_brought_in(story, tmp_path, part, monkeypatch):
    """A key in Eve's name, enrolled or confirmed by another account, signs nothing."""
    eve = Signer()
    other = ledger.Actor("human", str(uuid.uuid4()))
    if part == "enrolled":
        monkeypatch.setattr(Signer, "actor", other)
        eve.enrol(confirm=False)
        monkeypatch.undo()
        eve.confirm()
    else:
        eve.enrol(confirm=False)
        monkeypatch.setattr(Signer, "actor", other)
        eve.confirm()
        monkeypatch.undo()
    eve.sign([eve.work(1)])
    verdict = check(tmp_path, story.bundle()).verdict
    assert verdict.startswith("broken at step 16")
    assert f"was made by human {other.id}, not by the key's owner" in verdict


def test_the_thief_of_an_old_log_key_invents_no_key_before_it(story, tmp_path):
    """Both keys sign a statement; the thief has the older one and makes the one before. It stands too late."""
    thief = Ed25519PrivateKey.generate()
    before = keys.key_chain()
    invented = key_history.rotation_note(
        origin=keys.origin(),
        old=thief,
        new=Ed25519PrivateKey.from_private_bytes(older_key()),
        at=dt.datetime.now(dt.UTC),
        after=10**9,
    )
    with transaction.atomic():
        ledger.record(
            LogKeyRotated(stream="log", old="", new="", reason="", statement=bytes(invented).decode()),
            actor=ACTOR,
        )
    sequencer.drain()
    assert keys.key_chain() == before
    report = check(tmp_path, story.bundle(), key=story.first_key)
    assert report.exit_status == 0, report.verdict


@pytest.mark.parametrize("name", ["\ud800", "a\udfff", "witness\ud800.example"])
def test_a_key_s_name_that_is_no_text(story, tmp_path, name):
    def change(members, listed):
        held = json.loads(members["log/keys.json"])
        held["witnesses"] = [f"{name}+00000000+{verifier.str_of(story.witness.key).split('+', 2)[2]}"]
        members["log/keys.json"] = json.dumps(held).encode()

    assert "the name of the key is not UTF-8 text" in forged(story, tmp_path, change)


def test_a_damaged_token_gets_a_sentence_wherever_it_is_damaged(story, tmp_path):
    """The library reads the parts of a token when they are asked for, and raises then."""
    chance = random.Random(7)
    size = len(next(data for name, data in unpack(story.plain).items() if name.endswith(".tst")))
    # Every fifth byte of what the authority states, which stands in the first part of the token.
    for at in range(40, min(size, 260), 5):

        def change(members, listed, at=at):
            name = listed["timestamps"][0]["token"]
            data = bytearray(members[name])
            data[at] ^= chance.randrange(1, 256)
            members[name] = bytes(data)

        assert forged(story, tmp_path, change).startswith("broken at step 14 because the timestamp of office")


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\u2066", "\u00ad", "\u0085"])
def test_a_name_that_shows_as_another_is_refused(story, tmp_path, mark):
    members = unpack(story.plain) | {f"assets/{mark}gnp.exe": b"x"}
    report = check(tmp_path, pack(members), repacked=True)
    assert report.verdict.startswith(
        "broken at step 1 because the archive has a name with control characters"
    )


def test_a_second_directory_that_only_zipfile_would_read(tmp_path, monkeypatch):
    """Older versions of zipfile take the zip64 record right before its locator, whatever place the locator states."""
    monkeypatch.setattr(zipfile, "ZipFile", lambda path: pytest.fail("the directory was read"))
    small = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 46, 0)
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, 90 << 20, 0)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)
    data = small + large + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1) + end
    report = verifier.verify(put(tmp_path, data))
    assert report.verdict.startswith("broken at step 1 because it is not a readable zip archive")


def test_more_files_than_the_directory_says(tmp_path, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_MEMBERS", 3)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}", b"")
    data = (tmp_path / "many.zip").read_bytes()
    at = data.rindex(b"PK\x05\x06")
    lying = data[: at + 8] + struct.pack("<HH", 1, 1) + data[at + 12 :]
    assert "5 files, more than are read" in verifier.verify(put(tmp_path, lying)).verdict
