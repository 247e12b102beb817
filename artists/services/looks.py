"""Looks of a worker at submitted files that ended without success: told, and begun again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from artists import queue
from artists.errors import NotNow
from artists.models import Submission, SubmissionFile, User
from provenance import jobs
from provenance.services import Job

_ENDED: Final = (Job.State.FAILED, Job.State.CANCELLED)


def ended_looks(submission: Submission, files: Iterable[SubmissionFile]) -> dict[object, Job]:
    """File id -> the job that should have looked at it, for files that nobody can hear because it failed."""
    subjects = {
        queue.look_subject(file): file.pk for file in files if file.state == SubmissionFile.State.WAITING
    }
    if not subjects:
        return {}
    rows = Job.objects.filter(
        stream=submission.stream, kind=queue.LOOK, state__in=_ENDED, subject__in=subjects
    )
    return {subjects[job.subject]: job for job in rows}


def look_again(submission: Submission, *, actor: User) -> int:
    """Have its files looked at again. Returns how many. Raises `NotNow` where none waits for that."""
    ended = ended_looks(submission, submission.files.all())
    if not ended:
        raise NotNow("Every file was looked at, or is being looked at now.")
    for job in ended.values():
        jobs.retry(job, actor=actor)
    return len(ended)
