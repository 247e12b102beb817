"""Artists: found, put on the roster, changed, merged."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, services
from artists.api.roster.many import ManyViews
from artists.api.roster.parts import PartViews
from artists.api.roster.shapes import FILTERS, ArtistSerializer, MergeSerializer, SeparateSerializer
from provenance.errors import UserFault
from provenance.words import join


class ArtistViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, PartViews, ManyViews
):
    """Artists on the roster. One that was merged says so in `merged_into`."""

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put an artist on the roster. 409 where it may be there already, unless `another` says that it is not."""
        access.require_role(self.user, *access.ROSTER_WRITERS)
        values = self.checked(ArtistSerializer)
        values.pop("reason", None)
        if not values.pop("another", False) and (alike := services.likenesses(values["name"])):
            names = join((f"{one.artist.name} ({one.why}, {one.artist.pk})" for one in alike), limit=4)
            raise UserFault(
                f"There may be the same artist already: {names}. If not, send another: true.", code="conflict"
            )
        artist = services.create_artist(**values, actor=self.user)
        return Response(self.get_serializer(artist).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change fields; `status` goes on with its day and reason as `since` and `reason` say."""
        artist = access.artist_for(self.user, pk, write=True)
        form = ArtistSerializer(
            artist, data=request.data, partial=True, context=self.get_serializer_context()
        )
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values.pop("another", None)
        state, since, reason = values.pop("status", None), values.pop("since", None), values.pop("reason", "")
        with transaction.atomic():
            artist = services.change_artist(artist, actor=self.user, **values)
            if state is not None:
                artist = services.change_status(
                    artist, status=state, since=since, reason=reason, actor=self.user
                )
        return Response(self.get_serializer(artist).data)

    @extend_schema(request=MergeSerializer, responses={200: ArtistSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make this artist a part of another; answers with the one that stays."""
        artist = access.artist_for(self.user, pk, write=True)
        values = self.checked(MergeSerializer)
        into = access.artist_for(self.user, values["into"], write=True)
        return Response(
            self.get_serializer(
                services.merge_artists(artist, into=into, reason=values["reason"], actor=self.user)
            ).data
        )

    @extend_schema(request=SeparateSerializer, responses={200: ArtistSerializer})
    @action(detail=True, methods=["post"])
    def separate(self, request: Request, pk: str) -> Response:
        """Take a merge back; the owner's."""
        artist = access.artist_for(self.user, pk)
        access.require_role(self.user, "owner")
        values = self.checked(SeparateSerializer)
        return Response(
            self.get_serializer(services.separate_artists(artist, **values, actor=self.user)).data
        )
