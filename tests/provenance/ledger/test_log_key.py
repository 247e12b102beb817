"""The log's key is handed over and revoked in the log itself; a rotation that is cut short finishes itself."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from provenance import audit, key_history, keys, notes, queries, rotation, sequencer
from provenance.key_events import LogKeyRotated
from provenance.ledger import record
from provenance.models import Checkpoint, Entry
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.ledger.helpers import ACTOR, note

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """A log key of its own for each test."""
    settings.DEADWAX_DATA = tmp_path
    return tmp_path / "keys"


def grown(*sizes: int) -> None:
    for size in sizes:
        for number in range(size):
            note(number)
        sequencer.run_once()


def signer(point: Checkpoint) -> str:
    return notes.parse_note(bytes(point.note)).signatures[0].key_id.hex()


def test_checkpoints_after_a_rotation_carry_the_new_key_and_both_keys_verify_the_log(folder):
    grown(3, 2)
    first = keys.verifier_key()
    kept = bytes(queries.latest_checkpoint().note)
    done = rotation.rotate(reason="a year has passed", actor=ACTOR)
    assert (done.old, done.new, done.after) == (first, keys.verifier_key(), 5)
    grown(4)
    second = rotation.rotate(reason="another year", actor=ACTOR).new
    grown(1)
    signers = {point.size: signer(point) for point in Checkpoint.objects.all()}
    expected = {3: first, 5: first, 10: done.new, 12: second}
    assert signers == {size: key.key_id.hex() for size, key in expected.items()}
    assert [
        key_history.open_rotation(text.encode(), origin=keys.origin()).after for text in keys.history()
    ] == [5, 10]
    for trusted in (None, first, done.new, second):
        assert audit.run(key=trusted, kept=kept).ok, trusted
    report = audit.run(key=notes.public_key(keys.origin(), Ed25519PrivateKey.generate()))
    assert [step.number for step in report.steps if step.broken] == [7]


def test_the_old_key_is_kept_aside_and_only_its_owner_reads_the_files(folder):
    grown(1)
    old = (folder / keys.FILE_NAME).read_bytes()
    done = rotation.rotate(reason="planned", actor=ACTOR)
    aside = folder / f"log-ed25519-{done.old.key_id.hex()}.pem"
    assert aside.read_bytes() == old
    assert sorted(path.name for path in folder.iterdir()) == sorted([aside.name, keys.FILE_NAME])
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_checkpoint_by_the_old_key_after_its_end_does_not_count():
    grown(2)
    old = keys.signing_key()
    rotation.rotate(reason="planned", actor=ACTOR)
    grown(2)
    head = queries.latest_checkpoint()
    forged = notes.sign(
        notes.TreeHead(keys.origin(), head.size, bytes(head.root)).text, name=keys.origin(), private=old
    )
    with guards_off("provenance_checkpoint"):
        sql('UPDATE provenance_checkpoint SET note = %s WHERE "size" = %s', bytes(forged), head.size)
    assert "does not verify" in audit.run().verdict


def test_a_revoked_key_does_not_count_above_the_size_named():
    grown(3, 3)
    leaked, size = rotation.revoke(reason="the disk was stolen", actor=ACTOR, from_size=4)
    assert (leaked, size) == (keys.key_chain().first, 4)
    assert keys.verifier_key() != leaked
    grown(1)
    points = {point.size: bytes(point.note) for point in Checkpoint.objects.all()}
    assert sorted(points) == [3, 6, 9]
    assert audit.run(kept=points[3]).ok
    assert audit.run(kept=points[9]).ok
    report = audit.run(kept=points[6])
    assert "was revoked below 6 entries" in report.verdict
    assert any(
        "1 checkpoints carry the signature of a key that was revoked" in text for text in report.notices
    )


def test_only_a_key_of_this_log_is_revoked_and_only_where_it_served():
    grown(2)
    with pytest.raises(rotation.RotationRefused, match="never was a key"):
        rotation.revoke(
            reason="x", actor=ACTOR, key=notes.public_key(keys.origin(), Ed25519PrivateKey.generate())
        )
    first = rotation.rotate(reason="planned", actor=ACTOR).old
    grown(2)
    with pytest.raises(rotation.RotationRefused, match="from 0 to 2"):
        rotation.revoke(reason="x", actor=ACTOR, key=first, from_size=3)
    before = keys.verifier_key()
    assert rotation.revoke(reason="found on a stick", actor=ACTOR, key=first) == (first, 2)
    assert keys.verifier_key() == before, "the key in force stays"
    with pytest.raises(rotation.RotationRefused, match="Say why"):
        rotation.rotate(reason="  ", actor=ACTOR)


def test_an_entry_that_claims_a_rotation_without_the_keys_changes_nothing():
    grown(2)
    key = keys.verifier_key()
    for old in (Ed25519PrivateKey.generate(), keys.signing_key()):
        stranger = Ed25519PrivateKey.generate()
        honest = key_history.rotation_note(
            origin=keys.origin(), old=old, new=stranger, at=dt.datetime.now(dt.UTC), after=2
        )
        one_sided = notes.SignedNote(honest.text, honest.signatures[1:])
        for statement in (one_sided, *([honest] if old is not keys.signing_key() else [])):
            with transaction.atomic():
                record(
                    LogKeyRotated(
                        stream="log", old="", new="", reason="", statement=bytes(statement).decode()
                    ),
                    actor=ACTOR,
                )
    assert keys.verifier_key() == key
    assert keys.history() == ()
    done = rotation.rotate(reason="planned", actor=ACTOR)
    grown(1)
    assert keys.key_chain().keys == (key, done.new), "what stood before has nothing to do with our keys"
    assert audit.run(key=key).ok


@pytest.mark.parametrize("link", range(7))
def test_a_changed_statement_is_none(link):
    note = bytes(
        key_history.rotation_note(
            origin="log.example",
            old=Ed25519PrivateKey.generate(),
            new=Ed25519PrivateKey.generate(),
            at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            after=7,
        )
    )
    assert key_history.open_rotation(note, origin="log.example").after == 7
    lines = note.split(b"\n")
    for changed in (
        [*lines[:link], *lines[link + 1 :]],
        [*lines[:link], lines[link] + b"1", *lines[link + 1 :]],
    ):
        with pytest.raises(notes.NoteError):
            key_history.open_rotation(b"\n".join(changed), origin="log.example")


def test_a_mounted_key_is_rotated_with_the_file_of_the_new_one(folder, tmp_path, monkeypatch):
    folder.mkdir()
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    for path in (old, new):
        keys._write(path, replace=False)
    monkeypatch.setenv("DEADWAX_LOG_KEY_FILE", str(old))
    grown(2)
    with pytest.raises(rotation.RotationRefused, match="--new-key FILE"):
        rotation.rotate(reason="planned", actor=ACTOR)
    assert Entry.objects.count() == 2
    rotation.rotate(reason="planned", actor=ACTOR, new_key_file=new)
    with pytest.raises(keys.LogKeyUnusable, match="Point it at the new key's file"):
        sequencer.run_once()
    monkeypatch.setenv("DEADWAX_LOG_KEY_FILE", str(new))
    assert sequencer.run_once() == 1
    assert audit.run().ok


def test_a_key_that_is_nowhere_stops_the_signing_and_says_so(folder):
    grown(1)
    old = (folder / keys.FILE_NAME).read_bytes()
    rotation.rotate(reason="planned", actor=ACTOR)
    (folder / keys.FILE_NAME).write_bytes(old)  # an old backup was put back
    with pytest.raises(keys.LogKeyUnusable, match="Restore it from the backup"):
        sequencer.run_once()
    assert Checkpoint.objects.count() == 1


# -- killed in the middle ----------------------------------------------------------------------------------------------

KILLED_AT = """
import os, signal, sys, django
django.setup()
from provenance import keys, rotation
from provenance.ledger import Actor
die = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
module, name, when = sys.argv[1:4]
import importlib
owner = importlib.import_module(module)
real = getattr(owner, name)
def patched(*args, **kwargs):
    if when == "after":
        real(*args, **kwargs)
    die()
setattr(owner, name, patched)
rotation.rotate(reason="cut short", actor=Actor.system("tests"))
"""

#: Where it dies, and whether the rotation has happened then.
POINTS = [
    ("provenance.keys", "prepare_next", "before", False),
    ("provenance.keys", "prepare_next", "after", False),
    ("provenance.rotation", "record", "before", False),
    ("provenance.rotation", "record", "after", False),
    ("provenance.keys", "_switch", "before", True),
    ("os", "link", "before", True),
    ("os", "link", "after", True),
    ("provenance.keys", "_sync_folder", "switched", True),
    ("provenance.keys", "_switch", "after", True),
]


@pytest.mark.parametrize(("module", "name", "when", "happened"), POINTS)
def test_a_rotation_killed_anywhere_recovers(folder, tmp_path, settings, module, name, when, happened):
    grown(2)
    first = keys.verifier_key()
    program = KILLED_AT
    if when == "switched":  # after both files stand in their places, before the folder is synced for that
        program = program.replace(
            "    die()",
            "    if not os.path.exists(keys.key_path().with_name(keys.NEXT_NAME)): die()\n"
            "    real(*args, **kwargs)",
        )
    child = subprocess.run(
        [sys.executable, "-c", program, module, name, when],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url(), "DEADWAX_DATA": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()[-2000:]
    assert Entry.objects.filter(kind="log_key.rotated").count() == happened
    grown(1)  # another process signs on, with the key that the entries name
    assert (keys.verifier_key() != first) == happened
    assert signer(queries.latest_checkpoint()) == keys.verifier_key().key_id.hex()
    assert audit.run(key=first).ok
    again = rotation.rotate(reason="again", actor=ACTOR)
    grown(1)
    assert audit.run(key=first).ok
    assert audit.run(key=again.new).ok
    assert not (folder / keys.NEXT_NAME).exists()


def test_a_sequencer_in_another_process_takes_up_the_new_key(tmp_path):
    program = (
        "import sys, django\ndjango.setup()\nfrom provenance import sequencer\nprint('ready', flush=True)\n"
        "for line in sys.stdin:\n    print(sequencer.drain(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url(), "DEADWAX_DATA": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"

        def sequenced() -> str:
            note()
            other.stdin.write("go\n")
            other.stdin.flush()
            assert int(other.stdout.readline())
            return signer(queries.latest_checkpoint())

        assert sequenced() == keys.verifier_key().key_id.hex()
        for _ in range(2):
            new = rotation.rotate(reason="planned", actor=ACTOR).new
            assert sequenced() == new.key_id.hex()
        other.stdin.close()
    assert audit.run().ok


def url() -> str:
    database = connection.settings_dict
    return f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"


# -- the command -------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("ledger_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_shows_rotates_and_revokes():
    grown(2)
    first = keys.verifier_key()
    assert run("show") == f"{first}  from the beginning, in force\n"
    assert "signs above 2 entries" in run("rotate", "--reason", "planned")
    grown(1)
    assert "is revoked" in run("revoke", "--reason", "it leaked", "--from-size", "3")
    lines = run("show").splitlines()
    assert lines[0] == f"{first}  from the beginning, up to 2 entries"
    assert lines[1].endswith("above 2, up to 4 entries; revoked above 3 entries")
    assert lines[2].endswith("above 4, in force")
    with pytest.raises(CommandError, match="cannot be used"):
        run("revoke", "--reason", "x", "--key", "nonsense")
