"""How a job's run can end other than well."""

from __future__ import annotations

from provenance.errors import ProvenanceError, SystemFault, UserFault


class JobStopped(ProvenanceError):
    """The handler must stop at once; it need not clean up in the database. Handlers MUST let this pass."""

    code = "job_stopped"


class JobCancelled(JobStopped):
    """Somebody asked for the job's end."""

    code = "job_cancelled"


class JobFenced(JobStopped):
    """Another worker has the job now; whatever this one would write is void."""

    code = "job_fenced"


class JobHandedBack(JobStopped):
    """The worker is shutting down, or somebody put the job on hold; it goes back and this run does not count."""

    code = "job_handed_back"


class JobFailed(UserFault):
    """Raised by a handler when the request itself is at fault: the job fails at once, with this message for
    the user."""

    code = "job_failed"


class NotRetriable(UserFault):
    """Only failed and cancelled jobs can be started again."""

    code = "not_retriable"


class QuotaFull(UserFault):
    """As many jobs wait as may; nothing was asked for and nothing is lost."""

    code = "quota_full"


class NotWaiting(UserFault):
    """Only what has not ended can be put on hold, let go on or moved."""

    code = "not_waiting"


class UnknownKind(SystemFault):
    """No handler of this worker knows the job's kind (an older worker, or an app that is not installed)."""

    code = "unknown_kind"


def users_fault(error: BaseException) -> bool:
    """Whether a retry of the same request is pointless.

    True for `UserFault`; for the errors of other packages, true where they say `retryable = False`.
    """
    return isinstance(error, UserFault) or getattr(error, "retryable", True) is False


def describe(error: BaseException) -> tuple[str, str]:
    """Code and plain message of any exception, fit for a page: no traceback, bounded, no NUL."""
    code = getattr(error, "code", None)
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    text = str(message).replace("\0", "").strip()
    return (code if isinstance(code, str) else type(error).__name__)[:64], text[:2000]
