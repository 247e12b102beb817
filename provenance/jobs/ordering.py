"""What people change about a waiting or running job's turn. Who may is the callers' business; all of it is recorded."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from provenance.jobs import choosing, events, services
from provenance.jobs.errors import NotWaiting
from provenance.jobs.policy import Limits
from provenance.ledger import HasActor, record
from provenance.models import Job, JobQuota

State = Job.State
HIGHEST_LIFT = 9


def pause(job: Job, *, actor: HasActor) -> Job:
    """Put a job on hold. A waiting one is not started; a running one goes back at its next progress write and keeps
    what is finished. Raises NotWaiting for what has ended."""
    with transaction.atomic():
        job = _unfinished(job)
        if not job.paused:
            job.paused = True
            job.save(update_fields=["paused"])
            record(
                events.Paused(stream=job.stream, subjects=subjects(job), **services.named(job)), actor=actor
            )
    return job


def resume(job: Job, *, actor: HasActor) -> Job:
    """Let a job on hold go on. Raises NotWaiting for what has ended."""
    with transaction.atomic():
        job = _unfinished(job)
        if job.paused:
            job.paused = False
            job.published_at = None
            job.save(update_fields=["paused", "published_at"])
            record(
                events.Resumed(stream=job.stream, subjects=subjects(job), **services.named(job)), actor=actor
            )
            transaction.on_commit(partial(services.publish, job.pk, job.queue))
    return job


def put_first(job: Job, *, actor: HasActor) -> Job:
    """Before all other waiting jobs of its share. Raises NotWaiting unless it waits."""
    with transaction.atomic():
        job = _waiting(job)
        Job.objects.filter(pk=job.pk).update(put_first_at=Now())
        job.refresh_from_db()
        _prioritised(job, among="own", actor=actor)
    return job


def lift(job: Job, *, to: int, actor: HasActor) -> Job:
    """Before everybody's jobs (above 0), among them (0), after them (below 0). Raises NotWaiting unless it waits."""
    if isinstance(to, bool) or not isinstance(to, int) or not -HIGHEST_LIFT <= to <= HIGHEST_LIFT:
        raise ValueError(f"a lift is a whole number from {-HIGHEST_LIFT} to {HIGHEST_LIFT}")
    with transaction.atomic():
        job = _waiting(job)
        if job.lift != to:
            job.lift = to
            job.save(update_fields=["lift"])
            _prioritised(job, among="all", actor=actor)
    return job


def leave_for_night(job: Job, *, actor: HasActor) -> Job:
    """Not before the house's next night; at night it takes its turn now. Raises NotWaiting unless it waits."""
    with transaction.atomic():
        job = _waiting(job)
        if not job.overnight:
            job.overnight = True
            job.hold_until = choosing.next_night()
            job.save(update_fields=["overnight", "hold_until"])
            record(events.Held(stream=job.stream, subjects=subjects(job), **services.named(job)), actor=actor)
    return job


def start_now(job: Job, *, actor: HasActor) -> Job:
    """Not only at night: an overnight job takes its turn among the others. Raises NotWaiting unless it waits."""
    with transaction.atomic():
        job = _waiting(job)
        if job.overnight:
            job.overnight = False
            job.hold_until = job.published_at = None
            job.save(update_fields=["overnight", "hold_until", "published_at"])
            record(
                events.StartedNow(stream=job.stream, subjects=subjects(job), **services.named(job)),
                actor=actor,
            )
            transaction.on_commit(partial(services.publish, job.pk, job.queue))
    return job


def set_quota(share: str, limits: Limits, *, stream: str, subject: str = "", actor: HasActor) -> JobQuota:
    """Say how much one share may ask: artist:<id>, or `JobQuota.EVERYBODY`. What waits already stays."""
    with transaction.atomic():
        entry = record(
            events.QuotaSet(
                stream=stream, subjects=(subject,) if subject else (), share=share, waiting=limits.waiting,
                running=limits.running, gpu_minutes=limits.gpu_minutes,
            ),
            actor=actor,
        )  # fmt: skip
        quota = JobQuota.objects.select_for_update().filter(share=share).first() or JobQuota(share=share)
        quota.waiting, quota.running, quota.gpu_minutes = limits.waiting, limits.running, limits.gpu_minutes
        quota.entry = entry
        quota.save()
    return quota


def postpone_overnight() -> int:
    """At the night's end: what of overnight work still waits is left for the next one. Returns how many."""
    begins = choosing.next_night()
    if begins is None:
        return 0
    rows = Job.objects.filter(state=State.QUEUED, overnight=True, hold_until__lte=Now())
    rows |= Job.objects.filter(state=State.QUEUED, overnight=True, hold_until=None)  # asked for at night
    return rows.update(hold_until=begins, published_at=None)


def subjects(job: Job) -> tuple[str, ...]:
    return (job.subject,) if job.subject else ()


def _unfinished(job: Job) -> Job:
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.finished:
        raise NotWaiting(f"“{job.title}” has ended already.")
    return job


def _waiting(job: Job) -> Job:
    job = _unfinished(job)
    if job.state != State.QUEUED:
        raise NotWaiting(f"“{job.title}” runs already.")
    return job


def _prioritised(job: Job, *, among: str, actor: HasActor) -> None:
    record(
        events.Prioritised(
            stream=job.stream, subjects=subjects(job), **services.named(job), among=among, lift=job.lift
        ),
        actor=actor,
    )
