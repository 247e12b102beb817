"""Erasing much at once: everything goes, each value on an entry of its own, in linear time."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from provenance import audit, benchmarks, ledger, sequencer
from provenance.models import Entry, VaultItem

ACTOR = ledger.Actor.system("test")
COUNT = 1_100  # more than are erased in one statement

pytestmark = pytest.mark.django_db


def test_a_thousand_private_values_go_and_the_log_stays_sound():
    entries = [benchmarks.record_one() for _ in range(COUNT)]
    kept = benchmarks.record_one()
    assert ledger.shred_many(entries, actor=ACTOR) == COUNT
    assert [item.entry_id for item in VaultItem.objects.all()] == [kept.pk]
    assert Entry.objects.filter(kind="vault.erased").count() == COUNT
    sequencer.drain()
    report = audit.run()
    assert report.ok, report.verdict
    assert report.steps[2].result == f"1 values open their commitments, {COUNT} were erased on the record"


def test_the_trigger_finds_an_erasure_by_its_leaf():
    """However many there are in the transaction: by kind or transaction it would walk over all of them each time."""
    with transaction.atomic(), connection.cursor() as cursor:
        entry = benchmarks.record_one()
        ledger.shred(entry, actor=ACTOR)
        cursor.execute(
            "EXPLAIN SELECT 1 FROM provenance_entry WHERE kind = 'vault.erased'"
            " AND deadwax_erased_leaf(body) = %s AND xid = pg_current_xact_id()::text::bigint",
            [bytes(entry.leaf_hash).hex()],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "entry_erased_leaf" in plan
    assert "Filter" not in plan
