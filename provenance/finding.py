"""Pages of the ledger: entries that fit everything which is asked for, newest first.

Pages go by keyset (`before`: the id that the page before ended with), so that page 1,000 costs what page 1 costs and
entries that arrive meanwhile move nothing.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from provenance import search
from provenance.models import Entry

PAGE: Final = 50
MAX_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of entries, newest first. `older` is the `before` of the next page, None on the last."""

    entries: tuple[Entry, ...]
    older: int | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for; everything given must fit. Nothing given means all.

    `streams` None: any; empty: a reader who may see none. `families` narrows to streams that begin so (`project:`).
    `refs`: entries that concern any of these. `words`: as `search.asked` reads them.
    """

    streams: frozenset[str] | None = None
    families: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    basis: str = ""
    actor_id: str = ""
    words: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def page(wanted: Wanted, *, before: int | None = None, size: int = PAGE) -> LedgerPage:
    """One page with leaves loaded."""
    size = max(1, min(size, MAX_PAGE))
    found = entries(wanted, newest=size + 1, before=before)
    rows = list(found.select_related("leaf")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return LedgerPage(tuple(rows), rows[-1].id if more else None)


def entries(wanted: Wanted, *, newest: int | None = None, before: int | None = None) -> QuerySet[Entry]:
    """All entries that fit, newest first; with `newest` at least the first so many of them, found faster."""
    found = Entry.objects.order_by("-id")
    if wanted.streams is not None and not wanted.streams:
        return found.none()
    if before is not None:
        found = found.filter(id__lt=before)
    for rule in _rules(wanted):
        found = found.filter(rule)
    streams = wanted.streams
    if streams is not None and len(streams) == 1:
        return found.filter(stream=next(iter(streams)))
    if streams is not None and newest is not None and _only_streams(wanted):
        return found.filter(id__in=_newest_of_streams(found, sorted(streams), newest))
    return found if streams is None else found.filter(stream__in=sorted(streams))


def _only_streams(wanted: Wanted) -> bool:
    """Whether every entry of the streams fits, so that the newest of each are enough. A rare kind would be looked for
    through all of every stream."""
    return wanted == Wanted(streams=wanted.streams)


def _rules(wanted: Wanted) -> Iterable[Q]:
    if begins := sorted(set(wanted.families)):
        yield functools.reduce(operator.or_, (Q(stream__startswith=one) for one in begins))
    if refs := sorted(set(wanted.refs)):
        yield Q(refs__overlap=refs)
    if kinds := sorted(set(wanted.kinds)):
        yield Q(kind=kinds[0]) if len(kinds) == 1 else Q(kind__in=kinds)
    if wanted.basis:
        yield Q(basis=wanted.basis)
    if wanted.actor_id:
        yield Q(actor_id=wanted.actor_id)
    if wanted.since is not None:
        yield Q(at__gte=wanted.since)
    if wanted.until is not None:
        yield Q(at__lt=wanted.until)
    if wanted.words.strip():
        query = search.asked(wanted.words)
        # A query without words (punctuation) finds nothing, as a search for nothing known does.
        yield Q(id__in=_with_words(query)) if query else Q(pk__in=())


def _with_words(query: str) -> RawSQL:
    return RawSQL("SELECT entry_id FROM provenance_searchtext WHERE words @@ %s::tsquery", [query])


def _newest_of_streams(found: QuerySet[Entry], streams: list[str], limit: int) -> list[int]:
    """Ids of the newest of `found` in several streams: one index walk each (`stream IN (...)` may read the table)."""
    inner, values = found.filter(stream=RawSQL("s.stream", [])).values("id")[:limit].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id FROM unnest(%s::text[]) AS s(stream) CROSS JOIN LATERAL ({inner}) e"  # noqa: S608
            " ORDER BY e.id DESC LIMIT %s",
            [streams, *values, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def those(ids: Iterable[int]) -> QuerySet[Entry]:
    """The entries with these ids, for asking about all of them at once."""
    return Entry.objects.filter(pk__in=list(ids))


def any_by(actor_id: str, *, streams: frozenset[str] | None, families: tuple[str, ...]) -> bool:
    """Whether somebody did anything in streams that a reader may see."""
    return entries(Wanted(actor_id=actor_id, streams=streams, families=families)).order_by().exists()
