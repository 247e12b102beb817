"""Jobs as their callers see them: asked for, cancelled, tried again. Times are the database's, so that all hosts
agree.

The other writes to job rows: claims.py (a worker's), endings.py (how each ends), ordering.py (which is next).
"""

from __future__ import annotations

import logging
import uuid
from functools import partial
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from provenance.jobs import broker, choosing, endings, events, policy
from provenance.jobs.errors import NotRetriable, QuotaFull
from provenance.ledger import HasActor, record
from provenance.models import Job

log = logging.getLogger(__name__)
T = TypeVar("T")
State = Job.State


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    actor: HasActor,
    subject: str,
    stream: str,
    title: str,
    queue: str = "cpu",
    priority: int = 0,
    share: str = "",
    likeness: str = "",
    work: int = 0,
    overnight: bool = False,
) -> Job:
    """Write a job in the caller's transaction; its hint leaves after the commit.

    The payload is not erasable and MUST hold ids, numbers and names of things only - never prompts, lyrics or notes.
    Among the jobs of one `share` (artist:<id>; empty: the house) higher `priority` goes first; between shares it is
    fair. `likeness` and `work`: by how long finished jobs of that likeness took, this one's end is told; both say
    nothing about their content. `overnight`: not before the house's next night.

    Raises QuotaFull when a person's share has as many jobs waiting as it may; the quick queue is always open.
    """
    if queue not in policy.QUEUES:
        raise ValueError(f"no such queue: {queue!r}")
    who = actor.ledger_actor()
    if who.type == "human" and share and queue != "quick":
        _room(share)
    hold_until = choosing.next_night() if overnight else None
    job = Job.objects.create(
        kind=kind,
        queue=queue,
        payload=payload,
        title=title[:160],
        subject=subject,
        stream=stream,
        priority=priority,
        share=share,
        likeness=likeness[:120],
        work=work,
        overnight=overnight,
        hold_until=hold_until,
        requested_by=uuid.UUID(who.id) if who.type == "human" else None,
    )
    if overnight:
        record(events.Held(stream=stream, subjects=endings.subjects(job), **named(job)), actor=actor)
    if hold_until is None:
        transaction.on_commit(partial(publish, job.pk, queue))
    return job


def named(job: Job) -> dict[str, Any]:
    """A job as every event of it says."""
    return {"job": str(job.pk), "job_kind": job.kind, "title": job.title}


def _room(share: str) -> None:
    """Raises QuotaFull. Two requests in the same moment may both find the last place: the limit is no lock."""
    most = choosing.limits_of([share])[share].waiting
    if most is None:
        return
    waiting = Job.objects.filter(share=share, state=State.QUEUED).exclude(queue="quick").count()
    if waiting >= most:
        raise QuotaFull(
            f"{waiting} jobs of this artist wait already, and {most} may. Let some of them end, cancel what is not "
            "needed on the queue's page, or ask the label for more; then ask again. Nothing was started."
        )


def publish(job_id: uuid.UUID, queue: str) -> bool:
    """Send the hint. Never raises and never waits long: a broker that is down only means that `dispatch` sends
    it later."""
    if not broker.send(job_id, queue):
        return False
    try:
        Job.objects.filter(pk=job_id, state=State.QUEUED).update(published_at=Now())
    except (OperationalError, InterfaceError):
        log.warning("job %s: hint sent but not noted", job_id)
    return True


def request_cancel(job: Job, *, actor: HasActor) -> Job:
    """Ask for the job's end. A waiting job ends now, a running one at its next progress write. Ended jobs stay
    as they are."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state == State.QUEUED:
            endings.cancelled(job, actor=actor)
        elif job.state == State.RUNNING and not job.cancel_requested:
            job.cancel_requested = True
            job.save(update_fields=["cancel_requested"])
            record(
                events.CancelRequested(
                    stream=job.stream,
                    subjects=endings.subjects(job),
                    job=str(job.pk),
                    job_kind=job.kind,
                    title=job.title,
                ),
                actor=actor,
            )
    return job


def retry(job: Job, *, actor: HasActor) -> Job:
    """Start a failed or cancelled job again, with all its attempts. Raises NotRetriable."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state not in {State.FAILED, State.CANCELLED}:
            raise NotRetriable(
                f"“{job.title}” is {job.get_state_display().lower()}; "
                "only what has ended without success can be retried."
            )
        job.state = State.QUEUED
        job.attempts = 0
        job.fence += 1
        job.cancel_requested = False
        job.error_code = job.error_message = job.note = ""
        job.paused = False
        job.progress_done = job.progress_total = 0
        job.hold_until = None
        job.overnight = False
        job.published_at = job.not_before = job.lease_until = job.started_at = job.finished_at = None
        job.save()
        record(
            events.Retried(
                stream=job.stream,
                subjects=endings.subjects(job),
                job=str(job.pk),
                job_kind=job.kind,
                title=job.title,
            ),
            actor=actor,
        )
        transaction.on_commit(partial(publish, job.pk, job.queue))
    return job
