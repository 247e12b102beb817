"""Material and method checks over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists.method_rules import MATERIALS, REFERENCES
from generation import access, services
from generation.api.base import Studio
from generation.errors import BadValue
from generation.models import MaterialMark, MethodCheck

ID = "[0-9a-fA-F-]{36}"


class MethodCheckSerializer(serializers.ModelSerializer[MethodCheck]):
    method_number = serializers.IntegerField(source="method.number", read_only=True)
    stale = serializers.SerializerMethodField(help_text="Material was marked anew since.")

    class Meta:
        model = MethodCheck
        fields = (
            "id", "master", "method", "method_number", "job", "done", "stale", "comparisons", "outcomes", "created_at",
        )  # fmt: skip

    def get_stale(self, row: MethodCheck) -> bool:
        return row.done and services.standings([row.master])[row.master_id].stale


class CheckInput(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="A newer version of the method."
    )


class MarkSerializer(serializers.ModelSerializer[MaterialMark]):
    class Meta:
        model = MaterialMark
        fields = ("id", "project", "ref", "kind")


class MarkInput(serializers.Serializer[Any]):
    material = serializers.ChoiceField(choices=[*MATERIALS, *REFERENCES])


class MethodCheckViewSet(Studio):
    """Masters held against methods; `pk` is the master's id."""

    serializer_class = MethodCheckSerializer
    queryset = MethodCheck.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        """The newest check of a master, finished or not."""
        master = access.master_for(self.user, pk)
        found = services.newest_check(master, done=False)
        if found is None:
            raise BadValue("This master was not held against a method yet.", field="master", code="no_check")
        return self.shown(MethodCheckSerializer, found)

    @extend_schema(request=CheckInput, responses={202: MethodCheckSerializer})
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        master = access.master_for(self.user, pk, write=True)
        version = self.parsed(CheckInput)["version"]
        method = None
        if version is not None:
            method = next((one for one in services.checkable(master) if one.number == version), None)
            if method is None:
                raise BadValue(
                    "Choose the version in force when it was made, or a newer one.", field="version"
                )
        return self.shown(
            MethodCheckSerializer, services.request_check(master, method=method, actor=self.user), status=202
        )


class MaterialViewSet(Studio):
    """What runs, takes and uploads are; `pk` is the project's id in the list, and the thing's own elsewhere."""

    serializer_class = MarkSerializer
    queryset = MaterialMark.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        """All marks of a project."""
        project = access.project_for(self.user, pk)
        rows = MaterialMark.objects.filter(project=project).order_by("ref")
        return Response({"marks": MarkSerializer(rows, many=True).data})

    @extend_schema(request=MarkInput, responses=MarkSerializer)
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        return self._mark(access.run_for(self.user, pk, write=True))

    @extend_schema(request=MarkInput, responses=MarkSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        return self._mark(access.take_for(self.user, pk, write=True))

    @extend_schema(request=MarkInput, responses=MarkSerializer)
    @action(detail=True, methods=["post"])
    def upload(self, request: Request, pk: str) -> Response:
        return self._mark(access.upload_for(self.user, pk, write=True))

    def _mark(self, thing: Any) -> Response:
        kind = self.parsed(MarkInput)["material"]
        return self.shown(MarkSerializer, services.mark_material(thing, kind=kind, actor=self.user))
