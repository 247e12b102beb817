"""One run of one job: claim, heartbeat, handler, end. Used by the Celery task and, inline, by tests and `demo`.

Threads: one process MAY run several claims at once, a thread each (`run_in_thread`). A claim holds no connection:
what it writes goes by the connection of the thread that calls it, which Django opens for each thread by itself, and its
lease is renewed by one more thread with its own. Whoever starts a thread MUST close its connection at its end;
`run_in_thread` does. Claims share nothing but the broker, which locks for itself. A child process MUST NOT be started
from such a thread with a parent-death signal: the kernel takes the thread for the parent.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from functools import partial

from django.db import connection
from django.utils.module_loading import autodiscover_modules

from provenance.jobs import claims, policy, registry, services
from provenance.jobs.errors import JobCancelled, JobFenced, JobHandedBack, describe, users_fault
from provenance.ledger import Actor
from provenance.models import Job

log = logging.getLogger(__name__)


def run_job(job_id: uuid.UUID, *, heartbeat: bool = True) -> bool:
    """Answer one hint: run the most urgent waiting job of the hinted job's queue. Returns whether there was one.

    The hint's own job may be done already, or less urgent than another: there are at least as many hints as
    waiting jobs, so
    each gets its turn.
    """
    queue = claims.steadily(lambda: Job.objects.filter(pk=job_id).values_list("queue", flat=True).first())
    if queue is None:
        return False
    claim = claims.steadily(partial(claims.claim_next, queue))
    if claim is None:
        return False
    run_claim(claim, heartbeat=heartbeat)
    claims.steadily(partial(claims.wake, queue, claim.job.share))
    return True


def run_in_thread(claim: claims.Claim) -> threading.Thread:
    """Run a claimed job beside others of this process. Join the thread to wait for its end."""

    def work() -> None:
        try:
            run_claim(claim)
        finally:
            connection.close()

    thread = threading.Thread(target=work, name=f"job {claim.job_id}")
    thread.start()
    return thread


def run_claim(claim: claims.Claim, *, heartbeat: bool = True) -> None:
    """Run a claimed job to some end. Never raises for what the handler raises."""
    log.info("job %s %s: run %d", claim.job.kind, claim.job_id, claim.attempt)
    try:
        with _heartbeat(claim) if heartbeat else contextlib.nullcontext():
            registry.handler_for(claim.job.kind)(claim)
    except JobCancelled:
        claims.steadily(partial(claims.finish_cancelled, claim))
    except JobHandedBack:
        claims.steadily(partial(claims.hand_back, claim))
    except JobFenced:
        log.warning("job %s: given to another worker, this run is void", claim.job_id)
    except Exception as error:
        permanent = users_fault(error)
        code, message = describe(error)
        log.log(
            logging.INFO if permanent else logging.ERROR,
            "job %s %s failed: %s", claim.job.kind, claim.job_id, message, exc_info=None if permanent else error,
        )  # fmt: skip
        claims.steadily(
            partial(
                claims.finish_failed,
                claim,
                code=code,
                message=message,
                permanent=permanent,
                hold_s=getattr(error, "hold_s", None),
            )
        )
    else:
        if not claim.finished:
            claims.steadily(partial(claims.finish_done, claim))
    if not connection.in_atomic_block:
        log.info("job %s %s: %s", claim.job.kind, claim.job_id, _state(claim))


def run_waiting(*, limit: int = 100) -> int:
    """Run waiting jobs in this process until none is left that may start now. Returns how many runs there were."""
    load_handlers()
    for runs in range(limit):
        claim = next(filter(None, (claims.claim_next(queue) for queue in policy.QUEUES)), None)
        if claim is None:
            return runs
        run_claim(claim, heartbeat=False)
    return limit


def load_handlers() -> None:
    """Import every installed app's `tasks.py`."""
    autodiscover_modules("tasks")


def enqueue_at_start() -> None:
    """Enqueue the jobs that a starting worker asks for, unless they wait or run already."""
    for kind, title in registry.kinds_at_worker_start().items():
        if not Job.objects.filter(kind=kind, state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
            services.enqueue(
                kind,
                {},
                actor=Actor.system("worker"),
                subject="",
                stream="system:worker",
                title=title,
                priority=1,
            )


@contextlib.contextmanager
def _heartbeat(claim: claims.Claim) -> Iterator[None]:
    """Renew the lease from a thread, so that a long silent step does not look like a dead worker."""
    stop = threading.Event()

    def beat() -> None:
        cancelled_at: float | None = None
        try:
            while not stop.wait(policy.HEARTBEAT_S):
                if time.monotonic() - claim.heard_at > policy.SILENCE_LIMIT_S:
                    log.error(
                        "job %s: no progress for %.0f s; letting its lease run out",
                        claim.job_id,
                        policy.SILENCE_LIMIT_S,
                    )
                    claim.interrupt()
                    return
                try:
                    asked = claims.renew(claim.job_id, claim.fence)
                except Exception as error:  # the database is away: the next beat tries again
                    log.warning("job %s: lease not renewed (%s)", claim.job_id, error)
                    connection.close()
                    continue
                if asked is None or asked is claims.Asked.CANCEL:
                    claim.interrupt()
                if asked is claims.Asked.CANCEL:
                    cancelled_at = cancelled_at or time.monotonic()
                    if time.monotonic() - cancelled_at > policy.CANCEL_GRACE_S:
                        log.error("job %s: does not heed its cancellation; ending its process", claim.job_id)
                        claims.steadily(partial(claims.finish_cancelled, claim))
                        claims.end_process()
                        return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _state(claim: claims.Claim) -> str:
    return Job.objects.filter(pk=claim.job_id).values_list("state", flat=True).first() or "gone"
