"""What all of an artist's addresses share."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from artists import access
from artists.api.roster.shapes import ArtistSerializer
from artists.models import Artist, User
from artists.roster_filter import RosterFilter


class ArtistViews(viewsets.GenericViewSet[Artist]):
    serializer_class = ArtistSerializer
    queryset = Artist.objects.none()

    def get_queryset(self) -> QuerySet[Artist]:
        if getattr(self, "swagger_fake_view", False):
            return Artist.objects.none()
        if self.action == "list":
            return RosterFilter.parse(self.request.query_params).artists(self.user)
        return access.known_artists(self.user)

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def checked(self, kind: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        form = kind(data=self.request.data, context=self.get_serializer_context(), **options)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)
