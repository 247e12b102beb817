"""Parts and notes of a recording through services, queue and worker, by the real engines without weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile

from generation import modes, services
from generation.models import PromptRun, Take, Upload
from generation.symbolic import midi
from provenance import blobs
from provenance.models import Job
from tests.cast import Cast
from tests.generation.services.conftest import given
from tests.support import accept_licences, run_jobs


@pytest.fixture
def tools(catalogue: None, cast: Cast) -> None:
    services.refresh_offers()
    accept_licences(cast.rights)


@pytest.fixture
def make(project: Any, tools: None, upload: Callable[..., Upload], cast: Cast) -> Callable[..., Take]:
    def made(mode: str, engine: str, model: str) -> Take:
        run: PromptRun = services.request_run(
            project, brief=None, engine=engine, mode=mode, duration_s=None, variations=1,
            inputs=(given("source", upload()),), parameters={"model": model}, actor=cast.mara,
        )  # fmt: skip
        run_jobs()
        job = Job.objects.get(pk=run.job_id)
        assert (job.state, job.error_message) == ("done", "")
        return run.takes.select_related("asset", "midi").get()

    return made


def test_a_recording_is_taken_apart_and_its_parts_are_stems_that_sum_to_it(make: Callable[..., Take]) -> None:
    take = make(modes.STEMS, "stems", "harmonic-percussive")
    stems = list(take.stems.select_related("asset"))
    assert {stem.name for stem in stems} == {"Harmonic part", "Percussive part"}

    def sound(asset: Any) -> Any:
        with blobs.store().open(asset.sha256) as file:
            return soundfile.read(file, dtype="float32", always_2d=True)[0]

    assert np.array_equal(sum(sound(stem.asset) for stem in stems), sound(take.asset))
    assert take.facts["model"] == "harmonic-percussive"
    assert take.run.terms.tool.key == "librosa"


def test_a_recording_becomes_notes_that_can_be_heard(make: Callable[..., Take]) -> None:
    """Two seconds of 330 Hz: one E."""
    take = make(modes.TO_NOTES, "notes", "pyin")
    assert take.midi is not None
    with blobs.store().open(take.midi.sha256) as file:
        (part,) = midi.read(file.read()).parts
    assert {note.pitch for note in part.notes} == {64}
    assert abs(take.asset.duration_ms - 2000) < 5
