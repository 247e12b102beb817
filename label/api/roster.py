"""The board of unpublished work and the search over everything, over the API."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists.models import User
from label.board import DUE, STAGES, BoardFilter, board
from label.looking import look


class CardSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    url = serializers.CharField()
    stream = serializers.CharField(help_text="Of the ledger: `project:<id>` or `release:<id>`.")
    artist = serializers.UUIDField(source="artist_id")
    artist_name = serializers.CharField(source="artist")
    next = serializers.CharField(help_text="The next step, in words.")
    due = serializers.DateField(allow_null=True)
    late = serializers.BooleanField()
    quiet_days = serializers.IntegerField(help_text="Since the newest entry.")


class ColumnSerializer(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=list(STAGES.items()))
    count = serializers.IntegerField()
    late = serializers.IntegerField()
    cards = CardSerializer(many=True)


class BoardView(APIView):
    """All unpublished work that you may see, by stage. A column holds 20 things, 200 where its stage is asked for."""

    @extend_schema(
        parameters=[
            OpenApiParameter("artist", str),
            OpenApiParameter("stage", str, enum=list(STAGES)),
            OpenApiParameter("due", str, enum=list(DUE)),
            OpenApiParameter("whose", str, enum=["mine", "all"]),
        ],
        responses={200: ColumnSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        columns = board(cast(User, request.user), BoardFilter.parse(request.query_params))
        return Response(ColumnSerializer(columns, many=True).data)


class FoundSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    note = serializers.CharField()
    exact = serializers.BooleanField(help_text="Its number was asked for.")


class GroupSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    found = FoundSerializer(many=True)


class SearchView(APIView):
    """Everything that you may open, by words in any script, and by ISRC, GTIN, ISWC, ISNI, IPI or catalogue number."""

    @extend_schema(
        parameters=[OpenApiParameter("words", str, required=True)],
        responses={200: GroupSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        groups = look(cast(User, request.user), request.query_params.get("words", ""))
        return Response(GroupSerializer(groups, many=True).data)
