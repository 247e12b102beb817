"""The ledger over the API: pages of entries, one entry with its proof, the newest checkpoint."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists.models import User
from label.lines import lines
from label.streams import may_read, readable
from provenance import queries
from provenance.services import disclose


class LineSerializer(serializers.Serializer[Any]):
    leaf = serializers.CharField()
    sentence = serializers.CharField()
    at = serializers.DateTimeField()
    basis = serializers.CharField()
    who = serializers.CharField()
    origin = serializers.CharField()
    index = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()


class LedgerPageSerializer(serializers.Serializer[Any]):
    older = serializers.IntegerField(allow_null=True, help_text="Send it as `before` for the next page.")
    results = LineSerializer(many=True)


class EntrySerializer(LineSerializer):
    body = serializers.DictField()
    disclosed = serializers.DictField()
    proof = serializers.CharField(help_text="C2SP tlog-proof; empty while the entry waits for its place.")


class CheckpointSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    note = serializers.CharField(help_text="C2SP signed note, exact text.")


class LedgerQuery(serializers.Serializer[Any]):
    about = serializers.CharField(required=False, max_length=80, help_text="A subject, e.g. project:<uuid>.")
    kind = serializers.CharField(required=False, max_length=64)
    before = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class LedgerView(APIView):
    """Entries you may see, newest first."""

    @extend_schema(operation_id="ledger_list", parameters=[LedgerQuery], responses=LedgerPageSerializer)
    def get(self, request: Request) -> Response:
        query = LedgerQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        allowed = readable(cast(User, request.user))
        page = queries.ledger_page(
            streams=allowed.only,
            families=allowed.families,
            refs=[wanted["about"]] if wanted.get("about") else (),
            kinds=[wanted["kind"]] if wanted.get("kind") else (),
            before=wanted.get("before"),
        )
        return Response(LedgerPageSerializer({"older": page.older, "results": lines(page.entries)}).data)


class EntryView(APIView):
    """One entry: its sentence, its exact body, what is disclosed, and its proof."""

    @extend_schema(
        parameters=[
            OpenApiParameter("leaf", str, OpenApiParameter.PATH, description="Leaf hash, 64 hex digits.")
        ],
        responses=EntrySerializer,
    )
    def get(self, request: Request, leaf: str) -> Response:
        entry = queries.entry_by_leaf(leaf)
        if entry is None or not may_read(cast(User, request.user), entry):
            raise Http404
        proof = queries.proof_for(entry)
        line = lines([entry])[0]
        return Response(
            EntrySerializer(
                {
                    **line.__dict__,
                    "body": json.loads(bytes(entry.body)),
                    "disclosed": disclose(entry),
                    "proof": proof.text() if proof else "",
                }
            ).data
        )


class CheckpointView(APIView):
    """The newest signed checkpoint. Public: whoever keeps it can tell later whether the log was rewritten."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)

    @extend_schema(responses=CheckpointSerializer)
    def get(self, request: Request) -> Response:
        head = queries.latest_checkpoint()
        if head is None:
            raise Http404
        return Response(CheckpointSerializer({"size": head.size, "note": bytes(head.note).decode()}).data)
