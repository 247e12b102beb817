"""How the record stands, gathered once for the page and for monitoring.

Label staff see all of it; others what is public anyway and what concerns themselves.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from artists.models import PersonKey, User
from label.things import Thing, things
from provenance import guards, keys, queries, search, standing
from provenance.key_history import KeyHistory
from provenance.outside.health import PlaceHealth, outside_health
from provenance.signatures import signed_entries
from provenance.words import count, join
from release import credentials
from release.access import visible_releases
from release.models import Approval, Declaration, Release, Track

LATE_S = 60.0
#: Whose signatures are looked for: those who logged in last.
PEOPLE = 40


@dataclass(frozen=True)
class Outstanding:
    """A signature that is due before a release may leave."""

    release: Release
    what: str
    who: str
    url: str
    mine: bool


@dataclass(frozen=True)
class Person:
    """What one person has not signed of their newest entries: how many, since when, where."""

    name: str
    entries: int
    of: int
    """0 where those are all of theirs."""
    oldest: dt.datetime
    places: tuple[tuple[Thing, int], ...]
    has_key: bool


@dataclass(frozen=True)
class Trouble:
    """Something that somebody should look at, and since when it is so."""

    words: str
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Revoked:
    key: str
    size: int


_PLACES = {
    "timestamp": "confirms the dates",
    "witness": "watches the log",
    "folder": "keeps copies in a folder",
    "http": "keeps copies on a server",
    "mail": "keeps copies in a mailbox",
}


class Health:
    """Figures as of now for one reader."""

    def __init__(self, reader: User) -> None:
        self.reader = reader
        self.staff = reader.is_label_staff
        self.now = timezone.now()
        self.log = queries.health()

    @cached_property
    def rate(self) -> standing.Rate:
        return standing.rate(self.now)

    @cached_property
    def late(self) -> bool:
        return (self.log.oldest_waiting_s or 0) > LATE_S

    @cached_property
    def unsearchable(self) -> int:
        return search.behind()

    @cached_property
    def missing_guards(self) -> list[str]:
        return guards.missing()

    @cached_property
    def role(self) -> guards.Role:
        return guards.role()

    @property
    def triggers(self) -> int:
        return guards.count()

    @cached_property
    def places(self) -> tuple[PlaceHealth, ...]:
        return outside_health()

    @property
    def authorities(self) -> list[PlaceHealth]:
        return [place for place in self.places if place.kind == "timestamp"]

    @property
    def witnesses(self) -> list[PlaceHealth]:
        return [place for place in self.places if place.kind == "witness"]

    @property
    def copies(self) -> list[PlaceHealth]:
        return [place for place in self.places if place.kind not in {"timestamp", "witness", "settings"}]

    @cached_property
    def receipts(self) -> standing.Receipts:
        return standing.receipts(self.now, actor_id=None if self.staff else str(self.reader.pk))

    @cached_property
    def key(self) -> str:
        return str(keys.verifier_key())

    @cached_property
    def key_chain(self) -> KeyHistory:
        return keys.key_chain()

    @cached_property
    def certificate(self) -> credentials.CertificateStatus:
        """What signs audio files."""
        return credentials.certificate()

    # -- signatures ----------------------------------------------------------------------------------------------------

    @cached_property
    def outstanding(self) -> list[Outstanding]:
        """Approved declarations and release approvals that nobody signed, of releases that have not left."""
        releases = {
            release.pk: release
            for release in visible_releases(self.reader)
            .exclude(state__in=[Release.State.PACKAGED, Release.State.WITHDRAWN])
            .order_by("release_date", "title")
        }
        tracks = Track.objects.filter(active=True, release__in=releases).select_related("recording")
        titles = {track.recording.master_id: track.recording.title for track in tracks}
        on = {track.recording.master_id: track.release_id for track in tracks}
        found: list[tuple[int, Outstanding]] = []
        declared = Declaration.objects.filter(approved=True, master__in=titles).select_related("declared_by")
        for row in declared.order_by("master_id", "-number").distinct("master_id"):
            found.append(
                (
                    row.entry_id,
                    Outstanding(
                        release=releases[on[row.master_id]],
                        what=f"the declaration of {titles[row.master_id]}",
                        who=row.declared_by.full_name,
                        url=reverse("release:declaration", args=[row.master_id]),
                        mine=row.declared_by_id == self.reader.pk,
                    ),
                )
            )
        approvals = Approval.objects.filter(release__in=releases).select_related("approved_by")
        for given in approvals.order_by("release_id", "-entry_id").distinct("release_id"):
            found.append(
                (
                    given.entry_id,
                    Outstanding(
                        release=releases[given.release_id],
                        what="the approval",
                        who=given.approved_by.full_name,
                        url=reverse("release:release", args=[given.release_id]),
                        mine=given.approved_by_id == self.reader.pk,
                    ),
                )
            )
        done = signed_entries(key for key, _ in found)
        return [due for key, due in found if key not in done]

    @cached_property
    def people(self) -> list[Person]:
        """What people have not signed of their newest entries, most first. Others than staff see their own alone."""
        users = {str(self.reader.pk): self.reader}
        if self.staff:
            latest = User.objects.order_by(F("last_login").desc(nulls_last=True), "pk")[:PEOPLE]
            users |= {str(user.pk): user for user in latest}
        rows = standing.unsigned(users)
        armed = {
            str(pk)
            for pk in PersonKey.objects.filter(
                state=PersonKey.State.CONFIRMED, user__in=list(users)
            ).values_list("user_id", flat=True)
        }
        where = things(self.reader, {stream for row in rows for stream, _ in row.streams[:4]})
        return [
            Person(
                users[row.actor_id].full_name,
                row.entries,
                0 if row.all else row.looked_at,
                row.oldest,
                tuple(
                    (thing, n) for stream, n in row.streams[:4] if (thing := where.get(stream)) is not None
                ),
                row.actor_id in armed,
            )
            for row in rows
        ]

    # -- in words ------------------------------------------------------------------------------------------------------

    @cached_property
    def troubles(self) -> list[Trouble]:
        """Gaps in words, worst first. Guards and outside places are the staff's business."""
        found = []
        if self.late:
            since = self.now - dt.timedelta(seconds=self.log.oldest_waiting_s or 0)
            waits = count(self.log.waiting, "entry waits", "entries wait")
            found.append(Trouble(f"{waits} for a place in the log. Look whether dispatch runs.", since))
        if self.receipts.overdue:
            found.append(
                Trouble(
                    f"{count(self.receipts.overdue, 'receipt was', 'receipts were')} not kept: an entry that was"
                    " promised is not in the log. Run ledger_verify."
                )
            )
        if not self.staff:
            return found
        found += [
            Trouble(f"{words[:1].upper()}{words[1:]}. Run migrate, then ledger_verify.")
            for words in self.missing_guards
        ]
        for place in self.places:
            if place.kind == "settings":
                found.append(Trouble(f"The outside places cannot be read: {place.error}"))
            elif place.failing_since is not None:
                lag = f", {count(place.behind, 'entry', 'entries')} behind" if place.behind > 0 else ""
                found.append(Trouble(f"{place.name} fails{lag}: {place.error}", place.failing_since))
        if self.certificate.warning:
            found.append(Trouble(self.certificate.warning))
        return found

    @property
    def outside(self) -> list[tuple[str, PlaceHealth]]:
        """The places for the page, in the order of what they prove."""
        groups = (self.authorities, self.witnesses, self.copies)
        return [(_PLACES.get(one.kind, "keeps copies"), one) for group in groups for one in group]

    @property
    def lacking(self) -> list[str]:
        groups = (self.authorities, self.witnesses, self.copies)
        words = ("confirms the dates", "watches the log", "keeps copies")
        return [
            said
            for said, group in zip(words, groups, strict=True)
            if not any(one.configured for one in group)
        ]

    @property
    def revoked(self) -> list[Revoked]:
        found = self.key_chain.revoked or {}
        return [Revoked(f"{key.name}+{key.key_id.hex()}", size) for key, size in found.items()]

    @property
    def missing(self) -> list[str]:
        """What no installation should lack for long, and this one has none of."""
        lacks = []
        if not any(place.configured for place in self.authorities):
            lacks.append("no timestamp authority confirms its dates")
        if not any(place.configured for place in self.witnesses):
            lacks.append("no witness watches it")
        if not any(place.configured for place in self.copies):
            lacks.append("no copy of its checkpoints is kept outside")
        return lacks

    @property
    def headline(self) -> str:
        if self.troubles:
            return f"{count(len(self.troubles), 'thing')} to look at".replace("1 thing", "One thing")
        return "The record stands"

    @property
    def summary(self) -> str:
        if self.staff and self.missing:
            return f"The log is whole, but {join(self.missing)}."
        if self.log.entries == 0:
            return "Nothing is recorded yet."
        return (
            "Every entry has its place, and the guards are on."
            if self.staff
            else "Every entry has its place."
        )

    def as_json(self) -> dict[str, Any]:
        """For monitoring: figures and sentences, no names of people."""
        data: dict[str, Any] = {
            "at": self.now,
            "ok": not self.troubles,
            "troubles": [{"words": one.words, "since": one.since} for one in self.troubles],
            "log": {
                "entries": self.log.entries,
                "leaves": self.log.leaves,
                "waiting": self.log.waiting,
                "oldest_waiting_s": self.log.oldest_waiting_s,
                "checkpoint_size": self.log.checkpoint_size,
                "checkpoint_at": self.log.checkpoint_at,
                "entries_last_hour": self.rate.hour,
                "entries_last_day": self.rate.day,
                "not_searchable_yet": self.unsearchable,
                "key": self.key,
            },
            "receipts": {
                "given": self.receipts.given,
                "newest": self.receipts.newest,
                "open": self.receipts.open,
                "overdue": self.receipts.overdue,
            },
            "unsigned": {
                "entries": sum(person.entries for person in self.people),
                "of_newest_each": standing.LOOKED_AT,
                "blocking_releases": len({one.release.pk for one in self.outstanding}),
            },
        }
        if self.staff:
            data["protection"] = {
                "triggers": self.triggers,
                "missing": self.missing_guards,
                "role": self.role.in_words(),
            }
            data["c2pa"] = {
                "source": self.certificate.source,
                "expires_at": self.certificate.expires_at,
                "days_left": self.certificate.days_left,
                "problem": self.certificate.problem,
            }
            data["outside"] = [
                {
                    "name": place.name,
                    "kind": place.kind,
                    "configured": place.configured,
                    "reached_size": place.reached_size,
                    "reached_at": place.reached_at,
                    "behind": place.behind,
                    "failing_since": place.failing_since,
                    "error": place.error,
                }
                for place in self.places
            ]
        return data
