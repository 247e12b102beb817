"""Listening links over the API: the services and access functions of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access_anr
from artists.models import ListeningLink, User
from artists.services import listening
from artists.services.sealed import opened
from label.listening import fetched, pieces_of, played

_MAKERS = "Listening links are made by the owner, A&R and release coordinators."


class HearableSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[(one, one.capitalize()) for one in listening.KINDS])
    id = serializers.UUIDField()


class PlayedSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(
        source="piece.name", help_text="`master:<id>`, `recording:<id>` and the like."
    )
    title = serializers.CharField(source="piece.title")
    duration_ms = serializers.IntegerField(source="piece.asset.duration_ms", allow_null=True)
    sent_at = serializers.CharField(source="sent", help_text="When its first bytes left; empty for never.")
    heard_ms = serializers.IntegerField(help_text="Played at least once, as the recipient's player says.")


class ListeningNoteSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="thing", help_text="The sound.")
    at_ms = serializers.IntegerField(allow_null=True)
    text = serializers.CharField(help_text="Empty where it was erased.")
    created_at = serializers.DateTimeField()


class ListeningLinkSerializer(serializers.ModelSerializer[ListeningLink]):
    recipient = serializers.SerializerMethodField(help_text="Empty where it was erased.")
    note = serializers.SerializerMethodField()
    things = HearableSerializer(many=True)
    sounds = serializers.SerializerMethodField(
        help_text="What there is to hear now, with what was sent and played."
    )
    notes = serializers.SerializerMethodField()
    open = serializers.BooleanField(read_only=True)

    class Meta:
        model = ListeningLink
        fields = (
            "id", "recipient", "note", "things", "sounds", "notes", "open", "expires_at", "revoked", "may_download",
            "asks_notes", "opened_at", "heard_ms", "created_at",
        )  # fmt: skip

    def get_recipient(self, row: ListeningLink) -> str:
        return str(self.context["words"][row.made_entry_id].get("recipient", ""))

    def get_note(self, row: ListeningLink) -> str:
        return str(self.context["words"][row.made_entry_id].get("note", ""))

    @extend_schema(responses=PlayedSerializer(many=True))
    def get_sounds(self, row: ListeningLink) -> list[dict[str, Any]]:
        return list(PlayedSerializer(played(row, self.context["sounds"][row.pk]), many=True).data)

    @extend_schema(responses=ListeningNoteSerializer(many=True))
    def get_notes(self, row: ListeningLink) -> list[dict[str, Any]]:
        notes = [
            {
                "thing": note.thing,
                "at_ms": note.at_ms,
                "text": self.context["words"][note.entry_id].get("text", ""),
                "created_at": note.created_at,
            }
            for note in row.notes.all()
        ]
        return list(ListeningNoteSerializer(notes, many=True).data)


class NewListeningLinkSerializer(serializers.Serializer[Any]):
    recipient = serializers.CharField(max_length=160, help_text="One person. Kept sealed.")
    things = serializers.ListField(child=HearableSerializer(), min_length=1, max_length=listening.MAX_THINGS)
    days = serializers.IntegerField(default=14, min_value=1, max_value=listening.MAX_DAYS)
    may_download = serializers.BooleanField(default=False)
    asks_notes = serializers.BooleanField(
        default=False, help_text="The recipient may write notes at moments."
    )
    note = serializers.CharField(
        max_length=1000, default="", allow_blank=True, help_text="A word to the recipient."
    )


class MadeListeningLinkSerializer(ListeningLinkSerializer):
    url = serializers.SerializerMethodField(help_text="Only in this answer: the secret is not kept.")

    class Meta:
        model = ListeningLink
        fields = (*ListeningLinkSerializer.Meta.fields, "url")

    def get_url(self, row: ListeningLink) -> str:
        return str(self.context["url"])


class ListeningLinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ListeningLink]):
    """Links by which one named outsider hears a few things until a day. What was sent is what this server saw; what
    was played is what the recipient's player says."""

    serializer_class = ListeningLinkSerializer
    queryset = ListeningLink.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def get_queryset(self) -> QuerySet[ListeningLink]:
        if getattr(self, "swagger_fake_view", False) or not access_anr.may_make_listening_links(self.user):
            return ListeningLink.objects.none()
        return access_anr.listening_links(self.user).prefetch_related("notes")

    def list(self, request: Request) -> Response:
        rows = list(self.paginate_queryset(self.get_queryset()) or ())
        return self.get_paginated_response(self._shown(rows))

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._shown([access_anr.listening_link_for(self.user, pk)])[0])

    @extend_schema(request=NewListeningLinkSerializer, responses={201: MadeListeningLinkSerializer})
    def create(self, request: Request) -> Response:
        """Each thing is fetched as you: what you may not open, you cannot let others hear."""
        if not access_anr.may_make_listening_links(self.user):
            raise PermissionDenied(_MAKERS)
        given = NewListeningLinkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        things = [
            {"kind": one["kind"], "id": str(fetched(self.user, one["kind"], one["id"]).pk)}
            for one in values.pop("things")
        ]
        link, secret = listening.make_listening_link(things=things, **values, actor=self.user)
        url = request.build_absolute_uri(reverse("label:listen", args=[secret]))
        context = {**self._context([link]), "url": url}
        shown = MadeListeningLinkSerializer(link, context=context).data
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ListeningLinkSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """From now on nothing is behind the address. What was heard stays on record."""
        link = listening.revoke_listening_link(access_anr.listening_link_for(self.user, pk), actor=self.user)
        return Response(self._shown([link])[0])

    def _shown(self, rows: Sequence[ListeningLink]) -> Any:
        return ListeningLinkSerializer(rows, many=True, context=self._context(rows)).data

    def _context(self, rows: Sequence[ListeningLink]) -> dict[str, Any]:
        entries = [row.made_entry_id for row in rows]
        entries += [note.entry_id for row in rows for note in row.notes.all()]
        return {**self.get_serializer_context(), "words": opened(entries), "sounds": pieces_of(rows)}
