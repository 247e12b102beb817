"""Submissions come in, and the machines look at them. What people make of them is in `review`."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from artists import anr_words, clamd, queue
from artists.errors import ArtistsUserFault, LinkOver, TooMany
from artists.events import anr as events
from artists.models import Incoming, Submission, SubmissionFile, UploadLink
from artists.services import incoming
from artists.services.anr_rules import questions, rules
from artists.services.intake_lock import hold_intake
from artists.services.sealed import opened, words_of
from artists.services.upload_links import digest, room_left
from provenance import assets, blobs, soundalikes
from provenance.blobs import Staged
from provenance.elements import Basis
from provenance.events import AssetRef
from provenance.ledger import Actor, record
from provenance.models import Asset

SENDER: Final = Actor.system("sender")
MAX_FILES: Final = 12
#: So many submissions a day from one address; a night of thousands comes from many.
SENT_A_DAY: Final = 20
_RIGHTS: Final = frozenset(key for key, _ in anr_words.RIGHTS)


class BadAnswer(ArtistsUserFault):
    """An answer of the form cannot be accepted; `field` names it. `more`: further ones of the same form."""

    code = "bad_value"

    def __init__(self, message: str, *, field: str, more: Sequence[BadAnswer] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.more = tuple(more)


def submit(
    link: UploadLink,
    *,
    files: Sequence[Incoming],
    sender: str,
    artist_name: str,
    contact_email: str,
    ai: Mapping[str, str],
    rights: str,
    consent: bool,
    contact_name: str = "",
    title: str = "",
    message: str = "",
    playlist: str = "",
    tools: str = "",
    rights_note: str = "",
    own: Mapping[str, str] | None = None,
) -> tuple[Submission, str]:
    """Take a submission in. Returns it and the secret of the sender's own page, which is shown once.

    Bytes are durable before the transaction that refers to them; each file is then looked at by a worker. `own`:
    answers to the label's own questions, by their id.
    Raises `BadAnswer` (of all that is wrong), `LinkOver`, `TooMany`; then nothing is kept that was not there before.
    """
    wrong = [*_wrong_files(link, files, playlist)]
    said = _checked(
        wrong,
        artist_name=artist_name, contact_name=contact_name, contact_email=contact_email, title=title,
        message=message, playlist=playlist, tools=tools, rights_note=rights_note,
    )  # fmt: skip
    answers = _checked_own(own or {}, wrong)
    ai = _checked_ai(ai, wrong, tools=said["tools"])
    if rights not in _RIGHTS:
        wrong.append(BadAnswer("Say whose music it is.", field="rights"))
    elif rights != "own" and not said["rights_note"]:
        wrong.append(BadAnswer("Write who else wrote or owns it, or what is sampled.", field="rights_note"))
    if not consent:
        wrong.append(BadAnswer("We may only keep your files and answers if you agree.", field="consent"))
    if wrong:
        first, *more = sorted(wrong, key=lambda one: one.field != "files")
        raise BadAnswer(first.message, field=first.field, more=more)
    _check_pace(sender)

    staged: list[tuple[Incoming, Staged]] = []
    for row in files:
        with incoming.opened_part(row) as part:
            staged.append((row, assets.ingest(part, limit_bytes=row.length)))
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        hold_intake()  # numbers without gaps or doubles, the link's limits hold, and nothing is deleted meanwhile
        for row, one in staged:
            if not blobs.store().exists(one.sha256):  # the same bytes were just cleared away
                with incoming.opened_part(row) as part:
                    assets.ingest(part, limit_bytes=row.length)
        link = UploadLink.objects.get(pk=link.pk)
        if not link.open:
            raise LinkOver("This link has ended or was withdrawn. Ask the label for a new one.")
        room, space = room_left(link)
        if not room or sum(one.size for _, one in staged) > space:
            raise TooMany("This link has taken all that it was made for. Ask the label for a new one.")
        submission = _written(link, staged, {**said, "answers": answers}, ai=ai, rights=rights, secret=secret)
        incoming.count_sent(link, sender)
    for row in files:
        incoming.taken(row)
    return submission, secret


def _written(
    link: UploadLink,
    staged: Sequence[tuple[Incoming, Staged]],
    said: Mapping[str, Any],
    *,
    ai: Mapping[str, str],
    rights: str,
    secret: str,
) -> Submission:
    number = (Submission.objects.aggregate(n=Max("number"))["n"] or 0) + 1
    now = timezone.now()
    submission = Submission(
        number=number,
        link=link,
        secret_sha256=digest(secret),
        ai=dict(ai),
        rights=rights,
        keep_days=rules().keep_declined_days,
        sent_at=now,
        promised_by=now + dt.timedelta(days=link.promise_days),
        file_count=len(staged),
        duration_ms=sum(int(row.probe.get("duration_ms") or 0) for row, _ in staged),
    )
    entry = record(
        events.SubmissionSent(
            stream=submission.stream,
            basis=Basis.DECLARED,
            subjects=(link.stream,),
            outputs=tuple(dict.fromkeys(AssetRef(role="submission", sha256=one.sha256) for _, one in staged)),
            submission=str(submission.pk),
            number=number,
            link=str(link.pk),
            files=len(staged),
            ai=dict(ai),
            rights=rights,
            promised_by=submission.promised_by.isoformat(timespec="seconds"),
            keep_days=submission.keep_days or 0,
            filenames=tuple(row.filename for row, _ in staged),
            **said,
        ),
        actor=SENDER,
    )
    submission.entry = submission.sent_entry = entry
    seen = [one.sha256 for _, one in staged]
    submission.duplicate_of = _folds_under(
        submission,
        Submission.objects.filter(files__asset__sha256__in=seen, number__lt=number),
        contact=said["contact_email"],
    )
    submission.save(force_insert=True)
    for position, (row, one) in enumerate(staged, start=1):
        asset = assets.register(one, entry=entry, media_type=_media_type(row.probe), probe=row.probe)
        file = SubmissionFile.objects.create(
            submission=submission, position=position, asset=asset, scan=row.scan or "none", entry=entry
        )
        queue.enqueue_look(file, submission=submission)
    return submission


def submission_by_secret(secret: str) -> Submission:
    """The sender's own one; the page works on after the link's end, so that they can see how it stands."""
    found = Submission.objects.select_related("link").filter(secret_sha256=digest(secret)).first()
    if found is None:
        raise LinkOver("There is no such page. Look for its address where you saved it.")
    return found


def own_words(submission: Submission) -> dict[str, Any]:
    """What the sender wrote, for the sender's own page."""
    return words_of(submission.sent_entry_id)


# -- what the machines find -------------------------------------------------------------------------------------------
def file_to_look_at(pk: str) -> SubmissionFile | None:
    """The file that a job names; None where it was looked at already."""
    return (
        SubmissionFile.objects.select_related("submission", "asset")
        .filter(pk=pk, state=SubmissionFile.State.WAITING)
        .first()
    )


def scan_again(file: SubmissionFile) -> clamd.Verdict:
    """The scanner's verdict on a stored file; asked only where it could not be asked before."""
    if file.scan in {"clean", "none", "too_large"} and not (file.scan == "none" and clamd.configured()):
        return clamd.Verdict(file.scan)
    with blobs.store().open(file.asset.sha256) as stream:
        return clamd.scan(stream)


def matches_of(file: SubmissionFile, fingerprint: str) -> list[dict[str, Any]]:
    """What sounds like this file: earlier submissions by number, all else as the catalogue."""
    found: list[dict[str, Any]] = []
    alike: list[tuple[Asset, int, int]] = [(file.asset, 1000, 0)]
    if fingerprint:
        alike += [
            (one.asset, round(one.similarity * 1000), round(one.offset_s * 1000))
            for one in soundalikes.soundalikes(fingerprint, without=[file.asset.sha256])[:8]
        ]
    for asset, permille, offset_ms in alike:
        earlier = (
            Submission.objects.filter(files__asset=asset, number__lt=file.submission.number)
            .exclude(cleared_why=Submission.Cleared.ASKED)
            .order_by("number")
            .first()
        )
        if earlier is not None:
            found.append(
                {"what": "submission", "number": earlier.number, "id": str(earlier.pk),
                 "alike_permille": permille, "offset_ms": offset_ms}
            )  # fmt: skip
        elif not asset.entry.kind.startswith("submission."):
            found.append(
                {"what": "catalogue", "kind": asset.entry.kind, "asset": asset.sha256,
                 "alike_permille": permille, "offset_ms": offset_ms}
            )  # fmt: skip
    return found


def finish_look(
    file: SubmissionFile,
    *,
    scan: str,
    report: Mapping[str, Any],
    matches: Sequence[Mapping[str, Any]],
    credential: Mapping[str, Any] | None,
    playback: Staged | None = None,
    playback_probe: Mapping[str, Any] | None = None,
) -> SubmissionFile:
    """Keep what a worker found; fold the submission under an earlier one that sounds the same."""
    with transaction.atomic():
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=file.submission_id)
        row = SubmissionFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if row.state != SubmissionFile.State.WAITING:
            return row
        refused = scan == "infected"
        first = _folds_under(
            submission,
            Submission.objects.filter(number__in=[m["number"] for m in matches if m["what"] == "submission"]),
            contact=str(words_of(submission.sent_entry_id).get("contact_email", "")),
        )
        entry = record(
            events.SubmissionChecked(
                stream=submission.stream,
                submission=str(submission.pk),
                number=submission.number,
                position=row.position,
                inputs=(AssetRef(role="submission", sha256=file.asset.sha256),),
                outputs=(AssetRef(role="playback", sha256=playback.sha256),) if playback else (),
                verdict="taken out, malware" if refused else "in order",
                scan=scan,
                report=dict(report),
                matches=tuple(dict(one) for one in matches),
                credential=dict(credential) if credential else None,
                duplicate_of=first.number if first else None,
            ),
            actor=Actor.worker("intake"),
        )
        if playback is not None:
            row.playback = assets.register(
                playback, entry=entry, media_type="audio/flac", probe=playback_probe or {}
            )
        row.state = SubmissionFile.State.REFUSED if refused else SubmissionFile.State.READY
        row.scan, row.report, row.matches = scan, dict(report), [dict(one) for one in matches]
        row.c2pa, row.entry = dict(credential or {}), entry
        row.save()
        if first is not None and submission.duplicate_of_id is None and first.pk != submission.pk:
            submission.duplicate_of, submission.entry = first, entry
            submission.save()
        if refused:
            queue.enqueue_removal(submission)
    return row


def _folds_under(submission: Submission, alike: QuerySet[Submission], *, contact: str) -> Submission | None:
    """The head that this is a copy of: the same sound, from the same address, still in the inbox.

    The same sound from somebody else, or after a decision, is worked through by itself; its match is shown.
    """
    heads = {
        row.duplicate_of or row
        for row in alike.exclude(pk=submission.pk).select_related("duplicate_of").order_by("number")[:50]
    }
    open_ones = sorted(
        (head for head in heads if head.stage in Submission.OPEN and head.cleared_at is None),
        key=lambda head: head.number,
    )
    said = opened(head.sent_entry_id for head in open_ones)
    for head in open_ones:
        if contact and str(said[head.sent_entry_id].get("contact_email", "")).lower() == contact.lower():
            return head
    return None


def _media_type(probe: Mapping[str, Any]) -> str:
    from provenance.audiofile.probing import MEDIA_TYPES

    return MEDIA_TYPES.get(str(probe.get("format")), "application/octet-stream")


def _wrong_files(link: UploadLink, files: Sequence[Incoming], playlist: str) -> Iterator[BadAnswer]:
    if not files and not playlist.strip():
        yield BadAnswer("Send at least one file, or a link to a playlist.", field="files")
    if len(files) > MAX_FILES:
        yield BadAnswer(f"Send up to {MAX_FILES} files at a time, your strongest first.", field="files")
    for row in files:
        if row.link_id != link.pk or row.state != Incoming.State.WHOLE:
            words = f"“{row.filename}” is not all here yet. Wait for it, or take it out."
            yield BadAnswer(words, field="files")


def _checked(wrong: list[BadAnswer], **texts: str) -> dict[str, str]:
    most = {"message": 4000, "playlist": 500, "tools": 500, "rights_note": 1000}
    said = {
        name: re.sub(r"[\x00-\x08\x0b-\x1f]", " ", value).strip()[: most.get(name, 160)]
        for name, value in texts.items()
    }
    if not said["artist_name"]:
        wrong.append(BadAnswer("Write the name that you make music under.", field="artist_name"))
    try:
        validate_email(said["contact_email"])
    except ValidationError:
        words = "Write an e-mail address where our answer reaches you."
        wrong.append(BadAnswer(words, field="contact_email"))
    if said["playlist"] and not re.match(r"https?://[^\s]+\.[^\s]+$", said["playlist"]):
        wrong.append(BadAnswer("A link to a playlist begins with https://.", field="playlist"))
    return said


def _checked_ai(ai: Mapping[str, str], wrong: list[BadAnswer], *, tools: str) -> dict[str, str]:
    known = [word.key for word in anr_words.elements()]
    answers = dict(anr_words.AI_ANSWERS)
    for word in anr_words.elements():
        if ai.get(word.key) not in answers:
            words = f"Say whether AI made it, yes, partly or no: {word.title.lower()}."
            wrong.append(BadAnswer(words, field=f"ai_{word.key}"))
    if any(ai.get(key) in answers and ai[key] != "no" for key in known) and not tools:
        words = "Write which tools you used, with their versions if you know them."
        wrong.append(BadAnswer(words, field="tools"))
    return {key: ai.get(key, "") for key in known}


def _checked_own(own: Mapping[str, str], wrong: list[BadAnswer]) -> tuple[dict[str, str], ...]:
    """Answers to the label's own questions, with the words that were asked."""
    found = []
    for question in questions():
        answer = re.sub(r"[\x00-\x08\x0b-\x1f]", " ", own.get(str(question.pk), "")).strip()[:1000]
        if question.required and not answer:
            wrong.append(BadAnswer(f"Answer this, too: {question.title}", field=f"own_{question.pk}"))
        if answer:
            found.append({"question": question.title, "answer": answer})
    return tuple(found)


def _check_pace(sender: str) -> None:
    day_ago = timezone.now() - dt.timedelta(days=1)
    if incoming.sent_since(sender, day_ago) >= SENT_A_DAY:
        raise TooMany(f"That is more than {SENT_A_DAY} submissions in a day from one place. Go on tomorrow.")
