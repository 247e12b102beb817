"""Pages of the ledger: entries that fit everything which is asked for, newest first.

Pages go by keyset (`before`: the id that the page before ended with), so that page 1,000 costs what page 1 costs and
entries that arrive meanwhile move nothing.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection
from django.db.models import BooleanField, Exists, F, Q, QuerySet
from django.db.models.expressions import RawSQL

from provenance import search
from provenance.elements import Basis
from provenance.models import Entry, SearchText

PAGE: Final = 50
MAX_PAGE: Final = 500
#: More than twice what an entry's date and the time of writing may differ by.
SLACK: Final = dt.timedelta(days=1)
#: So many of a family's newest entries are looked through for words before an index is asked.
RECENT: Final = 4000
#: Words in this share of them are walked to.
OFTEN: Final = 0.05
#: So many walks through an index at most, one a stream and kind.
MAX_PAIRS: Final = 2500
#: Some streams by name, or what holds of their rows (`OuterRef("stream")`) where they may be thousands.
Streams = frozenset[str] | Exists


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of entries, newest first. `older` is the `before` of the next page, None on the last."""

    entries: tuple[Entry, ...]
    older: int | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for; everything given must fit. Nothing given means all.

    `streams` None: any; empty: a reader who may see none. `families` narrows to streams that begin so (`project:`).
    `refs`: entries that concern any of these. `words`: as `search.asked` reads them; streams that begin with `unsaid`
    are not looked through for words, but for those in `said`.
    """

    streams: frozenset[str] | None = None
    families: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    basis: str = ""
    actor_id: str = ""
    words: str = ""
    unsaid: str = ""
    said: Streams = frozenset()
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
    everything = Entry.objects.order_by("-id")
    if wanted.streams is not None and not wanted.streams:
        return everything.none()
    if newest is None or (wanted.since is None and wanted.until is None):
        return _ways(wanted, Span(until=before), newest)
    # Two searches, each by its own index: nearly all entries are written in the order of their dates, and those
    # that were written down later are few.
    span = span_of(wanted.since, wanted.until).before(before)
    keys: list[int] = []
    if wanted.basis != Basis.BACKFILLED:
        keys += _ways(wanted, replace(span, in_order=True), newest).values_list("pk", flat=True)[:newest]
    if wanted.basis in {"", Basis.BACKFILLED}:
        later = replace(wanted, basis=Basis.BACKFILLED.value)
        keys += _ways(later, Span(until=before), newest).values_list("pk", flat=True)[:newest]
    return everything.filter(pk__in=keys)


def _ways(wanted: Wanted, span: Span, newest: int | None) -> QuerySet[Entry]:
    """What fits and has its id in the span, by the way that suits how many streams there are."""
    found = Entry.objects.order_by("-id").filter(span.rule())
    for rule in _rules(wanted, span):
        found = found.filter(rule)
    streams = wanted.streams
    if streams is None:
        return found
    if len(streams) == 1:
        return found.filter(stream=next(iter(streams)))
    if newest is not None and _by_stream(wanted):
        return found.filter(id__in=_newest_of_streams(wanted, span, newest))
    if wanted.actor_id:
        return found.filter(stream__in=_acted_in(wanted.actor_id, streams))
    return found.filter(stream__in=sorted(streams))


# -- dates -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Ids above `since` and below `until`; `in_order`: without what was backfilled."""

    since: int | None = None
    until: int | None = None
    in_order: bool = False

    def before(self, until: int | None) -> Span:
        """The same, and below this id too."""
        given = [one for one in (self.until, until) if one is not None]
        return replace(self, until=min(given, default=None))

    @property
    def ends(self) -> tuple[int, int]:
        """Both ends as numbers."""
        return -1 if self.since is None else self.since, 2**63 - 1 if self.until is None else self.until

    def rule(self) -> Q:
        rule = Q()
        if self.since is not None:
            rule &= Q(id__gt=self.since)
        if self.until is not None:
            rule &= Q(id__lt=self.until)
        if self.in_order:
            rule &= ~Q(basis=Basis.BACKFILLED.value)
        return rule


def span_of(since: dt.datetime | None, until: dt.datetime | None) -> Span:
    """The ids between which every entry of these dates lies, those that were backfilled aside.

    An entry that is not backfilled is dated within an hour of when it is written (the trigger of migration 0002), and
    ids are given out when entries are written. So whatever has its id above that of an entry of a day later is later,
    whichever entry that is: halving finds one near the date, and a clock that was set back only makes the span wider.
    """
    return Span(
        None if since is None else _bounds(since - SLACK)[0],
        None if until is None else _bounds(until + SLACK)[1],
    )


def _bounds(moment: dt.datetime) -> tuple[int | None, int | None]:
    """The id of an entry dated before the moment, and one that only entries of after it reach. None where none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE half(low, high, early, late) AS ("
            " SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) + 1, NULL::bigint, NULL::bigint"
            " FROM provenance_entry UNION ALL"
            " SELECT CASE WHEN e.at < %(moment)s THEN e.id ELSE half.low END,"
            "  CASE WHEN e.at < %(moment)s THEN half.high ELSE (half.low + half.high) / 2 END,"
            "  CASE WHEN e.at < %(moment)s THEN e.id ELSE half.early END,"
            "  CASE WHEN e.at < %(moment)s THEN half.late ELSE (half.low + half.high) / 2 END"
            " FROM half LEFT JOIN LATERAL (SELECT id, at FROM provenance_entry"
            "  WHERE id >= (half.low + half.high) / 2 AND basis <> %(backfilled)s ORDER BY id LIMIT 1) e ON true"
            " WHERE half.high - half.low > 1)"
            " SELECT max(early), min(late) FROM half",
            {"moment": moment, "backfilled": Basis.BACKFILLED.value},
        )
        early, late = cursor.fetchone()
        return early, late


# -- rules -------------------------------------------------------------------------------------------------------------


def _by_stream(wanted: Wanted) -> bool:
    """Whether an index holds each stream's entries that fit in order, so that the newest of each are enough."""
    if wanted.refs or wanted.words.strip() or wanted.basis or wanted.families:
        return False
    if wanted.actor_id:
        return not wanted.kinds
    return len(wanted.streams or ()) * len(set(wanted.kinds)) <= MAX_PAIRS


def _rules(wanted: Wanted, span: Span) -> Iterable[Q]:
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
        yield Q(id__in=_with_words(query, span)) if query else Q(pk__in=())
        if wanted.unsaid:
            yield ~Q(stream__startswith=wanted.unsaid) | _among(wanted.said)


def _among(streams: Streams) -> Q:
    return Q(stream__in=sorted(streams)) if isinstance(streams, frozenset) else Q(streams)


def _with_words(query: str, span: Span) -> RawSQL:
    """The span is said again: the planner does not carry it from the entries over to their words."""
    return RawSQL(
        "SELECT entry_id FROM provenance_searchtext WHERE words @@ %s::tsquery"
        " AND entry_id > %s AND entry_id < %s",
        [query, *span.ends],
    )


def _newest_of_streams(wanted: Wanted, span: Span, limit: int) -> list[int]:
    """Ids of the newest that fit in several streams: one walk each through an index that holds them in order.

    Said as a span of that index and in its order, which leaves no other way: `stream = ... ORDER BY id` may be answered
    by walking back through everybody's entries.
    """
    places, rules, key, at = "unnest(%s::text[]) AS s(stream)", [], "stream", "s.stream"
    values: list[Any] = [sorted(wanted.streams or ())]
    if each := [wanted.actor_id] if wanted.actor_id else sorted(set(wanted.kinds)):
        places += " CROSS JOIN unnest(%s::text[]) AS o(one)"
        rules, key, at = ["stream = s.stream"], "actor_id" if wanted.actor_id else "kind", "o.one"
        values.append(each)
    rules += [f"({key}, id) > ({at}, %s)", f"({key}, id) < ({at}, %s)"]
    values += span.ends
    if span.in_order:
        rules.append("basis <> %s")
        values.append(Basis.BACKFILLED.value)
    # The span holds them already, but for a day: the index of dates would only lead away from it.
    for rule, value in (("at + interval '0' >= %s", wanted.since), ("at + interval '0' < %s", wanted.until)):
        if value is not None:
            rules.append(rule)
            values.append(value)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id FROM {places} CROSS JOIN LATERAL (SELECT id FROM provenance_entry"  # noqa: S608
            f" WHERE {' AND '.join(rules)} ORDER BY {key} DESC, id DESC LIMIT %s) e ORDER BY e.id DESC LIMIT %s",
            [*values, limit, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def _acted_in(actor_id: str, streams: Iterable[str]) -> list[str]:
    """Those of the streams in which somebody did anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.stream FROM unnest(%s::text[]) AS s(stream) WHERE EXISTS"
            " (SELECT 1 FROM provenance_entry e WHERE e.stream = s.stream AND e.actor_id = %s)",
            [sorted(streams), actor_id],
        )
        return [row[0] for row in cursor.fetchall()]


def saying(text: str, *, family: str, streams: Streams | None = None, limit: int) -> list[str]:
    """Streams of a family (`artist`) in whose newest entries the words stand, the newest first.

    `streams` narrows to some of the family. At most `limit` entries are looked at.

    The planner knows how often words are said, not in which family: where a word is frequent elsewhere, it walks back
    through all of this one for nothing. So it is told where to look:
    """
    query = search.asked(text)
    if not query or (isinstance(streams, frozenset) and not streams):
        return []
    whole = SearchText.objects.filter(family=family)
    hits = whole.filter(RawSQL("words @@ %s::tsquery", [query], output_field=BooleanField()))
    rows = hits if streams is None else hits.filter(_among(streams))
    rows = rows.order_by("-entry_id")
    # 1. Among the newest of the family, which has what is said often.
    edge = whole.order_by("-entry_id").values_list("entry_id", flat=True)[RECENT : RECENT + 1].first()
    newest = rows if edge is None else rows.filter(entry_id__gt=edge)
    found = list(newest.values_list("stream", flat=True)[:limit])
    if edge is not None and len(found) < limit:
        # 2. Further back: what is said often, but in few of these streams, is walked to; for the rest the words'
        #    index is read, which an order that no other index has leaves as the only way.
        often = hits.filter(entry_id__gt=edge).count() > RECENT * OFTEN
        older = rows.filter(entry_id__lte=edge)
        older = older if often else older.order_by((F("entry_id") + 0).desc())
        found += older.values_list("stream", flat=True)[: limit - len(found)]
    return list(dict.fromkeys(found))


def those(ids: Iterable[int]) -> QuerySet[Entry]:
    """The entries with these ids, for asking about all of them at once."""
    return Entry.objects.filter(pk__in=list(ids))


def any_by(actor_id: str, *, streams: frozenset[str] | None, families: tuple[str, ...]) -> bool:
    """Whether somebody did anything in streams that a reader may see."""
    return bool(page(Wanted(actor_id=actor_id, streams=streams, families=families), size=1).entries)
