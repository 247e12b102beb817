"""Submissions go again: because their sender asks, or because a declined one's time is over.

The ledger keeps its skeleton: that something came in, when, its number, what was decided, digests and commitments. What
goes: asked, every private value on the submission's stream (names, contact, message, letters, notes, votes' and
decisions' reasons); by time, the sender's contact and words but for the name, and the letters. In both cases the sound,
unless something else relies on the very same bytes, and the credential that was read from it.

Order: one transaction erases, says so and asks for a job; that job says which bytes go, and only then deletes them. If
the process dies in between, the job is taken up again.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.utils import timezone

from artists import queue
from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr_rules as events
from artists.models import Submission, SubmissionFile
from artists.services.anr_rules import rules
from artists.services.intake_lock import hold_intake
from provenance import removal
from provenance.ledger import Actor, HasActor, record, shred, shred_many
from provenance.models import Asset, Entry, VaultItem

Why = Submission.Cleared
#: GDPR, article 12(3): within one month of the request.
ERASE_WITHIN: Final = dt.timedelta(days=30)
#: What stays of the sender's own words when the time is over: enough to know them again.
_KEPT_BY_TIME: Final = frozenset({"artist_name", "title"})
_BY_TIME: Final = 200
#: What the private values of a kind of entry are.
_PRIVATE: Final = {
    "submission.sent": "What the sender wrote, name and address included",
    "submission.answered": "Letters to the sender",
    "submission.noted": "Notes on it",
    "submission.voted": "Reasons of votes",
    "submission.decided": "Reasons of decisions",
}


@dataclass(frozen=True, slots=True)
class ClearPreview:
    """What an erasure would do: private values by kind of entry, files whose bytes go, and those that others hold."""

    values: tuple[tuple[str, int], ...]
    goes: int
    stays: tuple[str, ...]


def ask_erasure(submission: Submission) -> Submission:
    """The sender asks, by their own page. Asked twice it is one request."""
    with transaction.atomic():
        row = _locked(submission)
        if row.cleared_why == Why.ASKED:
            raise NotNow("It is erased already.")
        if row.erasure_asked_at is not None:
            return row
        row.entry = record(
            events.SubmissionErasureAsked(
                stream=row.stream, submission=str(row.pk), number=row.number
            ),
            actor=Actor.system("sender"),
        )  # fmt: skip
        row.erasure_asked_at = timezone.now()
        row.save()
    return row


def preview_clear(submission: Submission) -> ClearPreview:
    private = VaultItem.objects.filter(entry__stream=submission.stream)
    counted = Counter(_PRIVATE.get(kind, kind) for kind in private.values_list("entry__kind", flat=True))
    files = list(submission.files.exclude(state=SubmissionFile.State.REMOVED).select_related("asset"))
    own = {file.pk for file in files}
    stays = tuple(
        f"file {file.position}: the same sound is kept as {', '.join(held)}"
        for file in files
        if (held := _held_elsewhere(file.asset, own))
    )
    return ClearPreview(tuple(sorted(counted.items())), len(files) - len(stays), stays)


def erase_submission(submission: Submission, *, actor: HasActor) -> Submission:
    """Everything private of it, for good. Raises `NotNow` where that was done before."""
    with transaction.atomic():
        row = _locked(submission)
        if row.cleared_why == Why.ASKED:
            raise NotNow(f"Submission {row.number} is erased already.")
        held = VaultItem.objects.filter(entry__stream=row.stream).values("entry")
        values = shred_many(list(Entry.objects.filter(pk__in=held).order_by("id")), actor=actor)
        return _cleared(row, why=Why.ASKED, values=values, actor=actor)


def due(*, now: dt.datetime | None = None) -> QuerySet[Submission]:
    """Declined submissions whose time is over: the shorter of what the label keeps now and what the sender was told."""
    now = now or timezone.now()
    kept = rules().keep_declined_days
    rows = Submission.objects.filter(stage=Submission.Stage.DECLINED, cleared_at=None)
    since = Coalesce("declined_at", "answered_at", "sent_at")
    told = ExpressionWrapper(F("keep_days") * Value(dt.timedelta(days=1)), DurationField())
    over = Q(LessThan(since, ExpressionWrapper(Value(now) - told, DateTimeField())), keep_days__gt=0)
    if kept:
        over |= Q(LessThan(since, Value(now - dt.timedelta(days=kept))))
    return rows.filter(over).order_by(since)


def clear_overdue(*, now: dt.datetime | None = None) -> int:
    """Clear some of those whose time is over, each in a transaction of its own; returns how many."""
    done = 0
    for pk in list(due(now=now).values_list("pk", flat=True)[:_BY_TIME]):
        with transaction.atomic():
            row = Submission.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if row is None or row.cleared_at is not None or row.stage != Submission.Stage.DECLINED:
                continue  # somebody was faster, or took the no back
            for copy in (row, *_copies_with(row)):
                _clear_by_time(copy)
                done += 1
    return done


def sent_from(address: str) -> list[Submission]:
    """Submissions whose sealed contact is this address, cleared ones left out."""
    wanted = address.strip().lower()
    if not wanted:
        raise ArtistsUserFault("Write the address.")
    entries = [
        item.entry_id
        for item in VaultItem.objects.filter(entry__kind="submission.sent", name="contact_email").iterator(
            500
        )
        if str(json.loads(bytes(item.content))).lower() == wanted
    ]
    return list(Submission.objects.filter(sent_entry__in=entries).order_by("number"))


def remove_sound(pk: str) -> None:
    """For the worker: let the bytes of a cleared or refused submission's files go. Safe to repeat."""
    submission = Submission.objects.get(pk=pk)
    gone = submission.files.filter(SubmissionFile.LETS_GO).select_related("asset", "playback")
    wanted: dict[str, Asset] = {}
    for file in gone:
        for asset in (file.asset, file.playback):
            if asset is not None:
                wanted[asset.sha256] = asset
    with transaction.atomic():
        hold_intake()
        going = removal.say_removed(
            wanted.values(),
            stream=submission.stream,
            reason=f"submission {submission.number} was cleared" if submission.cleared_at else "malware",
            keep_fingerprint=submission.cleared_why == Why.TIME,
            actor=Actor.worker("clearing"),
        )
    # Only what is recorded by now may go; whoever brings the same bytes in waits for the lock.
    with transaction.atomic():
        hold_intake()
        removal.delete_bytes(going)


def _clear_by_time(row: Submission) -> None:
    actor = Actor.system("dispatch")
    values = 0
    for entry in Entry.objects.filter(
        stream=row.stream, kind__in=["submission.sent", "submission.answered"], vault__isnull=False
    ).distinct():
        names = [name for name in entry.vault.values_list("name", flat=True) if name not in _KEPT_BY_TIME]
        if names:
            shred(entry, actor=actor, names=names)
            values += len(names)
    _cleared(row, why=Why.TIME, values=values, actor=actor)


def _cleared(row: Submission, *, why: Submission.Cleared, values: int, actor: HasActor) -> Submission:
    files = list(row.files.select_for_update(of=("self",)).exclude(state=SubmissionFile.State.REMOVED))
    row.entry = record(
        events.SubmissionCleared(
            stream=row.stream, submission=str(row.pk), number=row.number, why=str(why.label), values=values,
            files=len(files),
        ),
        actor=actor,
    )  # fmt: skip
    for file in files:
        file.state, file.c2pa, file.entry = SubmissionFile.State.REMOVED, {}, row.entry
        file.save()
    row.cleared_at, row.cleared_why, row.snoozed_until = timezone.now(), why, None
    row.save()
    if row.files.exists():
        queue.enqueue_removal(row)
    return row


def _copies_with(row: Submission) -> Sequence[Submission]:
    """Folded under it and as old: nobody decided about them by themselves."""
    return list(
        Submission.objects.select_for_update(of=("self",)).filter(
            duplicate_of=row, cleared_at=None, stage=Submission.Stage.UNHEARD,
            sent_at__lt=row.declined_at or row.sent_at,
        )
    )  # fmt: skip


def _held_elsewhere(asset: Asset, own: set[uuid.UUID]) -> list[str]:
    held = [kind for kind in removal.held_by(asset) if kind != SubmissionFile._meta.label]
    others = SubmissionFile.objects.filter(asset=asset).exclude(SubmissionFile.LETS_GO).exclude(pk__in=own)
    return [*held, *(["another submission"] if others.exists() else [])]


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
