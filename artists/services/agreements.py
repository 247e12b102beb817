"""Agreements with artists: terms by version, a table of states, signatures of both sides, and the shares that follow.

`share_defaults` is what release reads when credits of a new recording are written.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr as events
from artists.models import Agreement, Artist, Person, Submission, User
from provenance import assets
from provenance.events import AssetRef
from provenance.ledger import record

Status = Agreement.Status
WHOLE_BP: Final = 10_000
#: What a share is of, as release's credits know it.
SCOPES: Final = ("work", "recording")
_DOCUMENTS: Final = {b"%PDF-": "application/pdf"}


@dataclass(frozen=True)
class ShareDefault:
    """A person's share by agreement: `role` in release's words (release/credits.py), basis points of the scope."""

    person: Person
    role: str
    scope: str
    share_bp: int


def draft_agreement(
    artist: Artist,
    *,
    title: str,
    starts: dt.date | None = None,
    ends: dt.date | None = None,
    territories: Sequence[str] = ("World",),
    advance: str = "",
    options: str = "",
    conditions: str = "",
    shares: Sequence[Mapping[str, Any]] = (),
    answer_due: dt.date | None = None,
    option_due: dt.date | None = None,
    document: BinaryIO | None = None,
    submission: Submission | None = None,
    agreement: Agreement | None = None,
    actor: User,
) -> Agreement:
    """Write terms: of a new agreement, or a new version of one that nobody signed yet."""
    title = title.strip()[:160]
    if not title:
        raise ArtistsUserFault("Give the agreement a title.")
    if starts and ends and ends < starts:
        raise ArtistsUserFault("The term ends before it begins.")
    territories = _territories(territories)
    checked = _shares(artist, shares)
    staged = None
    if document is not None:
        head = document.read(5)
        document.seek(0)
        if head not in _DOCUMENTS:
            raise ArtistsUserFault("The document is not a PDF. Export it as PDF.")
        staged = assets.ingest(document, limit_bytes=30_000_000)
    with transaction.atomic():
        if agreement is None:
            row = Agreement(artist=artist, submission=submission)
        else:
            row = _locked(agreement)
            if (
                row.status not in (Status.DRAFT, Status.OFFERED)
                or row.signed_by_artist
                or row.signed_by_label
            ):
                raise NotNow("Terms that somebody signed are not changed. Write a new agreement.")
            row.terms_version += 1
        due = [
            {"what": what, "on": day.isoformat()}
            for what, day in (("answer", answer_due), ("option", option_due))
            if day
        ]
        entry = record(
            events.AgreementDrafted(
                stream=row.stream,
                subjects=(f"artist:{artist.pk}", *((submission.stream,) if submission else ())),
                outputs=(AssetRef(role="document", sha256=staged.sha256),) if staged else (),
                agreement=str(row.pk),
                artist=str(artist.pk),
                terms_version=row.terms_version,
                starts=starts.isoformat() if starts else "",
                ends=ends.isoformat() if ends else "",
                territory=" ".join(territories),
                shares=tuple(checked),
                due=tuple(due),
                document=staged.sha256 if staged else (row.document.sha256 if row.document else ""),
                title=title,
                advance=advance.strip()[:160],
                options=options.strip()[:2000],
                conditions=conditions.strip()[:8000],
            ),
            actor=actor,
        )
        if staged is not None:
            row.document = assets.register(staged, entry=entry, media_type="application/pdf")
        row.starts, row.ends, row.territories, row.shares = starts, ends, list(territories), checked
        row.answer_due, row.option_due = answer_due, option_due
        row.terms_entry = row.entry = entry
        row.save(force_insert=agreement is None)
    return row


def move_agreement(agreement: Agreement, *, status: str, reason: str = "", actor: User) -> Agreement:
    """By `Agreement.NEXT`; signed is reached by both signatures only."""
    with transaction.atomic():
        row = _locked(agreement)
        if status not in Agreement.NEXT[row.status] or status == Status.SIGNED:
            raise NotNow(
                "Both sides sign; then it is signed."
                if status == Status.SIGNED
                else f"From “{row.get_status_display()}” it does not go there."
            )
        return _move(row, status, reason.strip()[:1000], actor)


def sign_agreement(
    agreement: Agreement, *, side: str, name: str, how: str = "here", actor: User
) -> Agreement:
    """One side's signature under the version in force. `how`: here (by their own account) or paper (document kept).

    A person of the artist signs here for the artist; staff sign for the label, and note paper signatures.
    """
    if side not in ("label", "artist") or how not in ("here", "paper"):
        raise ArtistsUserFault("Say who signs, and how.")
    if not name.strip():
        raise ArtistsUserFault("Write the name that is signed with.")
    with transaction.atomic():
        row = _locked(agreement)
        if row.status != Status.OFFERED:
            raise NotNow("Only an agreement that is offered is signed.")
        if how == "paper" and row.document is None:
            raise NotNow("Add the scanned document first.")
        field = f"signed_by_{side}"
        if getattr(row, field):
            raise NotNow("This side has signed already.")
        row.entry = record(
            events.AgreementSigned(
                stream=row.stream,
                subjects=(f"artist:{row.artist_id}",),
                agreement=str(row.pk),
                artist=str(row.artist_id),
                terms_version=row.terms_version,
                side=side,
                how=how,
                name=name.strip()[:160],
            ),
            actor=actor,
        )
        setattr(row, field, timezone.now())
        row.save()
        if row.signed_by_artist and row.signed_by_label:
            row = _move(row, Status.SIGNED, "", actor)
    return row


def share_defaults(artist: Artist, *, on: dt.date | None = None) -> tuple[ShareDefault, ...]:
    """The shares of the newest signed agreement in force on a day; none where there is none.

    For release: the first values of a new recording's credits, which people then confirm or change there.
    """
    day = on or timezone.now().date()
    row = (
        Agreement.objects.filter(artist=artist, status=Status.SIGNED)
        .filter(Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gte=day))
        .order_by("-created_at")
        .first()
    )
    if row is None:
        return ()
    people = {str(one.pk): one for one in Person.objects.filter(pk__in=[s["person"] for s in row.shares])}
    return tuple(
        ShareDefault(people[one["person"]], one["role"], one["scope"], int(one["share_bp"]))
        for one in row.shares
        if one["person"] in people
    )


def _move(row: Agreement, status: str, reason: str, actor: User) -> Agreement:
    before, row.status = row.status, status
    row.entry = record(
        events.AgreementMoved(
            stream=row.stream,
            subjects=(f"artist:{row.artist_id}",),
            agreement=str(row.pk),
            artist=str(row.artist_id),
            before=before,
            after=status,
            reason=reason,
        ),
        actor=actor,
    )
    row.save()
    return row


def _territories(given: Sequence[str]) -> list[str]:
    found = [one.strip() for one in given if one.strip()] or ["World"]
    if [one.lower() for one in found] in (["worldwide"], ["world"]):
        return ["World"]
    found = [one.upper() for one in found]
    if wrong := [one for one in found if not re.fullmatch(r"[A-Z]{2}", one)]:
        raise ArtistsUserFault(f"{wrong[0]} is no country code. Write two letters each (DE FR), or World.")
    return sorted(set(found))


def _shares(artist: Artist, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    checked: list[dict[str, Any]] = []
    for one in given:
        person = Person.objects.filter(pk=one["person"]).first()
        if person is None:
            raise ArtistsUserFault("A share belongs to somebody among the contributors.")
        if one["scope"] not in SCOPES:
            raise ArtistsUserFault("A share is of the work or of the recording.")
        share = int(one["share_bp"])
        if not 0 < share <= WHOLE_BP:
            raise ArtistsUserFault("A share is more than 0 and at most 100 %.")
        checked.append(
            {
                "person": str(person.pk),
                "role": str(one["role"])[:40],
                "scope": one["scope"],
                "share_bp": share,
            }
        )
    for scope in SCOPES:
        total = sum(one["share_bp"] for one in checked if one["scope"] == scope)
        if total > WHOLE_BP:
            raise ArtistsUserFault(
                f"The shares of the {scope} total {total / 100:g} %; at most 100 % can be given."
            )
    return checked


def _locked(agreement: Agreement) -> Agreement:
    return (
        Agreement.objects.select_for_update(of=("self",))
        .select_related("artist", "document")
        .get(pk=agreement.pk)
    )
