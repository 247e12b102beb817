"""What people do to running jobs, with real workers: cancelling frees the device, quick jobs have their own lane."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from provenance import jobs
from provenance.ledger import Actor
from provenance.models import Job
from tests.fixtures_stack import Stack
from tests.support import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = Actor.system("chaos")


def enqueue(kind: str, *, queue: str = "cpu", share: str = "", **payload: object) -> Job:
    with transaction.atomic():
        return jobs.enqueue(
            kind,
            payload,
            actor=PERSON,
            subject="",
            stream="project:chaos",
            title=kind,
            queue=queue,
            share=share,
        )


def state(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def pid_of(job: Job) -> int:
    """The process that the job's note names."""
    note = wait_until(
        lambda: Job.objects.values_list("note", flat=True).get(pk=job.pk),
        timeout_s=60,
        what="a note with the pid",
    )
    return int(note.removeprefix("pid "))


def is_gone(pid: int) -> bool:
    """Ended and reaped, or ended and waiting to be: its memory is free."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def stack(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """One worker with one place, and one for the quick queue, as `up` starts them."""
    monkeypatch.setenv("DEADWAX_JOB_CANCEL_GRACE_S", "2")
    made = Stack(modules="tests.chaos.handlers", lease_s=3)
    made.start_broker()
    made.start_dispatch()
    made.start_worker(concurrency=1)
    made.start_worker("quick", concurrency=1, queues="quick")
    for name in ("worker", "quick"):
        wait_until(lambda name=name: "ready" in made.log(name), timeout_s=90, what=f"the {name}")
    yield made
    made.stop()


def test_cancelling_frees_the_device_and_quick_jobs_do_not_wait_for_long_ones(stack: Stack) -> None:
    # 1. A model that heeds: it is idle afterwards, and the next request finds it warm.
    heeding = enqueue("chaos.model", queue="gpu", steps=4000)
    pid = pid_of(heeding)
    quick = enqueue("chaos.steps", queue="quick", steps=2, step_s=0.05)
    wait_until(lambda: state(quick) == "done", timeout_s=30, what="a quick job beside a long one")
    assert state(heeding) == "running"
    jobs.request_cancel(heeding, actor=PERSON)
    wait_until(lambda: state(heeding) == "cancelled", what="the cancellation")
    after = enqueue("chaos.model", queue="gpu")
    assert pid_of(after) == pid, "the same process, and it had nothing else to do"
    wait_until(lambda: state(after) == "done", what="the next request")

    # 2. A model that does not heed: its process is ended, and with it its memory.
    deaf = enqueue("chaos.model", queue="gpu", trouble="deaf")
    assert pid_of(deaf) == pid
    jobs.request_cancel(deaf, actor=PERSON)
    wait_until(lambda: state(deaf) == "cancelled", timeout_s=30, what="the cancellation")
    wait_until(lambda: is_gone(pid), timeout_s=10, what="the end of the model process")
    fresh = enqueue("chaos.model", queue="gpu")
    wait_until(lambda: state(fresh) == "done", timeout_s=60, what="a request to a fresh process")

    # 3. Work in the worker itself that does not heed: its child is ended, and the pool has another.
    stuck = enqueue("chaos.deaf")
    child = pid_of(stuck)
    assert child not in {stack.processes["worker"].pid, os.getpid()}
    jobs.request_cancel(stuck, actor=PERSON)
    wait_until(lambda: state(stuck) == "cancelled", timeout_s=30, what="the cancellation")
    wait_until(lambda: is_gone(child), timeout_s=10, what="the end of the worker's child")
    last = enqueue("chaos.steps", steps=1, step_s=0.01)
    wait_until(lambda: state(last) == "done", timeout_s=60, what="a job of another child")
    assert Job.objects.get(pk=stuck.pk).attempts == 1


def test_fifty_jobs_of_one_share_do_not_hold_up_the_one_of_another(stack: Stack) -> None:
    many = [enqueue("chaos.steps", share="artist:many", steps=2, step_s=0.05) for _ in range(50)]
    wait_until(
        lambda: Job.objects.filter(share="artist:many", state="done").count() >= 3, what="some of the fifty"
    )
    one = enqueue("chaos.steps", share="artist:one", steps=2, step_s=0.05)
    wait_until(lambda: state(one) == "done", timeout_s=60, what="the one")
    one.refresh_from_db()
    wait_until(
        lambda: Job.objects.filter(state="done", share="artist:many").count() == len(many),
        timeout_s=90,
        what="all",
    )
    begun_between = Job.objects.filter(
        share="artist:many", started_at__gt=one.created_at, started_at__lt=one.started_at
    ).count()
    assert begun_between <= 3, "no more than were claimed while it was being written"
