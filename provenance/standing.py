"""What stands behind entries: places in the log, people's signatures, authorities and witnesses that cover them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

from provenance.models import Checkpoint, Cosignature, Entry, EntrySignature, Leaf, TimestampToken
from provenance.signatures import SESSION_SIGNED

#: Nobody signs a signature, nor what concerns a person's keys (provenance/signatures.py).
NOT_SIGNED: Final = Q(kind=SESSION_SIGNED) | Q(stream__startswith="person:")
#: What an asset's history on the entry page shows at most, to each side.
NEIGHBOURS: Final = 12
#: Of each person and of the receipts, so many of the newest are looked at.
LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody outside saw a checkpoint of `size` entries at `at` and said so."""

    kind: Literal["timestamp", "witness"]
    name: str
    size: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed an entry: `leaf` is the entry that says so."""

    leaf: str
    actor_id: str
    fingerprint: str
    method: str
    purpose: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a set of entries stands. `covers`: each outside place that covers all of them, with its earliest word.

    `partly`: places that cover only some, with how many of the set. `signers`: actor ids.
    """

    entries: int
    waiting: int
    human: int
    signed: int
    signers: tuple[str, ...]
    checkpoint_size: int
    covers: tuple[Cover, ...]
    partly: tuple[tuple[str, str, int], ...]


def covers(index: int) -> tuple[Cover, ...]:
    """Each authority and witness whose word covers this leaf, with the earliest time at which it did."""
    found = []
    tokens = TimestampToken.objects.filter(checkpoint__gt=index)
    for name, size, at in (
        tokens.order_by("authority", "gen_time", "checkpoint")
        .distinct("authority")
        .values_list("authority", "checkpoint", "gen_time")
    ):
        found.append(Cover("timestamp", name, size, at))
    lines = Cosignature.objects.filter(checkpoint__gt=index)
    for name, size, at in (
        lines.order_by("witness", "at", "checkpoint")
        .distinct("witness")
        .values_list("witness", "checkpoint", "at")
    ):
        found.append(Cover("witness", name, size, at))
    return tuple(found)


def standing(found: QuerySet[Entry]) -> Standing:
    """How these entries stand, in a fixed number of queries."""
    found = found.order_by()
    reach = _reach()
    figures: dict[str, Any] = found.aggregate(
        entries=Count("pk"),
        placed=Count("leaf"),
        last=Max("leaf__index"),
        human=Count("pk", filter=Q(actor_type="human") & ~NOT_SIGNED),
        signed=Count("signed_by", filter=~NOT_SIGNED),
        **{
            f"under_{place}": Count("leaf", filter=Q(leaf__index__lt=size))
            for place, (_, _, size) in enumerate(reach)
        },
    )
    head = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0
    waiting = figures["entries"] - figures["placed"]
    signers: tuple[str, ...] = ()
    if figures["signed"]:
        signers = tuple(found.filter(signed_by__isnull=False).values_list("actor_id", flat=True).distinct())
    complete: tuple[Cover, ...] = ()
    partly: list[tuple[str, str, int]] = []
    if figures["last"] is not None:
        complete = covers(figures["last"]) if not waiting else ()
        done = {(cover.kind, cover.name) for cover in complete}
        for place, (kind, name, _) in enumerate(reach):
            if (kind, name) not in done and (count := figures[f"under_{place}"]):
                partly.append((kind, name, count))
    return Standing(
        figures["entries"],
        waiting,
        figures["human"],
        figures["signed"],
        signers,
        head,
        complete,
        tuple(partly),
    )


def _reach() -> list[tuple[str, str, int]]:
    """(kind, name, size) of the largest checkpoint that each outside place has spoken about."""
    tokens = TimestampToken.objects.order_by().values_list("authority").annotate(size=Max("checkpoint"))
    lines = Cosignature.objects.order_by().values_list("witness").annotate(size=Max("checkpoint"))
    return [
        *(("timestamp", name, size) for name, size in tokens),
        *(("witness", name, size) for name, size in lines),
    ]


# -- signatures --------------------------------------------------------------------------------------------------------


def signature_of(entry: Entry) -> Signature | None:
    """The signature over this entry, None where nobody signed it."""
    row = EntrySignature.objects.filter(entry=entry).select_related("signature").first()
    return None if row is None else _signature(row.signature)


def _signature(entry: Entry) -> Signature:
    public = json.loads(bytes(entry.body))["public"]
    payload = public.get("payload") or {}
    return Signature(
        bytes(entry.leaf_hash).hex(),
        entry.actor_id,
        str(public.get("fingerprint", "")),
        str(public.get("method", "")),
        str(payload.get("purpose", "")),
        entry.at,
    )


def signed_with(entry: Entry, *, limit: int = 200) -> tuple[int, list[Entry]]:
    """What a `session.signed` entry signs: how many entries, and the first of them in the order of the log."""
    rows = EntrySignature.objects.filter(signature=entry)
    count = rows.count()
    found = Entry.objects.filter(signed_by__signature=entry).select_related("leaf").order_by("id")
    return count, list(found[:limit]) if count else []


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What one person has not signed of their newest `looked_at` entries: how many, since when, in which streams.

    `all`: they have no more entries than those.
    """

    actor_id: str
    entries: int
    oldest: dt.datetime
    streams: tuple[tuple[str, int], ...]
    looked_at: int
    all: bool


def unsigned(actor_ids: Iterable[str], *, newest: int = LOOKED_AT) -> list[Unsigned]:
    """Of each person's newest entries those without a signature, most first; nothing of who has signed them all.

    Only so many are looked at: what it costs must not grow with the log.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, e.stream, count(*), count(*) FILTER (WHERE s.id IS NULL),"
            " min(e.at) FILTER (WHERE s.id IS NULL) FROM unnest(%s::text[]) AS a(id) CROSS JOIN LATERAL"
            # A span of the index of persons, in its order: `actor_id = ... ORDER BY id` may walk through everybody's.
            " (SELECT id, stream, at FROM provenance_entry"
            "  WHERE (actor_id, id) > (a.id, -1) AND (actor_id, id) < (a.id, 9223372036854775807)"
            "  AND actor_type = 'human' AND kind <> %s AND stream NOT LIKE 'person:%%'"
            "  ORDER BY actor_id DESC, id DESC LIMIT %s) e"
            " LEFT JOIN provenance_entrysignature s ON s.entry_id = e.id GROUP BY 1, 2 ORDER BY 4 DESC, 2",
            [sorted(set(actor_ids)), SESSION_SIGNED, newest],
        )
        rows: dict[str, list[tuple[str, int, int, dt.datetime]]] = {}
        for actor, *row in cursor.fetchall():
            rows.setdefault(actor, []).append((row[0], row[1], row[2], row[3]))
    found = []
    for actor, own in rows.items():
        looked_at = sum(all_ for _, all_, _, _ in own)
        waiting = [(stream, count, oldest) for stream, _, count, oldest in own if count]
        if waiting:
            found.append(
                Unsigned(
                    actor,
                    sum(count for _, count, _ in waiting),
                    min(oldest for _, _, oldest in waiting),
                    tuple((stream, count) for stream, count, _ in waiting),
                    looked_at,
                    looked_at < newest,
                )
            )
    return sorted(found, key=lambda one: (-one.entries, one.actor_id))


# -- neighbours --------------------------------------------------------------------------------------------------------


def neighbours(entry: Entry) -> tuple[Entry | None, Entry | None]:
    """The entries before and after it in its stream, in the order of the log."""
    leaf: Leaf | None = getattr(entry, "leaf", None)
    if leaf is None:
        return None, None
    rows = Leaf.objects.filter(stream=leaf.stream, stream_seq__in=[leaf.stream_seq - 1, leaf.stream_seq + 1])
    found = {row.stream_seq: row.entry for row in rows.select_related("entry__leaf")}
    return found.get(leaf.stream_seq - 1), found.get(leaf.stream_seq + 1)


@dataclass(frozen=True, slots=True)
class Around:
    """Entries that made what went in, and entries that something was made of it in. At most `NEIGHBOURS` each."""

    came_from: tuple[Entry, ...]
    led_to: tuple[Entry, ...]


def around(entry: Entry, *, inputs: Iterable[str], outputs: Iterable[str]) -> Around:
    """What came before and after by the assets of an entry. The caller leaves out what the reader may not see."""
    came, led = set(inputs), set(outputs)
    if not came | led:
        return Around((), ())
    refs = sorted(f"asset:{sha256}" for sha256 in came | led)
    with connection.cursor() as cursor:
        # An asset may be used in very many places: the oldest maker and the first users are enough here.
        cursor.execute(
            "SELECT id FROM provenance_entry WHERE refs && %s::varchar[] AND id <> %s ORDER BY id LIMIT 400",
            [refs, entry.pk],
        )
        keys = [key for (key,) in cursor.fetchall()]
    before, after = [], []
    for one in Entry.objects.filter(pk__in=keys).select_related("leaf").order_by("id"):
        body = json.loads(bytes(one.body))
        if came & {ref["sha256"] for ref in body["outputs"]}:
            before.append(one)
        elif led & {ref["sha256"] for ref in body["inputs"]}:
            after.append(one)
    return Around(tuple(before[-NEIGHBOURS:]), tuple(after[:NEIGHBOURS]))


# -- the log itself ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """How many entries were written in the last hour and the last day."""

    hour: int
    day: int


def rate(now: dt.datetime) -> Rate:
    last = Entry.objects.filter(at__gte=now - dt.timedelta(days=1))
    figures = last.aggregate(hour=Count("pk", filter=Q(at__gte=now - dt.timedelta(hours=1))), day=Count("pk"))
    return Rate(figures["hour"], figures["day"])


@dataclass(frozen=True, slots=True)
class Receipts:
    """The log's promises: how many, the newest, and how many of the last `LOOKED_AT` were not kept in time."""

    given: int
    newest: dt.datetime | None
    overdue: int
    open: int


def receipts(now: dt.datetime, *, actor_id: str | None = None) -> Receipts:
    """Receipts of everybody or of one person. An entry that is not in the log when its receipt is due is overdue."""
    who = "" if actor_id is None else "WHERE actor_id = %s"
    values = [] if actor_id is None else [actor_id]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM provenance_receipt {who}), (SELECT issued_at FROM provenance_receipt {who}"  # noqa: S608
            " ORDER BY id DESC LIMIT 1)",
            [*values, *values],
        )
        given, newest = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FILTER (WHERE merge_by < %s), count(*) FILTER (WHERE merge_by >= %s) FROM"  # noqa: S608
            f" (SELECT * FROM provenance_receipt {who} ORDER BY id DESC LIMIT %s) r"
            " WHERE EXISTS (SELECT 1 FROM unnest(r.leaves) AS h WHERE NOT EXISTS"
            " (SELECT 1 FROM provenance_entry e JOIN provenance_leaf l ON l.entry_id = e.id"
            "  WHERE e.leaf_hash = decode(h, 'hex')))",
            [now, now, *values, LOOKED_AT],
        )
        overdue, still_open = cursor.fetchone()
    return Receipts(given, newest, overdue, still_open)
