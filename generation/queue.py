"""The jobs of this package, by name: what they are called, where they run, and what they carry (ids only)."""

from __future__ import annotations

from artists.models import User
from generation.models import ArrangementVersion, Dataset, EngineOffer, Project, Take
from provenance import jobs
from provenance.jobs import HasActor, Job

RUN = "generation.run"
REPLAY = "generation.replay"
RENDER = "generation.render"
MASTER = "generation.master"
ANALYSE = "generation.analyse"
METHOD = "generation.method"
DATASET = "generation.dataset"
OFFERS = "generation.offers"
#: Asked for by artists.queue, which may not import this package.
SUBMITTED = "generation.submitted"


def share_of(project: Project) -> str:
    """Jobs are fair between artists."""
    return f"artist:{project.artist_id}"


def enqueue_run(
    project: Project,
    *,
    run_id: str,
    offer: EngineOffer,
    variations: int,
    mode: str = "",
    model: str = "",
    duration_ms: int = 0,
    overnight: bool = False,
    actor: User,
) -> Job:
    """`mode`, `model`, `duration_ms` (of one take): by runs like this one its end is told. Raises QuotaFull."""
    many = "1 variation" if variations == 1 else f"{variations} variations"
    return jobs.enqueue(
        RUN,
        {"run": run_id},
        actor=actor,
        queue="gpu" if offer.capabilities.get("needs_gpu") else "cpu",
        subject=f"run:{run_id}",
        stream=project.stream,
        title=f"{many} by {offer.title}",
        share=share_of(project),
        likeness=f"{RUN}:{offer.name}/{model}/{mode}",
        work=variations * duration_ms,
        overnight=overnight,
    )


def enqueue_replay(take: Take, *, replay_id: str, needs_gpu: bool, actor: User) -> Job:
    project = take.run.project
    return jobs.enqueue(
        REPLAY,
        {"replay": replay_id},
        actor=actor,
        queue="gpu" if needs_gpu else "cpu",
        subject=f"take:{take.pk}",
        stream=project.stream,
        title=f"Take {take.number} of run {take.run.number} once more",
        share=share_of(project),
        likeness=f"{RUN}:{take.run.engine}/{take.run.parameters.get('model', '')}/{take.run.mode}",
        work=take.run.duration_ms,
    )


def enqueue_analysis(project: Project, *, upload_id: str, actor: User) -> Job:
    return jobs.enqueue(
        ANALYSE,
        {"upload": upload_id},
        actor=actor,
        subject=f"upload:{upload_id}",
        stream=project.stream,
        title="Waveform and loudness of an upload",
        queue="quick",
        share=share_of(project),
        likeness=ANALYSE,
        priority=2,
    )


def enqueue_render(version: ArrangementVersion, *, render_id: str, actor: User) -> Job:
    return jobs.enqueue(
        RENDER,
        {"render": render_id},
        actor=actor,
        subject=f"render:{render_id}",
        stream=version.arrangement.project.stream,
        title=f"Render of version {version.number}",
        queue="quick",
        share=share_of(version.arrangement.project),
        likeness=RENDER,
        priority=1,
    )


def enqueue_master(project: Project, *, master_id: str, number: int, actor: User) -> Job:
    return jobs.enqueue(
        MASTER,
        {"master": master_id},
        actor=actor,
        subject=f"master:{master_id}",
        stream=project.stream,
        title=f"Master {number}",
        queue="quick",
        share=share_of(project),
        likeness=MASTER,
        priority=1,
    )


def enqueue_method_check(project: Project, *, check_id: str, number: int, actor: HasActor) -> Job:
    return jobs.enqueue(
        METHOD,
        {"check": check_id},
        actor=actor,
        subject=f"method-check:{check_id}",
        stream=project.stream,
        title=f"Master {number} against the method",
        share=share_of(project),
        likeness=METHOD,
        priority=1,
    )


def enqueue_dataset(dataset: Dataset, *, version_id: str, number: int, actor: User) -> Job:
    return jobs.enqueue(
        DATASET,
        {"version": version_id},
        actor=actor,
        subject=f"dataset-version:{version_id}",
        stream=dataset.stream,
        title=f"Version {number} of a dataset",
        share=dataset.stream,
        likeness=DATASET,
    )


def request_cancel(job: Job, *, actor: User) -> Job:
    return jobs.request_cancel(job, actor=actor)


def retry(job: Job, *, actor: User) -> Job:
    return jobs.retry(job, actor=actor)
