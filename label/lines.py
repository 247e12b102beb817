"""Ledger entries as pages show them: a sentence, who, when, where, how it is known, and the origin's colour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import prefetch_related_objects
from django.utils import timezone

from artists.models import User
from label.blindness import blind_to
from label.things import Thing, things
from provenance.elements import Origin, combine
from provenance.queries import parsed
from provenance.services import Entry, in_words
from provenance.signatures import signed_entries


@dataclass(frozen=True)
class Line:
    """One entry for a page. `origin` is empty where the entry made nothing that sounds or reads.

    `where`: the project, release or artist whose stream it is in, where the reader was given and may open it.
    """

    leaf: str
    sentence: str
    at: dt.datetime
    basis: str
    who: str
    origin: str
    index: int | None
    kind: str
    signed: bool
    where: Thing | None


@dataclass(frozen=True)
class Day:
    """The entries of one day, UTC."""

    date: dt.date
    words: str
    lines: tuple[Line, ...]


def lines(entries: Iterable[Entry], *, reader: User | None = None) -> list[Line]:
    """Entries in words. The caller has checked that the reader may see their streams.

    Who listens blind is told what happened to a submission, not in whose words.
    """
    entries = list(entries)
    prefetch_related_objects(entries, "vault")
    names = names_of(entries)
    signed = signed_entries(entry.pk for entry in entries)
    where = things(reader, {entry.stream for entry in entries}) if reader is not None else {}
    blind = blind_to(reader, entries)
    return [
        _line(entry, names, entry.pk in signed, where.get(entry.stream), said=entry.stream not in blind)
        for entry in entries
    ]


def names_of(entries: Iterable[Entry]) -> dict[str, str]:
    """Actor id -> name of the people who made these entries."""
    humans = {entry.actor_id for entry in entries if entry.actor_type == "human"}
    return {str(user.pk): user.full_name for user in User.objects.filter(pk__in=humans)}


def by_day(found: Iterable[Line]) -> list[Day]:
    """Lines in their order, grouped by day."""
    today = timezone.now().date()
    return [
        Day(day, _day_words(day, today), tuple(group))
        for day, group in groupby(found, lambda line: line.at.date())
    ]


def _day_words(day: dt.date, today: dt.date) -> str:
    ago = (today - day).days
    if ago == 0:
        return "Today"
    if ago == 1:
        return "Yesterday"
    if 1 < ago < 7:
        return f"{day:%A}"
    return f"{day:%-d %B}" if day.year == today.year else f"{day:%-d %B %Y}"


def _line(entry: Entry, names: dict[str, str], signed: bool, where: Thing | None, *, said: bool) -> Line:
    sentence = in_words(entry, disclosed=said)
    leaf = getattr(entry, "leaf", None)
    return Line(
        leaf=bytes(entry.leaf_hash).hex(),
        sentence=sentence[:1].upper() + sentence[1:],
        at=entry.at,
        basis=entry.basis,
        who=names.get(entry.actor_id, "somebody") if entry.actor_type == "human" else entry.actor_id,
        origin=_origin(entry),
        index=leaf.index if leaf else None,
        kind=entry.kind,
        signed=signed,
        where=where,
    )


def _origin(entry: Entry) -> str:
    if entry.actor_type == "human":
        return Origin.HUMAN.value
    made = parsed(entry).authorship.values()
    origins = {claim.origin for output in made for claim in output.claims if claim.origin is not None}
    return combine(origins).value if origins else ""
