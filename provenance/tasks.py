"""The one Celery task, and the handlers of this app's own jobs. Imported by workers only."""

from __future__ import annotations

import uuid

from celery import shared_task

from provenance import sweeping
from provenance.jobs import broker, registry, worker
from provenance.jobs.claims import Claim


def run_job(job_id: str) -> None:
    """Answer one hint."""
    try:
        wanted = uuid.UUID(job_id)
    except (ValueError, TypeError, AttributeError):
        return  # not one of our hints
    worker.run_job(wanted)


shared_task(name=broker.TASK, ignore_result=True, acks_late=False)(run_job)


@registry.handler(sweeping.KIND)
def sweep_blobs(claim: Claim) -> None:
    """Remove old files that nothing refers to. Running it twice does no harm."""
    sweeping.sweep()
