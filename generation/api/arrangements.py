"""Arrangements, their versions, renders and masters."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from generation import access, services
from generation.api import inputs
from generation.api.base import Studio, paged, sound
from generation.api.serializers.arrangements import (
    ArrangementSerializer,
    MasterSerializer,
    RenderSerializer,
    VersionLineSerializer,
    VersionSerializer,
)
from generation.api.takes import ID
from generation.errors import Conflict, NotPossible
from generation.models import Arrangement, ArrangementVersion, Master, Render
from provenance.services import Asset


class ArrangementViewSet(Studio):
    """Timelines."""

    serializer_class = ArrangementSerializer
    queryset = Arrangement.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(ArrangementSerializer, access.arrangement_for(self.user, pk))

    @extend_schema(responses=paged(VersionLineSerializer))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: str) -> Response:
        rows = access.arrangement_for(self.user, pk).versions.select_related("parent", "saved_by")
        return self.page_of(VersionLineSerializer, rows.defer("document"))

    @extend_schema(
        request=inputs.SaveInput, responses={200: VersionSerializer, 409: inputs.ConflictSerializer}
    )
    @versions.mapping.post
    def save(self, request: Request, pk: str) -> Response:
        """Save after `base_version`. 409 with the latest version when somebody saved in between: nothing is lost."""
        arrangement = access.arrangement_for(self.user, pk, write=True)
        values = self.parsed(inputs.SaveInput)
        try:
            version = services.save_version(arrangement, actor=self.user, **values)
        except Conflict as conflict:
            latest = VersionSerializer(conflict.latest, context=self.get_serializer_context()).data
            error = {"code": conflict.code, "message": conflict.message}
            return Response({"error": error, "latest": latest}, status=409)
        return self.shown(VersionSerializer, version)


class VersionViewSet(Studio):
    """Saved versions of arrangements."""

    serializer_class = VersionSerializer
    queryset = ArrangementVersion.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(VersionSerializer, access.version_for(self.user, pk))

    @extend_schema(request=inputs.NameInput, responses=VersionSerializer)
    @action(detail=True, methods=["post"], url_path="name")
    def give_name(self, request: Request, pk: str) -> Response:
        version = access.version_for(self.user, pk, write=True)
        values = self.parsed(inputs.NameInput)
        return self.shown(VersionSerializer, services.name_version(version, actor=self.user, **values))

    @extend_schema(responses=paged(RenderSerializer))
    @action(detail=True, methods=["get"])
    def renders(self, request: Request, pk: str) -> Response:
        rows = access.version_for(self.user, pk).renders.select_related("job", "asset__analysis")
        return self.page_of(RenderSerializer, rows)

    @extend_schema(request=None, responses={201: RenderSerializer})
    @renders.mapping.post
    def request_render(self, request: Request, pk: str) -> Response:
        version = access.version_for(self.user, pk, write=True)
        return self.shown(RenderSerializer, services.request_render(version, actor=self.user), status=201)


class RenderViewSet(Studio):
    """The audio of versions."""

    serializer_class = RenderSerializer
    queryset = Render.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(RenderSerializer, access.render_for(self.user, pk))

    @extend_schema(responses=paged(MasterSerializer))
    @action(detail=True, methods=["get"])
    def masters(self, request: Request, pk: str) -> Response:
        rows = access.render_for(self.user, pk).masters.select_related("job", "wav__analysis", "flac")
        return self.page_of(MasterSerializer, rows)

    @extend_schema(request=inputs.MasterInput, responses={201: MasterSerializer})
    @masters.mapping.post
    def request_master(self, request: Request, pk: str) -> Response:
        render = access.render_for(self.user, pk, write=True)
        values = self.parsed(inputs.MasterInput)
        return self.shown(
            MasterSerializer, services.request_master(render, actor=self.user, **values), status=201
        )

    @sound("The render, 24 bit.")
    @action(detail=True, methods=["get"])
    def audio(self, request: Request, pk: str) -> HttpResponseBase:
        render = access.render_for(self.user, pk)
        return self.file(_ready(render.asset), filename=f"render-v{render.version.number}.wav")


class MasterViewSet(Studio):
    """Release-ready renders."""

    serializer_class = MasterSerializer
    queryset = Master.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(MasterSerializer, access.master_for(self.user, pk))

    @sound("The master, 24-bit WAV.")
    @action(detail=True, methods=["get"])
    def wav(self, request: Request, pk: str) -> HttpResponseBase:
        master = access.master_for(self.user, pk)
        return self.file(_ready(master.wav), filename=f"master-{master.number}.wav")

    @sound("The same samples as FLAC.", "audio/flac")
    @action(detail=True, methods=["get"])
    def flac(self, request: Request, pk: str) -> HttpResponseBase:
        master = access.master_for(self.user, pk)
        return self.file(_ready(master.flac), filename=f"master-{master.number}.flac")


def _ready(asset: Asset | None) -> Asset:
    if asset is None:
        raise NotPossible("It is not finished yet.", code="not_found")
    return asset
