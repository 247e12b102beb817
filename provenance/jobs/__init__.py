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

Which job is next (`choosing.py`): fair between shares, within quotas, not what is on hold or left for the night.
What people change about that: `ordering.py`. When a job will be done: `outlook.py`, by `forecast.py`.
"""

from provenance.jobs.claims import Claim
from provenance.jobs.errors import JobCancelled, JobFailed, JobFenced, NotRetriable, NotWaiting, QuotaFull
from provenance.jobs.ordering import leave_for_night, lift, pause, put_first, resume, set_quota, start_now
from provenance.jobs.outlook import Outlook, outlook_of, outlooks
from provenance.jobs.policy import MAX_ATTEMPTS, Limits
from provenance.jobs.registry import handler, periodic
from provenance.jobs.services import enqueue, request_cancel, retry
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
    "Limits",
    "NotRetriable",
    "NotWaiting",
    "Outlook",
    "QuotaFull",
    "enqueue",
    "handler",
    "leave_for_night",
    "lift",
    "outlook_of",
    "outlooks",
    "pause",
    "periodic",
    "put_first",
    "request_cancel",
    "resume",
    "retry",
    "set_quota",
    "start_now",
]
