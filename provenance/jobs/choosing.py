"""Which job is next. Fair between shares (an artist each; the house is one, too), in order within a share.

Of the shares that have a job which may start now:
1. whose next job the label's staff has put up (`lift`);
2. with the fewest jobs running in this queue;
3. that had the least of its workers' time in the last `FAIR_WINDOW`;
4. whose job waits longest.
Within the share: `lift`, what was put first (the last one put so is first), `priority`, age.

So fifty jobs of one artist do not hold up the one of another: that one starts when the next worker is free.
A share at its limit (`JobQuota`) is passed over until one of its jobs has ended, or its day is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from provenance.jobs import policy
from provenance.jobs.night import Night
from provenance.jobs.policy import Limits
from provenance.models import Job, JobQuota

State = Job.State
_LOCK = 0x44_57_4A  # "DWJ"
_TABLE = Job._meta.db_table
#: Parameters: the queue, since when time counts as lately, since when as today's.
_SHARES = f"""
WITH waiting AS (
    SELECT share, max(lift) AS lift, min(created_at) AS since FROM {_TABLE}
    WHERE state = 'queued' AND queue = %(queue)s AND NOT paused
      AND (not_before IS NULL OR not_before <= statement_timestamp())
      AND (hold_until IS NULL OR hold_until <= statement_timestamp())
    GROUP BY share
), running AS (
    SELECT share, count(*) FILTER (WHERE queue <> 'quick') AS jobs, count(*) FILTER (WHERE queue = %(queue)s) AS here,
        coalesce(sum(extract(epoch FROM statement_timestamp() - started_at)) FILTER (WHERE queue = %(queue)s), 0) AS s
    FROM {_TABLE} WHERE state = 'running' AND share IN (SELECT share FROM waiting) GROUP BY share
), used AS (
    SELECT share, coalesce(sum(used_ms) FILTER (WHERE left_at > %(lately)s), 0) / 1000.0 AS lately_s,
        coalesce(sum(used_ms) FILTER (WHERE left_at > %(today)s), 0) / 1000.0 AS today_s
    FROM {_TABLE} WHERE queue = %(queue)s AND left_at > least(%(lately)s, %(today)s)
      AND share IN (SELECT share FROM waiting) GROUP BY share
)
SELECT share, lift, since, coalesce(running.jobs, 0), coalesce(running.here, 0),
    coalesce(used.lately_s, 0) + coalesce(running.s, 0), coalesce(used.today_s, 0) + coalesce(running.s, 0)
FROM waiting LEFT JOIN running USING (share) LEFT JOIN used USING (share)
ORDER BY 2 DESC, 5, 6, 3
"""  # noqa: S608 - the table's own name


@dataclass(frozen=True, kw_only=True)
class Share:
    """One that has a job which may start now, were it not for its limits."""

    name: str
    lift: int
    since: dt.datetime
    running: int
    """In all queues but the quick one."""
    running_here: int
    lately_s: float
    today_s: float

    def stopped_by(self, limits: Limits, queue: str) -> str:
        """Why none of its jobs may start now: `running`, `gpu_minutes`; empty: one may."""
        if queue != "quick" and limits.running is not None and self.running >= limits.running:
            return "running"
        if queue == "gpu" and limits.gpu_minutes is not None and self.today_s >= 60 * limits.gpu_minutes:
            return "gpu_minutes"
        return ""


def night() -> Night:
    """The house's night hours. Raises BadNight."""
    return Night.parse(settings.DEADWAX_NIGHT_HOURS)


def next_night() -> dt.datetime | None:
    """When the next night begins; None: it is night now."""
    now = database_now()
    return None if night().is_now(now) else night().next_after(now)


def database_now() -> dt.datetime:
    """What all leases, holds and figures are told by, whichever host asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    now: dt.datetime = row[0]
    return now


def may_start() -> Q:
    """Waiting jobs that nothing of their own holds."""
    due = Q(not_before=None) | Q(not_before__lte=Now())
    return Q(state=State.QUEUED, paused=False) & due & (Q(hold_until=None) | Q(hold_until__lte=Now()))


def in_order(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The order within one share."""
    return jobs.order_by("-lift", F("put_first_at").desc(nulls_last=True), "-priority", "created_at")


def shares(queue: str) -> list[Share]:
    """All that wait in a queue, the next one first."""
    now = database_now()
    times = {"lately": now - policy.FAIR_WINDOW, "today": night().day_begins(now)}
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, {"queue": queue, **times})
        return [
            Share(
                name=name, lift=lift, since=since, running=jobs, running_here=here, lately_s=float(lately),
                today_s=float(today),
            )
            for name, lift, since, jobs, here, lately, today in cursor.fetchall()
        ]  # fmt: skip


def limits_of(names: Collection[str]) -> dict[str, Limits]:
    """What each share may ask: its own quota, else everybody's, else the product's. The house has no limits."""
    rows = {
        row.share: Limits(waiting=row.waiting, running=row.running, gpu_minutes=row.gpu_minutes)
        for row in JobQuota.objects.filter(share__in=[*names, JobQuota.EVERYBODY])
    }
    usual = rows.get(JobQuota.EVERYBODY, Limits())
    without = Limits(waiting=None)
    return {name: rows.get(name, usual) if name.startswith("artist:") else without for name in names}


def stopped(queue: str) -> set[str]:
    """The shares of a queue that are at a limit now."""
    return _stopped(shares(queue), queue)


def _stopped(found: Iterable[Share], queue: str) -> set[str]:
    found = list(found)
    limits = limits_of({share.name for share in found})
    return {share.name for share in found if share.stopped_by(limits[share.name], queue)}


def next_job(queue: str) -> Job | None:
    """The job that is next, locked until the transaction's end; None if none may start.

    MUST be called in a transaction. One caller chooses at a time, so that no limit is passed by two at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    found = shares(queue)
    at_limit = _stopped(found, queue)
    for share in found:
        if share.name in at_limit:
            continue
        mine = Job.objects.select_for_update(skip_locked=True).filter(
            may_start(), queue=queue, share=share.name
        )
        if job := in_order(mine).first():
            return job
    return None
