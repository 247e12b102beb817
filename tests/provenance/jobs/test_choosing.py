"""Whose job is next, what holds one back, and what people change about it: on a real database."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from provenance import jobs
from provenance.jobs import broker, choosing, claims, dispatcher, ordering, worker
from provenance.jobs.night import Night
from provenance.ledger import Actor, body_of
from provenance.models import Entry, Job, JobQuota

pytestmark = pytest.mark.django_db
HOUSE = Actor.system("test")
PERSON = Actor("human", "00000000-0000-4000-8000-000000000001")


def enqueue(share: str, title: str = "work", *, actor: Actor = HOUSE, **options: object) -> Job:
    return jobs.enqueue(
        "test.turn", {}, actor=actor, subject="", stream="project:1", title=title, share=share, **options
    )  # type: ignore[arg-type]


def run_next(queue: str = "cpu", *, ms: int = 1000) -> str:
    """Claim and end the next one, as if it had taken so long. Its title; empty: none may start."""
    claim = claims.claim_next(queue)
    if claim is None:
        return ""
    Job.objects.filter(pk=claim.job_id).update(started_at=timezone.now() - dt.timedelta(milliseconds=ms))
    claims.finish_done(claim)
    return claim.job.title


def kinds() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("kind", flat=True))


def test_fifty_jobs_of_one_do_not_hold_up_the_one_of_another() -> None:
    for number in range(50):
        enqueue("artist:a", f"a{number}")
    assert run_next() == "a0"
    enqueue("artist:b", "b")
    assert run_next() == "b"
    assert run_next() == "a1"


def test_with_two_workers_nobody_has_both_while_another_waits() -> None:
    for number in range(3):
        enqueue("artist:a", f"a{number}")
    enqueue("artist:b", "b")
    first, second = claims.claim_next("cpu"), claims.claim_next("cpu")
    assert first is not None
    assert second is not None
    assert [first.job.title, second.job.title] == ["a0", "b"]


def test_who_had_the_least_time_lately_is_next_whatever_the_number_of_jobs() -> None:
    for number in range(4):
        enqueue("artist:long", f"long{number}")
        enqueue("artist:short", f"short{number}")
    order = [run_next(ms=8000 if number == 0 else 2000) for number in range(6)]
    assert order == ["long0", "short0", "short1", "short2", "short3", "long1"]


def test_time_of_long_ago_is_forgotten() -> None:
    old = enqueue("artist:a", "a0")
    run_next(ms=50_000)
    Job.objects.filter(pk=old.pk).update(left_at=timezone.now() - dt.timedelta(hours=3))
    enqueue("artist:a", "a1")
    enqueue("artist:b", "b")
    assert run_next() == "a1", "both are even, and it waits longer"


def test_ones_own_first_job_goes_before_ones_own_and_not_before_others() -> None:
    for number in range(3):
        enqueue("artist:a", f"a{number}")
    last = enqueue("artist:a", "a-last")
    enqueue("artist:b", "b")
    jobs.put_first(last, actor=HOUSE)
    assert [run_next() for _ in range(5)] == ["a-last", "b", "a0", "a1", "a2"]
    assert kinds()[0] == "job.prioritised"
    assert body_of(Entry.objects.order_by("pk")[0])["public"]["among"] == "own"


def test_the_staffs_word_goes_before_everybodys_and_after() -> None:
    enqueue("artist:a", "a")
    enqueue("artist:b", "b")
    last = enqueue("artist:b", "b-urgent")
    late = enqueue("artist:a", "a-late")
    jobs.lift(last, to=1, actor=HOUSE)
    jobs.lift(late, to=-1, actor=HOUSE)
    assert [run_next() for _ in range(4)] == ["b-urgent", "a", "b", "a-late"]
    with pytest.raises(jobs.NotWaiting, match="ended already"):
        jobs.lift(last, to=0, actor=HOUSE)
    with pytest.raises(ValueError, match="from -9 to 9"):
        jobs.lift(late, to=10, actor=HOUSE)


def test_a_job_on_hold_is_not_started_and_goes_on_when_asked() -> None:
    job = enqueue("artist:a", "a")
    jobs.pause(job, actor=HOUSE)
    jobs.pause(job, actor=HOUSE)
    assert run_next() == ""
    assert dispatcher.publish_due() == 0
    jobs.resume(job, actor=HOUSE)
    assert run_next() == "a"
    assert kinds() == ["job.paused", "job.resumed"]
    with pytest.raises(jobs.NotWaiting):
        jobs.pause(job, actor=HOUSE)


def test_a_running_job_put_on_hold_goes_back_at_its_next_progress_and_costs_no_attempt() -> None:
    job = enqueue("artist:a", "a")
    ran: list[int] = []

    def handler(claim: jobs.Claim) -> None:
        ran.append(claim.attempt)
        claim.progress(1, 3)
        if len(ran) == 1:
            jobs.pause(Job.objects.get(pk=claim.job_id), actor=HOUSE)
        claim.progress(3, 3)

    from provenance.jobs import registry

    registry._handlers["test.turn"] = handler
    try:
        assert worker.run_waiting() == 1
        job.refresh_from_db()
        assert (job.state, job.paused, job.attempts) == ("queued", True, 0)
        jobs.resume(job, actor=HOUSE)
        assert worker.run_waiting() == 1
        job.refresh_from_db()
        assert (job.state, job.paused, job.attempts) == ("done", False, 1)
    finally:
        del registry._handlers["test.turn"]


def test_overnight_work_waits_for_the_night_and_can_be_started_now(settings: object) -> None:
    now = choosing.database_now()
    hour = now.hour
    settings.DEADWAX_NIGHT_HOURS = f"{(hour + 2) % 24}-{(hour + 4) % 24}"  # type: ignore[attr-defined]
    job = enqueue("artist:a", "a", overnight=True)
    assert job.hold_until == Night.parse(settings.DEADWAX_NIGHT_HOURS).next_after(now)  # type: ignore[attr-defined]
    assert jobs.outlook_of(job).waits_for == "night"
    assert run_next() == ""
    jobs.start_now(job, actor=HOUSE)
    assert run_next() == "a"
    assert kinds() == ["job.held", "job.started_now"]


def test_a_waiting_job_can_be_left_for_the_night(settings: object) -> None:
    hour = choosing.database_now().hour
    settings.DEADWAX_NIGHT_HOURS = f"{(hour + 2) % 24}-{(hour + 4) % 24}"  # type: ignore[attr-defined]
    job = enqueue("artist:a", "a")
    jobs.leave_for_night(job, actor=HOUSE)
    assert run_next() == ""
    settings.DEADWAX_NIGHT_HOURS = f"{(hour - 1) % 24}-{(hour + 2) % 24}"  # type: ignore[attr-defined]
    Job.objects.update(hold_until=timezone.now() - dt.timedelta(seconds=1))
    assert run_next() == "a"
    assert kinds() == ["job.held"]


def test_what_the_night_did_not_reach_waits_for_the_next_one(settings: object) -> None:
    hour = choosing.database_now().hour
    settings.DEADWAX_NIGHT_HOURS = f"{(hour - 1) % 24}-{(hour + 2) % 24}"  # type: ignore[attr-defined]
    job = enqueue("artist:a", "a", overnight=True)
    assert job.hold_until is None
    assert ordering.postpone_overnight() == 0, "it is night still"
    settings.DEADWAX_NIGHT_HOURS = f"{(hour + 2) % 24}-{(hour + 4) % 24}"  # type: ignore[attr-defined]
    assert ordering.postpone_overnight() == 1
    assert run_next() == ""
    job.refresh_from_db()
    assert job.hold_until is not None


def quota(share: str, **limits: int | None) -> None:
    jobs.set_quota(share, jobs.Limits(**{"waiting": None, **limits}), stream="system:jobs", actor=HOUSE)


def test_a_full_queue_is_refused_with_what_to_do_and_nothing_is_written() -> None:
    quota("artist:a", waiting=2)
    enqueue("artist:a", actor=PERSON)
    held = enqueue("artist:a", actor=PERSON)
    jobs.pause(held, actor=HOUSE)
    with pytest.raises(
        jobs.QuotaFull, match=r"2 jobs of this artist wait already, and 2 may\..*Nothing was started"
    ):
        enqueue("artist:a", actor=PERSON)
    assert Job.objects.count() == 2
    enqueue("artist:b", actor=PERSON)
    enqueue("artist:a", queue="quick", actor=PERSON)
    enqueue("artist:a", actor=HOUSE)  # what follows from something that was done is never refused


def test_an_artists_own_quota_counts_before_everybodys_and_the_houses_jobs_have_none() -> None:
    quota(JobQuota.EVERYBODY, waiting=1)
    quota("artist:a", waiting=3)
    assert choosing.limits_of(["artist:a", "artist:b", ""]) == {
        "artist:a": jobs.Limits(waiting=3),
        "artist:b": jobs.Limits(waiting=1),
        "": jobs.Limits(waiting=None),
    }
    quota("artist:a", waiting=4)
    assert JobQuota.objects.count() == 2
    assert kinds() == ["job.quota_set"] * 3


def test_at_the_limit_of_running_jobs_others_go_on_and_the_next_says_why_it_waits() -> None:
    quota("artist:a", running=1)
    for number in range(3):
        enqueue("artist:a", f"a{number}")
    waiting = Job.objects.get(title="a1")
    enqueue("artist:b", "b")
    first = claims.claim_next("cpu")
    assert run_next() == "b"
    assert run_next() == ""
    told = jobs.outlook_of(waiting)
    assert (told.waits_for, told.limit) == ("running", 1)
    assert first is not None
    claims.finish_done(first)
    assert run_next() == "a1"


def test_when_the_gpu_minutes_of_a_day_are_used_the_rest_waits_for_tomorrow() -> None:
    quota("artist:a", gpu_minutes=10)
    for number in range(3):
        enqueue("artist:a", f"a{number}", queue="gpu")
    assert run_next("gpu", ms=5 * 60_000) == "a0"
    assert run_next("gpu", ms=6 * 60_000) == "a1"
    assert run_next("gpu") == ""
    last = Job.objects.get(title="a2")
    told = jobs.outlook_of(last)
    assert (told.waits_for, told.limit, told.eta_s) == ("gpu_minutes", 10, None)
    Job.objects.filter(title="a0").update(left_at=timezone.now() - dt.timedelta(days=1))
    assert run_next("gpu") == "a2"


def test_a_cancelled_run_has_used_its_time_too() -> None:
    enqueue("artist:a", queue="gpu")
    claim = claims.claim_next("gpu")
    assert claim is not None
    Job.objects.update(started_at=timezone.now() - dt.timedelta(seconds=30))
    jobs.request_cancel(claim.job, actor=HOUSE)
    claims.finish_cancelled(claim)
    job = Job.objects.get()
    assert job.left_at is not None
    assert 30_000 <= job.used_ms < 60_000


def test_the_end_of_a_waiting_job_is_what_is_ahead_and_its_own() -> None:
    for _ in range(3):
        enqueue("artist:a", "before", likeness="sketch", work=10)
        run_next(ms=20_000)
    enqueue("artist:a", "one", likeness="sketch", work=10)
    two = enqueue("artist:a", "two", likeness="sketch", work=30)
    other = enqueue("artist:a", "other", likeness="never seen", work=1)
    claim = claims.claim_next("cpu")
    assert claim is not None
    Job.objects.filter(pk=claim.job_id).update(started_at=timezone.now() - dt.timedelta(seconds=5))
    running = Job.objects.get(pk=claim.job_id)
    told = jobs.outlooks([running, two, other])
    assert told[str(running.pk)].eta_s == pytest.approx(15, abs=2)
    assert told[str(two.pk)].eta_s == pytest.approx(15 + 60, abs=2)
    assert told[str(two.pk)].ahead == 0
    assert told[str(other.pk)].starts_s == pytest.approx(75, abs=2)
    assert told[str(other.pk)].eta_s is None, "no like job has ever ended"


def test_a_queue_that_nobody_serves_promises_nothing() -> None:
    job = enqueue("artist:a", likeness="sketch", work=10)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - dt.timedelta(minutes=1))
    assert jobs.outlook_of(job) == jobs.Outlook(waits_for="worker")


def test_hints_of_what_may_not_start_are_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(dispatcher.broker, "waiting", lambda queue: 0)
    monkeypatch.setattr(broker, "send", lambda job_id, queue: sent.append(str(job_id)) or True)
    quota("artist:a", running=1)
    for number in range(2):
        enqueue("artist:a", f"a{number}")
    free = enqueue("artist:b", "b")
    claims.claim_next("cpu")
    Job.objects.update(published_at=timezone.now() - dt.timedelta(minutes=1))
    assert dispatcher.publish_due() == 1
    assert sent == [str(free.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_limit_holds_when_many_claim_at_the_same_moment() -> None:
    with transaction.atomic():
        quota("artist:a", running=2)
        for number in range(12):
            enqueue("artist:a", f"a{number}", queue="gpu" if number % 2 else "cpu")
    got: list[str] = []
    start = threading.Barrier(6)

    def claim(queue: str) -> None:
        try:
            start.wait()
            if found := claims.claim_next(queue):
                got.append(found.job.title)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(queue,)) for queue in ("cpu", "gpu") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert Job.objects.filter(state="running").count() == 2


@pytest.mark.django_db(transaction=True)
def test_several_claims_run_in_one_process_each_with_a_connection_of_its_own() -> None:
    from provenance.jobs import registry

    met = threading.Barrier(3, timeout=20)
    backends: set[int] = set()

    def together(claim: jobs.Claim) -> None:
        claim.progress(0, 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.add(cursor.fetchone()[0])
        met.wait()  # none ends before all three run
        with claim.commit(done=True):
            pass

    registry._handlers["test.turn"] = together
    try:
        with transaction.atomic():
            for number in range(3):
                enqueue("artist:a", f"a{number}", queue="gpu")
        threads = []
        while claim := claims.claim_next("gpu"):
            threads.append(worker.run_in_thread(claim))
        for thread in threads:
            thread.join(timeout=30)
    finally:
        del registry._handlers["test.turn"]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert len(backends) == 3
    connections.close_all()
