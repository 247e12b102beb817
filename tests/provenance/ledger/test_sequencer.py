"""Committed entries find their place: contiguous, linked, signed; nothing half done, nothing missed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from django.db import connection, transaction

from provenance import keys, ledger, merkle, notes, queries, sequencer
from provenance.models import Checkpoint, Entry, Leaf, Node
from tests.provenance.ledger.helpers import ACTOR, Noted, note

pytestmark = pytest.mark.django_db(transaction=True)


def check_whole_log() -> None:
    """Derives everything again from the entries, by the definition."""
    leaves = list(Leaf.objects.select_related("entry"))
    assert [leaf.index for leaf in leaves] == list(range(len(leaves)))
    frontier, nodes = merkle.Frontier(), {}
    heads = {point.size: point for point in Checkpoint.objects.all()}
    ends: dict[str, tuple[int, bytes | None]] = {}
    for leaf in leaves:
        seq, prev = ends.get(leaf.stream, (0, None))
        assert (leaf.stream, leaf.stream_seq) == (leaf.entry.stream, seq)
        assert (bytes(leaf.prev) if leaf.prev is not None else None) == prev
        ends[leaf.stream] = (seq + 1, bytes(leaf.entry.leaf_hash))
        for level, index, value in frontier.append(merkle.leaf_hash(bytes(leaf.entry.body))):
            nodes[level, index] = value
        if point := heads.pop(frontier.size, None):
            head = notes.open_checkpoint(bytes(point.note), keys.verifier_key())
            assert head == notes.TreeHead(keys.origin(), frontier.size, frontier.root())
            assert bytes(point.root) == head.root
    assert not heads
    stored = {(node.level, node.index): bytes(node.hash) for node in Node.objects.all()}
    assert stored == {place: value for place, value in nodes.items() if place[0] > 0}


def test_entries_get_contiguous_leaves_stream_links_and_a_signed_checkpoint():
    for batch in (1, 2, 5, 8, 3):
        for number in range(batch):
            note(number, stream=f"project:{number % 3}")
        assert sequencer.run_once() == batch
    assert sequencer.run_once() == 0
    assert Leaf.objects.count() == 19
    assert Checkpoint.objects.count() == 5
    check_whole_log()


def test_every_entry_can_be_proven_against_every_later_checkpoint():
    entries = []
    for number in range(23):
        entries.append(note(number))
        if number % 4 == 0:
            sequencer.run_once()
    sequencer.run_once()
    for point in Checkpoint.objects.all():
        for entry, proof in ((entry, queries.proof_for(entry, checkpoint=point)) for entry in entries):
            if proof is None:
                assert entry.leaf.index >= point.size
                continue
            parsed = notes.TlogProof.parse(proof.text().encode())
            head = notes.open_checkpoint(parsed.checkpoint, keys.verifier_key())
            merkle.verify_inclusion(
                parsed.index, head.size, merkle.leaf_hash(bytes(entry.body)), parsed.hashes, head.root
            )
    sizes = list(Checkpoint.objects.values_list("size", flat=True))
    roots = {point.size: bytes(point.root) for point in Checkpoint.objects.all()}
    for old in sizes:
        merkle.verify_consistency(
            old, sizes[-1], queries.consistency(old, sizes[-1]), roots[old], roots[sizes[-1]]
        )


@pytest.mark.parametrize("stream", ["a\tb", "a\\b", "a\nb\r", "\\N", "\\.", "é\u2028", "x" * 64])
def test_a_stream_may_have_any_name(stream):
    for number in range(3):
        note(number, stream=stream)
        sequencer.run_once()
    assert list(Leaf.objects.values_list("stream", "stream_seq")) == [(stream, seq) for seq in range(3)]
    check_whole_log()


def test_the_limit_is_kept_and_the_rest_follows():
    for number in range(7):
        note(number)
    assert [sequencer.run_once(limit=3) for _ in range(4)] == [3, 3, 1, 0]
    check_whole_log()


def test_an_entry_that_commits_after_a_later_one_is_not_missed():
    inside, go = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> None:
        with transaction.atomic():
            late.append(ledger.record(Noted(stream="project:late"), actor=ACTOR).id)
            inside.set()
            go.wait(20)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    inside.wait(20)
    early = [note(number).id for number in range(3)]
    assert min(early) > late[0]
    assert sequencer.run_once() == 3
    assert sequencer.run_once() == 0
    go.set()
    writer.join()
    assert sequencer.run_once() == 1
    assert Leaf.objects.get(entry_id=late[0]).index == 3
    check_whole_log()


def test_in_a_backlog_no_batch_walks_over_the_ones_before_and_none_is_missed():
    """Entries that commit between two batches, with ids below what has been numbered."""
    inside, go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            ledger.record(Noted(stream="project:late"), actor=ACTOR)
            inside.set()
            go.wait(20)
        connection.close()

    writers = [threading.Thread(target=slow) for _ in range(2)]
    for writer in writers:
        writer.start()
    inside.wait(20)
    for number in range(9):
        note(number)
    assert sequencer.run_once(limit=4) == 4
    seen = sequencer._floor.get(sequencer._place(connection))
    assert seen.upto == sorted(Leaf.objects.values_list("entry_id", flat=True))[-1]
    go.set()
    for writer in writers:
        writer.join()
    assert [sequencer.run_once(limit=4) for _ in range(3)] == [4, 3, 0]
    assert sequencer._floor.get(sequencer._place(connection)).upto == 0
    check_whole_log()


def test_a_second_sequencer_leaves_the_work_to_the_first():
    note()
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sequencer.LOCK])
            held.set()
            go.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(20)
    assert sequencer.run_once() == 0
    go.set()
    other.join()
    assert sequencer.run_once() == 1


def test_several_sequencers_and_writers_at_once_number_every_entry_once():
    def write(name: int) -> None:
        for number in range(40):
            note(number, stream=f"project:{name}")
        connection.close()

    stop = threading.Event()
    faults: list[BaseException] = []

    def sequence() -> None:
        try:
            while not stop.is_set():
                sequencer.run_once(limit=7)
        except BaseException as error:
            faults.append(error)
        connection.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    sequencers = [threading.Thread(target=sequence) for _ in range(3)]
    for thread in (*writers, *sequencers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sequencers:
        thread.join()
    sequencer.drain()
    assert not faults
    assert Leaf.objects.count() == Entry.objects.count() == 160
    check_whole_log()


def test_a_rolled_back_look_loses_nothing():
    note(1)

    class Stop(Exception):
        pass

    def look_and_die() -> None:
        with transaction.atomic():
            assert sequencer.run_once() == 1
            raise Stop

    with pytest.raises(Stop):
        look_and_die()
    assert Leaf.objects.count() == 0
    assert sequencer.run_once() == 1
    check_whole_log()


def test_a_killed_sequencer_leaves_nothing_half_done():
    """SIGKILL in the middle of batches, again and again; compared entry by entry at the end."""
    program = textwrap.dedent(
        """
        import django
        django.setup()
        from provenance import sequencer
        print("ready", flush=True)
        while True:
            sequencer.run_once(limit=40)
        """
    )
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}&port={database['PORT'] or 5432}"
    written: dict[int, bytes] = {}
    for life in range(6):
        for number in range(120):
            entry = note(number, stream=f"project:{number % 5}")
            written[entry.id] = bytes(entry.leaf_hash)
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "label.settings"},
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        # Meet it at work: wait for a few batches, then a moment of its next one.
        before = Leaf.objects.count()
        for _ in range(100_000):
            if Leaf.objects.count() > before:
                break
        threading.Event().wait(0.003 * life)
        child.send_signal(signal.SIGKILL)
        child.wait()
        check_whole_log()
    sequencer.drain()
    check_whole_log()
    assert dict(Leaf.objects.values_list("entry_id", "entry__leaf_hash")) == written


def test_a_tampered_tree_is_not_signed_over():
    for number in range(5):
        note(number)
    sequencer.run_once()
    with transaction.atomic(), connection.cursor() as cursor:  # as the owner of the database could
        cursor.execute("ALTER TABLE provenance_node DISABLE TRIGGER deadwax_append_only")
        cursor.execute("UPDATE provenance_node SET hash = sha256(hash) WHERE level = 2")
        cursor.execute("ALTER TABLE provenance_node ENABLE ALWAYS TRIGGER deadwax_append_only")
    note(6)
    with pytest.raises(sequencer.LogTampered, match="nothing is signed"):
        sequencer.run_once()
    assert Checkpoint.objects.count() == 1


def test_the_log_key_is_made_once_and_only_its_owner_reads_it(settings, tmp_path, monkeypatch):
    settings.DEADWAX_DATA = tmp_path
    first = keys.verifier_key()
    path = tmp_path / "keys" / keys.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    keys._load.cache_clear()
    assert keys.verifier_key() == first
    path.write_text("not a key")
    keys._load.cache_clear()
    with pytest.raises(keys.LogKeyUnusable, match="Restore it from the backup"):
        keys.signing_key()
    monkeypatch.setenv("DEADWAX_LOG_KEY_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(keys.LogKeyUnusable, match="does not exist"):
        keys.signing_key()
