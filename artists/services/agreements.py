"""Agreements with artists: terms by version, a table of states, signatures of both sides, and options with their days.

A term, territory and shares stand in the log; title, money, conditions, options in words and reasons are sealed.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, NamedTuple

from django.db import transaction
from django.utils import timezone

from artists.errors import ArtistsUserFault, NotNow
from artists.events import agreement as events
from artists.models import Agreement, AgreementOption, Artist, PersonKey, Submission, User
from artists.services.agreement_shares import checked_shares
from provenance import assets
from provenance.events import AssetRef
from provenance.ledger import record
from provenance.signatures import signed_entries

Status = Agreement.Status
MAX_OPTIONS: Final = 12
MAX_NOTICE_DAYS: Final = 730
_DOCUMENT_LIMIT: Final = 30_000_000


class OptionTerms(NamedTuple):
    """An option as it is written: its day, what it is, and how long before the other side must have been told."""

    by: dt.date
    words: str
    notice_days: int = 0


def draft_agreement(
    artist: Artist,
    *,
    title: str,
    kind: str = Agreement.Kind.RECORDING,
    starts: dt.date | None = None,
    ends: dt.date | None = None,
    territories: Sequence[str] = ("World",),
    advance: str = "",
    money: str = "",
    conditions: str = "",
    shares: Sequence[Mapping[str, Any]] = (),
    options: Sequence[tuple[dt.date, str] | tuple[dt.date, str, int]] = (),
    answer_due: dt.date | None = None,
    advance_due: dt.date | None = None,
    document: BinaryIO | None = None,
    submission: Submission | None = None,
    agreement: Agreement | None = None,
    amends: Agreement | None = None,
    actor: User,
) -> Agreement:
    """Write terms: of a new agreement, or a new version of one that nobody signed yet.

    `options`: as `OptionTerms`. A version holds all of its terms: what is left out is gone. The document stays unless
    another one is given. `amends`: a signed agreement of this artist, which ends when the new one is signed.
    """
    title = title.strip()[:160]
    if not title:
        raise ArtistsUserFault("Give the agreement a title.")
    if kind not in Agreement.Kind.values:
        raise ArtistsUserFault(f"An agreement is one of: {', '.join(Agreement.Kind.values)}.")
    if starts and ends and ends < starts:
        raise ArtistsUserFault("The term ends before it begins.")
    territories = _territories(territories)
    shares = checked_shares(artist, shares)
    wanted = _options(options)
    staged = None
    if document is not None:
        head = document.read(5)
        document.seek(0)
        if head != b"%PDF-":
            raise ArtistsUserFault("The document is not a PDF. Export it as PDF.")
        staged = assets.ingest(document, limit_bytes=_DOCUMENT_LIMIT)
    with transaction.atomic():
        if agreement is None:
            row = Agreement(artist=artist, submission=submission, amends=_amendable(artist, amends))
        else:
            row = _locked(agreement)
            if row.status not in (Status.DRAFT, Status.OFFERED) or _anybody_signed(row):
                raise NotNow("Terms that somebody signed are not changed. Write a new agreement.")
            row.terms_version += 1
        entry = record(
            events.AgreementDrafted(
                stream=row.stream,
                subjects=(
                    f"artist:{artist.pk}",
                    *((row.submission.stream,) if row.submission else ()),
                    *((f"agreement:{row.amends_id}",) if row.amends_id else ()),
                ),
                outputs=(AssetRef(role="document", sha256=staged.sha256),) if staged else (),
                agreement=str(row.pk),
                artist=str(artist.pk),
                terms_version=row.terms_version,
                matter=kind,
                starts=starts.isoformat() if starts else "",
                ends=ends.isoformat() if ends else "",
                territory=" ".join(territories),
                shares=tuple(shares),
                due=tuple(
                    {"what": what, "on": day.isoformat()}
                    for what, day in (("answer", answer_due), ("advance", advance_due))
                    if day
                ),
                document=staged.sha256 if staged else (row.document.sha256 if row.document else ""),
                title=title,
                advance=advance.strip()[:160],
                money=money.strip()[:2000],
                conditions=conditions.strip()[:8000],
            ),
            actor=actor,
        )
        if staged is not None:
            row.document = assets.register(staged, entry=entry, media_type="application/pdf")
        row.kind, row.starts, row.ends = kind, starts, ends
        row.territories, row.shares, row.answer_due = list(territories), list(shares), answer_due
        row.advance_due = advance_due
        row.terms_entry = row.entry = entry
        row.save(force_insert=agreement is None)
        for number, option in enumerate(wanted, start=1):
            _write_option(row, number=number, terms=option, actor=actor)
    return row


def options_of(agreement: Agreement) -> list[AgreementOption]:
    """The options of the version in force, by their days."""
    return [one for one in agreement.option_rows.all() if one.terms_version == agreement.terms_version]


def answer_option(option: AgreementOption, *, outcome: str, reason: str = "", actor: User) -> AgreementOption:
    """Take an option of a signed agreement before its day is over, or let it go."""
    if outcome not in (AgreementOption.State.TAKEN, AgreementOption.State.LET_GO):
        raise ArtistsUserFault("An option is taken or let go.")
    with transaction.atomic():
        agreement = _locked(option.agreement)
        row = AgreementOption.objects.select_for_update().get(pk=option.pk)
        if agreement.status != Status.SIGNED or row.terms_version != agreement.terms_version:
            raise NotNow("Only options of a signed agreement are answered.")
        if row.state != AgreementOption.State.OPEN:
            raise NotNow("This option is answered already.")
        if outcome == AgreementOption.State.TAKEN and row.lapsed:
            raise NotNow(f"It could be taken until {row.deadline:%d.%m.%Y}. Write a new agreement.")
        row.state = outcome
        row.entry = record(
            events.OptionAnswered(
                stream=agreement.stream,
                subjects=(f"artist:{agreement.artist_id}",),
                agreement=str(agreement.pk),
                option=str(row.pk),
                number=row.number,
                outcome=row.get_state_display().lower(),
                reason=reason.strip()[:1000],
            ),
            actor=actor,
        )
        row.save()
    return row


def move_agreement(agreement: Agreement, *, status: str, reason: str = "", actor: User) -> Agreement:
    """By `Agreement.NEXT`; signed is reached by both signatures only. Leaving one (`WANTS_REASON`) wants a reason.

    Taking an offer back to a draft takes signatures that one side gave with it: they were under terms that may change.
    """
    reason = reason.strip()[:1000]
    with transaction.atomic():
        row = _locked(agreement)
        if status not in Agreement.NEXT[row.status] or status == Status.SIGNED:
            raise NotNow(
                "Both sides sign; then it is signed."
                if status == Status.SIGNED
                else f"From “{row.get_status_display()}” it does not go there."
            )
        if status in Agreement.WANTS_REASON and not reason:
            raise ArtistsUserFault("Say why. The reason is sealed.")
        if status == Status.DRAFT:
            row.signed_by_label = row.signed_by_artist = None
            row.label_signature = row.artist_signature = None
        return _move(row, status, reason, actor)


def sign_agreement(
    agreement: Agreement,
    *,
    side: str,
    name: str,
    how: str = "here",
    terms_version: int | None = None,
    actor: User,
) -> Agreement:
    """One side's signature under the version in force.

    `how`: here (by their own account, which a signature with their key then covers: `session.signed`) or paper (the
    document is kept). The label signs with a confirmed key or with a document, never by an account alone.
    `terms_version`: what the signer read; refused where the terms have changed since.
    """
    if side not in ("label", "artist") or how not in ("here", "paper"):
        raise ArtistsUserFault("Say who signs, and how.")
    if not name.strip():
        raise ArtistsUserFault("Write the name that is signed with.")
    with transaction.atomic():
        row = _locked(agreement)
        if row.status != Status.OFFERED:
            raise NotNow("Only an agreement that is offered is signed.")
        if terms_version is not None and terms_version != row.terms_version:
            raise NotNow(f"The terms changed meanwhile. Read version {row.terms_version}, then sign.")
        if how == "paper" and row.document is None:
            raise NotNow("Add the scanned document first.")
        if side == "label" and row.document is None and not has_key(actor):
            raise NotNow("Enrol a key of your own to sign with, or add the signed document first.")
        if getattr(row, f"signed_by_{side}"):
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
        setattr(row, f"signed_by_{side}", timezone.now())
        setattr(row, f"{side}_signature", row.entry)
        row.save()
        if row.signed_by_artist and row.signed_by_label:
            row = _move(row, Status.SIGNED, "", actor)
            if row.amends_id is not None:
                before = _locked(Agreement(pk=row.amends_id))
                if before.status == Status.SIGNED:
                    _move(before, Status.ENDED, "An amendment took its place.", actor)
    return row


def has_key(user: User) -> bool:
    return PersonKey.objects.filter(user=user, state=PersonKey.State.CONFIRMED).exists()


def signed_by_key(agreement: Agreement) -> frozenset[str]:
    """The sides whose signature a key of the signer covers."""
    return signed_by_keys([agreement])[agreement.pk]


def signed_by_keys(rows: Sequence[Agreement]) -> dict[uuid.UUID, frozenset[str]]:
    """The same for many, in one query."""
    sides = {row.pk: {"label": row.label_signature_id, "artist": row.artist_signature_id} for row in rows}
    covered = signed_entries(pk for one in sides.values() for pk in one.values() if pk is not None)
    return {key: frozenset(side for side, pk in one.items() if pk in covered) for key, one in sides.items()}


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


def _write_option(row: Agreement, *, number: int, terms: OptionTerms, actor: User) -> None:
    option = AgreementOption(
        agreement=row,
        terms_version=row.terms_version,
        number=number,
        by=terms.by,
        notice_days=terms.notice_days,
        state=AgreementOption.State.OPEN,
    )
    entry = record(
        events.OptionSet(
            stream=row.stream,
            subjects=(f"artist:{row.artist_id}",),
            agreement=str(row.pk),
            option=str(option.pk),
            terms_version=row.terms_version,
            number=number,
            by=terms.by.isoformat(),
            notice_days=terms.notice_days,
            words=terms.words,
        ),
        actor=actor,
    )
    option.entry = option.words_entry = entry
    option.save(force_insert=True)


def _options(given: Sequence[tuple[dt.date, str] | tuple[dt.date, str, int]]) -> list[OptionTerms]:
    options = [OptionTerms(*one) for one in given]
    if len(options) > MAX_OPTIONS:
        raise ArtistsUserFault(f"At most {MAX_OPTIONS} options can be written.")
    if any(not one.words.strip() for one in options):
        raise ArtistsUserFault("Say what each option is.")
    if any(not 0 <= one.notice_days <= MAX_NOTICE_DAYS for one in options):
        raise ArtistsUserFault(f"Notice is given 0 to {MAX_NOTICE_DAYS} days before.")
    return [one._replace(words=one.words.strip()[:1000]) for one in options]


def _amendable(artist: Artist, amends: Agreement | None) -> Agreement | None:
    """Raises where there is nothing signed to amend, or another amendment is under way."""
    if amends is None:
        return None
    before = _locked(amends)
    if before.artist_id != artist.pk or before.status != Status.SIGNED:
        raise NotNow("Only a signed agreement of this artist is amended. Write a new agreement.")
    if before.amendments.filter(status__in=[Status.DRAFT, Status.OFFERED]).exists():
        raise NotNow("An amendment of it is written already. Go on with that one, or drop it first.")
    return before


def _territories(given: Sequence[str]) -> list[str]:
    found = [one.strip() for one in given if one.strip()] or ["World"]
    if [one.lower() for one in found] in (["worldwide"], ["world"]):
        return ["World"]
    found = [one.upper() for one in found]
    if wrong := [one for one in found if not re.fullmatch(r"[A-Z]{2}", one)]:
        raise ArtistsUserFault(f"{wrong[0]} is no country code. Write two letters each (DE FR), or World.")
    return sorted(set(found))


def _anybody_signed(row: Agreement) -> bool:
    return row.signed_by_artist is not None or row.signed_by_label is not None


def _locked(agreement: Agreement) -> Agreement:
    return (
        Agreement.objects.select_for_update(of=("self",))
        .select_related("artist", "document")
        .get(pk=agreement.pk)
    )
