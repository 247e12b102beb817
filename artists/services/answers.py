"""Answers to senders: a template filled in, shown and changed before it leaves, recorded as it was sent."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from artists import anr_words, queue
from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr as events
from artists.models import Submission, SubmissionAnswer, User
from artists.services import answer_templates
from artists.services.sealed import words_of
from artists.services.submission_rows import about, locked
from provenance.ledger import Actor, record


def draft_answer(submission: Submission, *, template: str, actor: User) -> anr_words.Template:
    """The template with this submission's words filled in, to be looked at and changed before it is sent."""
    return answer_templates.filled(answer_templates.template(template), submission, actor=actor)


def answer(
    submission: Submission, *, template: str, subject: str, body: str, seen: int | None = None, actor: User
) -> SubmissionAnswer:
    """Record the answer's words and ask for its sending. The promise is kept from here on.

    `seen`: how many answers had gone out when this one was written. Raises `NotNow` when there are more by now.
    """
    subject, body = " ".join(subject.split())[:200], body.strip()[:8000]
    if not subject or not body:
        raise ArtistsUserFault("Write a subject and an answer.")
    with transaction.atomic():
        submission = locked(submission)
        if seen is not None and submission.answers.count() != seen:
            raise NotNow("Somebody has answered meanwhile: read it above. Send yours if it is still needed.")
        if not words_of(submission.sent_entry_id).get("contact_email"):
            raise NotNow("The sender's address was erased; no answer can be sent.")
        entry = record(
            events.SubmissionAnswered(
                **about(submission), template=template[:32] or "free", subject=subject, body=body
            ),
            actor=actor,
        )
        row = SubmissionAnswer.objects.create(
            submission=submission, template=template[:32] or "free", words_entry=entry, entry=entry
        )
        submission.answered_at, submission.entry = timezone.now(), entry
        submission.save()
        # Copies hang on the first because the same person sent them: one letter answers them all.
        for copy in submission.duplicates.select_for_update(of=("self",)).filter(
            answered_at=None, cleared_at=None
        ):
            copy.answered_at, copy.entry = submission.answered_at, entry
            copy.save()
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
            events.SubmissionAnswerLeft(**about(row.submission), outcome=outcome),
            actor=Actor.worker("answer"),
        )
        row.state = state
        row.save()
