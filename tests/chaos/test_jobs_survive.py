"""Real processes are killed while jobs run; every job must finish exactly once, or end with its reason."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction

from provenance import jobs
from provenance.jobs import broker
from provenance.ledger import Actor, body_of
from provenance.models import Entry, Job
from tests.fixtures_stack import Stack
from tests.support import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., Stack]


@pytest.fixture
def start(transactional_db: None, settings: object) -> Iterator[Start]:
    stacks: list[Stack] = []

    def make(*, lease_s: float | None = None, concurrency: int = 2, dispatch: bool = True) -> Stack:
        stack = Stack(modules="tests.chaos.handlers", lease_s=lease_s)
        stacks.append(stack)
        stack.start_broker()
        if dispatch:
            stack.start_dispatch()
        stack.start_worker(concurrency=concurrency)
        wait_until(lambda: "ready" in stack.log("worker"), timeout_s=60, what="the worker")
        return stack

    yield make
    for stack in stacks:
        stack.stop()


def enqueue(kind: str, **payload: object) -> Job:
    with transaction.atomic():
        return jobs.enqueue(
            kind, payload, actor=Actor.system("chaos"), subject="", stream="project:chaos", title=kind
        )


def states() -> Counter[str]:
    return Counter(Job.objects.filter(kind__startswith="chaos.").values_list("state", flat=True))


def attempts() -> Counter[int]:
    return Counter(Job.objects.filter(kind__startswith="chaos.").values_list("attempts", flat=True))


def finished_once(many: list[Job]) -> None:
    entries = Entry.objects.filter(kind="chaos.done")
    counted = Counter(body_of(entry)["public"]["job"] for entry in entries)
    assert counted == Counter(str(job.pk) for job in many)
    assert states() == {"done": len(many)}


def all_done(count: int, *, timeout_s: float) -> None:
    wait_until(lambda: states()["done"] == count, timeout_s=timeout_s, what=f"{count} jobs done ({states()})")


@pytest.fixture
def hints_to(settings: object) -> Iterator[Callable[[Stack], None]]:
    """Let this process send hints to a stack's broker, as the web process does."""

    def use(stack: Stack) -> None:
        settings.DEADWAX_BROKER_URL = stack.valkey.url  # type: ignore[attr-defined]
        broker.app.cache_clear()

    yield use
    broker.app.cache_clear()


def test_a_hint_leaves_right_after_the_commit(start: Start, hints_to: Callable[[Stack], None]) -> None:
    hints_to(start(dispatch=False))
    with transaction.atomic():
        job = enqueue("chaos.steps", steps=1, step_s=0.01)
        time.sleep(0.5)
        assert Job.objects.get(pk=job.pk).state == "queued", "nobody may see it before the commit"
    all_done(1, timeout_s=60)
    finished_once([job])


def test_killed_workers_lose_no_job_and_do_none_twice(start: Start) -> None:
    stack = start()
    many = [enqueue("chaos.steps", steps=10, step_s=0.1) for _ in range(8)]
    wait_until(lambda: states()["running"] == 2, what="two running jobs")
    stack.kill("worker")
    assert states()["running"] == 2, "the rows still say running; nobody works on them"
    stack.start_worker()
    all_done(8, timeout_s=120)
    finished_once(many)
    assert attempts()[2] == 2


def test_a_killed_broker_that_forgot_everything_loses_no_job(start: Start) -> None:
    stack = start()
    many = [enqueue("chaos.steps", steps=5, step_s=0.1) for _ in range(14)]
    wait_until(lambda: states()["done"] >= 1, what="the first job done")
    stack.kill("valkey")
    many.append(enqueue("chaos.steps", steps=1, step_s=0.1))
    time.sleep(1)
    stack.start_broker()
    all_done(15, timeout_s=120)
    finished_once(many)
    assert set(attempts()) == {1}, "running jobs did not even notice"


def test_a_worker_that_is_told_to_stop_hands_its_jobs_back_at_once(start: Start) -> None:
    stack = start()
    many = [enqueue("chaos.steps", steps=40, step_s=0.1) for _ in range(3)]
    wait_until(lambda: states()["running"] == 2, what="two running jobs")
    stack.processes["worker"].terminate()
    stack.processes.pop("worker").wait(timeout=60)
    assert states() == {"queued": 3}
    assert set(attempts()) == {0}, "a run that was cut short does not count"
    stack.start_worker()
    all_done(3, timeout_s=120)
    finished_once(many)


def test_hints_that_arrive_many_times_do_no_harm(start: Start, hints_to: Callable[[Stack], None]) -> None:
    stack = start()
    job = enqueue("chaos.steps", steps=10, step_s=0.1)
    hints_to(stack)
    for _ in range(30):
        assert broker.send(job.pk, "cpu")
    all_done(1, timeout_s=60)
    wait_until(lambda: broker.waiting("cpu") == 0, what="an empty queue")
    finished_once([job])
    job.refresh_from_db()
    assert job.attempts == 1


def test_a_frozen_worker_that_wakes_up_late_writes_nothing(start: Start) -> None:
    start(lease_s=2)
    job = enqueue("chaos.frozen")
    stopped = wait_until(_stopped_worker, what="a stopped worker process")
    all_done(1, timeout_s=60)
    os.kill(stopped, signal.SIGCONT)
    time.sleep(1.5)
    finished_once([job])
    job.refresh_from_db()
    assert job.attempts == 2


def test_a_long_silent_step_keeps_its_lease(start: Start) -> None:
    start(lease_s=1.5)
    job = enqueue("chaos.silent", seconds=5)
    all_done(1, timeout_s=60)
    finished_once([job])
    job.refresh_from_db()
    assert job.attempts == 1


def test_cancelling_a_running_job_ends_it_at_its_next_step(start: Start) -> None:
    start()
    job = enqueue("chaos.steps", steps=600, step_s=0.05)
    wait_until(lambda: Job.objects.get(pk=job.pk).progress_done > 0, what="some progress")
    jobs.request_cancel(job, actor=Actor.system("chaos"))
    wait_until(lambda: Job.objects.get(pk=job.pk).state == "cancelled", what="the cancellation")
    assert Job.objects.get(pk=job.pk).progress_done < 600, "it did not come to its own end"
    written = Entry.objects.filter(stream="project:chaos").order_by("at")
    assert list(written.values_list("kind", flat=True)) == [
        "job.cancel_requested",
        "job.cancelled",
    ]


def test_a_job_that_kills_its_worker_ends_as_failed_and_others_go_on(start: Start) -> None:
    start(lease_s=1.5)
    poisoned = enqueue("chaos.poison")
    other = enqueue("chaos.steps", steps=3, step_s=0.1)
    wait_until(lambda: states()["failed"] == 1, timeout_s=50, what=f"the poisoned job's end ({states()})")
    poisoned.refresh_from_db()
    assert (poisoned.error_code, poisoned.attempts) == ("worker_lost", jobs.MAX_ATTEMPTS)
    other.refresh_from_db()
    assert other.state == "done"


def test_two_dispatchers_have_one_leader_and_the_other_takes_over(start: Start) -> None:
    stack = start()
    stack.start("second", *_dispatch_command())
    wait_until(lambda: "standing by" in stack.log("second"), what="the second dispatch standing by")
    stack.kill("dispatch")
    wait_until(lambda: "leading" in stack.log("second"), what="the second dispatch leading")
    many = [enqueue("chaos.steps", steps=1, step_s=0.01)]
    all_done(1, timeout_s=15)
    finished_once(many)


def _dispatch_command() -> tuple[str, ...]:
    import sys

    return (sys.executable, "-m", "django", "dispatch")


def _stopped_worker() -> int | None:
    listing = subprocess.run(
        ["ps", "-wweo", "pid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    for line in listing.splitlines():
        pid, state, command = line.split(None, 2)
        if state.startswith("T") and "celery" in command:
            return int(pid)
    return None
