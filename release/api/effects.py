"""What hangs on a consent, over the API: the computation and access function of the page."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from artists.models import Consent, User
from artists.practice_access import consent_for
from generation.access import visible_datasets, visible_projects
from release.access import visible_releases
from release.consent_effects import Effect, Effects, Handed, effects_of


class ReleaseEffectSerializer(serializers.Serializer[Effect]):
    release = serializers.UUIDField(source="release.pk")
    title = serializers.CharField(source="release.title")
    fate = serializers.ChoiceField(choices=["free", "may_be_sold", "must_stop", "not_out"])
    until = serializers.DateField(allow_null=True)
    sentence = serializers.CharField()


class HandedSerializer(serializers.Serializer[Handed]):
    dataset = serializers.UUIDField(source="version.dataset_id")
    number = serializers.IntegerField(source="version.number")
    sentence = serializers.CharField()


class ConsentEffectsSerializer(serializers.Serializer[Effects]):
    """Numbers of everything; ids and titles of what the reader may open."""

    ended_on = serializers.DateField(allow_null=True)
    over = serializers.BooleanField()
    takes = serializers.SerializerMethodField()
    uploads = serializers.SerializerMethodField()
    masters = serializers.SerializerMethodField()
    releases = serializers.SerializerMethodField()
    members = serializers.SerializerMethodField(help_text="Ids of datasets that hold a recording by it.")
    exports = serializers.SerializerMethodField()
    models = serializers.SerializerMethodField(help_text="Names of models that learned from it.")

    @property
    def _user(self) -> User:
        return cast(User, self.context["request"].user)

    def get_takes(self, row: Effects) -> int:
        return len(row.takes)

    def get_uploads(self, row: Effects) -> int:
        return len(row.uploads)

    def get_masters(self, row: Effects) -> list[str]:
        seen = set(visible_projects(self._user).values_list("pk", flat=True))
        return [str(one.pk) for one in row.masters if one.project.pk in seen]

    @extend_schema_field(ReleaseEffectSerializer(many=True))
    def get_releases(self, row: Effects) -> list[dict[str, Any]]:
        seen = set(visible_releases(self._user).values_list("pk", flat=True))
        return [ReleaseEffectSerializer(one).data for one in row.releases if one.release.pk in seen]

    def get_members(self, row: Effects) -> list[str]:
        return sorted({str(one.dataset_id) for one in row.members if one.dataset_id in self._datasets()})

    @extend_schema_field(HandedSerializer(many=True))
    def get_exports(self, row: Effects) -> list[dict[str, Any]]:
        known = self._datasets()
        return [HandedSerializer(one).data for one in row.versions if one.version.dataset_id in known]

    def get_models(self, row: Effects) -> list[str]:
        return [one.name for one in row.models]

    def _datasets(self) -> set[object]:
        return set(visible_datasets(self._user).values_list("pk", flat=True))


class ConsentEffectsViewSet(viewsets.GenericViewSet[Any]):
    """What was made under a consent, and what its end means for each; also before anybody revokes it."""

    serializer_class = ConsentEffectsSerializer
    queryset = Consent.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    @extend_schema(
        parameters=[
            OpenApiParameter("revoked_on", OpenApiTypes.DATE, description="As if revoked from that day on.")
        ]
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        consent = consent_for(cast(User, request.user), pk)
        wanted = request.query_params.get("revoked_on")
        day = serializers.DateField().run_validation(wanted) if wanted else None
        return Response(self.get_serializer(effects_of(consent, revoked_on=day)).data)
