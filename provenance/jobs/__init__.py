"""Long work that survives a killed worker and a lost broker.

Life of a job:
1. `enqueue` writes the row in the caller's transaction. Before the commit there is no job, after it the job
   cannot be lost.
2. After the commit a hint (the id) goes to the broker. If the broker is down, nothing fails: `dispatch` sends
   the hint later.
3. A worker claims the row under a row lock: it raises the fence and takes a lease. A second hint finds nothing
   to claim.
4. Each progress write and each `claim.commit()` is void unless its fence is still the row's fence, so a worker
   that was
   thought dead can do no harm when it comes back.
5. If the worker dies, the lease runs out and `dispatch` puts the job back. After `MAX_ATTEMPTS` it ends as failed.
"""

from provenance.jobs.errors import JobCancelled, JobFailed, JobFenced, NotRetriable
from provenance.jobs.policy import MAX_ATTEMPTS
from provenance.jobs.registry import handler, periodic
from provenance.jobs.services import Claim, enqueue, request_cancel, retry
from provenance.ledger import HasActor
from provenance.models import Job

__all__ = [
    "MAX_ATTEMPTS",
    "Claim",
    "HasActor",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobFenced",
    "NotRetriable",
    "enqueue",
    "handler",
    "periodic",
    "request_cancel",
    "retry",
]
