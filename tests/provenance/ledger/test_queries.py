"""Reading: the right entries, page after page, and how an asset came to be."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from provenance import keys, ledger, merkle, notes, queries, sequencer
from provenance.events import AssetRef
from provenance.models import Entry
from tests.provenance.ledger.helpers import ACTOR, Noted, made, note, sha

pytestmark = pytest.mark.django_db


def numbers(page: queries.LedgerPage) -> list[int]:
    return [ledger.body_of(entry)["public"]["number"] for entry in page.entries]


def every_page(**filters) -> list[int]:
    found, before = [], None
    while True:
        page = queries.ledger_page(before=before, size=3, **filters)
        found += numbers(page)
        if page.older is None:
            return found
        before = page.older


@pytest.fixture
def ten():
    other = ledger.Actor.worker("other")
    for number in range(10):
        note(
            number,
            stream=f"project:{number % 3}",
            subjects=(f"take:{number % 4}",),
            actor=other if number % 5 == 0 else ACTOR,
        )


def test_pages_cover_everything_once_newest_first(ten):
    assert every_page() == list(range(9, -1, -1))
    assert every_page(streams=["project:1"]) == [7, 4, 1]
    assert every_page(streams=["project:1", "project:2"]) == [8, 7, 5, 4, 2, 1]
    assert every_page(refs=["take:1"]) == [9, 5, 1]
    assert every_page(refs=["take:1", "take:2"]) == [9, 6, 5, 2, 1]
    assert every_page(refs=["take:1", "take:2"], streams=["project:0", "project:1"]) == [9, 6, 1]
    assert every_page(actor_id="other") == [5, 0]
    assert every_page(actor_id="other", streams=["project:0", "project:2"]) == [5, 0]
    assert every_page(kinds=["test.noted"]) == list(range(9, -1, -1))
    assert every_page(kinds=["test.other"]) == []


def test_a_reader_who_may_see_no_stream_sees_nothing(ten):
    assert queries.ledger_page(streams=[]) == queries.LedgerPage((), None)
    assert numbers(queries.ledger_page(streams=None, size=500))[0] == 9


def test_pages_can_be_bounded_in_time(ten):
    entries = list(Entry.objects.order_by("id"))
    assert every_page(since=entries[7].at) == [9, 8, 7]
    assert every_page(until=entries[2].at) == [1, 0]
    assert every_page(since=entries[3].at, until=entries[6].at, streams=["project:0", "project:1"]) == [4, 3]
    assert every_page(since=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == []


def test_a_page_is_never_larger_than_asked_nor_than_the_limit(ten):
    assert len(queries.ledger_page(size=4).entries) == 4
    assert len(queries.ledger_page(size=0).entries) == 1
    assert len(queries.ledger_page(size=10**9).entries) == 10


def test_an_entry_is_found_by_its_leaf_hash_and_nonsense_finds_nothing(ten):
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


def fill(count: int) -> None:
    """Entries by SQL, through the same triggers: one large project, many small ones."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO provenance_entry (kind, basis, at, stream, actor_type, actor_id, refs, body, leaf_hash)
            SELECT body->>'kind', 'observed', (body->>'at')::timestamptz, body->>'stream', 'system', 'tests',
                   ARRAY[body->>'stream', 'take:' || (body->>'n')::int / 7], convert_to(body::text, 'UTF8'),
                   sha256('\\x00'::bytea || convert_to(body::text, 'UTF8'))
            FROM (SELECT jsonb_build_object('kind', 'test.' || mod(n, 20), 'basis', 'observed', 'n', n,
                  'at', date_trunc('milliseconds', now()),
                  'actor', jsonb_build_object('type', 'system', 'id', 'tests'),
                  'stream', 'project:' || CASE WHEN mod(n, 2) = 0 THEN 0 ELSE mod(n, 3000) END) AS body
                  FROM generate_series(1, %s) n) filled
            """,
            [count],
        )
        cursor.execute("ANALYZE provenance_entry")


def test_no_list_reads_the_whole_table():
    """What a page costs must not grow with the ledger: every list walks an index."""
    fill(20_000)
    sequencer.drain()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE provenance_entry, provenance_leaf")
    middle = Entry.objects.order_by("id")[10_000].id
    small = [f"project:{number}" for number in range(1, 600, 2)]
    plans: dict[str, list[str]] = {}
    for name, ask in {
        "newest": lambda: queries.ledger_page(),
        "deep": lambda: queries.ledger_page(before=middle),
        "large stream": lambda: queries.ledger_page(streams=["project:0"], before=middle),
        "small stream": lambda: queries.ledger_page(streams=["project:7"]),
        "300 streams": lambda: queries.ledger_page(streams=small),
        "300 streams, deep": lambda: queries.ledger_page(streams=small, before=middle // 10),
        "subject": lambda: queries.ledger_page(refs=["take:77"]),
        "kind": lambda: queries.ledger_page(kinds=["test.3"], before=middle),
        "rare person": lambda: queries.ledger_page(actor_id="nobody"),
    }.items():
        plans[name] = []

        def explained(execute, sql, params, many, context, found=plans[name]):  # type: ignore[no-untyped-def]
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN {sql}", params)
                found += [row[0] for row in cursor.cursor.fetchall()]
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explained):
            ask()
    assert all(plans.values())
    assert {
        name for name, plan in plans.items() if "Seq Scan on provenance_entry" in "\n".join(plan)
    } == set()


def test_entries_of_this_transaction_are_readable_before_the_commit():
    with transaction.atomic():
        ledger.record(Noted(stream="project:new"), actor=ACTOR)
        assert len(queries.ledger_page(streams=["project:new"]).entries) == 1
