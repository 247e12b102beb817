"""Projects with what lies inside them: members, briefs, runs, uploads, arrangements, masters."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from artists.models import User
from generation import access, reading, services
from generation.api import asking, inputs
from generation.api.base import Studio, paged
from generation.api.serializers.arrangements import (
    ArrangementSerializer,
    MasterSerializer,
    MaterialSerializer,
)
from generation.api.serializers.runs import (
    BriefSerializer,
    MemberSerializer,
    ProjectSerializer,
    RunSerializer,
    UploadSerializer,
)
from generation.errors import BadValue
from generation.models import Master, Project


class ProjectViewSet(Studio):
    """Songs in the making."""

    serializer_class = ProjectSerializer
    queryset = Project.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    @extend_schema(responses=paged(ProjectSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(ProjectSerializer, access.visible_projects(self.user))

    @extend_schema(request=inputs.ProjectInput, responses={201: ProjectSerializer})
    def create(self, request: Request) -> Response:
        values = self.parsed(inputs.ProjectInput)
        artist = access.artist_for_new_project(self.user, values["artist"])
        project = services.create_project(title=values["title"], artist=artist, actor=self.user)
        return self.shown(ProjectSerializer, project, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(ProjectSerializer, access.project_for(self.user, pk))

    @extend_schema(responses=paged(MemberSerializer))
    @action(detail=True, methods=["get"])
    def members(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk)
        return self.page_of(
            MemberSerializer, project.members.select_related("user").order_by("user__full_name")
        )

    @extend_schema(request=inputs.MemberInput, responses={201: MemberSerializer})
    @members.mapping.post
    def add_member(self, request: Request, pk: str) -> Response:
        project = access.project_to_manage(self.user, pk)
        values = self.parsed(inputs.MemberInput)
        member = services.add_member(
            project, user=_account(values["user"]), can_edit=values["can_edit"], actor=self.user
        )
        return self.shown(MemberSerializer, member, status=201)

    @extend_schema(request=inputs.MemberInput, responses={204: None})
    @action(detail=True, methods=["post"], url_path="members/end")
    def end_member(self, request: Request, pk: str) -> Response:
        project = access.project_to_manage(self.user, pk)
        services.remove_member(
            project, user=_account(self.parsed(inputs.MemberInput)["user"]), actor=self.user
        )
        return Response(status=204)

    @extend_schema(responses=paged(BriefSerializer))
    @action(detail=True, methods=["get"])
    def briefs(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk)
        return self.page_of(
            BriefSerializer, project.briefs.select_related("entry").prefetch_related("entry__vault")
        )

    @extend_schema(request=BriefSerializer, responses={201: BriefSerializer})
    @briefs.mapping.post
    def save_brief(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk, write=True)
        given = self.parsed(BriefSerializer)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
        }
        brief = services.save_brief(project, values=services.BriefValues(**values), actor=self.user)
        return self.shown(BriefSerializer, brief, status=201)

    @extend_schema(responses=paged(RunSerializer))
    @action(detail=True, methods=["get"])
    def runs(self, request: Request, pk: str) -> Response:
        rows = access.project_for(self.user, pk).runs.select_related("job", "terms__tool", "entry")
        return self.page_of(RunSerializer, rows.prefetch_related("entry__vault", "inputs__asset"))

    @extend_schema(request=inputs.RunInput, responses={201: RunSerializer})
    @runs.mapping.post
    def request_run(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk, write=True)
        values = asking.requested(self.parsed(inputs.RunInput), self.user)
        run = services.request_run(project, actor=self.user, **values)
        return self.shown(RunSerializer, run, status=201)

    @extend_schema(request=asking.SweepInput, responses={201: asking.SweepSerializer})
    @action(detail=True, methods=["post"])
    def sweeps(self, request: Request, pk: str) -> Response:
        """The same request once per value of one parameter."""
        project = access.project_for(self.user, pk, write=True)
        values = asking.requested(self.parsed(asking.SweepInput), self.user)
        sweep = services.request_sweep(project, actor=self.user, **values)
        return self.shown(asking.SweepSerializer, sweep, status=201)

    @extend_schema(responses=paged(asking.ThingSerializer))
    @action(detail=True, methods=["get"])
    def givens(self, request: Request, pk: str) -> Response:
        """What of the project can be given to a mode."""
        project = access.project_for(self.user, pk)
        return self.page_of(asking.ThingSerializer, reading.givens(project, user=self.user))

    @extend_schema(responses=paged(asking.SuggestionSerializer))
    @action(detail=True, methods=["get"])
    def suggestions(self, request: Request, pk: str) -> Response:
        """Prompts from the artist's own history; those whose takes were kept first."""
        project = access.project_for(self.user, pk)
        return self.page_of(asking.SuggestionSerializer, services.suggestions(project, user=self.user))

    @extend_schema(responses=paged(asking.PresetSerializer))
    @action(detail=True, methods=["get"])
    def presets(self, request: Request, pk: str) -> Response:
        """The caller's own presets and the project's."""
        project = access.project_for(self.user, pk)
        return self.page_of(asking.PresetSerializer, services.presets_of(self.user, project=project))

    @extend_schema(request=asking.PresetSerializer, responses={201: asking.PresetSerializer})
    @presets.mapping.post
    def save_preset(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk)
        values = self.parsed(asking.PresetSerializer)
        shared = values.pop("for_project")
        if shared:
            project = access.project_for(self.user, pk, write=True)
        preset = services.save_preset(project=project if shared else None, actor=self.user, **values)
        return self.shown(asking.PresetSerializer, preset, status=201)

    @extend_schema(responses=paged(UploadSerializer))
    @action(detail=True, methods=["get"])
    def uploads(self, request: Request, pk: str) -> Response:
        rows = access.project_for(self.user, pk).uploads.select_related("asset__analysis", "terms__tool")
        return self.page_of(UploadSerializer, rows)

    @extend_schema(request={"multipart/form-data": inputs.UploadInput}, responses={201: UploadSerializer})
    @action(detail=True, methods=["post"], url_path="uploads/new", parser_classes=[MultiPartParser])
    def upload(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk, write=True)
        values: dict[str, Any] = self.parsed(inputs.UploadInput)
        file, tool = values.pop("file"), values.pop("tool", "")
        elements = values.pop("elements", None) or None
        upload = services.import_upload(
            project,
            file=file,
            filename=file.name or "",
            elements=elements,
            terms=services.terms_in_force(tool) if tool else None,
            actor=self.user,
            **values,
        )
        return self.shown(UploadSerializer, upload, status=201)

    @extend_schema(responses=paged(ArrangementSerializer))
    @action(detail=True, methods=["get"])
    def arrangements(self, request: Request, pk: str) -> Response:
        return self.page_of(ArrangementSerializer, access.project_for(self.user, pk).arrangements.all())

    @extend_schema(request=inputs.ArrangementInput, responses={201: ArrangementSerializer})
    @arrangements.mapping.post
    def create_arrangement(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk, write=True)
        values = self.parsed(inputs.ArrangementInput)
        takes = [access.take_for(self.user, take) for take in values["takes"]]
        arrangement = services.create_arrangement(
            project, title=values["title"], takes=takes, actor=self.user
        )
        return self.shown(ArrangementSerializer, arrangement, status=201)

    @extend_schema(responses=paged(MasterSerializer))
    @action(detail=True, methods=["get"])
    def masters(self, request: Request, pk: str) -> Response:
        project = access.project_for(self.user, pk)
        rows = Master.objects.filter(render__version__arrangement__project=project)
        return self.page_of(MasterSerializer, rows.select_related("job", "wav__analysis", "flac"))

    @extend_schema(responses=paged(MaterialSerializer))
    @action(detail=True, methods=["get"])
    def material(self, request: Request, pk: str) -> Response:
        return self.page_of(MaterialSerializer, services.materials(access.project_for(self.user, pk)))


def _account(pk: object) -> User:
    """An account to let in. One that does not exist and one that may not be named answer alike."""
    user = User.objects.filter(pk=str(pk)).first()
    if user is None:
        raise BadValue("There is no such account. Ask the owner to invite the person first.", field="user")
    return user
