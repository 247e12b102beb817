"""Fetching is the permission check: Http404 for strangers, PermissionDenied for readers who want to write.

Label staff see every project; the owner, the artist's own people and collaborators with `can_edit` change them.
"""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from artists.access import visible_artists
from artists.models import Artist, Role, User
from generation import services
from generation.models import (
    Arrangement,
    ArrangementVersion,
    Brief,
    Dataset,
    DatasetMember,
    DatasetVersion,
    Master,
    ModelOrigin,
    Preset,
    Project,
    PromptRun,
    Render,
    Sweep,
    Take,
    TakeStem,
    Tool,
    ToolTerms,
    Upload,
)
from provenance.jobs import Job

Id = uuid.UUID | str
M = TypeVar("M", bound=Model)
T = TypeVar("T")


def visible_projects(user: User) -> QuerySet[Project]:
    """Every project for label staff; own artists' and own collaborations for everybody else."""
    projects = Project.objects.select_related("artist")
    if user.is_label_staff:
        return projects
    return projects.filter(
        Q(artist__in=Artist.objects.filter(memberships__user=user, memberships__active=True))
        | Q(pk__in=Project.objects.filter(members__user=user, members__active=True))
    )


def may_write(user: User, project: Project) -> bool:
    if user.has_role(Role.OWNER) or is_of(user, project):
        return True
    return project.members.filter(user=user, active=True, can_edit=True).exists()


def is_of(user: User, project: Project) -> bool:
    """Whether *user* is one of the artist's own people."""
    return project.artist.memberships.filter(user=user, active=True).exists()


def may_manage_members(user: User, project: Project) -> bool:
    """Collaborators do not let others in."""
    return user.has_role(Role.OWNER) or is_of(user, project)


def artists_for_new_project(user: User) -> QuerySet[Artist]:
    """The artists for whom *user* may start a project."""
    if user.has_role(Role.OWNER, Role.ANR):
        return Artist.objects.filter(merged_into=None)
    return visible_artists(user).filter(memberships__user=user, memberships__active=True)


def artist_for_new_project(user: User, pk: Id) -> Artist:
    return _found(artists_for_new_project(user), pk, "No such artist.")


def may_manage_catalogue(user: User) -> bool:
    """Terms gate releases: the owner and the rights team keep them."""
    return user.has_role(Role.OWNER, Role.RIGHTS)


def tool_for(user: User, key: str, *, write: bool = False) -> Tool:
    """A tool of the catalogue, its terms newest first. Everybody with an account reads it."""
    tool = services.tools_with_terms().filter(key=key).first()
    if tool is None:
        raise Http404("No such tool.")
    if write:
        require_keeper(user)
    return tool


def require_keeper(user: User) -> None:
    if not may_manage_catalogue(user):
        raise PermissionDenied("The owner and the rights team keep the catalogue.")


def terms_for(user: User, key: str, version: int, *, write: bool = False) -> ToolTerms:
    tool = tool_for(user, key, write=write)
    found = next((terms for terms in tool.terms.all() if terms.version == version), None)
    if found is None:
        raise Http404("No such version.")
    return found


def may_see_papers(user: User, upload: Upload) -> bool:
    """Receipts and terms of an import: who works on the project, and who has to clear it."""
    return may_write(user, upload.project) or user.has_role(Role.RIGHTS)


def project_for(user: User, pk: Id, *, write: bool = False) -> Project:
    project = _found(visible_projects(user), pk, "No such project.")
    return _writable(user, project, project, write)


def project_to_manage(user: User, pk: Id) -> Project:
    project = project_for(user, pk)
    if not may_manage_members(user, project):
        raise PermissionDenied("Only the artist and the owner decide who works on a project.")
    return project


def brief_for(user: User, pk: Id, *, write: bool = False) -> Brief:
    brief = _found(Brief.objects.select_related("project__artist", "entry"), pk, "No such brief.")
    return _checked(user, brief, brief.project, write)


def run_for(user: User, pk: Id, *, write: bool = False) -> PromptRun:
    rows = PromptRun.objects.select_related("project__artist", "job", "terms__tool", "brief", "entry")
    run = _found(rows, pk, "No such prompt run.")
    return _checked(user, run, run.project, write)


def take_for(user: User, pk: Id, *, write: bool = False) -> Take:
    rows = Take.objects.select_related("run__project__artist", "asset__analysis", "midi", "entry")
    take = _found(rows, pk, "No such take.")
    return _checked(user, take, take.run.project, write)


def sweep_for(user: User, pk: Id) -> Sweep:
    return _found(Sweep.objects.filter(project__in=visible_projects(user)), pk, "No such sweep.")


def preset_for(user: User, pk: Id, *, write: bool = False) -> Preset:
    """A person's own preset, or one of a project that they may read. Nobody sees another's own."""
    preset = _found(Preset.objects.select_related("project__artist"), pk, "No such preset.")
    if preset.project is not None:
        return _checked(user, preset, preset.project, write)
    if preset.owner_id != user.pk:
        raise Http404("No such preset.")
    return preset


def stem_for(user: User, pk: Id, *, write: bool = False) -> TakeStem:
    rows = TakeStem.objects.select_related("take__run__project__artist", "asset__analysis")
    stem = _found(rows, pk, "No such stem.")
    return _checked(user, stem, stem.take.run.project, write)


def upload_for(user: User, pk: Id, *, write: bool = False) -> Upload:
    rows = Upload.objects.select_related(
        "project__artist", "asset__analysis", "playback", "midi", "terms__tool", "terms_snapshot", "receipt"
    )
    upload = _found(rows, pk, "No such upload.")
    return _checked(user, upload, upload.project, write)


def arrangement_for(user: User, pk: Id, *, write: bool = False) -> Arrangement:
    arrangement = _found(Arrangement.objects.select_related("project__artist"), pk, "No such arrangement.")
    return _checked(user, arrangement, arrangement.project, write)


def version_for(user: User, pk: Id, *, write: bool = False) -> ArrangementVersion:
    rows = ArrangementVersion.objects.select_related("arrangement__project__artist", "saved_by")
    version = _found(rows, pk, "No such version.")
    return _checked(user, version, version.arrangement.project, write)


def render_for(user: User, pk: Id, *, write: bool = False) -> Render:
    rows = Render.objects.select_related("version__arrangement__project__artist", "job", "asset__analysis")
    render = _found(rows, pk, "No such render.")
    return _checked(user, render, render.version.arrangement.project, write)


def master_for(user: User, pk: Id, *, write: bool = False) -> Master:
    rows = Master.objects.select_related(
        "render__version__arrangement__project__artist", "render__asset", "job", "wav__analysis", "flac"
    )
    master = _found(rows, pk, "No such master.")
    return _checked(user, master, master.project, write)


def visible_datasets(user: User) -> QuerySet[Dataset]:
    """Every dataset for label staff; for others what they began, and what holds recordings of their artists."""
    rows = Dataset.objects.select_related("made_for")
    if user.is_label_staff:
        return rows
    own = DatasetMember.objects.filter(
        project__artist__memberships__user=user, project__artist__memberships__active=True
    )
    return rows.filter(Q(made_for=user) | Q(pk__in=own.values("dataset")))


def may_begin_dataset(user: User) -> bool:
    """Owner and rights, and whoever acts for an artist: with recordings that they may open."""
    return user.has_role(Role.OWNER, Role.RIGHTS) or user.memberships.filter(active=True).exists()


def may_change_dataset(user: User, dataset: Dataset) -> bool:
    return user.has_role(Role.OWNER, Role.RIGHTS) or dataset.made_for_id == user.pk


def dataset_for(user: User, pk: Id, *, write: bool = False) -> Dataset:
    dataset = _found(visible_datasets(user), pk, "No such dataset.")
    if write and not may_change_dataset(user, dataset):
        raise PermissionDenied("Who began a dataset, the owner and rights change it.")
    return dataset


def dataset_member_for(user: User, pk: Id, member: Id, *, write: bool = False) -> DatasetMember:
    """A recording of a dataset; an artist also takes out their own, whoever began the dataset."""
    dataset = dataset_for(user, pk)
    row = _found(dataset.members.select_related("project__artist", "dataset"), member, "No such recording.")
    if write and not may_change_dataset(user, dataset) and not is_of(user, row.project):
        raise PermissionDenied("Who began a dataset, the owner, rights and the artist take a recording out.")
    return row


def model_origin_for(user: User, pk: Id) -> ModelOrigin:
    """What was said of a model, for who keeps the catalogue."""
    require_keeper(user)
    return _found(ModelOrigin.objects.select_related("document"), pk, "No such model.")


def dataset_version_for(user: User, pk: Id, number: int) -> DatasetVersion:
    """A frozen version, for who may take it away: whoever may change the dataset."""
    dataset = dataset_for(user, pk, write=True)
    rows = dataset.versions.filter(number=number).select_related("asset", "dataset")
    if (version := rows.first()) is None:
        raise Http404("No such version.")
    return version


def job_for(user: User, pk: Id, *, write: bool = False) -> Job:
    """Jobs of projects follow the project; other jobs belong to whoever asked for them."""
    job = _found(Job.objects.all(), pk, "No such job.")
    scope, _, owner = job.stream.partition(":")
    if scope == "project":
        project_for(user, owner, write=write)
    elif scope == "dataset":
        dataset_for(user, owner, write=write)
    elif job.requested_by != user.pk:
        raise Http404("No such job.")
    return job


def may_order_queue(user: User) -> bool:
    """Whose jobs are urgent for the house, and how much each artist may ask: the owner and A&R say."""
    return user.has_role(Role.OWNER, Role.ANR)


def job_to_order(user: User, pk: Id) -> Job:
    """A job whose turn among everybody's *user* may change."""
    job = job_for(user, pk)
    if not may_order_queue(user):
        raise PermissionDenied("Only the owner and A&R change the turn among everybody's jobs.")
    return job


def require_order_queue(user: User) -> None:
    if not may_order_queue(user):
        raise PermissionDenied("Only the owner and A&R say how much each artist may ask of the machines.")


def writable_projects(user: User) -> QuerySet[Project]:
    """Those whose jobs *user* may stop and move."""
    if user.has_role(Role.OWNER):
        return Project.objects.all()
    return Project.objects.filter(
        Q(artist__in=Artist.objects.filter(memberships__user=user, memberships__active=True))
        | Q(pk__in=Project.objects.filter(members__user=user, members__active=True, members__can_edit=True))
    )


def visible_jobs(user: User) -> QuerySet[Job]:
    """The jobs of the projects that *user* sees, and what they asked for elsewhere."""
    if user.is_label_staff:
        return Job.objects.filter(Q(stream__startswith="project:") | Q(requested_by=user.pk))
    streams = [f"project:{pk}" for pk in visible_projects(user).values_list("pk", flat=True)]
    return Job.objects.filter(Q(stream__in=streams) | Q(requested_by=user.pk))


def _found(rows: QuerySet[M], pk: Id, missing: str) -> M:
    try:
        row = rows.filter(pk=pk).first()
    except (ValueError, ValidationError):  # not a UUID at all
        row = None
    if row is None:
        raise Http404(missing)
    return row


def _checked(user: User, thing: T, project: Project, write: bool) -> T:
    if not visible_projects(user).filter(pk=project.pk).exists():
        raise Http404("No such thing.")
    return _writable(user, thing, project, write)


def _writable(user: User, thing: T, project: Project, write: bool) -> T:
    if write and not may_write(user, project):
        raise PermissionDenied("You may look at this project, not change it. Ask its artist to let you edit.")
    return thing
