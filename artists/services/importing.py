"""Import of a roster file: what each good line would do, and doing it; each artist its own entries. And export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from artists import names
from artists.errors import ArtistsUserFault
from artists.events import LABEL_STREAM
from artists.events import roster as happened
from artists.models import Artist, Person, PersonBehind, TeamMember, User
from artists.roster_file import Reading
from artists.roster_row import Row
from artists.services.merging import Known, Likeness
from artists.services.people import create_person, people_behind
from artists.services.roster import create_artist
from artists.services.team import add_team_member
from provenance.ledger import record


@dataclass(frozen=True)
class Outcome:
    """What a line does. `what`: new, contributor (for an artist that is there), there (nothing new), bad."""

    line: int
    name: str
    what: str
    message: str
    artist: Artist | None = None
    maybe: tuple[Likeness, ...] = ()


class _Preview(Exception):
    """Ends the transaction of a preview: nothing of it stays."""


def import_rows(reading: Reading, *, actor: User, really: bool) -> list[Outcome]:
    """Take the good lines in, or say what they would do. A line that fails costs itself alone.

    A preview does the same work and takes it back, so that it cannot promise what the import then refuses.
    """
    found = [Outcome(one.line, one.text, "bad", one.message) for one in reading.problems]
    try:
        with transaction.atomic():
            known = Known()
            # Artists before their aliases, whatever the order in the file.
            for row in sorted(reading.rows, key=lambda row: (bool(row.alias_of), row.line)):
                try:
                    with transaction.atomic():
                        found.append(_take_in(row, known, actor=actor))
                except ArtistsUserFault as fault:
                    found.append(Outcome(row.line, row.name, "bad", fault.message))
            if not really:
                raise _Preview
    except _Preview:
        pass
    return sorted(found, key=lambda one: one.line)


def _take_in(row: Row, known: Known, *, actor: User) -> Outcome:
    same = known.same(row.name, row.isni)
    if same is None:
        maybe = tuple(one for one in known.like(row.name, row.isni) if not one.sure)
        artist = create_artist(
            name=row.name,
            sort_name=row.sort_name,
            kind=row.kind or Artist.Kind.PERSON,
            status=row.status or Artist.Status.PROSPECT,
            since=row.since or timezone.now().date(),
            alias_of=_behind(row, known),
            isni=row.isni,
            is_ai_persona=row.is_ai_persona,
            tags=row.tags,
            about=row.about,
            source="csv",
            actor=actor,
        )
        known.add(artist)
        _manage(artist, row, actor=actor)
        _contribute(artist, row, actor=actor)
        said = f"new, {artist.get_status_display().lower()}" + (
            f", with {row.contributor}" if row.contributor else ""
        )
        return Outcome(row.line, row.name, "new", said, artist, maybe)
    if _contribute(same.artist, row, actor=actor):
        said = f"{row.contributor} joins {same.artist.name}, who is on the roster already ({same.why})"
        return Outcome(row.line, row.name, "contributor", said, same.artist)
    said = f"{same.artist.name} is on the roster already ({same.why}); the line changes nothing"
    return Outcome(row.line, row.name, "there", said, same.artist)


def _behind(row: Row, known: Known) -> Artist | None:
    if not row.alias_of:
        return None
    same = known.same(row.alias_of)
    if same is None:
        raise ArtistsUserFault(
            f"{row.alias_of}, whose alias this is, is neither on the roster nor in the file. Add a line for them."
        )
    return same.artist


def _manage(artist: Artist, row: Row, *, actor: User) -> None:
    if not row.manager:
        return
    user = User.objects.filter(email__iexact=row.manager, is_active=True).first()
    role = TeamMember.Role.MANAGER
    if user is not None:
        add_team_member(artist, role=role, user=user, actor=actor)
    elif "@" in row.manager:
        name = row.manager.partition("@")[0]
        add_team_member(artist, role=role, name=name, contact=row.manager, actor=actor)
    else:
        add_team_member(artist, role=role, name=row.manager, actor=actor)


def _contribute(artist: Artist, row: Row, *, actor: User) -> bool:
    """Whether the line brought a contributor whom the artist had not."""
    if not row.contributor:
        return False
    wanted = names.key(row.contributor)
    for person in people_behind(artist):
        if names.key(person.credit_name) == wanted or (row.ipi and person.ipi == row.ipi):
            return False
    create_person(
        credit_name=row.contributor,
        legal_name=row.legal_name,
        ipi=row.ipi,
        society=row.society,
        country=row.country,
        artist=artist,
        actor=actor,
    )
    return True


def export_rows(artists: Iterable[Artist]) -> list[dict[str, str]]:
    """A line for each artist and each further contributor, as `import_rows` takes them. No legal names."""
    artists = list(artists)
    people: dict[object, list[Person]] = {}
    for person in Person.objects.filter(artist__in=artists).order_by("credit_name"):
        people.setdefault(person.artist_id, []).append(person)
    rows = PersonBehind.objects.filter(artist__in=artists, active=True).select_related("person")
    for link in rows.order_by("person__credit_name"):
        people.setdefault(link.artist_id, []).append(link.person)
    managers: dict[object, str] = {}
    team = TeamMember.objects.filter(artist__in=artists, active=True, role=TeamMember.Role.MANAGER)
    for member in team.select_related("user").order_by("-added_entry_id"):
        if member.user is not None:
            managers[member.artist_id] = member.user.email
    behind = {row.pk: row.name for row in Artist.objects.filter(aliases__in=artists)}
    found = []
    for artist in artists:
        own = {
            "name": artist.name,
            "sort_name": artist.sort_name,
            "kind": artist.kind,
            "alias_of": behind.get(artist.alias_of_id, "") if artist.alias_of_id else "",
            "status": artist.status,
            "since": artist.status_since.isoformat() if artist.status_since else "",
            "isni": artist.isni,
            "ai_persona": "yes" if artist.is_ai_persona else "no",
            "tags": "; ".join(artist.tags),
            "about": artist.about,
            "manager": managers.get(artist.pk, ""),
        }
        contributors: Sequence[Person | None] = people.get(artist.pk) or [None]
        for one in contributors:
            if one is not None:
                own |= {
                    "contributor": one.credit_name,
                    "ipi": one.ipi,
                    "society": one.society,
                    "country": one.country,
                }
            found.append(dict(own))
    return found


def record_export(artists: Iterable[Artist], *, actor: User) -> None:
    """Say in the ledger that somebody took a list of these artists along."""
    artists = list(artists)
    with transaction.atomic():
        record(
            happened.RosterExported(
                stream=LABEL_STREAM,
                subjects=tuple(artist.stream for artist in artists[:500]),
                artists=len(artists),
            ),
            actor=actor,
        )
