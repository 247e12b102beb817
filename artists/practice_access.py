"""Who reads and writes methods and consents. Fetching is the permission check, as in artists/access.py."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404

from artists.access import acts_for, artist_for, visible_artists
from artists.models import Artist, ArtistMembership, Consent, Role, User


def acts_or_owns(user: User, artist: Artist) -> bool:
    """Who speaks for an artist: the people who act as them, and the label's owner."""
    return user.has_role(Role.OWNER) or acts_for(user, artist)


def practice_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Artist:
    """An artist whose method and answers one reads, or (their own people and the owner) writes."""
    artist = artist_for(user, pk)
    if write and not acts_or_owns(user, artist):
        raise PermissionDenied("An artist's method is written by the artist.")
    return artist


def may_keep_consents(user: User, artist: Artist) -> bool:
    """Who asks for consents and keeps their documents."""
    return user.has_role(Role.OWNER, Role.RIGHTS, Role.ANR) or acts_for(user, artist)


def consents_of(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Artist:
    """An artist whose consents one reads, or asks for."""
    artist = artist_for(user, pk)
    if write and not may_keep_consents(user, artist):
        raise PermissionDenied("Consents are asked for by rights, A&R, the owner and the artist.")
    return artist


def visible_consents(user: User) -> QuerySet[Consent]:
    """Those of the artists one sees, and what one is asked to give oneself."""
    # Entries by themselves: joined, the planner reads the ledger in parallel for a page of fifty.
    rows = Consent.objects.select_related("artist", "giver", "document").prefetch_related("entry", "made_by")
    if user.is_label_staff:
        return rows
    return rows.filter(Q(artist__in=visible_artists(user)) | Q(giver=user))


def consent_for(user: User, pk: uuid.UUID | str) -> Consent:
    try:
        found = visible_consents(user).filter(pk=pk).first()
    except ValidationError:
        found = None
    if found is None:
        raise Http404("No such consent.")
    return found


def may_answer(user: User, consent: Consent) -> bool:
    """Who may give or decline it here: its giver, or who keeps the signed document."""
    return consent.giver_id == user.pk or may_keep_consents(user, consent.artist)


def may_revoke(user: User, consent: Consent) -> bool:
    """Its giver, and rights and the owner where the giver wrote to the label."""
    return consent.giver_id == user.pk or user.has_role(Role.OWNER, Role.RIGHTS)


def reads_terms(user: User, consent: Consent) -> bool:
    """Who reads the sealed words, the fee and the document."""
    return may_answer(user, consent) or may_revoke(user, consent)


def terms_read_among(user: User, rows: Iterable[Consent]) -> frozenset[uuid.UUID]:
    """The ids of those of which `reads_terms` holds, in one query for a whole list."""
    rows = list(rows)
    acting = ArtistMembership.objects.filter(
        user=user, active=True, artist__in={row.artist_id for row in rows}
    )
    own = set(acting.values_list("artist_id", flat=True))
    keeps = user.has_role(Role.OWNER, Role.RIGHTS, Role.ANR)
    return frozenset(row.pk for row in rows if keeps or row.artist_id in own or may_revoke(user, row))
