"""Listening links: one named outsider hears a few things until a day, and what was heard is on record.

The link names things by kind and id; what they are and how they sound is for the package above (label/listening.py).
Two records are kept apart: that sound was sent (this server saw it) and that it was played (its player says so).
"""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone

from artists.errors import ArtistsUserFault, LinkOver, TooMany
from artists.events import listening as events
from artists.models import ListeningLink, ListeningNote, User
from artists.services.review import spans_of
from artists.services.upload_links import digest
from provenance.elements import Basis
from provenance.ledger import Actor, record
from provenance.models import Entry

KINDS: Final = ("take", "render", "master", "release", "submission")
MAX_DAYS: Final = 180
MAX_THINGS: Final = 30
#: Reports of what was heard that a link may send in a minute: a player sends one every 20 s, on pause and on a change.
HEARD_PER_MINUTE: Final = 30
#: Words that a link takes in all.
MAX_NOTES: Final = 100
NOTE_LENGTH: Final = 2000
LONGEST_MS: Final = 24 * 3_600_000
#: Parts of one sound that are kept apart.
MOST_PARTS: Final = 400
GUEST: Final = Actor.system("listening-link")


def make_listening_link(
    *,
    recipient: str,
    things: Sequence[Mapping[str, str]],
    days: int = 14,
    may_download: bool = False,
    asks_notes: bool = False,
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
            raise ArtistsUserFault("Takes, renders, masters, releases and submissions can be listened to.")
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
                asks_notes=asks_notes,
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
            asks_notes=asks_notes,
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
    """The open link behind an address. Raises `LinkOver`: its code tells one that ended from one that never was."""
    link = ListeningLink.objects.filter(secret_sha256=digest(secret)).first()
    if link is None:
        raise LinkOver("There is no such link.", code="no_such_link")
    if not link.open:
        raise LinkOver("This link has ended or was withdrawn. Ask whoever sent it for a new one.")
    return link


def keep_opened(link: ListeningLink) -> None:
    """Record the first opening. A program that looks ahead in a mail opens links, too: played is what counts."""
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


def keep_sent(link: ListeningLink, *, thing: str, subject: str) -> None:
    """Record that a sound leaves the house, before its first byte; once for each sound of a link."""
    if thing in link.sent:
        return
    with transaction.atomic():
        link = _locked(link)
        if thing not in link.sent:
            link.entry = record(
                events.ListeningLinkSent(
                    stream=link.stream, subjects=(subject,), link=str(link.pk), thing=thing
                ),
                actor=GUEST,
            )
            link.sent = {**link.sent, thing: timezone.now().isoformat(timespec="seconds")}
            link.save()


def keep_heard_by_link(
    link: ListeningLink,
    *,
    thing: str,
    subject: str,
    spans: Sequence[Sequence[int]],
    longest_ms: int = LONGEST_MS,
) -> None:
    """Record which parts of a sound its player says it played; no part lies outside of `longest_ms`."""
    spans_ms = spans_of(spans, longest_ms)
    if not spans_ms:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    heard = sum(end - start for start, end in spans_ms)
    with transaction.atomic():
        link = _unhurried(link)
        link.entry = record(
            events.ListeningLinkHeard(
                stream=link.stream, subjects=(subject,), basis=Basis.DECLARED, link=str(link.pk), thing=thing,
                spans_ms=spans_ms, heard_ms=heard,
            ),
            actor=GUEST,
        )  # fmt: skip
        link.heard_ms = min(2**31 - 1, link.heard_ms + heard)
        link.heard = {**link.heard, thing: merged([*link.heard.get(thing, ()), *spans_ms])}
        link.save()


def note_by_link(
    link: ListeningLink, *, thing: str, subject: str, text: str, at_ms: int | None = None
) -> ListeningNote:
    """The recipient's word about a sound, at a moment or about all of it, where the link asks for notes."""
    text = text.strip()[:NOTE_LENGTH]
    if not link.asks_notes:
        raise ArtistsUserFault("This link does not ask for notes. Write to whoever sent it.")
    if not text:
        raise ArtistsUserFault("Write the note.")
    if at_ms is not None and not 0 <= at_ms <= LONGEST_MS:
        raise ArtistsUserFault("Write the moment as 1:23.")
    with transaction.atomic():
        link = _unhurried(link)
        if link.notes.count() >= MAX_NOTES:
            raise TooMany(f"{MAX_NOTES} notes are kept by one link. Write to whoever sent it.")
        link.entry = record(
            events.ListeningLinkNoted(
                stream=link.stream, subjects=(subject,), basis=Basis.DECLARED, link=str(link.pk), thing=thing,
                at_ms=at_ms, text=text,
            ),
            actor=GUEST,
        )  # fmt: skip
        link.save()
        return ListeningNote.objects.create(link=link, thing=thing, at_ms=at_ms, entry=link.entry)


def keep_taken(link: ListeningLink, *, thing: str, subject: str) -> None:
    """Record a download, before the first byte leaves."""
    with transaction.atomic():
        link = _locked(link)
        link.entry = record(
            events.ListeningLinkTaken(
                stream=link.stream, subjects=(subject,), link=str(link.pk), thing=thing
            ),
            actor=GUEST,
        )
        link.save()


def merged(spans: Sequence[Sequence[int]], *, most: int = MOST_PARTS) -> list[list[int]]:
    """Spans `[from, to]` in order, with what overlaps or touches made one.

    Beyond `most` parts the shortest silences between them are left out of account: a row stays small.
    """
    found: list[list[int]] = []
    for start, end in sorted((int(span[0]), int(span[1])) for span in spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    if len(found) > most:
        gaps = sorted(after[0] - before[1] for before, after in itertools.pairwise(found))
        widest = gaps[len(found) - most - 1]
        joined = found[:1]
        for start, end in found[1:]:
            if start - joined[-1][1] <= widest:
                joined[-1][1] = end
            else:
                joined.append([start, end])
        return joined
    return found


def heard_of(link: ListeningLink, thing: str) -> int:
    """How many milliseconds of a sound were played at least once."""
    return sum(end - start for start, end in link.heard.get(thing, ()))


def _unhurried(link: ListeningLink) -> ListeningLink:
    """The link, locked; raises `TooMany` where it wrote too much in the last minute."""
    link = _locked(link)
    since = timezone.now() - dt.timedelta(minutes=1)
    if Entry.objects.filter(stream=link.stream, at__gte=since).count() >= HEARD_PER_MINUTE:
        raise TooMany("Too much at once. Go on in a minute.")
    return link


def _locked(link: ListeningLink) -> ListeningLink:
    return ListeningLink.objects.select_for_update().get(pk=link.pk)
