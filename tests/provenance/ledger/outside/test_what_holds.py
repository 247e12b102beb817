"""What outsiders saw and who signed, as a stranger finds it in a bundle."""

from __future__ import annotations

import io
import json
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import bundle, keys, notes, verifier
from provenance.models import Checkpoint
from tests.provenance.ledger.bundles import unpack
from tests.provenance.ledger.outside.reading import UNWITNESSED, check, step
from tests.provenance.ledger.signed_story import STREAM, Witness

pytestmark = pytest.mark.django_db


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
