"""A job in a worker's hands: claimed, kept, given up or ended. Times are the database's, so that all hosts agree."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from provenance.jobs import choosing, endings, policy
from provenance.jobs.errors import JobCancelled, JobFenced, JobHandedBack
from provenance.jobs.services import publish
from provenance.ledger import Actor
from provenance.models import Job

log = logging.getLogger(__name__)
T = TypeVar("T")
State = Job.State


class Claim:
    """One worker's hold on one job, for one run. Everything it writes is void once the fence has moved on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.job_id: uuid.UUID = job.pk
        self.fence = job.fence
        self.attempt = job.attempts
        self.payload: dict[str, Any] = job.payload
        self.subject = job.subject
        self.stream = job.stream
        self.requested_by = job.requested_by
        self.finished = False
        self.heard_at = time.monotonic()
        """When the handler last gave a sign of life."""
        self._written_at = 0.0
        self._said = ""
        self._guard = threading.Lock()
        self._interrupted = False
        self._interrupts: list[Callable[[], None]] = []

    def say(self, note: str) -> None:
        """Show a note that stays while progress goes on: that memory was short and the batch is smaller now."""
        self._said = note[:160]
        ours = Job.objects.filter(pk=self.job_id, fence=self.fence, state=State.RUNNING)
        steadily(partial(ours.update, note=self._said))

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Report `done` of `total`; renews the lease. Cheap: most calls only note that the handler lives.

        Raises JobCancelled, JobFenced, JobHandedBack. MUST NOT be called in a transaction, where nobody would see it.
        """
        now = time.monotonic()
        self.heard_at = now
        if worker_stops():
            raise JobHandedBack("The worker shuts down.")
        if done < total and now - self._written_at < policy.PROGRESS_EVERY_S:
            return
        self._written_at = now
        shown = (note or self._said)[:160]
        asked = steadily(
            partial(renew, self.job_id, self.fence, progress=(max(0, done), max(0, total), shown))
        )
        match asked:
            case None:
                raise JobFenced(f"Job {self.job_id} was given to another worker.")
            case Asked.CANCEL:
                raise JobCancelled("Cancelled on request.")
            case Asked.PAUSE:
                raise JobHandedBack("Put on hold on request.")
            case Asked.GO_ON:
                pass

    @contextlib.contextmanager
    def commit(self, *, done: bool = False) -> Iterator[Job]:
        """One transaction that holds the job's row; services write results inside.

        With `done=True` the job is finished in the same transaction: results and "done" become visible
        together, so that
        a crash right after cannot run the job again. Use it for the last (or only) commit.
        Raises JobCancelled, JobFenced before the body runs.
        """
        self.heard_at = time.monotonic()
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(pk=self.job_id).first()
            if job is None or job.fence != self.fence or job.state != State.RUNNING:
                raise JobFenced(f"Job {self.job_id} was given to another worker.")
            if job.cancel_requested:
                raise JobCancelled("Cancelled on request.")
            yield job
            if done:
                endings.done(job)
        if done:
            self.finished = True

    def on_interrupt(self, stop: Callable[[], None]) -> None:
        """Call `stop` (from another thread) when the job is cancelled or fenced: for work in a process that
        cannot ask. At once if it is already."""
        with self._guard:
            if not self._interrupted:
                self._interrupts.append(stop)
                return
        stop()

    def interrupt(self) -> None:
        """Run what `on_interrupt` registered, once."""
        with self._guard:
            self._interrupted = True
            waiting, self._interrupts = self._interrupts, []
        for stop in waiting:
            stop()


class Asked(enum.Enum):
    """What somebody wants of a running job."""

    GO_ON = "go on"
    CANCEL = "cancel"
    PAUSE = "pause"


def claim_next(queue: str) -> Claim | None:
    """Take the job of a queue that is next (choosing.py): raises its fence, starts its lease. None if there is none.

    Safe in any number of processes and threads; each thread has its own connection, which is Django's way.
    """
    with transaction.atomic():
        job = choosing.next_job(queue)
        if job is None:
            return None
        Job.objects.filter(pk=job.pk).update(
            state=State.RUNNING,
            fence=F("fence") + 1,
            attempts=F("attempts") + 1,
            lease_until=Now() + dt.timedelta(seconds=policy.LEASE_S),
            started_at=Now(),
            progress_done=0,
            progress_total=0,
            note="",
        )
        job.refresh_from_db()
    return Claim(job)


def wake(queue: str, share: str) -> None:
    """After a job's end: send a hint for a job that its share's limit had kept waiting, whose own came to nothing."""
    if not share or choosing.limits_of([share])[share].running is None:
        return
    kept = Job.objects.filter(choosing.may_start(), share=share).exclude(queue="quick")
    for name in {queue, *kept.values_list("queue", flat=True).distinct()}:
        if job := choosing.in_order(kept.filter(queue=name)).first():
            publish(job.pk, name)


def renew(job_id: uuid.UUID, fence: int, *, progress: tuple[int, int, str] | None = None) -> Asked | None:
    """Extend the lease and note progress. Returns what is asked of the job; None if the fence has moved on."""
    written = ", progress_done = %s, progress_total = %s, note = %s" if progress else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Job._meta.db_table} SET lease_until = statement_timestamp() + %s * interval '1 second'{written} "  # noqa: S608
            "WHERE id = %s AND fence = %s AND state = 'running' "
            "RETURNING cancel_requested, paused",
            [policy.LEASE_S, *(progress or ()), job_id, fence],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    cancel, pause = row
    return Asked.CANCEL if cancel else Asked.PAUSE if pause else Asked.GO_ON


def worker_stops() -> bool:
    """Whether this process shuts down. The Celery worker puts its own answer in the place of this one."""
    return False


def end_process() -> None:
    """End this process, which does not heed a cancellation. Celery's children put their own answer in this one's place;
    elsewhere nothing is ended."""


def hand_back(claim: Claim) -> None:
    """Put the job of a worker that shuts down, or one on hold, back at once; the run does not count as an attempt."""
    with contextlib.suppress(JobFenced), transaction.atomic():
        job = _held(claim)
        if job.cancel_requested:
            endings.cancelled(job, actor=Actor.worker(job.kind))
        else:
            Job.objects.filter(pk=job.pk).update(attempts=F("attempts") - 1)
            endings.requeue(job, wait_s=0, code="", message="")


def finish_done(claim: Claim) -> None:
    """End a run whose handler returned without `commit(done=True)`."""
    with contextlib.suppress(JobFenced), transaction.atomic():
        endings.done(_held(claim))


def finish_cancelled(claim: Claim) -> None:
    """End a run that obeyed a cancellation."""
    with contextlib.suppress(JobFenced), transaction.atomic():
        endings.cancelled(_held(claim), actor=Actor.worker(claim.job.kind))


def finish_failed(
    claim: Claim, *, code: str, message: str, permanent: bool, hold_s: float | None = None
) -> None:
    """End a run that raised: failed for good, or back into the queue after a pause while attempts are left.

    With `hold_s` it waited for somebody outside who is away: the run does not count, for `policy.HOLD_LIMIT`.
    """
    with contextlib.suppress(JobFenced), transaction.atomic():
        job = _held(claim)
        if job.cancel_requested:
            endings.cancelled(job, actor=Actor.worker(job.kind))
        elif hold_s is not None and dt.datetime.now(dt.UTC) - job.created_at < policy.HOLD_LIMIT:
            Job.objects.filter(pk=job.pk).update(attempts=F("attempts") - 1)
            endings.requeue(job, wait_s=hold_s, code=code, message=message)
        elif permanent or job.attempts >= policy.MAX_ATTEMPTS:
            endings.failed(job, code=code, message=message, actor=Actor.worker(job.kind))
        else:
            endings.requeue(job, wait_s=policy.backoff_s(job.attempts), code=code, message=message)


def steadily(work: Callable[[], T], *, patience_s: float = 20.0) -> T:
    """Run a short database action; outside a transaction, sit out a restart of the database."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.3)


def _held(claim: Claim) -> Job:
    job = Job.objects.select_for_update().filter(pk=claim.job_id).first()
    if job is None or job.fence != claim.fence or job.state != State.RUNNING:
        raise JobFenced(f"Job {claim.job_id} was given to another worker.")
    return job
