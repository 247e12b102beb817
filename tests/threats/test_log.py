"""The log against whoever owns the database, the key, or the place between the log and its readers."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from pathlib import Path

import pytest
from django.db import connection

from provenance import (
    audit,
    blobcheck,
    bundle,
    canonical,
    full_audit,
    keys,
    ledger,
    notes,
    protection,
    queries,
    receipts,
    rotation,
    sequencer,
    verifier,
)
from provenance.models import Checkpoint, Cosignature, Entry, Leaf
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.ledger.helpers import ACTOR, note
from tests.provenance.ledger.test_audit import rewrite_everything
from tests.provenance.ledger.test_receipts import MARA, leaf, long_ago, promised
from tests.provenance.outside.conftest import (  # noqa: F401 - fixtures
    errors,
    grow,
    name_places,
    office,
    stamping,
    tsa,
    witness,
    witnessing,
)
from tests.provenance.outside.witnessing import HandLog
from tests.support import needs
from tests.threats.table import threat

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
REBUILT = ("provenance_leaf", "provenance_node", "provenance_checkpoint")


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path):
    """A log key of its own for each test; guards back on after it."""
    settings.DEADWAX_DATA = tmp_path
    yield
    protection.protect_recorded_tables()


def full() -> audit.AuditReport:
    return full_audit.run(plan=blobcheck.Plan())


def titles(report: audit.AuditReport) -> list[str]:
    return [step.title for step in report.steps if step.broken]


def forget_place() -> None:
    sequencer._floor.set(sequencer._place(connection), 0)


# -- rewriting ---------------------------------------------------------------------------------------------------------


@threat("Somebody with the owner's rights rewrites everything")
def test_a_perfect_rewrite_contradicts_a_kept_checkpoint():
    for number in range(6):
        note(number)
    sequencer.run_once()
    kept = bytes(queries.latest_checkpoint().note)
    rewrite_everything()
    assert audit.run().ok, "nothing inside the house can tell"
    assert "the log was rewritten" in audit.run(kept=kept).verdict


@threat("Somebody with the owner's rights rewrites everything")
@needs("openssl")
def test_a_rewrite_loses_its_tokens_and_its_witness(tsa, office, witness, name_places):  # noqa: F811
    north = witness()
    name_places(stamping(tsa, office) + witnessing(north))
    grow(6)
    errors()
    assert audit.run().verdict == "valid"
    tables = [*REBUILT, "provenance_entry", "provenance_timestamptoken", "provenance_cosignature"]
    held = Cosignature.objects.get()
    with guards_off(*tables):
        sql("DELETE FROM provenance_timestamptoken")
        sql("DELETE FROM provenance_cosignature")
    rewrite_everything()
    grow(2)
    # 1. The witness signs nothing over another history.
    assert "rewritten" in errors()["north"]
    # 2. The old cosignature and token, laid under the new checkpoint, do not hold.
    point = Checkpoint.objects.get(size=held.checkpoint_id)
    Cosignature.objects.create(
        checkpoint=point, witness=held.witness, key=held.key, line=held.line, at=held.at
    )
    assert titles(audit.run()) == ["Timestamps and cosignatures from outside"]
    assert audit.run().verdict != "valid"


@threat("The end of the log is cut off")
def test_a_cut_tail_contradicts_a_kept_checkpoint():
    for number in range(9):
        note(number)
    sequencer.run_once()
    kept = bytes(queries.latest_checkpoint().note)
    with guards_off(*REBUILT, "provenance_entry"):
        for table in REBUILT:
            sql(f"DELETE FROM {table}")
        sql("DELETE FROM provenance_entry WHERE id > (SELECT min(id) + 4 FROM provenance_entry)")
    forget_place()
    sequencer.drain()
    assert audit.run().ok
    assert "9 entries, the log only 5: its end was cut off" in audit.run(kept=kept).verdict


@threat("The end of the log is cut off")
def test_a_cut_tail_without_a_new_signature_is_found_inside():
    for number in range(9):
        note(number)
    sequencer.run_once()
    with guards_off("provenance_leaf"):
        sql('DELETE FROM provenance_leaf WHERE "index" > 6')
    assert not audit.run().ok
    note(10)
    with pytest.raises(sequencer.LogTampered):
        sequencer.run_once()


@threat("A fork: two logs of one name")
def test_a_witness_cosigns_one_of_two_checkpoints_and_keeps_the_other_as_evidence(witness):  # noqa: F811
    north = witness()
    ours = HandLog(keys.origin(), keys.signing_key()).grow(4)
    theirs = HandLog(keys.origin(), keys.signing_key()).grow(4, word="other")
    status, _ = north.post(ours.request(0))[:2]
    assert status == 200
    assert north.post(theirs.request(4))[0] in {409, 422}
    assert list((north.folder / "evidence").glob("fork-*.json"))


@threat("An entry is withheld")
def test_a_withheld_entry_contradicts_its_receipt(monkeypatch):
    long_ago(monkeypatch)
    entry, other = note(1, actor=MARA), note(2, actor=MARA)
    data = promised(entry, other)
    with guards_off("provenance_entry", "provenance_receipt"):
        sql("DELETE FROM provenance_entry WHERE id = %s", entry.pk)
        sql("DELETE FROM provenance_receipt")
    sequencer.drain()
    assert audit.run().ok, "the label kept no copy of its promise"
    report = audit.run(receipts=[data])
    assert titles(report) == ["Receipts are kept"]
    assert receipts.check([data]).answers[0].missing == (leaf(entry),)


# -- dates -------------------------------------------------------------------------------------------------------------


def forge_date(entry: Entry, year: int) -> None:
    """As the owner: another date in the body, in the columns and on the database's clock, and a leaf hash that fits."""
    body = json.loads(bytes(entry.body))
    at = dt.datetime(year, 5, 5, tzinfo=dt.UTC)
    data = canonical.dumps({**body, "at": canonical.timestamp(at)})
    with guards_off("provenance_entry"):
        sql(
            'UPDATE provenance_entry SET body = %s, "at" = %s, recorded_at = %s,'
            " leaf_hash = sha256('\\x00'::bytea || %s) WHERE id = %s",
            data, at, at, data, entry.pk,
        )  # fmt: skip


@threat("An entry is backdated")
@needs("openssl")
def test_a_date_that_the_owner_forged_is_older_than_the_token_before_it(tsa, office, name_places):  # noqa: F811
    name_places(stamping(tsa, office))
    grow(3)
    errors()
    forge_date(note(4), 2001)
    sequencer.drain()
    assert audit.run().ok, "body, columns and clock agree, and the tree is right"
    report = full()
    assert titles(report) == ["Dates fit the timestamps"]
    assert "is dated 2001-05-05 00:00, but came into the log after the timestamp of" in report.verdict


@threat("An entry is backdated")
@needs("openssl")
def test_a_date_in_the_future_is_later_than_the_token_over_it(tsa, office, name_places):  # noqa: F811
    forge_date(note(4), 2099)
    name_places(stamping(tsa, office))
    grow(1)
    errors()
    assert "covers it already" in full().verdict


# -- stolen keys -------------------------------------------------------------------------------------------------------


@threat("The log's key is stolen")
def test_what_a_revoked_log_key_signs_counts_for_nothing():
    for number in range(4):
        note(number)
    sequencer.run_once()
    stolen = keys.signing_key()
    kept = bytes(queries.latest_checkpoint().note)
    rotation.revoke(reason="the disk was stolen", actor=ACTOR, from_size=4)
    for number in range(4):
        note(number)
    sequencer.drain()
    assert audit.run(kept=kept).ok, "what is older stands"
    head = queries.latest_checkpoint()
    forged = notes.sign(
        notes.TreeHead(keys.origin(), head.size, bytes(32)).text, name=keys.origin(), private=stolen
    )
    assert "cannot be used" in audit.run(kept=bytes(forged)).verdict
    with guards_off("provenance_checkpoint"):
        sql('UPDATE provenance_checkpoint SET note = %s WHERE "size" = %s', bytes(forged), head.size)
    assert "does not verify" in audit.run().verdict


# -- guessing ----------------------------------------------------------------------------------------------------------


@threat("Private text is guessed from its commitment")
def test_a_dictionary_finds_nothing_without_the_salt_and_nothing_after_the_erasure():
    words = ["rain", "sun", "a sad song", "a happy song"]
    entry = note(words="a sad song")
    public = bytes(entry.body)
    commitment = json.loads(public)["private"]["words"]

    def found(salt: bytes) -> list[str]:
        return [
            guess
            for guess in words
            if canonical.commitment("test.noted", "words", canonical.dumps(guess), salt) == commitment
        ]

    assert found(b"") == found(bytes(32)) == []
    assert found(bytes(entry.vault.get().salt)) == ["a sad song"], (
        "whoever is given the salt can check the words"
    )
    ledger.shred(entry, actor=ACTOR)
    assert not entry.vault.exists()
    assert bytes(Entry.objects.get(pk=entry.pk).body) == public


# -- crashes -----------------------------------------------------------------------------------------------------------

WRITER = """
    import django
    django.setup()
    from django.db import transaction
    from provenance import ledger
    from tests.provenance.ledger.helpers import ACTOR, Noted
    number = 0
    while True:
        with transaction.atomic():
            entry = ledger.record(Noted(stream=f"project:{number % 3}", number=number, words="private"), actor=ACTOR)
            key, leaf = entry.pk, bytes(entry.leaf_hash).hex()
        print(key, leaf, flush=True)
        number += 1
"""
SEQUENCER = """
    import django
    django.setup()
    from provenance import sequencer
    print("ready", flush=True)
    while True:
        sequencer.run_once(limit=20)
"""


@threat("Processes are killed in the middle of their work")
def test_what_was_acknowledged_before_kill_9_is_in_the_log_entry_by_entry(settings):
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}&port={database['PORT'] or 5432}"
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DEADWAX_DATA": str(settings.DEADWAX_DATA),
        "DJANGO_SETTINGS_MODULE": "label.settings",
        "PYTHONPATH": str(ROOT),
    }
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for program in (WRITER, WRITER, SEQUENCER)
    ]
    said: list[list[str]] = [[], []]

    def listen(place: int) -> None:
        assert children[place].stdout is not None
        said[place].extend(line for line in children[place].stdout if line.endswith("\n"))

    readers = [threading.Thread(target=listen, args=(place,)) for place in (0, 1)]
    for reader in readers:
        reader.start()
    while not (all(len(lines) > 150 for lines in said) and Leaf.objects.count() > 100):
        assert all(child.poll() is None for child in children)
        threading.Event().wait(0.02)
    for child in children:
        child.send_signal(signal.SIGKILL)
    for child in children:
        child.wait()
    for reader in readers:
        reader.join()
    acknowledged = dict(line.split() for lines in said for line in lines)
    forget_place()
    sequencer.drain()
    placed = {
        str(key): bytes(value).hex()
        for key, value in Leaf.objects.values_list("entry_id", "entry__leaf_hash")
    }
    assert {key: placed.get(key) for key in acknowledged} == acknowledged
    assert len(placed) - len(acknowledged) <= 2, "at most one unacknowledged entry of each writer"
    assert audit.run().ok


# -- withholding -------------------------------------------------------------------------------------------------------


@threat("Private content has to be shown to prove something")
def test_any_private_value_can_be_withheld_or_erased_and_the_bundle_still_proves_the_rest(tmp_path):
    texts = ["a tide that only Mara knows", "rain, slowly", "no piano"]
    entries = [note(number, words=text) for number, text in enumerate(texts)]
    sequencer.drain()

    def built(disclose) -> tuple[bytes, str]:
        out = io.BytesIO()
        bundle.build(entries=entries, disclose=disclose, out=out)
        (tmp_path / "evidence.zip").write_bytes(out.getvalue())
        lines: list[str] = []
        report = verifier.verify(tmp_path / "evidence.zip", say=lines.append)
        assert report.verdict.startswith("valid"), report.verdict
        with zipfile.ZipFile(io.BytesIO(out.getvalue())) as archive:
            everything = b"".join(archive.read(name) for name in archive.namelist())
        return everything, "\n".join(lines)

    for hidden, text in enumerate(texts):
        found, said = built(lambda entry, name, hidden=hidden: entry.pk != entries[hidden].pk)
        assert text.encode() not in found
        assert all(other.encode() in found for other in texts if other != text)
        assert "2 private values shown, true to the commitment; 1 withheld or erased" in said
    for entry in entries:
        ledger.shred(entry, actor=ACTOR)
    found, said = built(lambda entry, name: True)
    assert not [text for text in texts if text.encode() in found]
    assert "3 withheld or erased" in said
