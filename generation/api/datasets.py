"""Datasets and models of our own: the services and access functions of the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from generation import access
from generation.api.base import Studio, paged
from generation.models import Dataset, DatasetVersion, ModelOrigin
from generation.services import datasets, model_origins
from generation.services.datasets import Member
from generation.services.training import Obstacle


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    tools = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    territories = serializers.ListField(child=serializers.CharField(max_length=10), required=False)

    class Meta:
        model = Dataset
        fields = ("id", "title", "purpose", "tools", "territories", "made_for", "created_at")
        read_only_fields = ("id", "made_for", "created_at")


class ObstacleSerializer(serializers.Serializer[Obstacle]):
    """Why a recording may not train a model, and who has to be asked."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    artist = serializers.UUIDField(source="artist.pk", allow_null=True, default=None)
    upload = serializers.UUIDField(source="upload.pk", allow_null=True, default=None)
    tool = serializers.CharField(source="tool.key", allow_null=True, default=None)
    consent = serializers.UUIDField(source="consent.pk", allow_null=True, default=None)


class DatasetMemberSerializer(serializers.Serializer[Member]):
    id = serializers.UUIDField(source="row.pk")
    recording = serializers.CharField(source="row.ref", help_text="master:<id>, upload:<id>, stem:<id>, ...")
    project = serializers.UUIDField(source="row.project_id")
    artist = serializers.UUIDField(source="row.project.artist_id")
    sha256 = serializers.CharField(source="row.asset.sha256")
    consents = serializers.SerializerMethodField(help_text="What it stands on today.")
    until = serializers.DateField(source="basis.until", allow_null=True)
    obstacles = ObstacleSerializer(source="basis.obstacles", many=True)

    def get_consents(self, row: Member) -> list[str]:
        return [str(one.pk) for one in row.basis.consents]


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    archive_sha256 = serializers.CharField(source="asset.sha256", default="")
    lines = serializers.JSONField(read_only=True)

    class Meta:
        model = DatasetVersion
        fields = (
            "id", "number", "tools", "territories", "lines", "manifest_sha256", "archive_sha256", "job",
            "created_at",
        )  # fmt: skip


class DatasetRecordingInput(serializers.Serializer[Any]):
    recording = serializers.CharField(max_length=48, help_text="master:<id>, upload:<id>, stem:<id>, ...")


class OwnModelSerializer(serializers.Serializer[model_origins.Unpublished]):
    engine = serializers.CharField()
    name = serializers.CharField()
    weights_sha256 = serializers.CharField(source="sha256")
    origin = serializers.UUIDField(source="origin.pk", allow_null=True, default=None)
    basis = serializers.CharField(source="origin.basis", allow_null=True, default=None)
    version = serializers.UUIDField(source="origin.version_id", allow_null=True, default=None)
    source = serializers.CharField(  # type: ignore[assignment]
        source="origin.source", allow_null=True, default=None
    )
    problem = serializers.CharField(help_text="Why it may not run; empty where it may.")


class OriginInput(serializers.Serializer[Any]):
    engine = serializers.CharField(max_length=50)
    name = serializers.CharField(max_length=80)
    basis = serializers.ChoiceField(choices=ModelOrigin.Basis.choices)
    version = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Of a dataset.")
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, required=False, allow_blank=True, default=""
    )
    document = serializers.FileField(required=False, allow_null=True, default=None)


_MEMBER = OpenApiParameter("member", OpenApiTypes.UUID, OpenApiParameter.PATH)
_NUMBER = OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)


class DatasetViewSet(Studio):
    """Recordings that were put together to train a model, with whose agreement each stands on."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    file_actions: ClassVar[frozenset[str]] = frozenset({"archive"})

    def list(self, request: Request) -> Response:
        return self.page_of(DatasetSerializer, access.visible_datasets(self.user))

    @extend_schema(request=DatasetSerializer, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        if not access.may_begin_dataset(self.user):
            raise PermissionDenied("Artists, the owner and rights put datasets together.")
        dataset = datasets.create_dataset(**self.parsed(DatasetSerializer), actor=self.user)
        return self.shown(DatasetSerializer, dataset, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(DatasetSerializer, access.dataset_for(self.user, pk))

    @extend_schema(methods=["GET"], responses=paged(DatasetMemberSerializer))
    @extend_schema(methods=["POST"], request=DatasetRecordingInput, responses={201: DatasetMemberSerializer})
    @action(detail=True, methods=["get", "post"])
    def recordings(self, request: Request, pk: str) -> Response:
        """What is in, and what each stands on today; or put a recording in, if everybody in it agreed."""
        dataset = access.dataset_for(self.user, pk, write=request.method == "POST")
        if request.method == "GET":
            return self.page_of(DatasetMemberSerializer, datasets.members_of(dataset))
        member = datasets.add_recording(
            dataset, thing=self.parsed(DatasetRecordingInput)["recording"], actor=self.user
        )
        found = next(one for one in datasets.members_of(dataset) if one.row.pk == member.pk)
        return self.shown(DatasetMemberSerializer, found, status=201)

    @extend_schema(parameters=[_MEMBER], request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path="recordings/(?P<member>[0-9a-fA-F-]{36})")
    def recording(self, request: Request, pk: str, member: str) -> Response:
        """Take a recording out. Versions that were exported before keep it."""
        row = access.dataset_member_for(self.user, pk, member, write=True)
        datasets.remove_recording(row, actor=self.user)
        return Response(status=204)

    @extend_schema(methods=["GET"], responses=paged(DatasetVersionSerializer))
    @extend_schema(methods=["POST"], request=None, responses={202: DatasetVersionSerializer})
    @action(detail=True, methods=["get", "post"])
    def versions(self, request: Request, pk: str) -> Response:
        """Frozen versions; or freeze what is in and have it packed."""
        dataset = access.dataset_for(self.user, pk, write=request.method == "POST")
        if request.method == "GET":
            return self.page_of(DatasetVersionSerializer, dataset.versions.select_related("asset"))
        version = datasets.request_export(dataset, actor=self.user)
        return self.shown(DatasetVersionSerializer, version, status=202)

    @extend_schema(
        parameters=[_NUMBER],
        request=None,
        responses={
            (200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, description="The archive.")
        },
    )
    @action(detail=True, methods=["get"], url_path="versions/(?P<number>[0-9]{1,9})/archive")
    def archive(self, request: Request, pk: str, number: str) -> HttpResponseBase:
        """A version for trainers, while every consent in it holds."""
        version = access.dataset_version_for(self.user, pk, int(number))
        if version.asset is None:
            raise Http404("This version is not packed yet.")
        datasets.require_exportable(version)
        return self.file(version.asset, filename=f"dataset-{pk}-{number}.zip")


class OwnModelViewSet(Studio):
    """Weights on this installation's machines that nobody published, and what they were made from."""

    serializer_class = OwnModelSerializer
    queryset = ModelOrigin.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"
    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(responses=paged(OwnModelSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(OwnModelSerializer, model_origins.unpublished())

    @extend_schema(request=OriginInput, responses={201: OwnModelSerializer})
    def create(self, request: Request) -> Response:
        """Say what a model was made from: it counts for its weights as they are now."""
        access.require_keeper(self.user)
        given = self.parsed(OriginInput)
        version = given.pop("version")
        found = (
            DatasetVersion.objects.filter(pk=version).select_related("dataset").first() if version else None
        )
        model_origins.state_origin(**given, version=found, actor=self.user)
        rows = model_origins.unpublished()
        return self.shown(
            OwnModelSerializer,
            next(one for one in rows if (one.engine, one.name) == (given["engine"], given["name"])),
            status=201,
        )

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take back what was said (by the id of the origin). The model does not run until somebody says anew."""
        model_origins.withdraw_origin(access.model_origin_for(self.user, pk), actor=self.user)
        return Response(status=204)
