"""Pages of the ledger: the right entries, each once, newest first, and never by reading the whole table."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction

from provenance import finding, ledger, sequencer
from provenance.models import Entry
from tests.provenance.ledger.helpers import ACTOR, Noted, note

pytestmark = pytest.mark.django_db


def ask(*, before: int | None = None, size: int = finding.PAGE, **filters: Any) -> finding.LedgerPage:
    wanted = {
        name: frozenset(value) if name == "streams" and value is not None
        else tuple(value) if isinstance(value, list) else value
        for name, value in filters.items()
    }  # fmt: skip
    return finding.page(finding.Wanted(**wanted), before=before, size=size)


def numbers(page: finding.LedgerPage) -> list[int]:
    return [ledger.body_of(entry)["public"]["number"] for entry in page.entries]


def every_page(**filters) -> list[int]:
    found, before = [], None
    while True:
        page = ask(before=before, size=3, **filters)
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
    assert ask(streams=[]) == finding.LedgerPage((), None)
    assert numbers(ask(streams=None, size=500))[0] == 9


def test_pages_can_be_bounded_in_time(ten):
    entries = list(Entry.objects.order_by("id"))
    assert every_page(since=entries[7].at) == [9, 8, 7]
    assert every_page(until=entries[2].at) == [1, 0]
    assert every_page(since=entries[3].at, until=entries[6].at, streams=["project:0", "project:1"]) == [4, 3]
    assert every_page(since=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == []


def test_a_page_is_never_larger_than_asked_nor_than_the_limit(ten):
    assert len(ask(size=4).entries) == 4
    assert len(ask(size=0).entries) == 1
    assert len(ask(size=10**9).entries) == 10


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
    for name, read in {
        "newest": lambda: ask(),
        "deep": lambda: ask(before=middle),
        "large stream": lambda: ask(streams=["project:0"], before=middle),
        "small stream": lambda: ask(streams=["project:7"]),
        "300 streams": lambda: ask(streams=small),
        "300 streams, deep": lambda: ask(streams=small, before=middle // 10),
        "subject": lambda: ask(refs=["take:77"]),
        "kind": lambda: ask(kinds=["test.3"], before=middle),
        "rare person": lambda: ask(actor_id="nobody"),
    }.items():
        plans[name] = []

        def explained(execute, sql, params, many, context, found=plans[name]):  # type: ignore[no-untyped-def]
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN {sql}", params)
                found += [row[0] for row in cursor.cursor.fetchall()]
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explained):
            read()
    assert all(plans.values())
    assert {
        name for name, plan in plans.items() if "Seq Scan on provenance_entry" in "\n".join(plan)
    } == set()


def test_entries_of_this_transaction_are_readable_before_the_commit():
    with transaction.atomic():
        ledger.record(Noted(stream="project:new"), actor=ACTOR)
        assert len(ask(streams=["project:new"]).entries) == 1


# -- dates -------------------------------------------------------------------------------------------------------------

BEGUN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def years() -> list[tuple[int, dt.datetime, str]]:
    """400 entries, one in nine hours, with gaps in their ids, clocks that differ, and some that were backfilled."""
    rows = []
    for n in range(400):
        basis = "backfilled" if n % 37 == 5 else "observed"
        at = BEGUN + dt.timedelta(hours=9 * n, minutes=(n * 17) % 55 * (-1) ** n)
        if basis == "backfilled":
            at = BEGUN + dt.timedelta(days=(n * 7) % 150 - 20)
        rows.append((10 + n * 3 + (n // 100) * 5000, at, basis))
    with connection.cursor() as cursor:
        # Until the test is rolled back.
        cursor.execute("ALTER TABLE provenance_entry DISABLE TRIGGER USER")
        cursor.executemany(
            "INSERT INTO provenance_entry (id, kind, basis, at, stream, actor_type, actor_id, refs, body, leaf_hash)"
            " VALUES (%s, 'test.noted', %s, %s, %s, 'human', 'somebody', '{}', '', sha256(%s))",
            [(key, basis, at, f"project:{key % 4}", str(key).encode()) for key, at, basis in rows],
        )
    return rows


@pytest.mark.parametrize(
    ("since", "until"),
    [(0, 1), (-30, 2), (40, 41), (40, 400), (149, 150), (200, 300), (None, 75), (75, None)],
)
@pytest.mark.parametrize("streams", [None, frozenset({"project:1"}), frozenset({"project:1", "project:2"})])
@pytest.mark.parametrize("basis", ["", "backfilled", "observed"])
def test_dates_find_what_is_dated_so_wherever_it_stands_in_the_log(
    years: list[tuple[int, dt.datetime, str]], since: int | None, until: int | None, streams: Any, basis: str
) -> None:
    first = None if since is None else BEGUN + dt.timedelta(days=since)
    last = None if until is None else BEGUN + dt.timedelta(days=until)
    right = [
        key
        for key, at, how in reversed(years)
        if (first is None or at >= first) and (last is None or at < last)
        and (streams is None or f"project:{key % 4}" in streams) and basis in {"", how}
    ]  # fmt: skip
    found: list[int] = []
    before = None
    while True:
        page = ask(before=before, size=7, since=first, until=last, streams=streams, basis=basis)
        found += [entry.pk for entry in page.entries]
        if page.older is None:
            break
        before = page.older
    assert found == right


def test_an_old_date_is_looked_for_near_that_date(years: list[tuple[int, dt.datetime, str]]) -> None:
    day = BEGUN + dt.timedelta(days=75)
    span = finding.span_of(day, day + dt.timedelta(days=1))
    inside = [key for key, _, _ in years if (span.since or 0) < key < (span.until or 0)]
    assert len(inside) <= 12, "three days, and what was written down later between them"
