"""`ledger_verify`: an honest ledger passes; whatever its owner rewrites is found, and at which step."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from artists.models import Artist
from provenance import audit, canonical, keys, ledger, notes, protection, queries, sequencer
from provenance.models import Entry, VaultItem
from tests.provenance.ledger.attacks import guards_off, sql
from tests.provenance.ledger.helpers import ACTOR, Noted, made, note
from tests.provenance.ledger.test_attacks import fields, new_artist

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _guards_back_on():
    yield
    protection.protect_recorded_tables()


@pytest.fixture
def filled() -> list[Entry]:
    """Twelve entries in two batches, private words in three of them, one recorded row."""
    entries = [
        note(number, stream=f"project:{number % 2}", words="private" if number % 4 == 0 else "")
        for number in range(6)
    ]
    sequencer.run_once()
    entries += [note(number, stream="project:0") for number in range(6, 10)]
    entries.append(made("master", "take"))
    new_artist()
    sequencer.run_once()
    return entries


def broken_at(report: audit.AuditReport) -> list[int]:
    return [step.number for step in report.steps if step.broken]


def test_an_honest_ledger_is_valid(filled):
    report = audit.run()
    assert report.verdict == "valid but not witnessed/timestamped"
    assert report.ok
    results = {step.number: step.result for step in report.steps}
    assert results[2] == "12 entries"
    assert results[3] == "2 values open their commitments, 0 were erased on the record"
    assert results[5].startswith("12 leaves in 3 streams, 0 entries wait")
    assert results[7].startswith("2 checkpoints signed by")
    assert "superuser" in report.notices[0]


def test_an_empty_ledger_is_valid():
    assert audit.run().ok


def test_erasure_on_the_record_is_valid_and_counted(filled):
    ledger.shred(filled[0], actor=ACTOR)
    sequencer.run_once()
    report = audit.run()
    assert report.ok
    assert report.steps[2].result == "1 values open their commitments, 1 were erased on the record"


def rehash(entry_id: int) -> None:
    """As a careful forger: the leaf hash fits the forged body again."""
    sql("UPDATE provenance_entry SET leaf_hash = sha256('\\x00'::bytea || body) WHERE id = %s", entry_id)


NUMBER_3_IS_33 = "convert_to(replace(convert_from(body, 'UTF8'), '\"number\":3', '\"number\":33'), 'UTF8')"


def change_a_body(entries):
    with guards_off("provenance_entry"):
        sql(f"UPDATE provenance_entry SET body = {NUMBER_3_IS_33}")


def change_a_body_and_its_hash(entries):
    change_a_body(entries)
    with guards_off("provenance_entry"):
        rehash(entries[3].id)


def change_a_column(entries):
    with guards_off("provenance_entry"):
        sql("UPDATE provenance_entry SET actor_id = 'somebody else' WHERE id = %s", entries[1].id)


def hide_from_lookup(entries):
    with guards_off("provenance_entry"):
        sql("UPDATE provenance_entry SET refs = '{}' WHERE id = %s", entries[1].id)


def rewrite_the_vault(entries):
    with guards_off("provenance_vaultitem"):
        sql("UPDATE provenance_vaultitem SET content = convert_to('\"a lie\"', 'UTF8')")


def erase_in_silence(entries):
    with guards_off("provenance_vaultitem"):
        sql("DELETE FROM provenance_vaultitem")


def cut_a_recorded_row_loose(entries):
    with guards_off(Artist._meta.db_table):
        sql(f"UPDATE {Artist._meta.db_table} SET entry_id = 999999")


def drop_a_leaf(entries):
    with guards_off("provenance_leaf"):
        sql('DELETE FROM provenance_leaf WHERE "index" = 4')


def cut_the_tail(entries):
    with guards_off("provenance_leaf"):
        sql('DELETE FROM provenance_leaf WHERE "index" >= 9')


def swap_two_leaves(entries):
    with guards_off("provenance_leaf"):
        sql('UPDATE provenance_leaf SET entry_id = -entry_id WHERE "index" IN (0, 2)')
        sql('UPDATE provenance_leaf SET entry_id = %s WHERE "index" = 0', entries[2].id)
        sql('UPDATE provenance_leaf SET entry_id = %s WHERE "index" = 2', entries[0].id)


def unlink_a_stream(entries):
    with guards_off("provenance_leaf"):
        sql('UPDATE provenance_leaf SET prev = sha256(prev) WHERE prev IS NOT NULL AND "index" = 5')


def change_a_node(entries):
    with guards_off("provenance_node"):
        sql('UPDATE provenance_node SET hash = sha256(hash) WHERE level = 1 AND "index" = 1')


def drop_a_node(entries):
    with guards_off("provenance_node"):
        sql('DELETE FROM provenance_node WHERE level = 2 AND "index" = 0')


def drop_the_last_checkpoint(entries):
    with guards_off("provenance_checkpoint"):
        sql('DELETE FROM provenance_checkpoint WHERE "size" = 12')


def change_a_root(entries):
    with guards_off("provenance_checkpoint"):
        sql('UPDATE provenance_checkpoint SET root = sha256(root) WHERE "size" = 6')


def change_a_note(entries):
    with guards_off("provenance_checkpoint"):
        sql("UPDATE provenance_checkpoint SET note = overlay(note PLACING 'x' FROM 3) WHERE \"size\" = 6")


def take_a_guard_off(entries):
    sql("ALTER TABLE provenance_entry DISABLE TRIGGER deadwax_append_only")


@pytest.mark.parametrize(
    ("attack", "steps", "said"),
    [
        (change_a_body, [2, 6, 7], "has a leaf hash that is not that of its body"),
        (change_a_body_and_its_hash, [6, 7], "is not the hash of what is below it"),
        (change_a_column, [2], "has columns that do not repeat its body"),
        (hide_from_lookup, [2], "has columns that do not repeat its body"),
        (rewrite_the_vault, [3], "is not what the entry committed to"),
        (erase_in_silence, [3], "is gone without an entry of its erasure"),
        (cut_a_recorded_row_loose, [4], "name an entry that does not exist"),
        (drop_a_leaf, [5, 6], "leaf 4 is missing"),
        (cut_the_tail, [6, 7], "nodes"),
        (swap_two_leaves, [5, 6, 7], "is not linked"),
        (unlink_a_stream, [5], "leaf 5 is not linked to the one before it"),
        (change_a_node, [6], "node 1 of level 1"),
        (drop_a_node, [6], "node 0 of level 2 is missing"),
        (drop_the_last_checkpoint, [7], "12 leaves, but 6 were signed last"),
        (change_a_root, [7], "the checkpoint"),
        (change_a_note, [7], "does not verify"),
        (take_a_guard_off, [1], "deadwax_append_only on provenance_entry is not always on"),
    ],
)
def test_what_the_owner_of_the_database_changes_is_found(filled, attack, steps, said):
    attack(filled)
    report = audit.run()
    found = broken_at(report)
    assert set(steps) <= set(found), report.steps
    assert any(said in sentence for step in report.steps for sentence in step.faults), report.steps
    assert report.verdict.startswith(f"broken at step {found[0]} because ")


def rewrite_everything() -> None:
    """The whole power of the owner: change the past, rebuild tree and checkpoints, sign them with the log's own key."""
    tables = [
        "provenance_entry",
        "provenance_vaultitem",
        "provenance_leaf",
        "provenance_node",
        "provenance_checkpoint",
    ]
    with guards_off(*tables):
        sql(f"UPDATE provenance_entry SET body = {NUMBER_3_IS_33}")
        sql("UPDATE provenance_entry SET leaf_hash = sha256('\\x00'::bytea || body)")
        for table in tables[2:]:
            sql(f"DELETE FROM {table}")
    sequencer._floor.set(sequencer._place(transaction.get_connection()), 0)
    sequencer.drain()


def test_a_perfect_rewrite_passes_alone_and_fails_against_a_kept_checkpoint(filled):
    kept = bytes(queries.latest_checkpoint().note)
    assert audit.run(kept=kept).ok
    rewrite_everything()
    assert audit.run().ok, "nothing inside the house can tell: that is why checkpoints are kept outside"
    report = audit.run(kept=kept)
    assert broken_at(report) == [8]
    assert "the log was rewritten" in report.verdict


def test_a_tail_cut_with_new_checkpoints_fails_against_a_kept_one(filled):
    kept = bytes(queries.latest_checkpoint().note)
    tables = ["provenance_leaf", "provenance_node", "provenance_checkpoint"]
    with guards_off(*tables):
        for table in tables:
            sql(f"DELETE FROM {table}")
    sequencer._floor.set(sequencer._place(transaction.get_connection()), 0)
    sequencer.run_once(limit=7)
    report = audit.run(kept=kept)
    assert "the kept checkpoint has 12 entries, the log only 7: its end was cut off" in report.verdict


def test_a_kept_checkpoint_of_every_age_agrees_with_an_honest_log(filled):
    from provenance.models import Checkpoint

    for point in Checkpoint.objects.all():
        assert audit.run(kept=bytes(point.note)).ok


def test_a_kept_checkpoint_of_another_log_is_no_evidence(filled):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    head = notes.TreeHead(keys.origin(), 3, bytes(32))
    other = bytes(notes.sign(head.text, name=keys.origin(), private=Ed25519PrivateKey.generate()))
    assert "cannot be used" in audit.run(kept=other).verdict
    assert "cannot be used" in audit.run(kept=b"nonsense").verdict


def test_a_backdated_entry_that_was_forced_in_is_found(filled):
    body = json.loads(bytes(filled[0].body)) | {"at": "2001-01-01T00:00:00.000000Z", "private": {}}
    with guards_off("provenance_entry"):
        sql(
            "INSERT INTO provenance_entry (kind, basis, at, stream, actor_type, actor_id, refs, body, leaf_hash, xid,"
            " recorded_at) SELECT kind, basis, '2001-01-01Z', stream, actor_type, actor_id, refs, %s::bytea,"
            " sha256('\\x00'::bytea || %s::bytea), xid, recorded_at FROM provenance_entry WHERE id = %s",
            canonical.encode(body),
            canonical.encode(body),
            filled[0].id,
        )
    report = audit.run()
    assert "is dated 2001-01-01 00:00 but was written" in report.verdict


def test_content_erased_on_the_record_but_still_there_is_found(filled):
    item = VaultItem.objects.get(entry=filled[0])
    ledger.shred(filled[0], actor=ACTOR)
    with guards_off("provenance_vaultitem"):
        VaultItem.objects.create(entry=filled[0], name=item.name, salt=item.salt, content=item.content)
    assert "was erased on the record but is there" in audit.run().verdict


def test_missing_and_changed_bytes_of_assets_are_found(tmp_path):
    from provenance import assets, blobs

    staged = assets.ingest(b"some sound")
    with transaction.atomic():
        entry = ledger.record(Noted(stream="project:1"), actor=ACTOR)
        assets.register(staged, entry=entry, media_type="audio/wav", probe={})
    assert audit.run(assets=True).ok
    blobs.store().delete(staged.sha256)
    report = audit.run(assets=True)
    assert broken_at(report) == [9]
    assert staged.sha256[:16] in report.verdict


# -- the command -------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    out, status = io.StringIO(), 0
    try:
        call_command("ledger_verify", *arguments, stdout=out)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    return status, out.getvalue()


def test_the_command_prints_numbered_steps_and_a_verdict(filled):
    status, text = run()
    assert status == 0
    lines = text.splitlines()
    assert lines[0].startswith(" 1. The guards are on: ok")
    assert [int(line[:2]) for line in lines[:9]] == list(range(1, 10))
    assert lines[-1] == "valid but not witnessed/timestamped"
    assert any(line.startswith("Note: The database role is") for line in lines)


def test_the_command_fails_on_a_break_and_says_where(filled, tmp_path):
    change_a_body(filled)
    status, text = run()
    assert status == 1
    assert " 2. Every entry is canonical, and its columns repeat its body: BROKEN, 12 entries" in text
    assert text.splitlines()[-1].startswith("broken at step 2 because entry")
    status, text = run("--json")
    assert status == 1
    assert json.loads(text)["steps"][1]["ok"] is False


def test_export_and_verify_go_together(filled, tmp_path):
    out = io.StringIO()
    call_command("ledger_export", "--checkpoint", stdout=out)
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(out.getvalue())
    assert run("--checkpoint", str(kept), "--key", str(keys.verifier_key()))[0] == 0
    path = tmp_path / "bundle.zip"
    call_command("ledger_export", "--stream", "project:0", "--out", str(path), stdout=io.StringIO())
    with contextlib.redirect_stdout(io.StringIO()) as text:
        assert run("--bundle", str(path), "--checkpoint", str(kept))[0] == 0
    assert text.getvalue().splitlines()[-1] == "valid but not witnessed/timestamped"
    assert not list(tmp_path.glob("*.part"))


def test_wrong_arguments_get_a_sentence(filled, tmp_path):
    for arguments, said in (
        (["ledger_verify", "--checkpoint", str(tmp_path / "absent")], "cannot be read"),
        (["ledger_verify", "--key", "nonsense"], "cannot be used"),
        (["ledger_export", "--stream", "project:none", "--out", str(tmp_path / "x")], "No entry matches"),
        (["ledger_export", "--stream", "project:0"], "--out"),
        (
            ["ledger_export", "--stream", "project:0", "--out", str(tmp_path / "no" / "x")],
            "cannot be written",
        ),
    ):
        with pytest.raises(CommandError, match=said):
            call_command(*arguments, stdout=io.StringIO())


def test_fields_of_the_helper_make_a_whole_artist():
    assert Artist(**fields("x")).name == "x"
