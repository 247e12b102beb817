"""How long work will take, from how long it took: pure arithmetic, no clock and no database.

Where there is no history nothing is said.
"""

from __future__ import annotations

import heapq
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LAST = 20
"""So many finished jobs are looked at."""
NEAR = 3
"""From so many of about the same size on, others are left out: a model that loads weighs more in a short job."""


def took(work: int, history: Sequence[tuple[int, int]]) -> float | None:
    """Seconds that a job of that much work will take.

    By the median pace of the last finished ones: one that was cut short or swapped for an hour moves nothing.
    `history`: (work, milliseconds), the newest first. None without history.
    """
    known = [(max(1, done), spent) for done, spent in history[:LAST] if spent > 0]
    work = max(1, work)
    near = [(done, spent) for done, spent in known if work <= 2 * done and done <= 2 * work]
    pool = near if len(near) >= NEAR else known
    if not pool:
        return None
    return work * statistics.median(spent / done for done, spent in pool) / 1000


def left(*, spent_s: float, done: int, total: int, whole_s: float | None) -> float | None:
    """Seconds to go of a running job. Its own pace counts the more the further it is; history counts before that.

    `spent_s`: over all its runs. `whole_s`: what history says.
    """
    part = min(1.0, done / total) if total > 0 else 0.0
    own = spent_s * (1 - part) / part if part > 0 else None
    by_history = max(0.0, whole_s - spent_s) if whole_s is not None else None
    if own is None:
        return by_history or None  # longer than ever before, and no progress: nobody knows
    if by_history is None:
        return own
    return part * own + (1 - part) * by_history


@dataclass(frozen=True, kw_only=True)
class Running:
    share: str
    left_s: float | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """`key` names it in the answer. Those of one share MUST come in that share's order."""

    key: str
    share: str
    lift: int
    since: float
    own_s: float | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """`ahead`: how many start before it. None: nobody knows."""

    ahead: int
    starts_s: float | None
    ends_s: float | None


def places(
    running: Sequence[Running],
    waiting: Sequence[Waiting],
    *,
    used_s: Mapping[str, float],
    limits: Mapping[str, int | None],
    workers: int,
) -> dict[str, Place]:
    """Play the queue forward by the rules of `choosing`: who starts when, and when each is done.

    What nobody knows the end of keeps its worker for ever, so that no promise rests on it. Jobs whose share stays at
    its limit, or that wait behind such work only, get no place in time but their turn.
    """
    lanes: dict[str, list[Waiting]] = {}
    for job in waiting:
        lanes.setdefault(job.share, []).append(job)
    for lane in lanes.values():
        lane.reverse()  # the next one is the last
    now, free = 0.0, max(0, workers - len(running))
    used = dict(used_s)
    at_work: dict[str, int] = {}
    ends: list[tuple[float, int, str]] = []
    for number, job_running in enumerate(running):
        at_work[job_running.share] = at_work.get(job_running.share, 0) + 1
        end = math.inf if job_running.left_s is None else job_running.left_s
        ends.append((end, number, job_running.share))
    heapq.heapify(ends)
    found: dict[str, Place] = {}
    while lanes:
        able = [
            name for name in lanes
            if (most := limits.get(name)) is None or at_work.get(name, 0) < most or math.isinf(now)
        ]  # fmt: skip
        if (free <= 0 or not able) and not math.isinf(now):
            if not ends:
                now = math.inf
                continue
            now, _, share = heapq.heappop(ends)
            at_work[share] -= 1
            free += 1
            continue
        name = min(able, key=lambda name: _turn(lanes[name][-1], at_work.get(name, 0), used.get(name, 0.0)))
        job = lanes[name].pop()
        if not lanes[name]:
            del lanes[name]
        end = math.inf if job.own_s is None else now + job.own_s
        found[job.key] = Place(ahead=len(found), starts_s=_known(now), ends_s=_known(end))
        used[name] = used.get(name, 0.0) + (job.own_s or 0.0)
        at_work[name] = at_work.get(name, 0) + 1
        free -= 1
        heapq.heappush(ends, (end, len(running) + len(found), name))
    return found


def _turn(job: Waiting, at_work: int, used_s: float) -> tuple[int, int, float, float]:
    return (-job.lift, at_work, used_s, job.since)


def _known(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds
