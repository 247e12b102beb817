"""MusicGen as people get it: asked for by a service, made by a real worker, in the ledger with its terms."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from generation import measuring, services
from generation.engine import registry, weights
from generation.engine.base import GenerationRequest
from generation.models import PromptRun
from generation.services import model_origins
from provenance import authorship, queries
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.fixtures_stack import Stack
from tests.generation.engine.test_audiocraft_weights import put_encoder, put_model
from tests.support import accept_licences, needs, wait_until

pytestmark = [needs("engines"), pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")]


def offer(folder: Path, cast: Cast) -> None:
    """The model may be asked: its licence is accepted, and the rights team said whose it is, for these very weights."""
    files = sorted(folder.glob("*.bin"))
    (folder / weights.SUMS).write_text(
        "".join(f"{weights.checked_sha256(file)}  {file.name}\n" for file in files)
    )
    services.refresh_offers()
    accept_licences(cast.rights, "musicgen")
    model_origins.state_origin(
        engine="audiocraft", name=folder.name, basis="published", source="made by chance for this test",
        actor=cast.rights,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_takes_that_may_not_be_sold_and_cancels_at_once(
    tiny_models: Path, project: Any, cast: Cast
) -> None:
    def ask(**changes: Any) -> PromptRun:
        values: dict[str, Any] = {
            "brief": None, "engine": "audiocraft", "duration_s": 2, "variations": 2, "prompt": "warm pads",
            "base_seed": 21, "parameters": {"model": "musicgen-tiny", "guidance": 2.0}, "actor": cast.mara,
        }  # fmt: skip
        return services.request_run(project, **values | changes)

    offer(tiny_models / "musicgen-tiny", cast)
    run = ask()
    stack = Stack()
    try:
        stack.start_broker()
        stack.start_dispatch()
        stack.start_worker(concurrency=1)
        job = ended(run, stack)
        assert (job.state, job.error_message, job.queue) == ("done", "", "gpu")
        check_takes(run)
        (model,) = model_processes(stack)
        assert not loads_torch(parent_of(model)), "the worker that forks must stay free of torch"
        assert loads_torch(model)

        long = ask(duration_s=120, variations=1)
        wait_until(lambda: job_of(long).progress_done > 0, timeout_s=400, what="the long run's progress")
        services.cancel_job(job_of(long), actor=cast.mara)
        assert ended(long, stack).state == "cancelled"
        assert long.takes.count() == 0
        assert model_processes(stack) == [model], "the model stays warm"
    finally:
        stack.stop()
    check_another_process_makes_the_same_file(run)
    wait_until(lambda: not Path(f"/proc/{model}").exists(), timeout_s=5, what="the model process's end")


@pytest.mark.django_db(transaction=True)
def test_two_requests_share_a_model_process_and_both_come_again_when_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Any, cast: Cast
) -> None:
    """The GPU's worker: its claims are threads of one process. The model is a stand-in that needs no torch."""
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(tmp_path))
    put_model(tmp_path / "musicgen-tiny")
    put_encoder(tmp_path / "hub")

    def ask(seed: int) -> PromptRun:
        return services.request_run(
            project, brief=None, engine="audiocraft", duration_s=2, variations=2, prompt="warm pads", base_seed=seed,
            actor=cast.mara,
        )  # fmt: skip

    offer(tmp_path / "musicgen-tiny", cast)
    runs = [ask(31), ask(41)]
    stack = Stack(modules="tests.generation.engine.sharing_runners")
    try:
        stack.start_broker()
        stack.start_dispatch()
        stack.start_worker(concurrency=3, pool="threads")
        wait_until(
            lambda: all(job_of(run).progress_done > 10 for run in runs), timeout_s=400, what="both at work"
        )
        (model,) = model_processes(stack)
        assert parent_of(model) == stack.processes["worker"].pid
        os.kill(model, signal.SIGKILL)
        jobs = [ended(run, stack) for run in runs]
    finally:
        stack.stop()
    assert [(job.state, job.attempts) for job in jobs] == [("done", 2)] * 2
    for run, seed in zip(runs, (31, 41), strict=True):
        takes = list(run.takes.order_by("number"))
        assert [(take.number, take.seed) for take in takes] == [(1, seed), (2, seed + 1)]
        told = Entry.objects.filter(refs__contains=[f"run:{run.pk}"], kind="take.generated")
        assert told.count() == 2, "nothing twice in the ledger"
    assert {take.facts["open"] for run in runs for take in run.takes.all()} >= {2}, "together"


def check_takes(run: PromptRun) -> None:
    assert (run.terms.tool.key, run.terms.commercial, run.terms.store_release) == ("musicgen", "no", "no")
    takes = list(run.takes.order_by("number"))
    assert [(take.number, take.seed) for take in takes] == [(1, 21), (2, 22)]
    for take in takes:
        assert take.asset.probe["sample_rate_hz"] == 32_000
        assert take.asset.duration_ms == 2000
        assert take.asset.analysis.peaks
        assert take.facts["guidance_milli"] == 2000
        assert len(take.facts["weights_sha256"]) == 64
        found = authorship.fold(queries.bodies_for_asset(take.asset.sha256), take.asset.sha256)
        assert {o.value for finding in found.elements.values() for o in finding.origins} == {"trained_model"}


def check_another_process_makes_the_same_file(run: PromptRun) -> None:
    """By the facts of a take alone, as somebody would who wants to prove it."""
    take = run.takes.get(number=2)
    request = GenerationRequest(
        mode=take.facts["mode"],
        prompt="warm pads",
        duration_s=take.asset.duration_ms / 1000,
        seeds=(take.seed,),
        parameters={"model": take.facts["model"], "guidance": take.facts["guidance_milli"] / 1000},
    )
    (output,) = registry.engine("audiocraft").generate(request, lambda done, total: None)
    assert dict(output.facts) == take.facts
    made = measuring.stored(output.audio, output.sample_rate_hz, role="full_mix", name="again")
    assert made.staged.sha256 == take.asset.sha256


def job_of(run: PromptRun) -> Job:
    return Job.objects.get(pk=run.job_id)


def ended(run: PromptRun, stack: Stack) -> Job:
    def job() -> Job | None:
        assert stack.processes["worker"].poll() is None, stack.log("worker")
        found = job_of(run)
        return found if found.state in {"done", "failed", "cancelled"} else None

    found = wait_until(job, timeout_s=400, every_s=0.2, what="the job's end")
    assert found is not None
    return found


def model_processes(stack: Stack) -> list[int]:
    """The model processes below the stack's worker."""
    workers = {stack.processes["worker"].pid}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            pid = int(folder.name)
            if b"generation.engine.host_process" in command and workers & {
                parent_of(pid),
                parent_of(parent_of(pid)),
            }:
                found.append(pid)
        except OSError:  # it has just ended
            continue
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def loads_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()
