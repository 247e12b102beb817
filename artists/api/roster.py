"""The roster over the API: the same services and the same access functions as the pages."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, services
from artists.models import Artist, Person, User


class ArtistSerializer(serializers.ModelSerializer[Artist]):
    class Meta:
        model = Artist
        fields = ("id", "name", "sort_name", "kind", "status", "isni", "is_ai_persona", "method")
        read_only_fields = ("id",)


class PersonSerializer(serializers.ModelSerializer[Person]):
    legal_name = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=160,
        help_text="Kept sealed, never shown.",
    )
    artist = serializers.PrimaryKeyRelatedField(
        queryset=Artist.objects.none(), required=False, allow_null=True, help_text="An artist you may see."
    )

    class Meta:
        model = Person
        fields = ("id", "credit_name", "legal_name", "ipi", "isni", "society", "country", "artist")
        read_only_fields = ("id",)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            cast(Any, fields["artist"]).queryset = access.visible_artists(request.user)
        return fields


class MeSerializer(serializers.ModelSerializer[User]):
    role = serializers.CharField(read_only=True)

    class Meta:
        model = User
        fields = ("id", "email", "full_name", "role")
        read_only_fields = fields


class ArtistViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Artist]
):
    """Artists on the roster."""

    serializer_class = ArtistSerializer
    queryset = Artist.objects.none()

    def get_queryset(self) -> QuerySet[Artist]:
        if getattr(self, "swagger_fake_view", False):
            return Artist.objects.none()
        return access.visible_artists(cast(User, self.request.user))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = cast(User, request.user)
        access.require_role(user, *access.ROSTER_WRITERS)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        artist = services.create_artist(**form.validated_data, actor=user)
        return Response(self.get_serializer(artist).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        user = cast(User, request.user)
        artist = access.artist_for(user, pk, write=True)
        form = self.get_serializer(artist, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(
            self.get_serializer(services.change_artist(artist, actor=user, **form.validated_data)).data
        )


class PersonViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Person]):
    """Contributors: people who are credited and hold shares."""

    serializer_class = PersonSerializer
    queryset = Person.objects.none()

    def get_queryset(self) -> QuerySet[Person]:
        if getattr(self, "swagger_fake_view", False):
            return Person.objects.none()
        return access.visible_people(cast(User, self.request.user))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = cast(User, request.user)
        access.require_role(user, *access.ROSTER_WRITERS, "release", "rights")
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = services.create_person(**form.validated_data, actor=user)
        return Response(self.get_serializer(person).data, status=status.HTTP_201_CREATED)


class MeViewSet(viewsets.GenericViewSet[User]):
    """Who the token belongs to."""

    serializer_class = MeSerializer
    queryset = User.objects.none()
    pagination_class = None

    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(request.user).data)
