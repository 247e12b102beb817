"""What a reader asks of the ledger: read from an address, put into words, and turned into a search.

The address holds: `words`, `person` (an account's id), `about` (a subject as entries name it, `project:<uuid>`), `kind`
(a group's key or a kind), `basis`, `when` (`today`, `yesterday`, `week`, `month`) or `since` and `until` (days). What
makes no sense filters nothing. Pages, the API and the bundle of what was found read the same address.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils import timezone

from artists.models import User
from label import kinds
from label.blindness import SUBMISSIONS, heard_by
from label.streams import Readable, readable
from label.things import Thing, named, refs_about, things
from provenance import finding
from provenance.elements import Basis
from provenance.services import Entry

WHEN: Final = {
    "today": "today",
    "yesterday": "yesterday",
    "week": "the last seven days",
    "month": "the last thirty days",
}
BASES: Final = {
    Basis.OBSERVED.value: "observed: the system saw it happen",
    Basis.INFERRED.value: "inferred: a difference of two saves",
    Basis.DECLARED.value: "declared: a person stated it",
    Basis.IMPORTED.value: "imported: somebody else's credential",
    Basis.BACKFILLED.value: "backfilled: written down later",
}
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Everything that was asked for; all of it must fit."""

    words: str = ""
    person: str = ""
    about: str = ""
    kind: str = ""
    basis: str = ""
    when: str = ""
    since: dt.date | None = None
    until: dt.date | None = None

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Filter:
        def text(name: str, most: int) -> str:
            return str(query.get(name) or "").replace("\x00", "").strip()[:most]

        when = text("when", 16)
        when = when if when in WHEN else ""
        kind, basis = text("kind", 64), text("basis", 16)
        return cls(
            words=text("words", 200),
            person=_uuid(text("person", 40)),
            about=text("about", 80),
            kind=kind if kinds.kinds_of(kind) else "",
            basis=basis if basis in BASES else "",
            when=when,
            since=None if when else _day(text("since", 10)),
            until=None if when else _day(text("until", 10)),
        )

    @cached_property
    def parameters(self) -> dict[str, str]:
        """As an address holds them; only what is asked for."""
        values = {
            "words": self.words,
            "person": self.person,
            "about": self.about,
            "kind": self.kind,
            "basis": self.basis,
            "when": self.when,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in values.items() if value}

    def address(self, **changes: Any) -> str:
        """The query string of this filter with some of it changed (an empty value takes it out)."""
        found = {**self.parameters, **{name: str(value) for name, value in changes.items()}}
        return urlencode({name: value for name, value in found.items() if value})

    def __bool__(self) -> bool:
        return bool(self.parameters)

    def span(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """From when (inclusive) until when (exclusive), UTC."""
        today = timezone.now().date()
        since, until = self.since, self.until
        if self.when:
            since = {
                "today": today,
                "yesterday": today - _DAY,
                "week": today - 6 * _DAY,
                "month": today - 29 * _DAY,
            }[self.when]
            until = since if self.when == "yesterday" else None
        end = None if until is None else _midnight(until) + _DAY
        return (None if since is None else _midnight(since)), end

    def wanted(self, user: User, allowed: Readable | None = None) -> finding.Wanted:
        """The search, narrowed to what `user` may read."""
        allowed = allowed or readable(user)
        since, until = self.span()
        return finding.Wanted(
            streams=allowed.only,
            families=allowed.families,
            refs=refs_about(user, self.about) if self.about else (),
            kinds=kinds.kinds_of(self.kind) if self.kind else (),
            basis=self.basis,
            actor_id=self.person,
            words=self.words,
            unsaid=SUBMISSIONS,
            said=heard_by(user) if self.words else frozenset(),
            since=since,
            until=until,
        )

    def entries(self, user: User) -> QuerySet[Entry]:
        """All entries that fit and that `user` may read, newest first."""
        return finding.entries(self.wanted(user))


@dataclass(frozen=True)
class Chip:
    """One part of the filter in words, and the address without it."""

    words: str
    address: str


def chips(asked: Filter, user: User) -> list[Chip]:
    """What is asked for, part by part. Names are those that the reader may see."""
    found = []
    if asked.words:
        found.append(Chip(f"“{asked.words}”", asked.address(words="")))
    if asked.person:
        found.append(Chip(f"by {person_name(user, asked.person) or 'somebody'}", asked.address(person="")))
    if asked.about:
        thing = thing_of(user, asked.about)
        words = f"{thing.kind} {thing.title}" if thing else "one thing"
        found.append(Chip(words, asked.address(about="")))
    if asked.kind:
        found.append(Chip(kinds.title_of(asked.kind).lower(), asked.address(kind="")))
    if asked.basis:
        found.append(Chip(asked.basis, asked.address(basis="")))
    if asked.when:
        found.append(Chip(WHEN[asked.when], asked.address(when="")))
    if asked.since:
        found.append(Chip(f"from {asked.since:%-d %b %Y}", asked.address(since="")))
    if asked.until:
        found.append(Chip(f"until {asked.until:%-d %b %Y}", asked.address(until="")))
    return found


# -- names -------------------------------------------------------------------------------------------------------------


def people_named(user: User, text: str, *, limit: int = 8) -> list[tuple[str, str]]:
    """(id, name) of people with `text` in their names who did something that `user` may read."""
    text = text.strip()[:80]
    if not text:
        return []
    rows = User.objects.filter(full_name__icontains=text).order_by("full_name")[: limit * 3]
    found = []
    for row in rows:
        if row.pk == user.pk or _acted(user, str(row.pk)):
            found.append((str(row.pk), row.full_name))
        if len(found) == limit:
            break
    return found


def person_name(user: User, key: str) -> str:
    """The name of a person who did something that `user` may read, else nothing."""
    row = User.objects.filter(pk=key).first()
    return row.full_name if row is not None and (row.pk == user.pk or _acted(user, key)) else ""


def _acted(user: User, key: str) -> bool:
    allowed = readable(user)
    return finding.any_by(key, streams=allowed.only, families=allowed.families)


def thing_of(user: User, ref: str) -> Thing | None:
    return things(user, [ref]).get(ref)


def suggestion(thing: Thing) -> str:
    """A thing as the suggestions show it, and as the form sends it back."""
    return f"{thing.title}, {thing.kind}"


def things_meant(user: User, text: str) -> list[Thing]:
    """What somebody may mean by `text`: the thing itself where it is named in full, else all that fit."""
    title, _, kind = text.rpartition(", ")
    exact = [thing for thing in named(user, title) if suggestion(thing) == text] if title else []
    if exact and kind:
        return exact
    found = named(user, text)
    same = [thing for thing in found if thing.title.casefold() == text.strip().casefold()]
    return same if len(same) == 1 else found


def people_meant(user: User, text: str) -> list[tuple[str, str]]:
    found = people_named(user, text)
    same = [one for one in found if one[1].casefold() == text.strip().casefold()]
    return same if len(same) == 1 else found


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date.min + _DAY < day < dt.date.max - _DAY else None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
