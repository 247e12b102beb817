"""Contributors: who stands behind which artists. Legal names lie in the vault alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet

from artists import events
from artists.errors import ArtistsUserFault
from artists.events import roster as happened
from artists.identifiers import check_ipi_name, check_isni
from artists.models import Artist, Person, PersonBehind
from provenance.ledger import HasActor, record
from provenance.models import VaultItem


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
    with transaction.atomic():
        person = Person(
            credit_name=_credit(credit_name),
            ipi=check_ipi_name(ipi) if ipi.strip() else "",
            isni=check_isni(isni) if isni.strip() else "",
            society=society.strip(),
            country=check_country(country),
            artist=artist,
        )
        person.entry = record(
            events.PersonCreated(
                stream=artist.stream if artist else events.LABEL_STREAM,
                subjects=(f"person:{person.pk}",),
                person=str(person.pk),
                credit_name=person.credit_name,
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


def change_person(person: Person, *, legal_name: str = "", actor: HasActor, **values: str) -> Person:
    """Change what is known of a contributor. An empty legal name leaves the sealed one as it is."""
    with transaction.atomic():
        person = Person.objects.select_for_update(of=("self",)).select_related("artist").get(pk=person.pk)
        if "credit_name" in values:
            values["credit_name"] = _credit(values["credit_name"])
        if "ipi" in values:
            values["ipi"] = check_ipi_name(values["ipi"]) if values["ipi"].strip() else ""
        if "isni" in values:
            values["isni"] = check_isni(values["isni"]) if values["isni"].strip() else ""
        if "country" in values:
            values["country"] = check_country(values["country"])
        if "society" in values:
            values["society"] = values["society"].strip()
        changes = {
            name: (str(getattr(person, name)), value)
            for name, value in sorted(values.items())
            if getattr(person, name) != value
        }
        legal_name = legal_name.strip()
        if legal_name and legal_name == legal_names([person]).get(person.pk):
            legal_name = ""
        if not changes and not legal_name:
            return person
        for name in changes:
            setattr(person, name, values[name])
        person.entry = record(
            happened.PersonChanged(
                stream=person.artist.stream if person.artist else events.LABEL_STREAM,
                subjects=(f"person:{person.pk}",),
                person=str(person.pk),
                credit_name=person.credit_name,
                fields=(*changes, *(["legal_name"] if legal_name else [])),
                changes=changes,
                legal_name=legal_name,
            ),
            actor=actor,
        )
        person.save()
    return person


def link_person(artist: Artist, *, person: Person, actor: HasActor) -> None:
    """Put a person behind one more artist; nothing is written where they stand there already."""
    with transaction.atomic():
        Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
        link = PersonBehind.objects.filter(artist=artist, person=person).first()
        if person.artist_id == artist.pk or (link is not None and link.active):
            return
        entry = record(
            happened.PersonLinked(
                stream=artist.stream,
                subjects=(f"person:{person.pk}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                person=str(person.pk),
                credit_name=person.credit_name,
            ),
            actor=actor,
        )
        if link is None:
            PersonBehind.objects.create(artist=artist, person=person, entry=entry)
        else:
            link.active, link.entry = True, entry
            link.save()


def unlink_person(artist: Artist, *, person: Person, actor: HasActor) -> None:
    """Take a person from behind an artist. Their credits and shares stay."""
    with transaction.atomic():
        person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
        link = PersonBehind.objects.filter(artist=artist, person=person, active=True).first()
        if person.artist_id != artist.pk and link is None:
            return
        entry = record(
            happened.PersonUnlinked(
                stream=artist.stream,
                subjects=(f"person:{person.pk}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                person=str(person.pk),
                credit_name=person.credit_name,
            ),
            actor=actor,
        )
        if link is not None:
            link.active, link.entry = False, entry
            link.save()
        else:
            person.artist, person.entry = None, entry
            person.save()


def people_behind(artist: Artist) -> QuerySet[Person]:
    """Everybody who stands behind an artist, by credited name."""
    further = PersonBehind.objects.filter(artist=artist, active=True).values("person")
    return Person.objects.filter(Q(artist=artist) | Q(pk__in=further)).order_by("credit_name")


def legal_names(people: Iterable[Person]) -> dict[uuid.UUID, str]:
    """Person id -> the newest legal name that the vault still holds. For who may open the artist."""
    wanted = {f"person:{person.pk}": person.pk for person in people}
    if not wanted:
        return {}
    found: dict[uuid.UUID, str] = {}
    items = VaultItem.objects.filter(
        name="legal_name",
        entry__kind__in=("person.created", "person.changed"),
        entry__refs__overlap=list(wanted),
    ).select_related("entry")
    for item in items.order_by("entry_id"):
        for ref in item.entry.refs:
            if ref in wanted:
                found[wanted[ref]] = json.loads(bytes(item.content))
    return found


def check_country(text: str) -> str:
    """Two letters (ISO 3166-1 alpha-2), upper case, or nothing."""
    country = text.strip().upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ArtistsUserFault("Write the country as two letters, for example DE.", code="country")
    return country


def _credit(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ArtistsUserFault("Write the name that is credited.", code="credit_name")
    return name
