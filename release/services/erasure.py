"""Erase all private content of a person: what the vault holds of them, and every copy of it (release/erasing.py).

The log keeps its entries, digests and proofs: a commitment without its salt says nothing. Each erasure is an entry.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from knox.models import AuthToken

from artists import events as people_events
from artists.models import (
    Invitation,
    Person,
    PersonBehind,
    PersonKey,
    Role,
    SavedFilter,
    SigningRequest,
    Standing,
    Submission,
    User,
)
from artists.services import clearing
from generation.models import Preset, Project, Upload
from provenance.ledger import record, shred_many
from provenance.models import Entry, Job, VaultItem
from release import events
from release.errors import BadField
from release.models import Contribution, Declaration, Package

ERASED_NAME: Final = "Erased person"
#: Kinds whose private values are about somebody else than their author.
_ABOUT_OTHERS: Final = ("user.enrolled", "user.invited", "person.created", "person.changed")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what goes or stays: how many of what, and why."""

    what: str
    count: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do. `refusal` says why it cannot be done, in a sentence; empty when it can."""

    account: User
    goes: tuple[Line, ...]
    stays: tuple[Line, ...]
    contributors: tuple[Person, ...]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done; `entry` is the entry that says so."""

    entry: Entry
    entries: int
    values: int
    copies: dict[str, int]


def is_erased(account: User) -> bool:
    return account.email == _address(account)


def preview_erasure(account: User, *, people: Iterable[Person] = ()) -> Preview:
    """What goes and what stays, and why. Changes nothing."""
    chosen = list(people)
    private = Counter(
        item.entry.kind
        for item in VaultItem.objects.filter(entry__in=_entries(account, chosen)).select_related("entry")
    )
    goes = [Line(f"in the vault: {_said(kind)}", count) for kind, count in sorted(private.items())]
    goes += [Line(what, count) for what, count in _copies(account).items() if count]
    goes.append(Line("name, address and password of the account", 1, "the account is closed, its id stays"))
    return Preview(account, tuple(goes), _stays(account), tuple(_contributors(account)), _refusal(account))


def erase_person(account: User, *, people: Iterable[Person] = (), actor: User) -> Erased:
    """Erase it all in one transaction. `people`: contributors who are the same person; their legal names go too.

    Raises `BadField` for a last owner, and where it was done before.
    """
    chosen = list(people)
    with transaction.atomic():
        account = User.objects.select_for_update(of=("self",)).get(pk=account.pk)
        standing = Standing.objects.select_for_update().get(user=account)
        if refusal := _refusal(account):
            raise BadField(refusal, field="account")
        copies = {what: count for what, count in _copies(account).items() if count}
        # 1. The vault, oldest first.
        entries = list(_entries(account, chosen).order_by("id"))
        held = shred_many(entries, actor=actor)
        done = record(
            events.PersonErased(
                stream=people_events.LABEL_STREAM,
                subjects=(f"user:{account.pk}", *(f"person:{person.pk}" for person in chosen)),
                user=str(account.pk),
                values=held,
                entries=len(entries),
                copies=copies,
            ),
            actor=actor,
        )
        # 2. Copies in rows that are recorded: this entry stands behind the change.
        _erase_keys(account, done, actor=actor)
        for upload in Upload.objects.select_for_update(of=("self",)).filter(uploaded_by=account):
            upload.name, upload.entry = f"Upload {str(upload.pk)[:8]}", done
            upload.licence = "erased" if upload.licence else ""
            upload.save(update_fields=["name", "licence", "entry"])
        for invitation in _invitations(account).select_for_update(of=("self",)):
            invitation.email, invitation.entry, invitation.withdrawn = (
                _address(account),
                done,
                not invitation.accepted_by_id,
            )
            invitation.save(update_fields=["email", "entry", "withdrawn"])
        standing.active, standing.entry = False, done
        standing.save(update_fields=["active", "entry"])
        # 3. What the same person sent from outside, before there was an account or beside it.
        for submission in _sent(account):
            clearing.erase_submission(submission, actor=actor)
        # 4. Copies in other rows.
        _jobs(account).update(error_message="", note="")
        SigningRequest.objects.filter(user=account).delete()
        SavedFilter.objects.filter(user=account).delete()
        Preset.objects.filter(owner=account).delete()
        AuthToken.objects.filter(user=account).delete()
        Session.objects.filter(pk__in=_sessions(account)).delete()
        for model in (AccessAttempt, AccessFailureLog, AccessLog):
            model.objects.filter(username__iexact=account.email).delete()
        account.email, account.full_name, account.is_active = _address(account), ERASED_NAME, False
        account.last_login = None
        account.set_unusable_password()
        account.save()
    return Erased(done, len(entries), held, copies)


# -- what is whose -----------------------------------------------------------------------------------------------------


def _entries(account: User, people: Iterable[Person]) -> QuerySet[Entry]:
    """Entries that still hold private values of this person."""
    own = Q(actor_type="human", actor_id=str(account.pk)) & ~Q(kind__in=_ABOUT_OTHERS)
    subjects = [f"user:{account.pk}", *(f"person:{person.pk}" for person in people)]
    about = Q(kind__in=_ABOUT_OTHERS, refs__overlap=subjects)
    # Addresses in invitations, and what workers said about the person's jobs, name them by their content only.
    others = [
        item.entry_id
        for item in VaultItem.objects.filter(entry__kind="user.invited", name="email")
        if str(json.loads(bytes(item.content))).lower() == account.email.lower()
    ]
    jobs = {str(pk) for pk in Job.objects.filter(requested_by=account.pk).values_list("pk", flat=True)}
    failed = [
        entry.pk
        for entry in Entry.objects.filter(kind="job.failed", vault__isnull=False)
        if json.loads(bytes(entry.body))["public"].get("job") in jobs
    ]
    found = VaultItem.objects.filter(entry__in=Entry.objects.filter(own | about)).values("entry")
    return Entry.objects.filter(Q(pk__in=found) | Q(pk__in=[*others, *failed]))


def _copies(account: User) -> dict[str, int]:
    """Copies outside the vault: what they are, and how many rows hold some."""
    return {
        "names and licences of uploads": Upload.objects.filter(uploaded_by=account).count(),
        "names of signing keys": PersonKey.objects.filter(user=account).count(),
        "addresses in invitations": _invitations(account).count(),
        "submissions sent from the same address, with their sound": len(_sent(account)),
        "saved filters": SavedFilter.objects.filter(user=account).count(),
        "presets": Preset.objects.filter(owner=account).count(),
        "requests to sign": SigningRequest.objects.filter(user=account).count(),
        "messages of jobs": _jobs(account).exclude(error_message="", note="").count(),
        "sessions": len(_sessions(account)),
        "API tokens": AuthToken.objects.filter(user=account).count(),
        "records of log-ins": sum(
            model.objects.filter(username__iexact=account.email).count()
            for model in (AccessAttempt, AccessFailureLog, AccessLog)
        ),
    }


def _sent(account: User) -> list[Submission]:
    found = clearing.sent_from(account.email)
    return [one for one in found if one.cleared_why != Submission.Cleared.ASKED]


def _jobs(account: User) -> QuerySet[Job]:
    return Job.objects.filter(requested_by=account.pk)


def _invitations(account: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(Q(accepted_by=account) | Q(email__iexact=account.email))


def _sessions(account: User) -> list[str]:
    wanted = str(account.pk)
    found = Session.objects.all().iterator(500)
    return [session.pk for session in found if session.get_decoded().get("_auth_user_id") == wanted]


def _erase_keys(account: User, done: Entry, *, actor: User) -> None:
    for key in PersonKey.objects.select_for_update(of=("self",)).filter(user=account):
        if key.state != PersonKey.State.REVOKED:
            record(
                people_events.PersonKeyRevoked(
                    stream=f"person:{account.pk}",
                    subjects=(f"key:{key.fingerprint}",),
                    fingerprint=key.fingerprint,
                ),
                actor=actor,
            )
        key.state, key.label, key.entry = PersonKey.State.REVOKED, "", done
        key.save(update_fields=["state", "label", "entry"])


def _contributors(account: User) -> list[Person]:
    """Contributors of the artists that this account acts for: one of them may be the same person."""
    artists = account.memberships.values("artist")
    behind = PersonBehind.objects.filter(artist__in=artists).values("person")
    return list(Person.objects.filter(Q(artist__in=artists) | Q(pk__in=behind)).order_by("credit_name"))


def _stays(account: User) -> tuple[Line, ...]:
    me = str(account.pk)
    streams = [
        project.stream
        for project in Project.objects.filter(
            Q(artist__memberships__user=account) | Q(members__user=account)
        ).distinct()
    ]
    theirs = VaultItem.objects.filter(entry__stream__in=streams, entry__actor_type="human").exclude(
        entry__actor_id=me
    )
    released = Package.objects.filter(
        asset__isnull=False, release__tracks__recording__master__declarations__declared_by=account
    ).distinct()
    credited = Contribution.objects.filter(person__in=_contributors(account), active=True)
    others = theirs.aggregate(values=Count("id"), people=Count("entry__actor_id", distinct=True))
    lines = (
        Line(
            "entries of the log",
            Entry.objects.filter(actor_type="human", actor_id=me).count(),
            "they hold ids, numbers, digests and commitments; the id is a pseudonym once the name is gone",
        ),
        Line(
            f"private values of {others['people']} other people in the same projects",
            others["values"],
            "these are theirs to erase",
        ),
        Line(
            "credits on recordings",
            credited.count(),
            "credited names are public, and others' shares hang on them",
        ),
        Line(
            "packages that were built from declarations of this person",
            released.count(),
            "they left the house, or may have; their digests stand in the log",
        ),
        Line(
            "declarations by element",
            Declaration.objects.filter(declared_by=account).count(),
            "the stated origins stay, their words go",
        ),
        Line(
            "public keys and signatures",
            PersonKey.objects.filter(user=account).count(),
            "what was signed stays signed; the keys are revoked",
        ),
    )
    return (lines[0], *(line for line in lines[1:] if line.count))


def _refusal(account: User) -> str:
    if is_erased(account):
        return "This person's private content is erased already."
    standing = getattr(account, "standing", None)
    if standing is not None and standing.active and standing.role == Role.OWNER:
        others = Standing.objects.filter(role=Role.OWNER, active=True).exclude(user=account)
        if not others.exists():
            return "This is the last owner. Make somebody else an owner first."
    return ""


def _address(account: User) -> str:
    return f"erased-{account.pk}@erased.invalid"


#: What the private values of a kind of entry are, in words.
_PRIVATE: Final = {
    "agreement.advance_paid": "advances of agreements: how much was paid",
    "agreement.drafted": "agreements: titles, money and conditions",
    "agreement.moved": "reasons why an agreement ended",
    "agreement.option_answered": "reasons why an option was taken or let go",
    "agreement.option_set": "options of agreements in their words",
    "agreement.signed": "names of who signed an agreement",
    "consent.declined": "reasons why a consent was declined",
    "consent.proposed": "consents: who gives them, their words and fee",
    "consent.revoked": "reasons why a consent was revoked",
    "listening_link.made": "who a listening link was for",
    "listening_link.noted": "notes by listening links",
    "method.written": "methods in the artist's words",
    "submission.answered": "answers to submissions",
    "submission.decided": "reasons of decisions on submissions",
    "submission.noted": "notes on submissions",
    "submission.sent": "submissions: names, contact and words of the sender",
    "answer_template.set": "kind answers as the label wrote them",
    "submission.voted": "reasons of votes on submissions",
    "upload_link.made": "who an upload link was for",
    "arrangement.saved": "notes on saved arrangements",
    "brief.saved": "briefs: purpose, mood, prompt and what to avoid",
    "bundle.exported": "notes on who got a bundle",
    "job.failed": "messages of failed jobs",
    "master.declared": "declarations in their words",
    "person.created": "legal names",
    "person.changed": "legal names",
    "artist.status_changed": "reasons for a change of status",
    "artist.merged": "reasons for a merge",
    "artist.separated": "reasons for taking a merge back",
    "team.member_added": "names and contact data of outsiders on a team",
    "document.added": "names of files and notes",
    "person_key.enrolled": "names of signing keys",
    "person_key.revoked": "reasons why a key was revoked",
    "run.requested": "prompts, lyrics, chords and the warnings about them",
    "take.failed": "what an engine said of takes that it could not make",
    "licence.withdrawn": "reasons why a licence is no longer accepted",
    "tool.question_answered": "reasons for what terms leave open",
    "upload.terms_stated": "names of uploads whose terms were stated",
    "session.signed": "texts that were signed",
    "statement.resolved": "reasons why a statement was settled",
    "take.rejected": "reasons why a take was let go",
    "take.shortlisted": "reasons why a take was kept",
    "upload.imported": "uploads: names, file names, licences and prompts",
    "user.enrolled": "the name at the enrolment",
    "user.invited": "the address of the invitation",
}


def _said(kind: str) -> str:
    return _PRIVATE.get(kind, kind.replace(".", " ").replace("_", " "))
