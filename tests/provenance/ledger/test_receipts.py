"""Receipts: promised is what was committed; a promise that the log does not keep is found and quoted."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, transaction

from provenance import audit, keys, ledger, notes, receipts, rotation, sequencer
from provenance.ledger import Actor
from provenance.models import Entry, Receipt
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.ledger.helpers import ACTOR, Noted, note

pytestmark = pytest.mark.django_db(transaction=True)
MARA = Actor("human", "0b54e5f2-0000-4000-8000-000000000001")
TIM = Actor("human", "0b54e5f2-0000-4000-8000-000000000002")


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path):
    settings.DEADWAX_DATA = tmp_path


def leaf(entry: Entry) -> str:
    return bytes(entry.leaf_hash).hex()


def promised(*entries: Entry, actor: Actor = MARA) -> bytes:
    (row,) = receipts.issue(actor.id, [leaf(entry) for entry in entries])
    return bytes(row.note)


def long_ago(monkeypatch) -> None:
    """Receipts of now were due yesterday."""
    monkeypatch.setattr("django.conf.settings.DEADWAX_MERGE_DELAY_S", -86400, raising=False)


class Undone(Exception):
    pass


def undone() -> None:
    ledger.record(Noted(stream="project:1"), actor=MARA)
    raise Undone


# -- what is collected -------------------------------------------------------------------------------------------------


def test_committed_entries_of_people_are_collected_and_nothing_else():
    with ledger.collecting() as found:
        kept = [note(1, actor=MARA), note(2, actor=TIM)]
        note(3, actor=ACTOR)
        note(4, actor=Actor.worker("w"))
        with pytest.raises(Undone), transaction.atomic():
            undone()
        with transaction.atomic():
            with pytest.raises(Undone), transaction.atomic():
                undone()
            kept.append(ledger.record(Noted(stream="project:1"), actor=MARA))
            assert len(found) == 2, "not before the commit"
    note(5, actor=MARA)
    assert found == [(entry.actor_id, leaf(entry)) for entry in kept]
    assert set(receipts.issue_for(found)) == {MARA.id, TIM.id}


def test_a_receipt_has_the_form_that_was_agreed():
    entries = [note(1, actor=MARA), note(2, actor=MARA)]
    data = promised(*entries)
    promise, signed = receipts.parse(data)
    assert signed.text.split("\n") == [
        "deadwax/receipt/v1", keys.origin(), f"issued {promise.issued}", f"merge by {promise.merge_by}",
        f"for {MARA.id}", leaf(entries[0]), leaf(entries[1]), "",
    ]  # fmt: skip
    signed.verify(keys.verifier_key())
    assert promise.merge_by_at - promise.issued_at == dt.timedelta(hours=1)
    row = Receipt.objects.get()
    assert (bytes(row.note), row.issued_at, row.merge_by) == (data, promise.issued_at, promise.merge_by_at)


def test_more_than_a_thousand_entries_are_several_receipts():
    rows = receipts.issue(MARA.id, [f"{number:064x}" for number in range(2001)])
    assert [len(row.leaves) for row in rows] == [1000, 1000, 1]


def test_a_receipt_cannot_be_changed_afterwards():
    promised(note(1, actor=MARA))
    for attack in (
        "UPDATE provenance_receipt SET actor_id = 'x'",
        "DELETE FROM provenance_receipt",
        "TRUNCATE provenance_receipt",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(attack)


# -- held against the log ----------------------------------------------------------------------------------------------


def test_a_promise_waits_until_its_entries_stand():
    data = promised(note(1, actor=MARA), note(2, actor=MARA))
    (answer,) = receipts.check([data]).answers
    assert (answer.state, len(answer.waiting)) == ("waits", 2)
    sequencer.drain()
    (answer,) = receipts.check([data]).answers
    assert (answer.state, [place for _, place in answer.places]) == ("kept", [0, 1])
    assert audit.run().ok


def test_a_withheld_entry_breaks_its_promise_and_the_audit_quotes_it(monkeypatch):
    long_ago(monkeypatch)
    entry, other = note(1, actor=MARA), note(2, actor=MARA)
    data = promised(entry, other)
    with guards_off("provenance_entry"):
        sql("DELETE FROM provenance_entry WHERE id = %s", entry.pk)
    sequencer.drain()
    (answer,) = receipts.check([data]).answers
    assert (answer.state, answer.missing) == ("broken", (leaf(entry),))
    report = audit.run()
    assert [step.title for step in report.steps if step.broken] == ["Receipts are kept"]
    assert f"1 of 2 entries that the log promised on {answer.promise.issued} to {MARA.id}" in report.verdict
    assert json.dumps(data.decode(), ensure_ascii=False) in report.verdict, "the promise in its own words"


def test_a_receipt_of_which_the_label_kept_no_copy_counts_as_much(monkeypatch):
    long_ago(monkeypatch)
    entry = note(1, actor=MARA)
    data = promised(entry)
    with guards_off("provenance_entry", "provenance_receipt"):
        sql("DELETE FROM provenance_receipt")
        sql("DELETE FROM provenance_entry")
    sequencer.drain()
    assert audit.run().ok, "the label alone does not know any more"
    assert "are not in the log" in audit.run(receipts=[data]).verdict


def test_an_entry_that_came_late_is_told_without_a_verdict(monkeypatch):
    long_ago(monkeypatch)
    promised(note(1, actor=MARA))
    sequencer.drain()
    report = audit.run()
    assert report.ok
    assert any(
        "1 entries came into the log later than their receipts promised" in text for text in report.notices
    )


def test_receipts_of_an_older_key_hold_and_one_of_a_stranger_does_not():
    entry = note(1, actor=MARA)
    old = promised(entry)
    sequencer.drain()
    rotation.revoke(reason="it leaked", actor=ACTOR)
    new = promised(entry)
    promise, _ = receipts.parse(new)
    stranger = bytes(notes.sign(promise.text, name=keys.origin(), private=Ed25519PrivateKey.generate()))
    answers = receipts.check([old, new, stranger]).answers
    assert [answer.state for answer in answers] == ["kept", "kept", "unreadable"]
    assert [answer.promise.revoked for answer in answers[:2]] == [True, False]


@pytest.mark.parametrize("line", range(6))
def test_a_changed_receipt_is_none(line):
    data = promised(note(1, actor=MARA))
    lines = data.decode().split("\n")
    for changed in (
        [*lines[:line], lines[line] + "0", *lines[line + 1 :]],
        [*lines[:line], *lines[line + 1 :]],
        [*lines[:line], lines[line], *lines[line:]],
    ):
        (answer,) = receipts.check(["\n".join(changed).encode()]).answers
        assert answer.state == "unreadable", changed


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nonsense", b"\xff\xfe", b"{}", b'{"receipts": 3}', b'{"receipts": [1]}', b'{"receipts": []}',
        b"[" * 50_000, b'{"receipts": "x"}' * 2,
    ],
)  # fmt: skip
def test_what_is_no_file_of_receipts_is_refused_with_a_sentence(data):
    with pytest.raises(receipts.NoReceipts):
        receipts.read_file(data)
    with pytest.raises(receipts.NoReceipts, match="At most"):
        receipts.read_file(json.dumps({"receipts": ["x"] * 2001}).encode())
    with pytest.raises(receipts.NoReceipts, match="larger"):
        receipts.read_file(b"x" * (receipts.MAX_FILE_BYTES + 1))


def test_odd_texts_in_a_file_are_answered_one_by_one():
    note(1)
    sequencer.drain()
    odd = ["", "x", "a\n\nb\n", "deadwax/receipt/v1\n" * 9, "\ud7ff" * 50, "deadwax/receipt/v1\n\n— a b\n"]
    checked = receipts.check(receipts.read_file(json.dumps({"receipts": odd}).encode()))
    assert checked.states == {"unreadable": len(odd)}


def test_a_file_goes_there_and_back():
    data = [promised(note(number, actor=MARA)) for number in range(3)]
    file = receipts.file_of(Receipt.objects.all())
    assert receipts.read_file(file) == data
    assert json.loads(file)["keys"] == [str(keys.verifier_key())]
    assert receipts.read_file(data[0]) == [data[0]]


def test_collecting_asks_the_database_for_nothing(django_assert_num_queries):
    note(1)
    with django_assert_num_queries(3):  # begin, insert, commit
        note(2, actor=MARA)
    with ledger.collecting(), django_assert_num_queries(3):
        note(3, actor=MARA)
