"""Which entries of a person wait for their signature, in words, and which are signed.

Writes one thing: the link from signed entries to the entry of their signature, in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet

from provenance.ledger import in_words
from provenance.models import Entry, EntrySignature, TimestampToken

SESSION_SIGNED: Final = "session.signed"
#: What a signature of its own would have no end for, and what only concerns the keys themselves.
_UNSIGNED_KINDS: Final = (SESSION_SIGNED,)
_PERSON: Final = "person:"
#: So many entries at most in one signature; what is over waits for the next.
MAX_LEAVES: Final = 2000
#: More than so many are not counted where only their number is shown.
COUNTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Unsigned:
    """So many entries of a person wait in this stream."""

    stream: str
    count: int
    title: str = ""


def unsigned_entries(actor_id: str, stream: str, *, kinds: Iterable[str] = ()) -> list[Entry]:
    """A person's own entries in a stream that nobody signed: in the log's order, those without a place last."""
    found = _unsigned(actor_id).filter(stream=stream)
    if wanted := sorted(set(kinds)):
        found = found.filter(kind__in=wanted)
    ordered = found.select_related("leaf").order_by(F("leaf__index").asc(nulls_last=True), "id")
    return list(ordered[:MAX_LEAVES])


def unsigned_count(actor_id: str, stream: str, *, kinds: Iterable[str] = ()) -> int:
    found = _unsigned(actor_id).filter(stream=stream)
    if wanted := sorted(set(kinds)):
        found = found.filter(kind__in=wanted)
    return found.count()


def unsigned_streams(actor_id: str, *, kinds: Iterable[str] = (), limit: int = 20) -> list[Unsigned]:
    """Where a person's entries wait, the most first."""
    found = _unsigned(actor_id)
    if wanted := sorted(set(kinds)):
        found = found.filter(kind__in=wanted)
    rows = found.order_by().values("stream").annotate(count=Count("id")).order_by("-count", "stream")[:limit]
    titles = _titles(row["stream"] for row in rows)
    return [
        Unsigned(row["stream"], row["count"], titles.get(row["stream"]) or row["stream"].partition(":")[0])
        for row in rows
    ]


def unsigned_total(actor_id: str) -> int:
    """How many entries of a person wait anywhere; counting stops at `COUNTED`."""
    return _unsigned(actor_id).order_by("-id")[:COUNTED].count()


def _unsigned(actor_id: str) -> QuerySet[Entry]:
    mine = Entry.objects.filter(actor_type="human", actor_id=actor_id)
    # Not a join with what is missing in it: of that the planner expects one row, and reads the whole ledger for it.
    mine = mine.filter(~Exists(EntrySignature.objects.filter(entry=OuterRef("pk"))))
    return mine.exclude(kind__in=_UNSIGNED_KINDS).exclude(stream__startswith=_PERSON)


def signed_entries(ids: Iterable[int]) -> frozenset[int]:
    """Which of these entries their actor has signed."""
    found = EntrySignature.objects.filter(entry__in=list(ids)).values_list("entry_id", flat=True)
    return frozenset(found)


def signature_of(entry: Entry) -> Entry | None:
    """The entry of the signature over this one."""
    found = EntrySignature.objects.filter(entry=entry).select_related("signature").first()
    return found.signature if found else None


def attach(signature: Entry, entries: Sequence[Entry]) -> None:
    """Say that `signature` signs these. Raises IntegrityError where one of them is signed already."""
    EntrySignature.objects.bulk_create(
        [EntrySignature(entry=entry, signature=signature) for entry in entries], batch_size=500
    )


def newest_token_sha256() -> str:
    """SHA-256 in hex of the newest timestamp token's DER; empty where there is none yet."""
    newest = TimestampToken.objects.order_by("-gen_time", "-id").first()
    return hashlib.sha256(bytes(newest.token)).hexdigest() if newest else ""


def stream_title(stream: str) -> str:
    """What a stream is about, as its first entry named it; else its kind in a word."""
    return _titles([stream]).get(stream) or stream.partition(":")[0]


def _titles(streams: Iterable[str]) -> dict[str, str]:
    """Stream -> title, for those whose first entry gives one: one index walk each, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.stream, e.body FROM unnest(%s::text[]) AS s(stream) CROSS JOIN LATERAL"
            " (SELECT body FROM provenance_entry WHERE stream = s.stream ORDER BY id LIMIT 1) e",
            [sorted(set(streams))],
        )
        first = {stream: json.loads(bytes(body))["public"] for stream, body in cursor.fetchall()}
    named = {stream: public.get("title") or public.get("name") for stream, public in first.items()}
    return {stream: " ".join(name.split()) for stream, name in named.items() if isinstance(name, str)}


def retold(entries: Iterable[Entry]) -> str:
    """Entries in words, day by day, the same sentence said once with how often. Private words stay sealed."""
    told = [
        (f"{entry.at.day} {entry.at:%B %Y}", f"{entry.at:%H:%M}", " ".join(in_words(entry).split()))
        for entry in entries
    ]
    days = []
    for day, lines in groupby(told, key=lambda line: line[0]):
        said: dict[str, list[str]] = {}
        for _, at, sentence in lines:
            said.setdefault(sentence, []).append(at)
        days.append("\n".join([day, *(f"- {_when(times)} {sentence}" for sentence, times in said.items())]))
    return "\n\n".join(days)


def _when(times: Sequence[str]) -> str:
    if len(times) == 1:
        return times[0]
    first, last = min(times), max(times)
    span = first if first == last else f"{first} to {last}"
    return f"{span}, {len(times)} times:"
