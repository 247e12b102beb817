"""The turn of jobs: on hold, first, now, before everybody's; and how much an artist may ask of the machines."""

from __future__ import annotations

from artists.models import Artist, User
from generation.errors import BadValue
from provenance import jobs
from provenance.jobs import Job, Limits
from provenance.models import JobQuota

#: Far above what one installation does in a day.
MOST_JOBS = 100_000
MINUTES_OF_A_DAY = 24 * 60


def pause_job(job: Job, *, actor: User) -> Job:
    """Put a job on hold; what is finished stays."""
    return jobs.pause(job, actor=actor)


def resume_job(job: Job, *, actor: User) -> Job:
    return jobs.resume(job, actor=actor)


def put_job_first(job: Job, *, actor: User) -> Job:
    """Before the other waiting jobs of its artist; nobody else's turn changes."""
    return jobs.put_first(job, actor=actor)


def leave_job_for_night(job: Job, *, actor: User) -> Job:
    """Work that can wait is done while nobody needs the machines."""
    return jobs.leave_for_night(job, actor=actor)


def start_job_now(job: Job, *, actor: User) -> Job:
    """Not to wait for the night."""
    return jobs.start_now(job, actor=actor)


def lift_job(job: Job, *, to: int, actor: User) -> Job:
    """Before everybody's jobs (1), among them (0), after them (-1)."""
    if isinstance(to, bool) or to not in {-1, 0, 1}:
        raise BadValue("Choose 1 (before all), 0 (in turn) or -1 (after all).", field="to")
    return jobs.lift(job, to=to, actor=actor)


def set_quota(
    artist: Artist | None, *, waiting: int | None, running: int | None, gpu_minutes: int | None, actor: User
) -> JobQuota:
    """How much an artist may ask; None as the artist: who has no quota of their own. None as a value: no limit."""
    values = {
        "waiting": _checked(waiting, "waiting", "jobs that wait", 0, MOST_JOBS),
        "running": _checked(running, "running", "jobs at once", 1, MOST_JOBS),
        "gpu_minutes": _checked(gpu_minutes, "gpu_minutes", "GPU minutes", 0, MINUTES_OF_A_DAY),
    }
    return jobs.set_quota(
        f"artist:{artist.pk}" if artist else JobQuota.EVERYBODY,
        Limits(**values),
        stream=artist.stream if artist else "system:jobs",
        subject=artist.stream if artist else "",
        actor=actor,
    )


def _checked(value: object, field: str, what: str, low: int, high: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadValue(f"The number of {what} is from {low} to {high}, or empty: no limit.", field=field)
    return value
