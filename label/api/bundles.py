"""Evidence bundles over the API: what would leave the house, and the bundle."""

from __future__ import annotations

from typing import Any, cast

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists.models import User
from generation.access import master_for, project_for
from label import exporting
from label.filters import Filter
from label.views.exports import MAX_KEYS, download, found_scope
from provenance.bundle import Scope
from provenance.bundle.export import MAX_RECIPIENT
from release.access import release_for, visible_recordings
from release.models import Work


class BundleQuery(serializers.Serializer[Any]):
    """Exactly one of these."""

    master = serializers.UUIDField(required=False)
    project = serializers.UUIDField(required=False)
    release = serializers.UUIDField(required=False)
    work = serializers.UUIDField(required=False)
    search = serializers.DictField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="As the ledger's page is asked: words, person, about, kind, basis, since, until.",
    )


class BundleRequest(BundleQuery):
    disclose = serializers.ListField(
        child=serializers.CharField(max_length=130),
        required=False,
        max_length=MAX_KEYS,
        help_text="Private values that shall be shown, as `kind/name`; all others stay sealed.",
    )
    recipient = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_RECIPIENT, help_text="Kept sealed in the ledger."
    )


class PrivateNameSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Send it in `disclose`.")
    count = serializers.IntegerField()
    examples = serializers.ListField(child=serializers.CharField())


class BundlePreview(serializers.Serializer[Any]):
    title = serializers.CharField()
    entries = serializers.IntegerField()
    private = PrivateNameSerializer(many=True, help_text="What you may disclose.")


class BundleView(APIView):
    """An evidence bundle: it verifies without this server. That it was given out is an entry."""

    @extend_schema(
        operation_id="ledger_bundle",
        request=BundleRequest,
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def post(self, request: Request) -> HttpResponseBase:
        asked = BundleRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        user = cast(User, request.user)
        values = asked.validated_data
        return download(_scope(values, user), user, values.get("disclose", []), values.get("recipient", ""))


class BundlePreviewView(APIView):
    """What a bundle would hold, and which private values you could disclose."""

    @extend_schema(operation_id="ledger_bundle_preview", request=BundleQuery, responses=BundlePreview)
    def post(self, request: Request) -> Response:
        asked = BundleQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        user = cast(User, request.user)
        scope = _scope(asked.validated_data, user)
        private = [
            {"key": secret.name.key, "count": secret.name.count, "examples": secret.examples}
            for secret in exporting.secrets(scope, user)
        ]
        return Response(
            BundlePreview({"title": scope.title, "entries": len(scope.entries), "private": private}).data
        )


def _scope(values: dict[str, Any], user: User) -> Scope:
    given = [name for name in ("master", "project", "release", "work", "search") if name in values]
    if len(given) != 1:
        raise ValidationError("Say what: exactly one of master, project, release, work and search.")
    match given[0]:
        case "master":
            master = master_for(user, values["master"])
            if master.wav is None:
                raise ValidationError("This master is not made yet.")
            scope = exporting.of_master(master)
        case "project":
            scope = exporting.of_project(project_for(user, values["project"]))
        case "release":
            scope = exporting.of_release(release_for(user, values["release"]))
        case "work":
            works = Work.objects.filter(recordings__in=visible_recordings(user)).distinct()
            scope = exporting.of_work(get_object_or_404(works, pk=values["work"]))
        case _:
            scope = found_scope(Filter.read(values["search"]), user)
    return exporting.for_reader(scope, user)
