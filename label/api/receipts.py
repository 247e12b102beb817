"""Receipts over the API: one's own, and receipts held against the log."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists.models import User
from provenance import receipts

PAGE = 200


class ReceiptSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    issued_at = serializers.DateTimeField()
    merge_by = serializers.DateTimeField()
    leaves = serializers.ListField(child=serializers.CharField(), help_text="Leaf hashes in hex.")
    note = serializers.SerializerMethodField(help_text="The signed note, exact text. Keep it.")

    def get_note(self, row: Any) -> str:
        return bytes(row.note).decode()


class ReceiptsQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(required=False, min_value=0, max_value=2**62, default=0)


class ReceiptsPageSerializer(serializers.Serializer[Any]):
    more = serializers.BooleanField(help_text="Ask again with `after` set to the last id.")
    results = ReceiptSerializer(many=True)


class CheckedPlaceSerializer(serializers.Serializer[Any]):
    leaf = serializers.CharField()
    index = serializers.IntegerField()


class AnswerSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["kept", "waits", "broken", "unreadable"])
    fault = serializers.CharField(help_text="Why it is no receipt of this log; else empty.")
    issued = serializers.CharField()
    merge_by = serializers.CharField()
    places = CheckedPlaceSerializer(many=True, help_text="Entries proven to stand under the checkpoint.")
    waiting = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField(), help_text="Promised, due, and not there.")


class CheckSerializer(serializers.Serializer[Any]):
    receipts = serializers.ListField(
        child=serializers.CharField(max_length=100_000, trim_whitespace=False),
        min_length=1,
        max_length=receipts.MAX_RECEIPTS,
    )


class CheckedSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField(help_text="Of the checkpoint that the answers hold under.")
    checkpoint = serializers.CharField()
    answers = AnswerSerializer(many=True)


class ReceiptsView(APIView):
    """Your own receipts, oldest first. The header `Deadwax-Receipt` of an answer holds the newest in base64."""

    @extend_schema(operation_id="receipts_list", parameters=[ReceiptsQuery], responses=ReceiptsPageSerializer)
    def get(self, request: Request) -> Response:
        query = ReceiptsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = receipts.own(cast(User, request.user).pk, after=query.validated_data["after"], limit=PAGE)
        return Response(ReceiptsPageSerializer({"more": len(rows) == PAGE, "results": rows}).data)


class ReceiptCheckView(APIView):
    """Receipts held against the log. Public: a promise is worth what anybody can hold against it."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)

    @extend_schema(request=CheckSerializer, responses=CheckedSerializer)
    def post(self, request: Request) -> Response:
        sent = CheckSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        checked = receipts.check(text.encode() for text in sent.validated_data["receipts"])
        answers = [
            {
                "state": answer.state,
                "fault": answer.fault,
                "issued": answer.promise.issued if answer.promise else "",
                "merge_by": answer.promise.merge_by if answer.promise else "",
                "places": [{"leaf": leaf, "index": index} for leaf, index in answer.places],
                "waiting": answer.waiting,
                "missing": answer.missing,
            }
            for answer in checked.answers
        ]
        return Response(
            CheckedSerializer(
                {"size": checked.size, "checkpoint": checked.checkpoint, "answers": answers}
            ).data
        )
