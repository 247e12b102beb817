"""Shares by agreement: checked when terms are written, and handed to release as the first values of credits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from artists.errors import ArtistsUserFault
from artists.models import Agreement, Artist, Person
from artists.services.people import people_behind
from artists.share_roles import SHARE_ROLES

WHOLE_BP: Final = 10_000
MAX_SHARES: Final = 100
SCOPES: Final = ("work", "recording")
#: What passes no shares on: nobody's credits follow from who manages or distributes.
_SILENT: Final = (Agreement.Kind.MANAGEMENT, Agreement.Kind.DISTRIBUTION)


@dataclass(frozen=True)
class AgreedShare:
    """A person's share by agreement: `role` as in artists/share_roles.py, basis points of its scope."""

    agreement: Agreement
    person: Person
    role: str
    scope: str
    share_bp: int


def checked_shares(artist: Artist, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Shares as they are kept. Raises `ArtistsUserFault`: each is of a contributor of this artist, once a role, and
    those of the work, and of the recording, total 100 % at most (what is left is the label's, or others')."""
    if len(given) > MAX_SHARES:
        raise ArtistsUserFault(f"At most {MAX_SHARES} shares can be written.")
    people = {str(person.pk): person for person in people_behind(artist)}
    checked: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for one in given:
        person, role = str(one["person"]), str(one["role"])
        if person not in people:
            raise ArtistsUserFault(
                f"A share belongs to somebody behind {artist.name}. Add the person on the artist's page first."
            )
        if role not in SHARE_ROLES:
            raise ArtistsUserFault(f"{role} is not a role that has shares.")
        share = int(one["share_bp"])
        if not 0 < share <= WHOLE_BP:
            raise ArtistsUserFault("A share is more than 0 and at most 100 %.")
        if (person, role) in seen:
            raise ArtistsUserFault(
                f"{people[person].credit_name} is there twice as {SHARE_ROLES[role].title}."
            )
        seen.add((person, role))
        scope = SHARE_ROLES[role].scope
        checked.append({"person": person, "role": role, "scope": scope, "share_bp": share})
    for scope, title in (("work", "composition"), ("recording", "recording")):
        total = sum(one["share_bp"] for one in checked if one["scope"] == scope)
        if total > WHOLE_BP:
            raise ArtistsUserFault(
                f"The shares of the {title} total {total / 100:g} %; at most 100 % can be given."
            )
    return checked


def in_force(artist: Artist, *, on: dt.date | None = None) -> list[Agreement]:
    """The signed agreements whose term holds on a day (today), the newest first."""
    day = on or timezone.now().date()
    rows = Agreement.objects.filter(artist=artist, status=Agreement.Status.SIGNED)
    rows = rows.filter(Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gte=day))
    return list(rows.order_by("-created_at"))


def agreed_shares(artist: Artist, *, on: dt.date | None = None) -> tuple[AgreedShare, ...]:
    """For release: the first values of a new recording's credits, which people confirm or change there.

    Of the work and of the recording separately, the newest agreement in force that says something about it; so a
    publishing and a recording agreement stand side by side. Nothing where nothing is agreed.
    """
    found: list[AgreedShare] = []
    agreements = [row for row in in_force(artist, on=on) if row.kind not in _SILENT]
    for scope in SCOPES:
        for row in agreements:
            shares = [one for one in row.shares if one["scope"] == scope and one["role"] in SHARE_ROLES]
            if shares:
                people = {
                    person.pk: person
                    for person in Person.objects.filter(pk__in=[s["person"] for s in shares])
                }
                found += [
                    AgreedShare(row, people[key], one["role"], scope, int(one["share_bp"]))
                    for one in shares
                    if (key := uuid.UUID(one["person"])) in people
                ]
                break
    return tuple(found)
