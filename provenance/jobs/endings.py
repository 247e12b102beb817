"""How a job's row ends or goes back into its queue. Call these in a transaction that holds the row."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import BigIntegerField, F
from django.db.models.functions import Cast, Extract, Now

from provenance.jobs import events, policy
from provenance.ledger import Actor, HasActor, record
from provenance.models import Job

log = logging.getLogger(__name__)
T = TypeVar("T")
State = Job.State


def subjects(job: Job) -> tuple[str, ...]:
    return tuple(ref for ref in (job.subject,) if ref)


def _end(job: Job, state: Job.State, **fields: Any) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=state, finished_at=Now(), lease_until=None, paused=False, **_used(job), **fields
    )
    job.refresh_from_db()


def _used(job: Job) -> dict[str, Any]:
    """What a run that ends now has cost, by the database's clock."""
    if job.state != State.RUNNING or job.started_at is None:
        return {}
    run_ms = Cast(Extract(Now() - F("started_at"), "epoch") * 1000, BigIntegerField())
    return {"used_ms": F("used_ms") + run_ms, "left_at": Now()}


def done(job: Job) -> None:
    _end(job, State.DONE, progress_done=F("progress_total"), error_code="", error_message="")


def cancelled(job: Job, *, actor: HasActor) -> None:
    _end(job, State.CANCELLED, fence=F("fence") + 1, error_code="", error_message="")
    record(
        events.Cancelled(
            stream=job.stream, subjects=subjects(job), job=str(job.pk), job_kind=job.kind, title=job.title,
            attempts=job.attempts,
        ),
        actor=actor,
    )  # fmt: skip


def failed(job: Job, *, code: str, message: str, actor: HasActor) -> None:
    _end(job, State.FAILED, fence=F("fence") + 1, error_code=code, error_message=message)
    record(
        events.Failed(
            stream=job.stream, subjects=subjects(job), job=str(job.pk), job_kind=job.kind, title=job.title,
            attempts=job.attempts, code=code, message=message,
        ),
        actor=actor,
    )  # fmt: skip


def requeue(job: Job, *, wait_s: float, code: str, message: str) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=State.QUEUED,
        fence=F("fence") + 1,
        lease_until=None,
        published_at=None,
        not_before=Now() + dt.timedelta(seconds=wait_s) if wait_s else None,
        error_code=code,
        error_message=message,
        **_used(job),
    )


def recover_expired() -> int:
    """Put jobs of dead workers back, or end them when cancelled or out of attempts. Returns how many."""
    dispatch = Actor.system("dispatch")
    with transaction.atomic():
        lost = list(
            Job.objects.select_for_update(skip_locked=True).filter(
                state=State.RUNNING, lease_until__lt=Now()
            )[:100]
        )
        for job in lost:
            if job.cancel_requested:
                cancelled(job, actor=dispatch)
            elif job.attempts >= policy.MAX_ATTEMPTS:
                failed(
                    job,
                    code="worker_lost",
                    message=f"The worker died {job.attempts} times while it ran this; it was given up. See its log.",
                    actor=dispatch,
                )
            else:
                requeue(job, wait_s=0, code="worker_lost", message="The worker died; the job was put back.")
    return len(lost)
