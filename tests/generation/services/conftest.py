"""Engines of every mode for the services' tests, and what they are given."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generation import modes, queue, services
from generation.engine import registry
from generation.models import PromptRun, Take, Upload
from provenance.models import Job
from tests.cast import Cast
from tests.generation import mode_engine
from tests.generation.conftest import tone_wav
from tests.support import accept_licences, run_jobs

Ask = Callable[..., Take]


@pytest.fixture
def engines(catalogue: None, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    for name in mode_engine.ENGINES:
        monkeypatch.setitem(registry.MODULES, name, f"tests.generation.{name}_engine")
        mode_engine.ENGINES[name].asked.clear()
    monkeypatch.setitem(mode_engine.DRIFT, "next", 0.0)
    monkeypatch.setitem(mode_engine.DRIFT, "version", "1")
    services.save_offers(dataclasses.asdict(engine.capabilities()) for engine in mode_engine.ENGINES.values())
    accept_licences(cast.rights, "musicgen", "fabelton-choir")
    yield mode_engine.ENGINES
    registry._load.cache_clear()


@pytest.fixture
def upload(project: Any, cast: Cast) -> Callable[..., Upload]:
    def bring(role: str = "lead_vocal", *, seconds: float = 2.0, hz: float = 330.0, **changes: Any) -> Upload:
        values = {"declared": "own_performance", "absent": ["lyrics"] if role == "lead_vocal" else []}
        return services.import_upload(
            project, file=io.BytesIO(tone_wav(seconds=seconds, hz=hz)), filename="a.wav", name="a hum", role=role,
            actor=cast.mara, **values | changes,
        )  # fmt: skip

    return bring


@pytest.fixture
def run(project: Any, engines: Any, cast: Cast) -> Callable[..., PromptRun]:
    def request(mode: str, *given: services.RunGiven, engine: str = "model", **changes: Any) -> PromptRun:
        made_of_source = modes.MODES[mode].length == "source"
        values: dict[str, Any] = {
            "brief": None, "duration_s": None if made_of_source else 1.0, "variations": 1, "inputs": given,
            "prompt": "" if modes.MODES[mode].prompt == "none" else "warm", "actor": cast.mara,
        }  # fmt: skip
        return services.request_run(project, engine=engine, mode=mode, **values | changes)

    return request


@pytest.fixture
def make(run: Callable[..., PromptRun]) -> Ask:
    def made(mode: str, *given: services.RunGiven, **changes: Any) -> Take:
        asked = run(mode, *given, **changes)
        # what uploads look like is not asked here, and takes time
        Job.objects.filter(kind=queue.ANALYSE).update(state=Job.State.DONE)
        run_jobs()
        job = Job.objects.get(pk=asked.job_id)
        assert (job.state, job.error_message) == ("done", "")
        return asked.takes.select_related("asset", "midi", "run").first()  # type: ignore[return-value]

    return made


def given(role: str, thing: Any, **changes: Any) -> services.RunGiven:
    return services.RunGiven(
        role=role, ref=f"{type(thing).__name__.lower().removeprefix('take') or 'take'}:{thing.pk}", **changes
    )
