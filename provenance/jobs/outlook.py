"""When jobs will be done, and what a waiting one waits for. Reads only; everything by the database's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from provenance.jobs import choosing, forecast
from provenance.models import Job

State = Job.State
#: Beyond so many waiting jobs of a queue nobody is told a time.
PLAYED: Final = 500
#: A queue in which nothing runs although something has waited for this long has no worker just now.
PATIENCE: Final = dt.timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """`waits_for`: worker, turn, night, pause, retry, running, gpu_minutes; empty for what does not wait.

    `ahead`: how many jobs of everybody's start before it; None where that is not known.
    """

    waits_for: str = ""
    ahead: int | None = None
    starts_s: float | None = None
    eta_s: float | None = None
    limit: int | None = None
    """Of the quota that stops it."""


def outlooks(jobs: Iterable[Job]) -> dict[str, Outlook]:
    """By the id. Costs some five queries a queue, however many jobs are asked for."""
    asked = [job for job in jobs if not job.finished]
    if not asked:
        return {}
    now = choosing.database_now()
    found: dict[str, Outlook] = {}
    for queue in {job.queue for job in asked}:
        found |= _of_queue(queue, [job for job in asked if job.queue == queue], now)
    return found


def outlook_of(job: Job) -> Outlook:
    return outlooks([job]).get(str(job.pk), Outlook())


def _of_queue(queue: str, asked: list[Job], now: dt.datetime) -> dict[str, Outlook]:
    running = list(Job.objects.filter(state=State.RUNNING, queue=queue))
    everybody = Job.objects.filter(choosing.may_start(), queue=queue)
    only_running = all(job.state == State.RUNNING for job in asked)
    waiting = [] if only_running else list(choosing.in_order(everybody)[: PLAYED + 1])
    histories = _histories({job.likeness for job in (*running, *waiting, *asked)} - {""})
    left = {str(job.pk): _left(job, histories, now) for job in running}
    found = {str(job.pk): Outlook(eta_s=left.get(str(job.pk))) for job in asked if job.state == State.RUNNING}
    for job in asked:
        if job.state == State.QUEUED and (what := _held(job, now)):
            found[str(job.pk)] = Outlook(waits_for=what)
    if only_running:
        return found
    shares = {share.name: share for share in choosing.shares(queue)}
    limits = choosing.limits_of(shares.keys())
    stopped = {name: share.stopped_by(limits[name], queue) for name, share in shares.items()}
    longest = max((now - job.created_at for job in waiting), default=dt.timedelta())
    places: dict[str, forecast.Place] = {}
    if len(waiting) <= PLAYED and (running or longest < PATIENCE):
        places = forecast.places(
            [forecast.Running(share=job.share, left_s=left[str(job.pk)]) for job in running],
            [
                forecast.Waiting(
                    key=str(job.pk), share=job.share, lift=job.lift, since=job.created_at.timestamp(),
                    own_s=_own(job, histories),
                )
                for job in waiting if stopped.get(job.share) != "gpu_minutes"
            ],
            used_s={name: share.lately_s for name, share in shares.items()},
            limits={name: None if queue == "quick" else limit.running for name, limit in limits.items()},
            workers=max(1, len(running)),
        )  # fmt: skip
    for job in asked:
        if job.state != State.QUEUED or str(job.pk) in found:
            continue
        at_limit = stopped.get(job.share, "")
        if place := places.get(str(job.pk)):
            told = Outlook(waits_for="turn", ahead=place.ahead, starts_s=place.starts_s, eta_s=place.ends_s)
        else:
            told = Outlook(waits_for="worker")
        if at_limit:
            most = limits[job.share]
            told = replace(
                told, waits_for=at_limit, limit=most.running if at_limit == "running" else most.gpu_minutes
            )
        found[str(job.pk)] = told
    return found


def _held(job: Job, now: dt.datetime) -> str:
    """What of its own keeps a waiting job from starting."""
    if job.paused:
        return "pause"
    if job.held_at(now):
        return "night"
    if job.not_before is not None and job.not_before > now:
        return "retry"
    return ""


def _left(job: Job, histories: dict[str, list[tuple[int, int]]], now: dt.datetime) -> float | None:
    this_run_s = (now - job.started_at).total_seconds() if job.started_at else 0.0
    return forecast.left(
        spent_s=job.used_ms / 1000 + max(0.0, this_run_s),
        done=job.progress_done,
        total=job.progress_total,
        whole_s=forecast.took(job.work, histories.get(job.likeness, [])),
    )


def _own(job: Job, histories: dict[str, list[tuple[int, int]]]) -> float | None:
    """Of a waiting job: what history says, less what earlier runs did (a paused run keeps its takes)."""
    whole_s = forecast.took(job.work, histories.get(job.likeness, []))
    if whole_s is None or not job.used_ms or not job.progress_total:
        return whole_s
    return whole_s * (1 - min(1.0, job.progress_done / job.progress_total))


def _histories(likenesses: Collection[str]) -> dict[str, list[tuple[int, int]]]:
    """(work, milliseconds) of the last finished jobs of each likeness, the newest first."""
    found: dict[str, list[tuple[int, int]]] = {}
    if not likenesses:
        return found
    newest = Window(RowNumber(), partition_by=F("likeness"), order_by=F("finished_at").desc())
    rows = (
        Job.objects.filter(likeness__in=likenesses, state=State.DONE, used_ms__gt=0)
        .annotate(place=newest)
        .filter(place__lte=forecast.LAST)
        .order_by("likeness", "place")
    )
    for likeness, work, used_ms in rows.values_list("likeness", "work", "used_ms"):
        found.setdefault(likeness, []).append((work, used_ms))
    return found
