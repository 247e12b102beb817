"""Reading: the right entries, page after page, and how an asset came to be."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provenance import keys, merkle, notes, queries, sequencer
from provenance.events import AssetRef
from provenance.models import Entry
from tests.provenance.ledger.helpers import made, note, sha

pytestmark = pytest.mark.django_db


def test_an_entry_is_found_by_its_leaf_hash_and_nonsense_finds_nothing():
    for number in range(10):
        note(number)
    entry = Entry.objects.order_by("id")[4]
    assert queries.entry_by_leaf(bytes(entry.leaf_hash).hex()) == entry
    for text in ("", "00", "00" * 32, "zz" * 32, "\0", "é" * 64):
        assert queries.entry_by_leaf(text) is None


def test_the_lineage_of_an_asset_is_closed_and_nothing_else_comes_along():
    made("prompt take")
    made("stem", "prompt take")
    made("other stem", "prompt take")
    made("mix", "stem", "recording")
    made("master", "mix")
    made("another master", "mix")
    made("unrelated", "something")
    bodies = queries.bodies_for_asset(sha("master"), decisions=False)
    outputs = [ref.sha256 for body in bodies for ref in body.outputs]
    assert outputs == [sha(name) for name in ("prompt take", "stem", "mix", "master")]
    assert queries.bodies_for_asset(sha("nothing")) == []


def test_a_cycle_of_assets_ends():
    made("a", "b")
    made("b", "a")
    assert len(queries.bodies_for_asset(sha("a"), decisions=False)) == 2


def test_sources_that_only_the_claims_name_are_followed():
    made("voice")
    claims = {"role": "full_mix", "claims": [{"element": "melody", "from": [sha("voice")]}]}
    note(
        outputs=(AssetRef(role="mix", sha256=sha("song")),),
        authorship={"rules": "1", "outputs": {sha("song"): claims}},
    )
    assert len(queries.bodies_for_asset(sha("song"), decisions=False)) == 2


def test_decisions_about_what_the_lineage_was_made_of_come_along():
    made("take", subjects=("take:1", "tool:shared"))
    made("other take", subjects=("take:2",))
    note("kept", subjects=("take:1",))
    note("let go", subjects=("take:2",))
    note("elsewhere", subjects=("project:9",), stream="project:9")
    note("another artist's work", subjects=("tool:shared",), stream="project:9")
    made("master", "take")
    said = [body.public["number"] for body in queries.bodies_for_asset(sha("master"))]
    assert "kept" in said
    assert "let go" not in said
    assert "elsewhere" not in said
    assert "another artist's work" not in said


def test_lineage_costs_one_query_a_step():
    for step in range(6):
        for number in range(20):
            made(f"{step}.{number}", *[f"{step - 1}.{source}" for source in range(20) if step])
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert len(queries.bodies_for_asset(sha("5.0"))) == 101
    assert len(caught) <= 7


def test_leaf_indexes_are_known_once_an_entry_is_in_the_log():
    made("a")
    assert [body.index for body in queries.bodies_for_asset(sha("a"))] == [None]
    sequencer.run_once()
    assert [body.index for body in queries.bodies_for_asset(sha("a"))] == [0]


def test_a_proof_leads_to_the_newest_checkpoint_and_waits_for_its_place():
    entry = note()
    assert queries.proof_for(entry) is None
    assert queries.latest_checkpoint() is None
    sequencer.run_once()
    proof = queries.proof_for(entry)
    head = notes.open_checkpoint(queries.latest_checkpoint().note, keys.verifier_key())
    merkle.verify_inclusion(proof.index, proof.size, bytes(entry.leaf_hash), proof.hashes, head.root)
    later = note()
    assert queries.proof_for(later) is None


def test_many_proofs_cost_few_queries():
    entries = [note(number) for number in range(100)]
    sequencer.run_once()
    with CaptureQueriesContext(connection) as caught:
        assert len(queries.proofs_for(entries)) == 100
    assert len(caught) <= 4


def test_health_tells_what_waits():
    assert queries.health() == queries.LedgerHealth(0, 0, 0, None, 0, None)
    for number in range(3):
        note(number)
    health = queries.health()
    assert (health.entries, health.leaves, health.waiting, queries.unsequenced_count()) == (3, 0, 3, 3)
    assert health.oldest_waiting_s < 60
    sequencer.run_once()
    health = queries.health()
    assert (health.leaves, health.waiting, health.oldest_waiting_s, health.checkpoint_size) == (3, 0, None, 3)
