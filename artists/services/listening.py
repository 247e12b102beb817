"""Listening links: one named outsider hears a few things until a day, and what was heard is on record.

The link names things by kind and id; what they are and how they sound is for the pages above (label/views/listening).
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone

from artists.errors import ArtistsUserFault, LinkOver, TooMany
from artists.events import anr as events
from artists.models import ListeningLink, User
from artists.services.review import spans_of
from artists.services.upload_links import digest
from provenance.ledger import Actor, record
from provenance.models import Entry

KINDS: Final = ("take", "master", "release")
MAX_DAYS: Final = 180
MAX_THINGS: Final = 30
#: Reports of what was heard that a link may send in a minute: a player sends one every 20 s, on pause and on a change.
HEARD_PER_MINUTE: Final = 30
GUEST: Final = Actor.system("listening-link")


def make_listening_link(
    *,
    recipient: str,
    things: Sequence[Mapping[str, str]],
    days: int = 14,
    may_download: bool = False,
    note: str = "",
    actor: User,
) -> tuple[ListeningLink, str]:
    """Returns the link and its secret, shown once. The caller has checked that the actor may open every thing."""
    recipient = recipient.strip()[:160]
    if not recipient:
        raise ArtistsUserFault("Write whom it is for: a link belongs to one person.")
    if not 1 <= days <= MAX_DAYS:
        raise ArtistsUserFault(f"A link lasts 1 to {MAX_DAYS} days.")
    kept = []
    for thing in things:
        if thing.get("kind") not in KINDS:
            raise ArtistsUserFault("Takes, masters and releases can be listened to.")
        kept.append({"kind": str(thing["kind"]), "id": str(uuid.UUID(str(thing["id"])))})
    if not 1 <= len(kept) <= MAX_THINGS:
        raise ArtistsUserFault(f"Choose 1 to {MAX_THINGS} things to hear.")
    secret, pk = secrets.token_urlsafe(24), uuid.uuid4()
    expires_at = timezone.now() + dt.timedelta(days=days)
    with transaction.atomic():
        entry = record(
            events.ListeningLinkMade(
                stream=f"listening-link:{pk}",
                subjects=tuple(f"{one['kind']}:{one['id']}" for one in kept),
                link=str(pk),
                things=tuple(kept),
                count=len(kept),
                expires_at=expires_at.isoformat(timespec="seconds"),
                may_download=may_download,
                recipient=recipient,
                note=note.strip()[:1000],
            ),
            actor=actor,
        )
        link = ListeningLink(
            pk=pk,
            secret_sha256=digest(secret),
            things=kept,
            expires_at=expires_at,
            may_download=may_download,
            made_entry=entry,
            made_by=actor,
            entry=entry,
        )
        link.save(force_insert=True)
    return link, secret


def revoke_listening_link(link: ListeningLink, *, actor: User) -> ListeningLink:
    with transaction.atomic():
        link = _locked(link)
        if not link.revoked:
            link.entry = record(
                events.ListeningLinkRevoked(stream=link.stream, link=str(link.pk)), actor=actor
            )
            link.revoked = True
            link.save()
    return link


def listening_link_by_secret(secret: str) -> ListeningLink:
    """The open link behind an address. Raises `LinkOver`, the same for every reason."""
    link = ListeningLink.objects.filter(secret_sha256=digest(secret)).first()
    if link is None or not link.open:
        raise LinkOver("This link has ended or was withdrawn. Ask whoever sent it for a new one.")
    return link


def keep_opened(link: ListeningLink) -> None:
    """Record the first opening."""
    if link.opened_at is not None:
        return
    with transaction.atomic():
        link = _locked(link)
        if link.opened_at is None:
            link.entry = record(
                events.ListeningLinkOpened(stream=link.stream, link=str(link.pk)), actor=GUEST
            )
            link.opened_at = timezone.now()
            link.save()


def keep_heard_by_link(link: ListeningLink, *, thing: str, spans: Sequence[Sequence[int]]) -> None:
    """Record what was heard of one thing (`kind:id`)."""
    spans_ms = spans_of(spans, 24 * 3_600_000)
    if not spans_ms:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    heard = sum(end - start for start, end in spans_ms)
    with transaction.atomic():
        link = _locked(link)
        since = timezone.now() - dt.timedelta(minutes=1)
        if Entry.objects.filter(stream=link.stream, at__gte=since).count() >= HEARD_PER_MINUTE:
            raise TooMany("Too much at once. Go on in a minute.")
        link.entry = record(
            events.ListeningLinkHeard(
                stream=link.stream, subjects=(thing,), link=str(link.pk), thing=thing, spans_ms=spans_ms,
                heard_ms=heard,
            ),
            actor=GUEST,
        )  # fmt: skip
        link.heard_ms = min(2**31 - 1, link.heard_ms + heard)
        link.save()


def keep_taken(link: ListeningLink, *, thing: str) -> None:
    """Record a download, before the first byte leaves."""
    with transaction.atomic():
        link = _locked(link)
        link.entry = record(
            events.ListeningLinkTaken(stream=link.stream, subjects=(thing,), link=str(link.pk), thing=thing),
            actor=GUEST,
        )
        link.save()


def _locked(link: ListeningLink) -> ListeningLink:
    return ListeningLink.objects.select_for_update().get(pk=link.pk)
