"""Jobs that artists' side asks for, by name: the workers of generation and this app's own."""

from __future__ import annotations

from artists.models import Submission, SubmissionAnswer, SubmissionFile, User
from provenance import jobs
from provenance.jobs import Job
from provenance.services import Actor

#: Handled in generation/tasks.py: analysis lives there.
LOOK = "generation.submitted"
ANSWER = "artists.answer"
REMOVE = "artists.remove_sound"


def look_subject(file: SubmissionFile) -> str:
    return f"submission-file:{file.pk}"


def enqueue_look(file: SubmissionFile, *, submission: Submission) -> Job:
    return jobs.enqueue(
        LOOK,
        {"file": str(file.pk)},
        actor=Actor.system("intake"),
        subject=look_subject(file),
        stream=submission.stream,
        title=f"Looking at file {file.position} of submission {submission.number}",
        queue="quick",
        share="intake",
        likeness=LOOK,
        priority=-1,
    )


def enqueue_answer(answer: SubmissionAnswer, *, submission: Submission, actor: User) -> Job:
    return jobs.enqueue(
        ANSWER,
        {"answer": str(answer.pk)},
        actor=actor,
        subject=f"answer:{answer.pk}",
        stream=submission.stream,
        title=f"Answer to submission {submission.number}",
        queue="quick",
    )


def enqueue_removal(submission: Submission) -> Job:
    return jobs.enqueue(
        REMOVE,
        {"submission": str(submission.pk)},
        actor=Actor.system("clearing"),
        subject=f"submission:{submission.pk}",
        stream=submission.stream,
        title=f"Removing the sound of submission {submission.number}",
        queue="quick",
        share="intake",
    )
