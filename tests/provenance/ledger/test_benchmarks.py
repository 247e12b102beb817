"""The benchmark runs, in a database of its own, and leaves the installation's ledger alone."""

from __future__ import annotations

import pytest
from django.db import connection

from provenance import audit, benchmark_log, benchmarks, ledger, queries, sequencer
from provenance.models import Entry
from tests.provenance.ledger.helpers import note


@pytest.mark.django_db(transaction=True)
def test_the_benchmark_measures_and_leaves_no_trace():
    note()
    name = connection.settings_dict["NAME"]
    with benchmarks.scratch_database():
        assert connection.settings_dict["NAME"] == "deadwax_benchmark"
        found = [
            *benchmarks.record_cost(writers=2, rounds=3, round_s=0.05),
            *benchmarks.insert_to_checkpoint(seconds=1),
            *benchmarks.drain(entries=2_000),
        ]
        assert queries.health().waiting == 0
        assert Entry.objects.count() > 2_000
    assert connection.settings_dict["NAME"] == name
    assert Entry.objects.count() == 1
    assert [measure.unit for measure in found] == ["x", "s", "s", "entries/s"]
    assert all(measure.value > 0 for measure in found)
    assert [measure.met is None for measure in found] == [False, True, False, False]


@pytest.mark.django_db(transaction=True)
def test_what_the_benchmark_wrote_is_a_sound_ledger():
    """The figures are of the real thing: real triggers, real tree, real signatures."""
    benchmarks.prepare_plain_table()
    for _ in range(20):
        benchmarks.record_one()
    benchmarks.insert_to_checkpoint(seconds=0.5)
    report = audit.run()
    assert report.ok, report.verdict
    with connection.schema_editor() as editor:
        editor.delete_model(benchmarks._plain_model())


@pytest.mark.django_db(transaction=True)
def test_a_long_log_is_filled_by_rows_that_pass_every_check():
    """A hundred thousand entries in songs of 300: numbered, verified whole, and every proof of a song holds."""
    like = benchmarks.record_one()
    benchmark_log.fill(100_000, like)
    assert sequencer.drain() == 100_001
    report = audit.run()
    assert report.ok, report.verdict
    assert report.steps[2].result == "100001 values open their commitments, 0 were erased on the record"
    assert [measure.unit for measure in benchmark_log.proofs("a log", 100_001, rounds=2)] == ["ms"]
    sample = Entry.objects.get(pk=like.pk + 77_777)
    assert ledger.disclose(sample) == ledger.disclose(like)
    assert sample.stream != like.stream
