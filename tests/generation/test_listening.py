"""Takes that are heard while they are made: by whom, how, and that nothing stays of it."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.conf import settings
from django.test import Client
from django.urls import reverse

from generation import listening, services
from generation.engine import registry
from generation.engine.base import EngineFailure, GenerationOutput
from generation.models import PromptRun
from provenance import jobs
from provenance.models import Asset, Entry, Job
from tests.cast import Cast
from tests.generation.slow_engine import RATE_HZ, SlowEngine, tone
from tests.support import run_jobs


def spooled() -> list[Path]:
    return list((Path(settings.DEADWAX_DATA) / "listening").rglob("*"))


@pytest.fixture
def run(project: Any, offers: None, cast: Cast) -> PromptRun:
    return services.request_run(
        project, brief=None, engine="sketch", duration_s=2, variations=2, prompt="slow pads", base_seed=11,
        parameters={}, actor=cast.mara,
    )  # fmt: skip


def make_with(monkeypatch: pytest.MonkeyPatch, engine: Any) -> None:
    monkeypatch.setattr(registry, "engine", lambda name: engine)
    run_jobs()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_take_is_heard_by_who_may_read_and_nothing_is_recorded(
    run: PromptRun, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, stranger = client_of(cast.anr), client_of(cast.stranger)
    url = reverse("generation:run-listen", args=(run.pk, 1))
    checked: list[str] = []

    def look(index: int, piece: int) -> None:
        if (index, piece) == (0, 0):
            assert reader.get(url).status_code == 404
        if (index, piece) == (0, 2):
            before = Entry.objects.count()
            whole = listening.HEADER.size + 2 * RATE_HZ * 4
            answer = reader.get(url, HTTP_RANGE="bytes=0-43")
            assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes 0-43/{whole}")
            assert body(answer)[:4] == b"RIFF"
            assert answer["Cache-Control"] == "private, no-store"
            half = reader.get(url, HTTP_RANGE=f"bytes=44-{44 + 4 * RATE_HZ - 1}")
            heard = np.frombuffer(body(half), "<i2").reshape(-1, 2).T / 32767
            assert np.abs(heard - tone(11, 2 * RATE_HZ)[:, :RATE_HZ]).max() < 1e-4
            assert reader.get(url, HTTP_RANGE=f"bytes={whole}-").status_code == 416
            assert stranger.get(url).status_code == 404
            assert reader.get(reverse("generation:run-listen", args=(run.pk, 2))).status_code == 404
            page = reader.get(reverse("generation:run-status", args=(run.pk,))).content.decode()
            assert "Take 1: made so far" in page
            assert url in page
            assert Entry.objects.count() == before
            assert Asset.objects.count() == 0
            checked.append("while it is made")
        if (index, piece) == (1, 1):
            page = reader.get(reverse("generation:run-status", args=(run.pk,)) + "?have=0").content.decode()
            assert 'data-number="1"' in page, "the finished one is there while its sibling is made"
            assert reader.get(reverse("generation:take-audio", args=(run.takes.get().pk,))).status_code == 200
            assert "Take 2: made so far" in page
            assert "Take 1: made so far" not in page
            checked.append("beside its sibling")

    make_with(monkeypatch, SlowEngine(look))
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.error_message) == ("done", "")
    assert checked == ["while it is made", "beside its sibling"]
    assert reader.get(url).status_code == 404
    assert spooled() == []


def test_who_listens_hears_the_take_to_its_end_as_it_is_made(
    run: PromptRun, cast: Cast, monkeypatch: pytest.MonkeyPatch, rf: Any
) -> None:
    heard = io.BytesIO()
    threads: list[threading.Thread] = []

    def look(index: int, piece: int) -> None:
        if (index, piece) == (0, 1):
            answer = listening.response(rf.get("/"), Job.objects.get(pk=run.job_id), 1)
            threads.append(threading.Thread(target=lambda: heard.write(body(answer))))
            threads[0].start()

    make_with(monkeypatch, SlowEngine(look))
    threads[0].join(timeout=20)
    audio, rate = soundfile.read(io.BytesIO(heard.getvalue()))
    assert rate == RATE_HZ
    assert audio.shape == (2 * RATE_HZ, 2)
    assert np.abs(audio.T - tone(11, 2 * RATE_HZ)).max() < 1e-4


class Broken(SlowEngine):
    """Makes one take, hands out half of the next, and breaks."""

    def generate_audibly(self, request: Any, progress: Any, listener: Any) -> Iterator[GenerationOutput]:
        def each(index: int, piece: int) -> None:
            if (index, piece) == (1, 2):
                raise EngineFailure("out_of_memory", "No room.")

        return SlowEngine(each).generate_audibly(request, progress, listener)


def test_a_run_that_breaks_leaves_its_finished_takes_and_no_sound_of_the_others(
    run: PromptRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_with(monkeypatch, Broken())
    assert Job.objects.get(pk=run.job_id).state == "failed"
    assert [take.number for take in run.takes.all()] == [1]
    assert spooled() == []


def test_what_a_dead_worker_left_is_heard_by_nobody_and_swept(run: PromptRun) -> None:
    claim = jobs.claims.claim_next("cpu")
    assert claim is not None
    for fence in (claim.fence, claim.fence - 1):
        folder = listening.folder(run.job_id, fence)
        folder.mkdir(parents=True)
        (folder / "1.wav").write_bytes(
            listening.header(channels=1, sample_rate_hz=RATE_HZ, samples=10) + b"\0" * 8
        )
    job = Job.objects.get(pk=run.job_id)
    assert [(one.number, one.fence) for one in listening.growing(job)] == [(1, claim.fence)]
    assert listening.sweep() == 1, "the fenced one"
    Job.objects.filter(pk=job.pk).update(state="queued", fence=job.fence + 1)
    job.refresh_from_db()
    assert listening.growing(job) == []
    assert listening.sweep() == 1
    assert spooled() == []
