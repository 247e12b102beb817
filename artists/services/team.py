"""Who works for an artist: managers and others, people of the house or outsiders."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from artists.errors import AlreadyThere, ArtistsUserFault
from artists.events import roster as happened
from artists.models import Artist, TeamMember, User
from artists.services.roster import locked
from provenance.ledger import HasActor, record
from provenance.models import VaultItem


@dataclass(frozen=True)
class Colleague:
    """A line of an artist's team. An outsider whose name was erased has none."""

    member: TeamMember
    name: str
    contact: str


def add_team_member(
    artist: Artist, *, role: str, user: User | None = None, name: str = "", contact: str = "", actor: HasActor
) -> TeamMember:
    """An account, or an outsider by name. Names and contact data of outsiders are sealed."""
    name, contact = " ".join(name.split()), contact.strip()
    if (user is None) == (not name):
        raise ArtistsUserFault("Choose somebody of the house, or write an outsider's name.", code="name")
    if role not in TeamMember.Role.values:
        raise ArtistsUserFault("Choose one of the roles.", code="role")
    with transaction.atomic():
        artist = locked(artist)
        if user is not None and TeamMember.objects.filter(artist=artist, user=user, role=role, active=True):
            title = TeamMember.Role(role).label.lower()
            raise AlreadyThere(f"{user.full_name} is {title} of {artist.name} already.")
        entry = record(
            happened.TeamMemberAdded(
                stream=artist.stream,
                subjects=(f"user:{user.pk}",) if user else (),
                artist=str(artist.pk),
                artist_name=artist.name,
                role=role,
                user=str(user.pk) if user else None,
                name=name,
                contact=contact,
            ),
            actor=actor,
        )
        return TeamMember.objects.create(artist=artist, user=user, role=role, added_entry=entry, entry=entry)


def remove_team_member(member: TeamMember, *, actor: HasActor) -> None:
    with transaction.atomic():
        member = TeamMember.objects.select_for_update(of=("self",)).select_related("artist").get(pk=member.pk)
        if not member.active:
            return
        member.entry = record(
            happened.TeamMemberRemoved(
                stream=member.artist.stream,
                subjects=(f"user:{member.user_id}",) if member.user_id else (),
                artist=str(member.artist_id),
                artist_name=member.artist.name,
                role=member.role,
                user=str(member.user_id) if member.user_id else None,
            ),
            actor=actor,
        )
        member.active = False
        member.save()


def colleagues(members: Iterable[TeamMember]) -> list[Colleague]:
    """The members with the names that may still be read, in two queries."""
    members = list(members)
    words: dict[int, dict[str, str]] = {}
    entries = [member.added_entry_id for member in members if member.user_id is None]
    for item in VaultItem.objects.filter(entry__in=entries):
        words.setdefault(item.entry_id, {})[item.name] = json.loads(bytes(item.content))
    found = []
    for member in members:
        said = words.get(member.added_entry_id, {})
        name = member.user.full_name if member.user else said.get("name", "")
        found.append(Colleague(member, name, said.get("contact", "")))
    return found
