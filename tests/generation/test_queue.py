"""The queue's page, its buttons, quotas, and the same over the API; with the strangers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generation import queue_reading, services
from generation.engine import registry
from provenance import jobs
from provenance.jobs import Job
from provenance.ledger import Actor
from provenance.models import Entry, JobQuota
from tests.cast import Cast
from tests.support import run_jobs

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: Any) -> str:
    return as_(user).get(reverse("generation:queue")).content.decode()


def press(user: Any, job: Job, what: str) -> int:
    return as_(user).post(reverse("generation:queue-turn", args=[job.pk]), {"what": what}).status_code


def test_a_run_is_fair_to_its_artist_and_says_what_it_is_like(ask: Ask, cast: Cast) -> None:
    job = ask(duration_s=8, variations=3).job
    assert job.share == f"artist:{cast.artist.pk}"
    assert (job.likeness, job.work) == ("generation.run:sketch//text_to_music", 24_000)


def test_an_artist_sees_their_own_in_words_and_of_others_a_number(ask: Ask, cast: Cast) -> None:
    ask()
    jobs.enqueue(
        "release.package",
        {},
        actor=Actor.system("t"),
        subject="",
        stream="release:1",
        title="Package of a Secret",
    )
    mine = page(cast.mara)
    assert "2 variations by Sketch" in mine
    assert "Slow Harbour" in mine
    assert "Of others and of the house: 0 running, 1 waiting." in mine
    assert "Secret" not in mine
    other = page(cast.stranger)
    assert "Of others and of the house: 0 running, 2 waiting." in other
    for words in ("variations", "Slow Harbour", cast.artist.name, "Secret"):
        assert words not in other


def test_staff_see_the_labels_and_only_who_may_has_buttons(ask: Ask, cast: Cast) -> None:
    job = ask().job
    for user, buttons in (
        (cast.owner, {"cancel", "pause", "first", "tonight", "before-all"}),
        (cast.anr, {"before-all"}),
        (cast.rights, set()),
        (cast.mara, {"cancel", "pause", "first", "tonight"}),
    ):
        text = page(user)
        assert "Slow Harbour" in text
        shown = {what for what in (*BUTTONS, "before-all") if f'value="{what}"' in text}
        assert shown == buttons, user.full_name
    assert press(cast.mara, job, "before-all") == 403
    assert press(cast.anr, job, "cancel") == 403
    assert press(cast.stranger, job, "cancel") == 404


BUTTONS = ("cancel", "pause", "resume", "first", "now", "tonight", "retry")


def test_each_button_does_what_it_says_and_is_in_the_ledger(ask: Ask, cast: Cast) -> None:
    job = ask().job
    for what, user in (
        ("pause", cast.mara), ("resume", cast.mara), ("first", cast.mara), ("before-all", cast.anr),
        ("in-turn", cast.owner), ("cancel", cast.mara), ("retry", cast.mara),
    ):  # fmt: skip
        assert press(user, job, what) == 302, what
    job.refresh_from_db()
    assert (job.state, job.lift, job.paused) == ("queued", 0, False)
    kinds = Entry.objects.filter(kind__startswith="job.").order_by("pk").values_list("kind", "actor_id")
    mara, anr, owner = (str(user.pk) for user in (cast.mara, cast.anr, cast.owner))
    assert list(kinds) == [
        ("job.paused", mara), ("job.resumed", mara), ("job.prioritised", mara), ("job.prioritised", anr),
        ("job.prioritised", owner), ("job.cancelled", mara), ("job.retried", mara),
    ]  # fmt: skip
    assert press(cast.mara, job, "jump") == 400


def test_a_button_that_came_too_late_says_so(ask: Ask, cast: Cast) -> None:
    job = ask().job
    Job.objects.filter(pk=job.pk).update(state="done")
    answer = as_(cast.mara).post(
        reverse("generation:queue-turn", args=[job.pk]), {"what": "first"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "has ended already" in answer.content.decode()


def test_the_headline_says_when_all_of_mine_are_done(ask: Ask, cast: Cast) -> None:
    run = ask(variations=2, duration_s=8)
    assert "Yours are under way" in page(cast.mara), "nothing like it was ever made"
    Job.objects.filter(pk=run.job_id).update(state="done", used_ms=150_000, finished_at=run.job.created_at)
    ask(variations=2, duration_s=8)
    text = page(cast.mara)
    assert "Yours will be done in 2 min" in text
    assert "next, done in 2 min" in text


def test_the_owner_and_anr_set_quotas_and_a_full_one_refuses_without_losing_words(
    ask: Ask, cast: Cast, project: Any
) -> None:
    client = as_(cast.anr)
    address = reverse("generation:quotas")
    answer = client.post(
        address, {"artist": cast.artist.pk, "waiting": "1", "running": "", "gpu_minutes": "90"}
    )
    assert answer.status_code == 302
    quota = JobQuota.objects.get()
    assert (quota.share, quota.waiting, quota.running, quota.gpu_minutes) == (
        f"artist:{cast.artist.pk}", 1, None, 90,
    )  # fmt: skip
    assert Entry.objects.get(kind="job.quota_set").stream == cast.artist.stream
    assert cast.artist.name in client.get(address).content.decode()
    assert client.post(address, {"artist": "", "running": "0"}).status_code == 422
    assert as_(cast.mara).get(address).status_code == 403
    ask()
    with pytest.raises(jobs.QuotaFull):
        ask()
    assert project.runs.count() == 1


def test_the_same_over_the_api(ask: Ask, cast: Cast) -> None:
    job = ask().job
    mara, anr, stranger = (as_(user) for user in (cast.mara, cast.anr, cast.stranger))
    base = f"/api/jobs/{job.pk}"
    assert mara.post(f"{base}/pause/").json()["waits_for"] == "pause"
    assert mara.post(f"{base}/resume/").json()["paused"] is False
    for what in ("first", "tonight", "now"):
        assert mara.post(f"{base}/{what}/").status_code == 200
        assert stranger.post(f"{base}/{what}/").status_code == 404
        assert anr.post(f"{base}/{what}/").status_code == 403
    lifted = {"to": 1}
    assert mara.post(f"{base}/lift/", lifted, "application/json").status_code == 403
    assert stranger.post(f"{base}/lift/", lifted, "application/json").status_code == 404
    assert anr.post(f"{base}/lift/", lifted, "application/json").json()["lift"] == 1
    queue = mara.get("/api/jobs/queue/").json()
    assert [row["id"] for row in queue["mine"]] == [str(job.pk)]
    assert (queue["waiting"], queue["others_waiting"]) == (1, 0)
    nothing = stranger.get("/api/jobs/queue/").json()
    assert (nothing["mine"], nothing["further"], nothing["others_waiting"]) == ([], [], 1)
    assert [row["ahead"] for row in mara.get("/api/jobs/").json()["results"]] == [0]


def test_quotas_over_the_api_are_for_the_owner_and_anr(cast: Cast) -> None:
    values = {"waiting": 10, "running": 2, "gpu_minutes": None}
    anr = as_(cast.anr)
    for key in ("everybody", str(cast.artist.pk)):
        address = f"/api/job-quotas/{key}/"
        assert anr.put(address, values, "application/json").status_code == 200, key
        for user in (cast.mara, cast.rights, cast.stranger):
            assert as_(user).put(address, values, "application/json").status_code == 403
    assert as_(cast.mara).get("/api/job-quotas/").status_code == 403
    rows = anr.get("/api/job-quotas/").json()["results"]
    assert [(row["artist"], row["running"]) for row in rows] == [(None, 2), (str(cast.artist.pk), 2)]
    assert (
        anr.put("/api/job-quotas/everybody/", values | {"running": 0}, "application/json").status_code == 400
    )
    missing = "00000000-0000-4000-8000-000000000000"
    assert anr.put(f"/api/job-quotas/{missing}/", values, "application/json").status_code == 404


def test_the_queue_of_many_jobs_costs_few_queries(
    ask: Ask, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        ask(variations=1)
    with django_assert_max_num_queries(24):
        found = queue_reading.queue_for(cast.mara)
    assert [line.outlook.ahead for line in found.mine] == list(range(6))


def test_a_smaller_batch_stands_in_the_jobs_row_and_a_bad_take_loses_no_sibling(
    ask: Ask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.MODULES, "sketch", "tests.chaos.tiny_engine")
    from tests.chaos.tiny_engine import BROKEN

    registry._load.cache_clear()
    try:
        run = ask(duration_s=1, variations=3, base_seed=BROKEN - 1)
        run_jobs()
    finally:
        registry._load.cache_clear()
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.note) == ("done", "Memory was short: made 1 at a time instead of 3")
    assert sorted(run.takes.values_list("number", flat=True)) == [1, 3]


def test_overnight_is_said_in_words(ask: Ask, cast: Cast, settings: Any) -> None:
    job = ask().job
    from provenance.jobs import choosing

    hour = choosing.database_now().hour
    settings.DEADWAX_NIGHT_HOURS = f"{(hour + 2) % 24}-{(hour + 4) % 24}"
    Job.objects.filter(pk=job.pk).update(overnight=True, hold_until=choosing.next_night())
    text = page(cast.mara)
    assert "for the night, from" in text
    assert press(cast.mara, job, "now") == 302
    job.refresh_from_db()
    assert (job.overnight, job.hold_until) == (False, None)
    assert services.MOST_JOBS == 100_000
