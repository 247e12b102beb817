"""Contributors, and what a person has of their own: who they are, their kept filters."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, services
from artists.models import Artist, Person, SavedFilter, User


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


class SavedFilterSerializer(serializers.ModelSerializer[SavedFilter]):
    class Meta:
        model = SavedFilter
        fields = ("id", "page", "name", "query")
        read_only_fields = ("id",)
        validators: ClassVar[list[Any]] = []


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
        access.require_role(user, *access.PEOPLE_WRITERS)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = services.create_person(**form.validated_data, actor=user)
        return Response(self.get_serializer(person).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is known of a contributor; an empty legal name leaves the sealed one."""
        user = cast(User, request.user)
        person = access.person_for(user, pk, write=True)
        form = self.get_serializer(person, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        values = {name: value for name, value in form.validated_data.items() if name != "artist"}
        return Response(self.get_serializer(services.change_person(person, **values, actor=user)).data)


class SavedFilterViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[SavedFilter]):
    """Your kept filters of the roster and of the board."""

    serializer_class = SavedFilterSerializer
    queryset = SavedFilter.objects.none()
    pagination_class = None

    def get_queryset(self) -> QuerySet[SavedFilter]:
        if getattr(self, "swagger_fake_view", False):
            return SavedFilter.objects.none()
        return access.saved_filters(cast(User, self.request.user))

    def create(self, request: Request) -> Response:
        """Keep a filter; one of the same page and name is written over."""
        form = SavedFilterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = services.save_filter(**form.validated_data, actor=cast(User, request.user))
        return Response(SavedFilterSerializer(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        services.forget_filter(access.saved_filter_for(cast(User, request.user), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeViewSet(viewsets.GenericViewSet[User]):
    """Who the token belongs to."""

    serializer_class = MeSerializer
    queryset = User.objects.none()
    pagination_class = None

    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(request.user).data)
