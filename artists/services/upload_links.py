"""Private upload links: made by staff, named, ending, revocable, with a limit of submissions and bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from typing import Final

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from artists.errors import ArtistsUserFault, LinkOver
from artists.events import anr as events
from artists.models import SubmissionFile, UploadLink, User
from artists.services.anr_rules import rules
from provenance.ledger import record

GB: Final = 10**9
MAX_DAYS: Final = 400


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def make_upload_link(
    *,
    name: str,
    days: int = 30,
    max_submissions: int = 200,
    max_gb: int = 50,
    promise_days: int | None = None,
    actor: User,
) -> tuple[UploadLink, str]:
    """Returns the link and its secret, shown once and not stored. No promise: the label's usual one."""
    promise_days = rules().promise_days if promise_days is None else promise_days
    name = name.strip()[:120]
    if not name:
        raise ArtistsUserFault("Write whom this link is for, so that you can tell links apart.")
    for value, least, most, what in (
        (days, 1, MAX_DAYS, "days until the link ends"),
        (max_submissions, 1, 100_000, "submissions"),
        (max_gb, 1, 100_000, "gigabytes"),
        (promise_days, 1, 180, "days until an answer"),
    ):
        if not least <= value <= most:
            raise ArtistsUserFault(f"Write {least} to {most} for the {what}.")
    secret = secrets.token_urlsafe(24)
    pk = uuid.uuid4()
    expires_at = timezone.now() + dt.timedelta(days=days)
    with transaction.atomic():
        entry = record(
            events.UploadLinkMade(
                stream=f"upload-link:{pk}",
                link=str(pk),
                expires_at=expires_at.isoformat(timespec="seconds"),
                max_submissions=max_submissions,
                max_bytes=max_gb * GB,
                promise_days=promise_days,
                name=name,
            ),
            actor=actor,
        )
        link = UploadLink(
            pk=pk,
            secret_sha256=digest(secret),
            expires_at=expires_at,
            max_submissions=max_submissions,
            max_bytes=max_gb * GB,
            promise_days=promise_days,
            made_entry=entry,
            made_by=actor,
            entry=entry,
        )
        link.save(force_insert=True)
    return link, secret


def revoke_upload_link(link: UploadLink, *, actor: User) -> UploadLink:
    with transaction.atomic():
        link = UploadLink.objects.select_for_update().get(pk=link.pk)
        if link.revoked:
            return link
        link.entry = record(events.UploadLinkRevoked(stream=link.stream, link=str(link.pk)), actor=actor)
        link.revoked = True
        link.save()
    return link


def upload_link_by_secret(secret: str) -> UploadLink:
    """The open link behind an address. Raises `LinkOver` with what to do, the same for every reason."""
    link = UploadLink.objects.filter(secret_sha256=digest(secret)).first()
    if link is None or not link.open:
        raise LinkOver("This link has ended or was withdrawn. Ask the label for a new one.")
    return link


def room_left(link: UploadLink) -> tuple[int, int]:
    """How many submissions and bytes the link still takes."""
    used = SubmissionFile.objects.filter(submission__link=link).aggregate(total=Sum("asset__size"))["total"]
    return max(0, link.max_submissions - link.submissions.count()), max(0, link.max_bytes - (used or 0))
