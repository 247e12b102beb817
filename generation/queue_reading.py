"""The queue as one person may see it: their own, the label's, and only a number of everybody else's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from artists.models import Artist, User
from generation import access
from generation.models import Project
from provenance import jobs
from provenance.jobs import Job, Limits, Outlook
from provenance.jobs.choosing import limits_of
from provenance.services import JobQuota

SHOWN = 200
ENDED_SHOWN = 6
ENDED_FOR = dt.timedelta(hours=24)
_PAGES = {"run": "generation:run", "render": "generation:render", "master": "generation:master"}


@dataclass(frozen=True)
class Line:
    """One job of the queue's page. `may_move`: stop it, hold it, put it first."""

    job: Job
    outlook: Outlook
    project: Project | None
    url: str
    may_move: bool


@dataclass(frozen=True)
class Queue:
    """`others_*`: how many whose words the reader may not see."""

    mine: list[Line]
    label: list[Line]
    ended: list[Line]
    others_running: int
    others_waiting: int
    mine_done_s: float | None
    """When all of the reader's own are done; None: nobody knows, or nothing of theirs is under way."""
    mine_blocked: bool
    """Whether some of them wait for a person."""

    @property
    def running(self) -> int:
        return self.others_running + sum(
            line.job.state == Job.State.RUNNING for line in (*self.mine, *self.label)
        )

    @property
    def waiting(self) -> int:
        return self.others_waiting + sum(
            line.job.state == Job.State.QUEUED for line in (*self.mine, *self.label)
        )


def queue_for(user: User) -> Queue:
    """What runs and waits now, in the order of its end as far as that is known."""
    open_ = Q(state__in=(Job.State.QUEUED, Job.State.RUNNING))
    visible = access.visible_jobs(user)
    rows = list(visible.filter(open_).order_by("created_at")[:SHOWN])
    counts = {
        state: Job.objects.filter(state=state).count() - visible.filter(state=state).count()
        for state in (Job.State.RUNNING, Job.State.QUEUED)
    }
    known = jobs.outlooks(rows)
    own = _own_shares(user)
    lines = _lines(user, rows, known)
    mine = [line for line in lines if _is_mine(line.job, user, own)]
    label = [line for line in lines if not _is_mine(line.job, user, own)]
    ended = visible.filter(finished_at__gt=timezone.now() - ENDED_FOR, state__in=_ENDED).filter(
        Q(requested_by=user.pk) | Q(share__in=own)
    )
    ends = [line.outlook.eta_s for line in mine]
    sure = [seconds for seconds in ends if seconds is not None]
    return Queue(
        mine=sorted(mine, key=_turn),
        label=sorted(label, key=_turn),
        ended=_lines(user, list(ended.order_by("-finished_at")[:ENDED_SHOWN]), {}),
        others_running=counts[Job.State.RUNNING],
        others_waiting=counts[Job.State.QUEUED],
        mine_done_s=max(sure) if sure and len(sure) == len(ends) else None,
        mine_blocked=any(line.job.paused for line in mine),
    )


@dataclass(frozen=True)
class Allowance:
    """How much an artist may ask, and how much of it is asked now."""

    artist: Artist | None
    limits: Limits
    own: bool
    waiting: int = 0
    running: int = 0


def allowances() -> list[Allowance]:
    """Everybody's usual quota first, then the artists: those with jobs or a quota of their own."""
    quotas = {row.share: row for row in JobQuota.objects.all()}
    counts: dict[str, dict[str, int]] = {}
    asked = Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exclude(queue="quick")
    for share, state in asked.values_list("share", "state"):
        by_state = counts.setdefault(share, {})
        by_state[state] = by_state.get(state, 0) + 1
    artists = {f"artist:{artist.pk}": artist for artist in Artist.objects.filter(merged_into=None)}
    limits = limits_of([JobQuota.EVERYBODY, *artists])
    usual = quotas.get(JobQuota.EVERYBODY)
    first = Limits() if usual is None else Limits(**_values(usual))
    return [
        Allowance(None, first, usual is not None),
        *(
            Allowance(
                artist, limits[share], share in quotas,
                waiting=counts.get(share, {}).get("queued", 0), running=counts.get(share, {}).get("running", 0),
            )
            for share, artist in artists.items() if share in quotas or share in counts
        ),
    ]  # fmt: skip


def _values(row: object) -> dict[str, int | None]:
    return {name: getattr(row, name) for name in ("waiting", "running", "gpu_minutes")}


_ENDED = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)


def _own_shares(user: User) -> set[str]:
    """The artists for whom *user* acts."""
    keys = user.memberships.filter(active=True).values_list("artist", flat=True)
    return {f"artist:{key}" for key in keys}


def _is_mine(job: Job, user: User, own: set[str]) -> bool:
    return job.requested_by == user.pk or job.share in own


def _lines(user: User, rows: Iterable[Job], known: dict[str, Outlook]) -> list[Line]:
    rows = list(rows)
    keys = {key for job in rows if (key := _project_id(job)) is not None}
    projects = {row.pk: row for row in Project.objects.select_related("artist").filter(pk__in=keys)}
    writable = set(access.writable_projects(user).filter(pk__in=keys).values_list("pk", flat=True))
    found = []
    for job in rows:
        key = _project_id(job)
        project = projects.get(key) if key else None
        may_move = key in writable if key else job.requested_by == user.pk
        found.append(Line(job, known.get(str(job.pk), Outlook()), project, _address(job, project), may_move))
    return found


def _project_id(job: Job) -> uuid.UUID | None:
    scope, _, key = job.stream.partition(":")
    try:
        return uuid.UUID(key) if scope == "project" else None
    except ValueError:
        return None


def _address(job: Job, project: Project | None) -> str:
    if project is None:
        return ""
    kind, _, key = job.subject.partition(":")
    return (
        reverse(_PAGES[kind], args=[key])
        if kind in _PAGES
        else reverse("generation:project", args=[project.pk])
    )


def _turn(line: Line) -> tuple[bool, bool, int, float, dt.datetime]:
    """What runs, then what will, then what is held."""
    ahead = line.outlook.ahead
    return (
        line.job.state != Job.State.RUNNING,
        ahead is None,
        ahead or 0,
        line.outlook.eta_s if line.outlook.eta_s is not None else 1e12,
        line.job.created_at,
    )
