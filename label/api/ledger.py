"""The ledger over the API: pages of entries, one entry with its proof, the newest checkpoint, how the record stands."""

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
from label.blindness import said_to
from label.filters import BASES, WHEN, Filter
from label.health import Health
from label.lines import lines
from label.views.entry import readable_entry
from provenance import finding, queries, standing


class WhereSerializer(serializers.Serializer[Any]):
    ref = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()


class LineSerializer(serializers.Serializer[Any]):
    leaf = serializers.CharField()
    sentence = serializers.CharField()
    at = serializers.DateTimeField()
    basis = serializers.CharField()
    who = serializers.CharField()
    origin = serializers.CharField()
    index = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    signed = serializers.BooleanField(help_text="Signed by the person who made it.")
    where = WhereSerializer(allow_null=True, help_text="The project, release or artist of its stream.")


class LedgerPageSerializer(serializers.Serializer[Any]):
    older = serializers.IntegerField(allow_null=True, help_text="Send it as `before` for the next page.")
    results = LineSerializer(many=True)


class CoverSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["timestamp", "witness"])
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Entries in the checkpoint that it saw.")
    at = serializers.DateTimeField(help_text="The entry existed before this time, it says.")


class EntrySerializer(LineSerializer):
    body = serializers.DictField()
    disclosed = serializers.DictField()
    proof = serializers.CharField(help_text="C2SP tlog-proof; empty while the entry waits for its place.")
    covers = CoverSerializer(many=True)
    signature = serializers.CharField(
        help_text="Leaf of the entry that signs this one; empty where none does."
    )


class CheckpointSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    note = serializers.CharField(help_text="C2SP signed note, exact text.")


class LedgerQuery(serializers.Serializer[Any]):
    words = serializers.CharField(
        required=False, max_length=200, help_text='Words that an entry holds. "A phrase", -without.'
    )
    person = serializers.UUIDField(required=False, help_text="Who did it: the id of an account.")
    about = serializers.CharField(required=False, max_length=80, help_text="A subject, e.g. project:<uuid>.")
    kind = serializers.CharField(required=False, max_length=64, help_text="A kind, or a group as `takes`.")
    basis = serializers.ChoiceField(required=False, choices=list(BASES))
    when = serializers.ChoiceField(required=False, choices=list(WHEN))
    since = serializers.DateField(required=False, help_text="From the beginning of this day, UTC.")
    until = serializers.DateField(required=False, help_text="Until the end of this day, UTC.")
    before = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class TroubleSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class HealthSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    ok = serializers.BooleanField(help_text="False while there is any trouble.")
    troubles = TroubleSerializer(many=True)
    log = serializers.DictField()
    receipts = serializers.DictField()
    unsigned = serializers.DictField()
    protection = serializers.DictField(required=False, help_text="For label staff.")
    outside = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="For label staff."
    )
    c2pa = serializers.DictField(required=False, help_text="For label staff.")


class LedgerView(APIView):
    """Entries you may see, newest first. All filters must fit."""

    @extend_schema(operation_id="ledger_list", parameters=[LedgerQuery], responses=LedgerPageSerializer)
    def get(self, request: Request) -> Response:
        query = LedgerQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        user = cast(User, request.user)
        asked = Filter.read(request.query_params.dict())
        if query.validated_data.get("kind") and not asked.kind:
            return Response(LedgerPageSerializer({"older": None, "results": []}).data)
        page = finding.page(asked.wanted(user), before=query.validated_data.get("before"))
        found = lines(page.entries, reader=user)
        return Response(LedgerPageSerializer({"older": page.older, "results": found}).data)


class EntryView(APIView):
    """One entry: its sentence, its exact body, what is disclosed, its proof, and who outside covers it."""

    @extend_schema(
        parameters=[
            OpenApiParameter("leaf", str, OpenApiParameter.PATH, description="Leaf hash, 64 hex digits.")
        ],
        responses=EntrySerializer,
    )
    def get(self, request: Request, leaf: str) -> Response:
        user = cast(User, request.user)
        entry = readable_entry(user, leaf)
        proof = queries.proof_for(entry)
        signature = standing.signature_of(entry)
        return Response(
            EntrySerializer(
                {
                    **lines([entry], reader=user)[0].__dict__,
                    "body": json.loads(bytes(entry.body)),
                    "disclosed": said_to(user, entry),
                    "proof": proof.text() if proof else "",
                    "covers": standing.covers(proof.index) if proof else (),
                    "signature": signature.leaf if signature else "",
                }
            ).data
        )


class HealthView(APIView):
    """How the record stands, for monitoring. Staff see guards and outside places too. No names of people."""

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        return Response(HealthSerializer(Health(cast(User, request.user)).as_json()).data)


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
