"""Erasing a person's private content over the API: what goes and what stays, then the deed."""

from __future__ import annotations

import uuid
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists import access
from artists.models import User
from release.erasing import BEYOND
from release.errors import BadField
from release.services import erasure


class ErasureLineSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    count = serializers.IntegerField()
    why = serializers.CharField()


class ErasurePreviewSerializer(serializers.Serializer[Any]):
    goes = ErasureLineSerializer(many=True)
    stays = ErasureLineSerializer(many=True)
    beyond = serializers.ListField(child=serializers.CharField(), help_text="What no erasure here can reach.")
    refusal = serializers.CharField(help_text="Why it cannot be done; else empty.")


class ErasureSerializer(serializers.Serializer[Any]):
    address = serializers.CharField(max_length=254, help_text="The account's address, so that it is no slip.")
    people = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=50,
        help_text="Contributors: the same person.",
    )


class ErasedSerializer(serializers.Serializer[Any]):
    leaf = serializers.CharField(help_text="Leaf hash of the entry that says so.")
    entries = serializers.IntegerField()
    values = serializers.IntegerField()
    copies = serializers.DictField(child=serializers.IntegerField())


class ErasureView(APIView):
    """All private content of a person. For owners and the rights team."""

    permission_classes = [permissions.IsAuthenticated]

    @extend_schema(responses=ErasurePreviewSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """What goes, what stays and why. Changes nothing."""
        account = access.account_to_erase(cast(User, request.user), pk)
        shown = erasure.preview_erasure(account)
        return Response(ErasurePreviewSerializer({**_document(shown), "beyond": BEYOND}).data)

    @extend_schema(request=ErasureSerializer, responses=ErasedSerializer)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Erase it for good."""
        user = cast(User, request.user)
        account = access.account_to_erase(user, pk)
        asked = ErasureSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["address"].strip().lower() != account.email.lower():
            raise BadField(
                "Send the account's own address: what is erased cannot be brought back.", field="address"
            )
        wanted = set(asked.validated_data.get("people", ()))
        people = [one for one in erasure.preview_erasure(account).contributors if one.pk in wanted]
        if len(people) != len(wanted):
            raise BadField("Name contributors of this person's own artists.", field="people")
        done = erasure.erase_person(account, people=people, actor=user)
        return Response(ErasedSerializer({**_done(done)}).data)


def _document(shown: erasure.Preview) -> dict[str, Any]:
    return {"goes": shown.goes, "stays": shown.stays, "refusal": shown.refusal}


def _done(done: erasure.Erased) -> dict[str, Any]:
    return {
        "leaf": bytes(done.entry.leaf_hash).hex(), "entries": done.entries, "values": done.values,
        "copies": done.copies,
    }  # fmt: skip
