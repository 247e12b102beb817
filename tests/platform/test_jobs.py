"""The job system's own rules, on a real database, without broker or worker process."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone

from provenance import jobs
from provenance.errors import UserFault
from provenance.jobs import claims, dispatcher, endings, policy, registry, worker
from provenance.ledger import Actor, disclose
from provenance.models import Entry, Job
from tests.support import run_jobs

pytestmark = pytest.mark.django_db
SEED = Actor.system("test")


def enqueue(kind: str = "test.work", **options: object) -> Job:
    defaults = {"actor": SEED, "subject": "take:1", "stream": "project:1", "title": "Work"}
    return jobs.enqueue(kind, {"n": 1}, **{**defaults, **options})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    before = dict(registry._handlers)
    yield
    registry._handlers.clear()
    registry._handlers.update(before)


def handle(kind: str = "test.work"):  # type: ignore[no-untyped-def]
    return jobs.handler(kind)


def kinds() -> list[str]:
    return list(Entry.objects.order_by("at").values_list("kind", flat=True))


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def claim() -> jobs.Claim:
    found = claims.claim_next("cpu")
    assert found is not None
    return found


def test_a_job_runs_and_ends_as_done_with_its_progress() -> None:
    seen = []

    @handle()
    def work(claim: jobs.Claim) -> None:
        seen.append((claim.payload, claim.subject, claim.stream, claim.attempt))
        claim.progress(1, 2, "half")
        claim.progress(2, 2)

    job = enqueue()
    assert run_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.progress_done, job.progress_total, job.attempts) == ("done", 2, 2, 1)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert seen == [({"n": 1}, "take:1", "project:1", 1)]


def test_results_and_done_become_visible_together() -> None:
    @handle()
    def work(claim: jobs.Claim) -> None:
        with claim.commit(done=True) as job:
            job.refresh_from_db()
            assert job.state == "running"
        assert Job.objects.get(pk=claim.job_id).state == "done"

    job = enqueue()
    run_jobs()
    job.refresh_from_db()
    assert job.state == "done"


def test_no_transaction_no_job() -> None:
    class Undone(Exception):
        pass

    def action() -> None:
        with transaction.atomic():
            enqueue()
            raise Undone

    with pytest.raises(Undone):
        action()
    assert not Job.objects.exists()


def test_a_users_fault_fails_at_once_with_its_message_and_an_entry() -> None:
    @handle()
    def work(claim: jobs.Claim) -> None:
        raise UserFault("The tempo must be above 0.", code="bad_tempo")

    job = enqueue()
    assert run_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("failed", 1, "bad_tempo")
    assert job.error_message == "The tempo must be above 0."
    assert kinds() == ["job.failed"]
    entry = Entry.objects.get()
    assert "project:1" in entry.refs
    assert "take:1" in entry.refs
    assert disclose(entry) == {"message": "The tempo must be above 0."}
    assert b"must be above" not in bytes(entry.body), "the message is private"


def test_an_engines_error_that_says_it_is_not_retryable_is_not_retried() -> None:
    class Refused(Exception):
        retryable, code, message = False, "too_long", "At most 30 s."

    @handle()
    def work(claim: jobs.Claim) -> None:
        raise Refused

    job = enqueue()
    run_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.error_message, job.attempts) == (
        "failed",
        "too_long",
        "At most 30 s.",
        1,
    )


def test_our_faults_are_retried_with_growing_pauses_and_then_given_up() -> None:
    runs = []

    @handle()
    def work(claim: jobs.Claim) -> None:
        runs.append(claim.attempt)
        raise RuntimeError("disk on fire\0")

    job = enqueue()
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        assert run_jobs() == 1
        job.refresh_from_db()
        assert job.attempts == attempt
        if attempt < jobs.MAX_ATTEMPTS:
            assert job.state == "queued"
            assert job.not_before is not None
            pause_s = (job.not_before - timezone.now()).total_seconds()
            assert 0 < pause_s <= policy.backoff_s(attempt)
            assert run_jobs() == 0, "not before its pause is over"
            Job.objects.update(not_before=timezone.now())
    assert (job.state, job.error_code, job.error_message) == ("failed", "RuntimeError", "disk on fire")
    assert runs == [1, 2, 3, 4, 5]
    assert kinds() == ["job.failed"]


def test_pauses_double_up_to_a_minute() -> None:
    assert [policy.backoff_s(n) for n in (1, 2, 3, 4, 20)] == [1, 2, 4, 8, 60]


def test_a_running_job_is_not_claimed_twice() -> None:
    job = enqueue()
    first = claim()
    assert claims.claim_next("cpu") is None
    assert worker.run_job(job.pk, heartbeat=False) is False, "the second delivery finds nothing"
    assert first.fence == 1


def test_urgent_jobs_go_first_and_queues_do_not_mix() -> None:
    enqueue(title="first")
    urgent = enqueue(title="urgent", priority=5)
    gpu = enqueue(title="gpu", queue="gpu", priority=9)
    assert claim().job_id == urgent.pk
    assert claim().job.title == "first"
    assert claims.claim_next("cpu") is None
    found = claims.claim_next("gpu")
    assert found is not None
    assert found.job_id == gpu.pk


def test_a_worker_that_was_thought_dead_can_write_nothing() -> None:
    job = enqueue()
    late = claim()
    expire(job)
    assert endings.recover_expired() == 1
    now = claim()
    assert now.fence > late.fence
    with pytest.raises(jobs.JobFenced):
        late.progress(1, 1)
    with pytest.raises(jobs.JobFenced), late.commit():
        pytest.fail("the body must not run")
    claims.finish_done(late)
    claims.finish_failed(late, code="x", message="x", permanent=True)
    claims.finish_cancelled(late)
    job.refresh_from_db()
    assert job.state == "running"
    with now.commit(done=True):
        pass
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)


def test_a_job_that_kills_its_worker_each_time_ends_as_failed_with_the_reason() -> None:
    job = enqueue()
    for _ in range(jobs.MAX_ATTEMPTS):
        claim()
        expire(job)
        endings.recover_expired()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "worker_lost")
    assert "died 5 times" in job.error_message
    assert kinds() == ["job.failed"]


def test_a_progress_write_renews_the_lease() -> None:
    job = enqueue()
    held = claim()
    expire(job)
    held.progress(1, 1)
    assert endings.recover_expired() == 0


def test_cancelling_a_waiting_job_ends_it_at_once() -> None:
    job = jobs.request_cancel(enqueue(), actor=SEED)
    assert job.state == "cancelled"
    assert run_jobs() == 0
    assert kinds() == ["job.cancelled"]


def test_cancelling_a_running_job_stops_it_at_its_next_progress_write() -> None:
    job = enqueue()

    @handle()
    def work(claim: jobs.Claim) -> None:
        claim.progress(1, 1)
        jobs.request_cancel(claim.job, actor=SEED)
        claim.progress(1, 1)
        pytest.fail("the handler went on")

    run_jobs()
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert kinds() == ["job.cancel_requested", "job.cancelled"]


def test_a_cancelled_job_of_a_dead_worker_is_not_started_again() -> None:
    job = enqueue()
    claim()
    jobs.request_cancel(job, actor=SEED)
    expire(job)
    endings.recover_expired()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_cancellation_is_seen_before_results_are_written() -> None:
    job = enqueue()
    held = claim()
    jobs.request_cancel(job, actor=SEED)
    with pytest.raises(jobs.JobCancelled), held.commit():
        pytest.fail("the body must not run")


def test_a_failed_job_can_be_started_again_and_a_done_one_cannot() -> None:
    outcome = [UserFault("not yet"), None]

    @handle()
    def work(claim: jobs.Claim) -> None:
        if error := outcome.pop(0):
            raise error

    job = enqueue()
    run_jobs()
    again = jobs.retry(job, actor=SEED)
    assert (again.state, again.attempts, again.error_message) == ("queued", 0, "")
    run_jobs()
    job.refresh_from_db()
    assert job.state == "done"
    assert kinds() == ["job.failed", "job.retried"]
    with pytest.raises(jobs.NotRetriable, match="only what has ended without success"):
        jobs.retry(job, actor=SEED)


def test_an_unknown_kind_waits_for_a_worker_that_knows_it() -> None:
    job = enqueue("test.unknown")
    run_jobs()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("queued", "unknown_kind")


def test_hints_for_unknown_jobs_do_nothing() -> None:
    assert worker.run_job(uuid.uuid4(), heartbeat=False) is False


def test_an_unknown_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="no such queue"):
        enqueue(queue="fast")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_does_not_fail_the_users_action(settings: object) -> None:
    settings.DEADWAX_BROKER_URL = ""  # type: ignore[attr-defined]
    with transaction.atomic():
        job = enqueue()
    job.refresh_from_db()
    assert (job.state, job.published_at) == ("queued", None)
    assert dispatcher.publish_due() == 0


@pytest.mark.django_db(transaction=True)
def test_flushing_leaves_no_rows_and_all_triggers_on() -> None:
    from provenance.protection import expected_triggers, live_triggers
    from tests.conftest import flush_everything

    with transaction.atomic():
        jobs.request_cancel(enqueue(), actor=SEED)
    assert Entry.objects.exists()
    flush_everything()
    assert not Entry.objects.exists()
    live = live_triggers()
    for table, triggers in expected_triggers().items():
        assert set(triggers) <= live.get(table, set())
