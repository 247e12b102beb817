"""Who sees what of A&R. Label staff read; owner and A&R decide; an artist sees their own agreements alone.

Fetching is the permission check: 404 for strangers, 403 for readers who want to write.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from artists.access import ERASERS, acts_for, visible_artists
from artists.models import (
    Agreement,
    AgreementOption,
    ListeningLink,
    Role,
    Score,
    Submission,
    SubmissionFile,
    UploadLink,
    User,
)

DECIDERS = (Role.OWNER, Role.ANR)
#: They write agreements and read all of them. Release coordinators read terms and shares, not money and documents.
AGREEMENT_WRITERS = (Role.OWNER, Role.ANR, Role.RIGHTS)
AGREEMENT_READERS = (*AGREEMENT_WRITERS, Role.RELEASE)
LINK_MAKERS = (Role.OWNER, Role.ANR, Role.RELEASE)
M = TypeVar("M", bound=Model)
Id = uuid.UUID | str


def may_decide(user: User) -> bool:
    return user.has_role(*DECIDERS)


def require_staff(user: User) -> None:
    """Strangers are not told that there is an inbox."""
    if not user.is_label_staff:
        raise Http404("No such page.")


def require_decider(user: User) -> None:
    require_staff(user)
    if not may_decide(user):
        raise PermissionDenied("Only the owner and A&R decide about submissions.")


def visible_submissions(user: User) -> QuerySet[Submission]:
    if not user.is_label_staff:
        return Submission.objects.none()
    return Submission.objects.select_related("artist")


def inbox(user: User, *, view: str = "open") -> QuerySet[Submission]:
    """Submissions by what is to be done with them; copies of an earlier one are folded under it."""
    rows = visible_submissions(user).filter(duplicate_of=None).order_by("promised_by", "number")
    today = timezone.now().date()
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=today)
    match view:
        case "open":
            return rows.filter(awake, stage__in=Submission.OPEN, cleared_at=None)
        case "unheard":
            return rows.filter(awake, stage=Submission.Stage.UNHEARD, cleared_at=None)
        case "late":
            return rows.filter(answered_at=None, promised_by__lt=timezone.now(), cleared_at=None)
        case "snoozed":
            return rows.filter(stage__in=Submission.OPEN, snoozed_until__gt=today, cleared_at=None)
        case "done":
            done = Q(stage__in=(Submission.Stage.SIGNED, Submission.Stage.DECLINED))
            return rows.filter(done | Q(cleared_at__isnull=False)).order_by("-number")
        case "erase":
            # Copies, too: each sender asks for their own.
            asked = visible_submissions(user).filter(erasure_asked_at__isnull=False)
            return asked.exclude(cleared_why=Submission.Cleared.ASKED).order_by("erasure_asked_at", "number")
        case stage if stage in Submission.Stage.values:
            return rows.filter(stage=stage, cleared_at=None)
        case _:
            raise Http404("No such view.")


def promised_until(user: User, day: dt.datetime) -> QuerySet[Submission]:
    """Unanswered ones whose promise ends before that moment, late ones included."""
    rows = visible_submissions(user).filter(answered_at=None, duplicate_of=None, cleared_at=None)
    return rows.filter(promised_by__lt=day)


def submission_for(user: User, pk: Id, *, decide: bool = False) -> Submission:
    row = _found(visible_submissions(user), pk, "No such submission.")
    if decide and not may_decide(user):
        raise PermissionDenied("Only the owner and A&R decide about submissions.")
    return row


def submission_to_erase(user: User, pk: Id) -> Submission:
    """For who may erase what is private: the owner and the rights team."""
    row = submission_for(user, pk)
    if not user.has_role(*ERASERS):
        raise PermissionDenied("The owner and the rights team erase what is private.")
    return row


def submission_file_for(user: User, pk: Id) -> SubmissionFile:
    rows = SubmissionFile.objects.select_related("submission", "asset__analysis", "playback")
    if not user.is_label_staff:
        rows = rows.none()
    return _found(rows, pk, "No such file.")


def audible(file: SubmissionFile) -> SubmissionFile:
    """The file, if it may be heard: nothing that a scanner has not passed, nothing that was taken out."""
    if not is_audible(file):
        raise Http404("This file cannot be heard.")
    return file


def is_audible(file: SubmissionFile) -> bool:
    gone = {SubmissionFile.State.REFUSED, SubmissionFile.State.REMOVED}
    return file.state not in gone and file.scan not in {"waiting", "infected"}


def knows_who(user: User, submission: Submission) -> bool:
    """Whether the name may be shown: after one's own first score, or having looked on purpose."""
    return Score.objects.filter(submission=submission, author=user).exists()


def known_among(user: User, submissions: Sequence[Submission]) -> set[uuid.UUID]:
    rows = Score.objects.filter(submission__in=submissions, author=user)
    return set(rows.values_list("submission_id", flat=True))


def upload_links(user: User) -> QuerySet[UploadLink]:
    require_decider(user)
    return UploadLink.objects.select_related("made_by")


def upload_link_for(user: User, pk: Id) -> UploadLink:
    return _found(upload_links(user), pk, "No such link.")


def visible_agreements(user: User) -> QuerySet[Agreement]:
    """Label staff see all; an artist sees what was offered to them, never a draft or what came to nothing."""
    rows = Agreement.objects.select_related("artist", "document")
    if user.has_role(*AGREEMENT_READERS):
        return rows
    if user.is_label_staff:
        return rows.none()
    status = Agreement.Status
    shown = [status.OFFERED, status.SIGNED, status.ENDED, status.TERMINATED]
    return rows.filter(artist__in=visible_artists(user), status__in=shown)


def may_write_agreements(user: User) -> bool:
    return user.has_role(*AGREEMENT_WRITERS)


def reads_money(user: User) -> bool:
    """Of an agreement that they may open: advance, conditions, reasons and the document."""
    return may_write_agreements(user) or not user.is_label_staff


def require_agreement_writer(user: User) -> None:
    require_staff(user)
    _write_agreements(user)


def _write_agreements(user: User) -> None:
    if not may_write_agreements(user):
        raise PermissionDenied("Agreements are written by the owner, A&R and rights.")


def agreement_for(user: User, pk: Id, *, write: bool = False, money: bool = False) -> Agreement:
    row = _found(visible_agreements(user), pk, "No such agreement.")
    if write:
        _write_agreements(user)
    if money and not reads_money(user):
        raise PermissionDenied("Money and documents of agreements are for the owner, A&R and rights.")
    return row


def agreement_option_for(user: User, pk: Id, *, write: bool = False) -> AgreementOption:
    rows = AgreementOption.objects.filter(agreement__in=visible_agreements(user)).select_related("agreement")
    row = _found(rows, pk, "No such option.")
    if write:
        _write_agreements(user)
    return row


def agreement_to_sign(user: User, pk: Id, *, side: str) -> Agreement:
    """The artist's people sign for the artist, the owner for the label."""
    row = agreement_for(user, pk)
    if side == "artist" and not acts_for(user, row.artist) and not may_write_agreements(user):
        raise PermissionDenied("Only the artist signs for the artist.")
    if side == "label" and not user.has_role(Role.OWNER):
        raise PermissionDenied("Only the owner signs for the label.")
    return row


def listening_links(user: User) -> QuerySet[ListeningLink]:
    require_staff(user)
    if not user.has_role(*LINK_MAKERS):
        raise PermissionDenied("Listening links are made by the owner, A&R and release coordinators.")
    return ListeningLink.objects.select_related("made_by")


def may_make_listening_links(user: User) -> bool:
    return user.has_role(*LINK_MAKERS)


def listening_link_for(user: User, pk: Id) -> ListeningLink:
    return _found(listening_links(user), pk, "No such link.")


def _found(rows: QuerySet[M], pk: Id, missing: str) -> M:
    try:
        row = rows.filter(pk=pk).first()
    except (ValueError, ValidationError):  # not a UUID at all
        row = None
    if row is None:
        raise Http404(missing)
    return row
