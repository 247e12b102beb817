"""What outsiders saw and who signed, as a stranger finds it in a bundle; and each way to lie about it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings as django_settings
from django.db import transaction

from provenance import bundle, keys, notes, rotation, verifier
from provenance.models import Checkpoint
from tests.provenance.ledger.bundles import forge, pack, put, sealed, unpack
from tests.provenance.ledger.helpers import ACTOR
from tests.provenance.ledger.signed_story import (
    STREAM,
    WORDS,
    Signer,
    Story,
    Witness,
    head,
    stamp,
    tell,
)
from tests.provenance.outside.conftest import office  # noqa: F401 - a fixture
from tests.provenance.signing.helpers import Authenticator

pytestmark = pytest.mark.django_db
UNWITNESSED = "valid but not witnessed/timestamped"


@pytest.fixture(scope="module")
def story(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    office: Any,  # noqa: F811
) -> Iterator[Story]:
    """The log's keys are rotated, so they lie in a folder of their own; the database is rolled back at the end."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        folder = tmp_path_factory.mktemp("data")
        patch.setattr(django_settings, "DEADWAX_DATA", folder)
        patch.setattr(django_settings, "DEADWAX_OUTSIDE", folder / "outside.toml")
        (folder / "outside.toml").write_text(
            '[[timestamp]]\nname = "office"\nurl = "http://127.0.0.1:9/"\nroots = "'
            f'{office.folder / "root.pem"}"\n'
        )
        told = tell(office)
        assert told.plain, "made before a test adds to it"
        yield told
        transaction.set_rollback(True)


def check(folder: Path, data: bytes, **options: Any) -> verifier.Report:
    return verifier.verify(put(folder, data), **options)


def step(report: verifier.Report, title: str) -> str:
    return next(result for _, name, result in report.steps if name == title)


# -- what holds --------------------------------------------------------------------------------------------------------


def test_what_the_asker_trusts_holds_for_every_entry(story, tmp_path):
    data = story.bundle()
    report = check(tmp_path, data, key=story.first_key, witnesses=[story.witness.key], roots=story.roots)
    assert report.verdict == "valid"
    assert report.exit_status == 0
    assert "1 rotation, each signed by both keys" in step(report, "The log's key and how it was handed over")
    assert step(report, "What is held back") == "4 of 4 streams complete"
    assert "3 timestamps from" in step(report, "Timestamps")
    assert "2 checkpoints, last at" in step(report, "Witnesses")
    assert step(report, "People's keys") == "2 keys, 2 confirmed, 0 revoked"
    assert "3 signatures hold: 10 of 11 entries of people signed" in step(report, "People's signatures")
    assert {row["person"]: (row["entries"], row["signed"]) for row in report.people} == {
        story.mara.user: (7, 7),
        story.ilse.user: (4, 3),
    }
    assert all(entry.before for entry in report.entries)


def test_who_gives_neither_witness_nor_root_is_told_that_the_log_stands_alone(story, tmp_path):
    report = check(tmp_path, story.bundle())
    assert report.verdict == UNWITNESSED
    assert "of authorities that you did not name" in step(report, "Timestamps")
    assert "1 witness cosigned that you did not name" in step(report, "Witnesses")


@pytest.mark.parametrize("given", ["other root", "other witness", "root, and another witness"])
def test_strangers_that_the_asker_names_instead_vouch_for_nothing(story, tmp_path, given):
    options = {
        "other root": {"roots": story.other_roots},
        "other witness": {"witnesses": [Witness("witness.example/south").key]},
        "root, and another witness": {
            "roots": story.roots,
            "witnesses": [Witness("witness.example/south").key],
        },
    }[given]
    assert check(tmp_path, story.bundle(), **options).verdict == UNWITNESSED


def test_an_entry_newer_than_every_outsider_keeps_the_verdict_down(story, tmp_path):
    story.mara.work(99)
    report = check(tmp_path, story.bundle(), witnesses=[story.witness.key], roots=story.roots)
    assert report.verdict == UNWITNESSED
    assert "1 entry newer than the last" in step(report, "Timestamps")
    assert "1 entry newer than the last" in step(report, "Witnesses")


def test_each_key_of_the_log_leads_forward_and_only_the_log_s_own(story, tmp_path):
    data = story.bundle()
    assert check(tmp_path, data, key=verifier.Key.parse(str(keys.verifier_key()))).exit_status == 0
    foreign = notes.public_key(keys.origin(), Ed25519PrivateKey.generate())
    said = check(tmp_path, data, key=verifier.Key.parse(str(foreign))).verdict
    assert said.startswith("broken at step 3 because the bundle comes with the key")


def test_without_the_package_timestamps_are_not_counted_and_that_is_said(story, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    report = check(tmp_path, story.bundle(), roots=story.roots)
    assert report.verdict == UNWITNESSED
    assert "NOT CHECKED: 3 timestamps" in step(report, "Timestamps")
    assert any("pip install rfc3161-client" in text for text in report.notices)


def test_openssl_agrees_about_the_tokens_of_a_bundle(story):
    members = unpack(story.bundle())
    tokens = [name for name in members if name.endswith(".tst")]
    assert len(tokens) == 3
    history = keys.key_chain()
    for name in tokens:
        size = int(name.removeprefix("timestamps/").partition("-")[0])
        point = members.get(f"log/points/{size}.txt", members["log/checkpoint.txt"])
        parsed = verifier.Checkpoint.parse(point, "it")
        note_ = parsed.as_signed_by(verifier.Key.parse(str(history.key_for(size))))
        assert note_ == bytes(Checkpoint.objects.get(size=size).note)
        assert story.office.accepts(members[name], note_)


def test_the_same_record_gives_the_same_bytes(story):
    assert story.bundle() == story.bundle()


def test_signatures_are_brought_along_with_a_single_entry(story, tmp_path):
    out = io.BytesIO()
    entry = bundle.of_stream(STREAM).entries[-1]
    report = bundle.build(entries=[entry], disclose=bundle.nothing, out=out)
    assert (report.entries, report.signatures) == (5, 1)  # two key entries, one rotation, the act
    checked = check(tmp_path, out.getvalue(), witnesses=[story.witness.key], roots=story.roots)
    assert checked.verdict == "valid"
    assert "3 signed entries not in this bundle" in step(checked, "People's signatures")


def test_prov_says_who_made_what_of_what(story):
    from prov.model import ProvDocument

    members = unpack(story.bundle())
    document = ProvDocument.deserialize(content=members["provenance.json"].decode(), format="json")
    listed = json.loads(members["bundle.json"])
    found = json.loads(members["provenance.json"])
    assert len(found["activity"]) == len(listed["entries"])
    assert any(story.mara.user in name for name in found["agent"])
    assert len(document.get_records()) > len(listed["entries"])
    assert b"softly" not in members["provenance.json"]


# -- what the label, or a thief of its key, could try ------------------------------------------------------------------


def forged(story: Story, tmp_path: Path, change: Any, **options: Any) -> str:
    options.setdefault("witnesses", [story.witness.key])
    options.setdefault("roots", story.roots)
    return check(tmp_path, forge(story.plain, change), **options).verdict


def points(listed: dict[str, Any]) -> list[int]:
    return sorted(row["size"] for row in listed["points"])


def strip_tokens(members, listed):
    for row in listed["timestamps"]:
        del members[row["token"]]
    listed["timestamps"] = []


def swap_tokens(members, listed):
    one, two = (row["token"] for row in listed["timestamps"][:2])
    members[one], members[two] = members[two], members[one]


def nonsense_token(members, listed):
    members[listed["timestamps"][0]["token"]] = b"\x30\x82\xff\xff" + b"\x00" * 2000


def damage_token(members, listed):
    name = listed["timestamps"][0]["token"]
    members[name] = members[name][:-5] + bytes([members[name][-5] ^ 1]) + members[name][-4:]


def token_of_nothing(members, listed):
    listed["timestamps"][0]["size"] = 1


def strip_cosignature(members, listed):
    for name in [name for name in members if name.startswith(("log/points/", "log/checkpoint", "proofs/"))]:
        lines = members[name].split(b"\n")
        members[name] = b"\n".join(line for line in lines if not line.startswith("\u2014 witness".encode()))


def swap_cosignature(members, listed):
    first, last = f"log/points/{points(listed)[0]}.txt", "log/checkpoint.txt"
    lines = {name: members[name].split(b"\n")[-2] for name in (first, last)}
    old = members[last]
    members[first] = members[first].replace(lines[first], lines[last])
    members[last] = members[last].replace(lines[last], lines[first])
    for name in members:
        if name.startswith("proofs/"):
            members[name] = members[name].replace(old, members[last])


def swap_points(members, listed):
    one, two = (f"log/points/{size}.txt" for size in points(listed)[:2])
    members[one], members[two] = members[two], members[one]


def wrong_consistency(members, listed):
    listed["points"][0]["consistency"] = listed["points"][1]["consistency"]


def forget_the_rotation(members, listed):
    members["log/keys.json"] = json.dumps({"rotations": [], "witnesses": []}).encode()


def invent_a_rotation(members, listed):
    from provenance.key_history import rotation_note

    own, thief = keys.signing_key(), Ed25519PrivateKey.generate()
    held = json.loads(members["log/keys.json"])
    stolen = rotation_note(origin=keys.origin(), old=own, new=thief, at=dt.datetime.now(dt.UTC), after=0)
    held["rotations"].append(bytes(stolen).decode())
    members["log/keys.json"] = json.dumps(held).encode()


def fewer_in_a_stream(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [parts[0], str(int(parts[1]) - 1), parts[2]])


def another_last(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [parts[0], parts[1], "ab" * 32])


def leave_a_stream_out(members, listed):
    restate(members, lambda parts: parts[0] == STREAM and [])


def restate(members, change):
    lines = notes.parse_note(members["log/streams.txt"]).text.split("\n")
    rows = [change(line.split(" ")) or line.split(" ") if " " in line else [line] for line in lines[:-1]]
    rows = [row for row in rows if not (change(row) == [] and len(row) == 3)]
    text = "".join(" ".join(row) + "\n" for row in rows)
    members["log/streams.txt"] = bytes(notes.sign(text, name=keys.origin(), private=keys.signing_key()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (strip_tokens, UNWITNESSED),
        (swap_tokens, "broken at step 14 because the timestamp of office at"),
        (nonsense_token, "broken at step 14 because"),
        (damage_token, "broken at step 14 because"),
        (
            token_of_nothing,
            "broken at step 14 because the timestamp of office at 1 entries is over no checkpoint",
        ),
        (strip_cosignature, UNWITNESSED),
        (swap_cosignature, "broken at step 15 because the cosignature of witness.example/north"),
        (swap_points, "broken at step 12 because the older checkpoint of"),
        (wrong_consistency, "broken at step 12 because"),
        (forget_the_rotation, "broken at step 7 because entry 19 hands the log's key over"),
        (invent_a_rotation, "broken at step 3 because the rotation to deadwax.invalid/ledger+"),
        (fewer_in_a_stream, "broken at step 9 because the stream statement contradicts"),
        (another_last, "broken at step 9 because the stream statement contradicts"),
        (leave_a_stream_out, "broken at step 9 because the stream statement does not name exactly"),
    ],
)
def test_a_lie_about_outsiders_is_caught(story, tmp_path, change, expected):
    assert forged(story, tmp_path, change).startswith(expected)


def test_nobody_but_the_log_can_take_something_out_unseen(story, tmp_path):
    """A receiver who strips a token and packs again has no seal; one who keeps the old seal has the wrong one."""
    data = story.bundle()
    members = unpack(data)
    listed = json.loads(members["bundle.json"])
    strip_tokens(members, listed)
    members["bundle.json"] = json.dumps(listed).encode()
    bare = pack(members)
    assert check(tmp_path, bare).verdict.startswith("broken at step 18 because the archive has no seal")
    assert check(tmp_path, bare, repacked=True).verdict == UNWITNESSED
    thief = sealed(bare, key=Ed25519PrivateKey.generate())
    assert check(tmp_path, thief).verdict.startswith("broken at step 18 because the seal is not signed by")
    seal = data[data.rindex(b"deadwax/bundle/v2") :]
    kept = bare[:-2] + len(seal).to_bytes(2, "little") + seal
    assert check(tmp_path, kept).verdict.startswith("broken at step 18 because the archive was changed")


def test_a_fork_signed_with_the_older_key_does_not_pass(story, tmp_path):
    """Whoever kept the key of before signs a larger log of their own with it."""
    old = Ed25519PrivateKey.from_private_bytes(older_key())

    def change(members, listed):
        size = listed["log"]["size"]
        text = notes.parse_note(members["log/checkpoint.txt"]).text
        before, after = (
            members["log/checkpoint.txt"],
            bytes(notes.sign(text, name=keys.origin(), private=old)),
        )
        members["log/key.txt"] = f"{notes.public_key(keys.origin(), old)}\n".encode()
        for name in members:
            if name.endswith((".tlog-proof", "checkpoint.txt")):
                members[name] = members[name].replace(before, after)
        assert size

    assert forged(story, tmp_path, change).startswith(
        "broken at step 3 because the log's key was handed over"
    )
    data = forge(story.plain, change)
    members = unpack(data)
    forget_the_rotation(members, {})
    forked = sealed(pack(members), key=old)
    now = verifier.Key.parse(str(keys.verifier_key()))
    assert check(tmp_path, forked, key=now).verdict.startswith(
        "broken at step 3 because the bundle comes with"
    )
    assert check(tmp_path, forked).verdict.startswith("broken at step 7 because entry 19 hands")


def older_key() -> bytes:
    """The key of before the rotation: the log puts it aside."""
    (path,) = (Path(django_settings.DEADWAX_DATA) / "keys").glob("log-ed25519-*.pem")
    found = load_pem_private_key(path.read_bytes(), password=None)
    return found.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def test_what_a_revoked_log_key_signed_above_its_end_does_not_count(story, tmp_path):
    """Its timestamps and cosignatures do not count either; later ones cover the entries again."""
    first = notes.VerifierKey.parse(verifier.str_of(story.first_key))
    rotation.revoke(reason="found on a stick", actor=ACTOR, key=first, from_size=1)
    stamp(story.office, head())
    report = check(tmp_path, story.bundle(), roots=story.roots, key=story.first_key)
    assert report.verdict == "valid"
    assert "1 revocation in the log" in step(report, "Changes of the log's key are recorded")
    assert "2 timestamps from" in step(report, "Timestamps")


# -- what a person, or somebody in her name, could try -----------------------------------------------------------------


def refused(story: Story, tmp_path: Path) -> str:
    report = check(tmp_path, story.bundle())
    assert report.exit_status == 1, report.verdict
    return report.verdict


def test_a_signature_after_the_key_was_revoked(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.revoke()
    story.mara.sign([entry])
    assert "made with a key that had been revoked" in refused(story, tmp_path)


def test_what_was_signed_before_the_revocation_stays_signed(story, tmp_path):
    story.mara.revoke()
    report = check(tmp_path, story.bundle())
    assert report.exit_status == 0
    assert "2 keys, 2 confirmed, 1 revoked" in step(report, "People's keys")
    assert "10 of 11" in step(report, "People's signatures")


def test_a_key_that_nobody_confirmed_signs_nothing(story, tmp_path):
    eve = Signer()
    eve.enrol(confirm=False)
    eve.sign([eve.work(1)])
    assert "a key that was not confirmed yet" in refused(story, tmp_path)


def test_a_key_confirmed_only_afterwards_signs_nothing(story, tmp_path):
    eve = Signer()
    eve.enrol(confirm=False)
    eve.sign([eve.work(1)])
    eve.confirm()
    assert "a key that was not confirmed yet" in refused(story, tmp_path)


def test_a_confirmation_without_enrolment(story, tmp_path):
    eve = Signer()
    eve.confirm()
    eve.sign([eve.work(1)])
    assert "is about a key that was not enrolled before" in refused(story, tmp_path)


def test_a_key_enrolled_for_somebody_else_s_fingerprint(story, tmp_path):
    eve = Signer()
    eve.enrol(fingerprint=secrets.token_hex(32))
    eve.sign([eve.work(1)])
    assert refused(story, tmp_path).startswith("broken at step 16")


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_another_device_s_signature(story, tmp_path, who):
    signer = getattr(story, who)
    entry = signer.work(1)
    payload = signer.payload([entry])
    thief = Signer(method=signer.method, algorithm=signer.algorithm, user=signer.user)
    signer.sign([entry], proof=thief.proof(payload.data), nonce=payload.nonce)
    assert "does not hold: " in refused(story, tmp_path)


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_an_ed25519_passkey_and_a_p256_passkey_both_hold(story, tmp_path, who):
    eve = Signer(algorithm="ed25519", device=Authenticator("ed25519"))
    eve.enrol()
    eve.sign([eve.work(1)])
    assert check(tmp_path, story.bundle()).exit_status == 0


def test_a_nonce_for_the_second_time(story, tmp_path):
    nonce = secrets.token_hex(32)
    for number in range(2):
        story.mara.sign([story.mara.work(number)], nonce=nonce)
    assert "uses a nonce for the second time" in refused(story, tmp_path)


def test_entries_of_somebody_else(story, tmp_path):
    story.mara.sign([story.ilse.work(1)])
    assert "which its signer cannot sign" in refused(story, tmp_path)


def test_entries_that_come_only_afterwards_or_never(story, tmp_path):
    story.mara.sign([], leaves=(secrets.token_hex(32),))
    assert "that does not exist" in refused(story, tmp_path)


def test_a_signature_for_another_log_or_stream(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.sign([entry], log="deadwax.invalid/another")
    assert "was given for another log or stream" in refused(story, tmp_path)


def test_a_signature_in_the_name_of_somebody_else(story, tmp_path):
    entry = story.mara.work(1)
    story.mara.sign([entry], person=story.ilse.user)
    assert "in the name of somebody else" in refused(story, tmp_path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"origin": "https://label.example.evil.example"}, "another site"),
        ({"rp_id": "evil.example"}, "another site"),
        ({"flags": 0x01}, "did not verify that the person was there"),
        ({"type": "webauthn.create"}, "not asked for a signature"),
        ({"crossOrigin": True}, "not asked for a signature"),
    ],
)
def test_a_passkey_that_was_asked_for_something_else(story, tmp_path, options, expected):
    entry = story.mara.work(1)
    payload = story.mara.payload([entry])
    story.mara.sign([entry], proof=story.mara.proof(payload.data, **options), nonce=payload.nonce)
    assert expected in refused(story, tmp_path)


@pytest.mark.parametrize("who", ["mara", "ilse"])
def test_a_signature_of_other_entries(story, tmp_path, who):
    signer = getattr(story, who)
    one, two = signer.work(1), signer.work(2)
    signer.sign([two], proof=signer.proof(signer.payload([one]).data))
    assert "does not hold: " in refused(story, tmp_path)


def test_an_ssh_signature_made_for_a_commit(story, tmp_path):
    entry = story.ilse.work(1)
    payload = story.ilse.payload([entry])
    story.ilse.sign([entry], proof=story.ilse.proof(payload.data, namespace="git"), nonce=payload.nonce)
    assert "for another purpose" in refused(story, tmp_path)


def test_other_words_than_those_that_were_signed(story, tmp_path):
    story.mara.sign([story.mara.work(1)], words_sha256=hashlib.sha256(b"Everything is mine.").hexdigest())
    assert "is not over the words that are shown" in refused(story, tmp_path)
    assert check(tmp_path, story.bundle(disclose=bundle.nothing)).exit_status == 0, WORDS


def test_a_timestamp_that_was_made_after_the_signature(story, tmp_path):
    entry = story.mara.work(1)
    later = "de" * 32
    story.mara.sign([entry], timestamp=later)
    token = stamp(story.office, head())
    data = story.bundle()
    digest = hashlib.sha256(bytes(token.token)).hexdigest()
    assert check(tmp_path, data).exit_status == 0, "an unknown token bounds nothing"
    other = story.mara.work(2)
    story.mara.sign([other], timestamp=digest)
    assert check(tmp_path, story.bundle(), roots=story.roots).exit_status == 0


def test_an_entry_that_claims_to_be_younger_than_the_token_over_it(story, tmp_path, monkeypatch):
    """The database takes no entry of tomorrow, so the tolerance is moved: every token now seems a day too old."""
    monkeypatch.setattr(verifier, "CLOCK_S", -86_400)
    report = check(tmp_path, story.plain, roots=story.roots)
    assert report.verdict.startswith("broken at step 14 because entry")
    assert "but office saw the log with it at" in report.verdict


# -- harm --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, True, -1, 2**60, "x", [], {}, [[]], "\ud800", "a" * 20_000, [{"size": "x"}]]
)
@pytest.mark.parametrize("key", ["points", "timestamps", "roots", "keys", "streams", "provenance"])
def test_a_wrong_part_of_the_list_gets_a_sentence(story, tmp_path, key, value):
    def change(members, listed):
        listed[key] = value

    assert forged(story, tmp_path, change).startswith("broken at step")


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b'{"rotations":7,"witnesses":[]}', b'{"rotations":["x"],"witnesses":[]}',
        b'{"rotations":[],"witnesses":["a+b+c"]}', b"[" * 100_000, b'{"rotations":["\\ud800\\n\\n"],"witnesses":[]}',
        json.dumps({"rotations": ["x"] * 500, "witnesses": []}).encode(),
    ],
)  # fmt: skip
def test_hostile_key_histories_get_a_sentence(story, tmp_path, text):
    def change(members, listed):
        members["log/keys.json"] = text

    assert forged(story, tmp_path, change).startswith("broken at step 3 because")


def test_tens_of_thousands_of_signature_lines_are_not_read(story, tmp_path):
    def change(members, listed):
        name = f"log/points/{points(listed)[0]}.txt"
        line = members[name].split(b"\n")[-2] + b"\n"
        members[name] += line * 50_000

    assert "has" in forged(story, tmp_path, change)
    assert forged(story, tmp_path, change).startswith("broken at step 12 because")


def test_a_giant_base64_in_a_proof_is_not_decoded(story, tmp_path):
    entry = story.ilse.work(1)
    story.ilse.sign([entry], proof={"signature": "-----BEGIN SSH SIGNATURE-----\n" + "A" * 3_000_000})
    assert "is not text of 1 to" in refused(story, tmp_path)


@pytest.mark.parametrize("cut", [0, 9, 40, 120])
def test_a_cut_ssh_signature_gets_a_sentence(story, tmp_path, cut):
    entry = story.ilse.work(1)
    payload = story.ilse.payload([entry])
    whole = story.ilse.proof(payload.data)["signature"].split("\n")
    blob = base64.b64decode("".join(whole[1:-2]))[: -cut or None][:cut] if cut else b""
    text = "\n".join([whole[0], base64.b64encode(blob).decode(), whole[-2]])
    story.ilse.sign([entry], proof={"signature": text}, nonce=payload.nonce)
    assert refused(story, tmp_path).startswith("broken at step 17 because")
