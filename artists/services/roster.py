"""Artists, who acts for them, and contributors."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from artists import events
from artists.errors import ArtistsUserFault
from artists.identifiers import check_ipi_name, check_isni
from artists.models import Artist, ArtistMembership, Person, User
from provenance.ledger import HasActor, record


def create_artist(
    *,
    name: str,
    kind: str = Artist.Kind.PERSON,
    status: str = Artist.Status.SIGNED,
    isni: str = "",
    is_ai_persona: bool = False,
    method: str = "",
    sort_name: str = "",
    actor: HasActor,
) -> Artist:
    name, isni = name.strip(), check_isni(isni) if isni.strip() else ""
    if not name:
        raise ArtistsUserFault("Write the artist's name.")
    with transaction.atomic():
        artist = Artist(
            name=name,
            sort_name=sort_name.strip(),
            kind=kind,
            status=status,
            isni=isni,
            is_ai_persona=is_ai_persona,
            method=method.strip(),
        )
        artist.entry = record(
            events.ArtistCreated(
                stream=f"artist:{artist.pk}",
                artist=str(artist.pk),
                name=name,
                artist_kind=kind,
                status=status,
                is_ai_persona=is_ai_persona,
            ),
            actor=actor,
        )
        artist.save(force_insert=True)
    return artist


def change_artist(artist: Artist, *, actor: User, **values: Any) -> Artist:
    """Change fields of an artist; nothing is written when nothing differs."""
    with transaction.atomic():
        artist = Artist.objects.select_for_update().get(pk=artist.pk)
        if "isni" in values:
            values["isni"] = check_isni(values["isni"]) if values["isni"].strip() else ""
        changed = tuple(sorted(name for name, value in values.items() if getattr(artist, name) != value))
        if not changed:
            return artist
        for name in changed:
            setattr(artist, name, values[name])
        artist.entry = record(
            events.ArtistChanged(
                stream=f"artist:{artist.pk}",
                artist=str(artist.pk),
                name=artist.name,
                fields=changed,
                status=artist.status,
            ),
            actor=actor,
        )
        artist.save()
    return artist


def add_artist_member(artist: Artist, *, user: User, actor: HasActor) -> ArtistMembership:
    with transaction.atomic():
        existing = ArtistMembership.objects.filter(artist=artist, user=user).first()
        if existing is not None and existing.active:
            return existing
        entry = record(
            events.ArtistMemberAdded(
                stream=f"artist:{artist.pk}",
                subjects=(f"user:{user.pk}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                user=str(user.pk),
            ),
            actor=actor,
        )
        if existing is None:
            return ArtistMembership.objects.create(artist=artist, user=user, entry=entry)
        existing.active, existing.entry = True, entry
        existing.save()
        return existing


def create_person(
    *,
    credit_name: str,
    legal_name: str = "",
    ipi: str = "",
    isni: str = "",
    society: str = "",
    country: str = "",
    artist: Artist | None = None,
    actor: HasActor,
) -> Person:
    """A contributor. The legal name goes to the vault only."""
    credit_name = credit_name.strip()
    if not credit_name:
        raise ArtistsUserFault("Write the name that is credited.")
    with transaction.atomic():
        person = Person(
            credit_name=credit_name,
            ipi=check_ipi_name(ipi) if ipi.strip() else "",
            isni=check_isni(isni) if isni.strip() else "",
            society=society.strip(),
            country=country.strip().upper(),
            artist=artist,
        )
        person.entry = record(
            events.PersonCreated(
                stream=f"artist:{artist.pk}" if artist else events.LABEL_STREAM,
                subjects=(f"person:{person.pk}",),
                person=str(person.pk),
                credit_name=credit_name,
                ipi=person.ipi,
                isni=person.isni,
                society=person.society,
                country=person.country,
                legal_name=legal_name.strip(),
            ),
            actor=actor,
        )
        person.save(force_insert=True)
    return person
