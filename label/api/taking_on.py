"""Taking on a submission over the API: the same as its page."""

from __future__ import annotations

import uuid
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists import access_anr
from artists.access import artist_for
from artists.models import User
from label.taking_on import begin


class TakeOnSerializer(serializers.Serializer[Any]):
    artist = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of the roster; a prospect becomes signed."
    )
    name = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="Of a new artist."
    )
    credit_name = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="A contributor, as credited."
    )
    title = serializers.CharField(
        max_length=160, required=False, allow_blank=True, default="", help_text="Of a first project."
    )
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class TakenOnSerializer(serializers.Serializer[Any]):
    artist = serializers.UUIDField()
    person = serializers.UUIDField(allow_null=True)
    project = serializers.UUIDField(allow_null=True)


class TakeOnView(APIView):
    """Sign an offered submission: artist, contributor and first project, each linked to it. All of it or nothing."""

    @extend_schema(request=TakeOnSerializer, responses={201: TakenOnSerializer})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        user = cast(User, request.user)
        submission = access_anr.submission_for(user, pk, decide=True)
        given = TakeOnSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        wanted = values.pop("artist")
        artist = artist_for(user, wanted, write=True) if wanted else None
        taken, project = begin(submission, artist=artist, **values, actor=user)
        found = {
            "artist": taken.artist.pk,
            "person": taken.person.pk if taken.person else None,
            "project": project.pk if project else None,
        }
        return Response(TakenOnSerializer(found).data, status=status.HTTP_201_CREATED)
