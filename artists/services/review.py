"""What the team makes of submissions: hearing, scores, notes, votes, snoozing, decisions, answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from artists import anr_words, queue
from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr as events
from artists.models import (
    Artist,
    Criterion,
    Score,
    Submission,
    SubmissionAnswer,
    SubmissionFile,
    SubmissionNote,
    SubmissionVote,
    User,
)
from artists.services.roster import create_artist
from artists.services.sealed import opened, words_of
from provenance.ledger import Actor, record

Stage = Submission.Stage
MOST_SPANS: Final = 200
SNOOZE_DAYS: Final = 90


def keep_heard(file: SubmissionFile, *, spans: Sequence[Sequence[int]], blind: bool, actor: User) -> None:
    """Record which parts somebody heard. The first listening makes an unheard submission a heard one."""
    spans_ms = spans_of(spans, file.submission.duration_ms or 24 * 3_600_000)
    if not spans_ms:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    with transaction.atomic():
        submission = _locked(file.submission)
        entry = record(
            events.SubmissionHeard(
                **_about(submission),
                file=str(file.pk),
                spans_ms=spans_ms,
                heard_ms=sum(end - start for start, end in spans_ms),
                blind=blind,
            ),
            actor=actor,
        )
        if submission.stage == Stage.UNHEARD:
            submission.stage, submission.entry = Stage.HEARD, entry
            submission.save()


def unblind(submission: Submission, *, actor: User) -> Score:
    """Look at the name before scoring. It is recorded; the scores of this person then are not blind."""
    with transaction.atomic():
        submission = _locked(submission)
        score = Score.objects.filter(submission=submission, author=actor).first()
        if score is not None:
            return score
        entry = record(events.SubmissionUnblinded(**_about(submission)), actor=actor)
        return Score.objects.create(submission=submission, author=actor, values={}, blind=False, entry=entry)


def score(submission: Submission, *, values: Mapping[str, int], actor: User) -> Score:
    """Set one person's scores, 1 to 5 by criterion; others stay as they are."""
    known = {word.key: word.title for word in (*anr_words.criteria(), *own_criteria())}
    for key, value in values.items():
        if key not in known:
            raise ArtistsUserFault(f"{str(key)[:40]} is no criterion here. Use one of: {', '.join(known)}.")
        if type(value) is not int or not 1 <= value <= 5:
            raise ArtistsUserFault(f"Score {known[key]} from 1 to 5.")
    if not values:
        raise ArtistsUserFault("Score at least one criterion.")
    with transaction.atomic():
        submission = _locked(submission)
        row = Score.objects.filter(submission=submission, author=actor).first()
        blind = True if row is None else row.blind
        merged = {**(row.values if row else {}), **values}
        if row is not None and merged == row.values:
            return row
        entry = record(
            events.SubmissionScored(
                **_about(submission),
                scores=merged,
                words=", ".join(f"{known.get(key, key)} {value}" for key, value in merged.items()),
                blind=blind,
            ),
            actor=actor,
        )
        if row is None:
            row = Score(submission=submission, author=actor, blind=blind)
        row.values, row.entry = merged, entry
        row.save()
        if submission.stage == Stage.UNHEARD:
            submission.stage, submission.entry = Stage.HEARD, entry
            submission.save()
    return row


def own_criteria() -> list[anr_words.Word]:
    """The label's own, beside the five."""
    return [
        anr_words.Word(key=f"own-{one.pk}", title=one.title, hint=one.hint)
        for one in Criterion.objects.filter(active=True)
    ]


def set_criterion(*, title: str, hint: str = "", criterion: Criterion | None = None, active: bool = True,
                  actor: User) -> Criterion:  # fmt: skip
    title = title.strip()[:60]
    if not title:
        raise ArtistsUserFault("Write what is to be scored.")
    with transaction.atomic():
        row = criterion or Criterion()
        row.title, row.hint, row.active = title, hint.strip()[:160], active
        row.entry = record(
            events.CriterionSet(
                stream="submission:criteria", criterion=str(row.pk), title=title, hint=row.hint,
                state="in use" if active else "retired",
            ),
            actor=actor,
        )  # fmt: skip
        row.save()
    return row


def note(
    submission: Submission,
    *,
    text: str,
    file: SubmissionFile | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    actor: User,
) -> SubmissionNote:
    """A word about all of it, at a moment, or about a range."""
    text = text.strip()[:2000]
    if not text:
        raise ArtistsUserFault("Write the note.")
    if (from_ms or 0) < 0 or (to_ms is not None and (from_ms is None or to_ms <= from_ms)):
        raise ArtistsUserFault("A range ends after it begins.")
    if max(from_ms or 0, to_ms or 0) > 86_400_000:
        raise ArtistsUserFault("No file is that long.")
    with transaction.atomic():
        submission = _locked(submission)
        entry = record(
            events.SubmissionNoted(
                **_about(submission),
                file=str(file.pk) if file else "",
                from_ms=from_ms,
                to_ms=to_ms,
                text=text,
            ),
            actor=actor,
        )
        return SubmissionNote.objects.create(
            submission=submission, file=file, author=actor, from_ms=from_ms, to_ms=to_ms, entry=entry
        )


def vote(submission: Submission, *, vote: str, reason: str, actor: User) -> SubmissionVote:
    """One vote a person, with a reason; it may be changed."""
    if vote not in SubmissionVote.Vote.values:
        raise ArtistsUserFault("Vote yes, maybe or no.")
    if not reason.strip():
        raise ArtistsUserFault("Say why in a few words.")
    with transaction.atomic():
        submission = _locked(submission)
        entry = record(
            events.SubmissionVoted(**_about(submission), vote=vote, reason=reason.strip()[:1000]), actor=actor
        )
        row = SubmissionVote.objects.filter(submission=submission, author=actor).first()
        row = row or SubmissionVote(submission=submission, author=actor)
        row.vote, row.entry = vote, entry
        row.save()
    return row


def snooze(submission: Submission, *, days: int, actor: User) -> Submission:
    """Out of the inbox until a day. The promise to the sender is not moved by that."""
    if not 1 <= days <= SNOOZE_DAYS:
        raise ArtistsUserFault(f"Put it aside for 1 to {SNOOZE_DAYS} days.")
    with transaction.atomic():
        submission = _locked(submission)
        until = timezone.now().date() + dt.timedelta(days=days)
        submission.entry = record(
            events.SubmissionSnoozed(**_about(submission), until=until.isoformat()), actor=actor
        )
        submission.snoozed_until = until
        submission.save()
    return submission


def decide(
    submission: Submission, *, stage: str, reason: str = "", artist: Artist | None = None, actor: User
) -> Submission:
    """Move on by `Submission.NEXT`. Signing links the artist of the roster, or puts a new one on it."""
    with transaction.atomic():
        submission = _locked(submission)
        if stage not in Submission.NEXT[submission.stage]:
            can = [Stage(one).label for one in Submission.NEXT[submission.stage]]
            raise NotNow(
                f"Submission {submission.number} is at “{Stage(submission.stage).label}”; "
                + (f"from there it goes to: {', '.join(can)}." if can else "that is its end.")
            )
        if stage == Stage.DECLINED and not reason.strip():
            raise ArtistsUserFault("Say why not, for your colleagues; the sender does not see it.")
        if stage == Stage.SIGNED and artist is None and submission.artist is None:
            name = str(
                words_of(submission.sent_entry_id).get("artist_name") or f"Submission {submission.number}"
            )
            artist = create_artist(name=name[:120], status=Artist.Status.SIGNED, actor=actor)
        submission.artist = artist or submission.artist
        before, submission.stage, submission.snoozed_until = submission.stage, stage, None
        submission.entry = record(
            events.SubmissionDecided(
                **_about(submission),
                subjects=(f"artist:{submission.artist_id}",) if submission.artist_id else (),
                before=before,
                after=stage,
                artist=str(submission.artist_id) if submission.artist_id else None,
                reason=reason.strip()[:1000],
            ),
            actor=actor,
        )
        submission.save()
    return submission


@dataclass(frozen=True)
class BulkLine:
    """What became of one submission of many."""

    submission: Submission
    done: bool
    says: str


def decide_many(
    submissions: Iterable[Submission], *, stage: str, reason: str, template: str = "", actor: User
) -> list[BulkLine]:
    """Decide each by itself, each with its own entry; one that cannot be is reported and stops no other."""
    found = []
    for submission in submissions:
        try:
            with transaction.atomic():
                moved = decide(submission, stage=stage, reason=reason, actor=actor)
                if template:
                    draft = draft_answer(moved, template=template, actor=actor)
                    answer(moved, template=template, subject=draft.subject, body=draft.body, actor=actor)
        except ArtistsUserFault as fault:
            found.append(BulkLine(submission, False, fault.message))
        else:
            found.append(BulkLine(moved, True, Stage(stage).label))
    return found


# -- answers ------------------------------------------------------------------------------------------------
def draft_answer(submission: Submission, *, template: str, actor: User) -> anr_words.Template:
    """The template with this submission's words filled in, to be looked at and changed before it is sent."""
    found = anr_words.template(template)
    if found is None:
        raise ArtistsUserFault("There is no such answer.")
    values = {
        "artist": words_of(submission.sent_entry_id).get("artist_name") or "there",
        "number": str(submission.number),
        "label_person": actor.full_name,
    }
    # Replaced one by one: what a sender wrote is no format string.
    subject, body = found.subject, found.body
    for name, value in values.items():
        subject, body = subject.replace("{" + name + "}", value), body.replace("{" + name + "}", value)
    return anr_words.Template(found.key, found.title, " ".join(subject.split())[:200], body)


def answer(
    submission: Submission, *, template: str, subject: str, body: str, actor: User
) -> SubmissionAnswer:
    """Record the answer's words and ask for its sending. The promise is kept from here on."""
    subject, body = " ".join(subject.split())[:200], body.strip()[:8000]
    if not subject or not body:
        raise ArtistsUserFault("Write a subject and an answer.")
    with transaction.atomic():
        submission = _locked(submission)
        if not words_of(submission.sent_entry_id).get("contact_email"):
            raise NotNow("The sender's address was erased; no answer can be sent.")
        entry = record(
            events.SubmissionAnswered(
                **_about(submission), template=template[:32] or "free", subject=subject, body=body
            ),
            actor=actor,
        )
        row = SubmissionAnswer.objects.create(
            submission=submission, template=template[:32] or "free", words_entry=entry, entry=entry
        )
        submission.answered_at, submission.entry = timezone.now(), entry
        submission.save()
        queue.enqueue_answer(row, submission=submission, actor=actor)
    return row


def send_answer(pk: str) -> None:
    """For the worker: hand the mail over, then record that. Sent twice at the worst, never silently not at all."""
    row = SubmissionAnswer.objects.select_related("submission").get(pk=pk)
    if row.state == SubmissionAnswer.State.SENT:
        return
    to = words_of(row.submission.sent_entry_id).get("contact_email")
    said = words_of(row.words_entry_id)
    if not to or not said.get("body"):
        outcome, state = "was not sent, its words or the address were erased", SubmissionAnswer.State.FAILED
    else:
        EmailMessage(subject=said["subject"], body=said["body"], to=[to]).send(fail_silently=False)
        outcome, state = "was handed to the mail server", SubmissionAnswer.State.SENT
    with transaction.atomic():
        row = SubmissionAnswer.objects.select_for_update(of=("self",)).get(pk=pk)
        row.entry = record(
            events.SubmissionAnswerLeft(**_about(row.submission), outcome=outcome),
            actor=Actor.worker("answer"),
        )
        row.state = state
        row.save()


def names_of(submissions: Iterable[Submission]) -> dict[object, dict[str, str]]:
    """What the senders wrote, by submission id. For readers who may know, after their own first score."""
    rows = list(submissions)
    found = opened(row.sent_entry_id for row in rows)
    return {row.pk: found[row.sent_entry_id] for row in rows}


def _about(submission: Submission) -> dict[str, Any]:
    return {
        "stream": submission.stream,
        "submission": str(submission.pk),
        "number": submission.number,
    }


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update(of=("self",)).select_related("artist").get(pk=submission.pk)


def spans_of(spans: Sequence[Sequence[int]], longest_ms: int) -> tuple[tuple[int, int], ...]:
    found = []
    if not isinstance(spans, list | tuple) or len(spans) > MOST_SPANS:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    for span in spans:
        if (
            not isinstance(span, list | tuple)
            or len(span) != 2
            or any(type(value) is not int for value in span)
            or not 0 <= span[0] < span[1] <= longest_ms + 1000
        ):
            raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
        found.append((span[0], span[1]))
    return tuple(found)
