"""Agreements over the API: the services and access functions of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access_anr
from artists.access import acts_for, artist_for
from artists.models import Agreement, AgreementOption, User
from artists.models.agreement import OUTCOMES
from artists.services import agreements
from artists.services.advances import note_advance
from artists.services.sealed import opened, words_of
from artists.share_roles import SHARE_CHOICES

#: What a release coordinator does not read.
_MONEY = ("advance", "money", "conditions")


def _words(context: Mapping[str, Any], entry: int) -> dict[str, Any]:
    """The private words of an entry; those of a list were read at once."""
    read: dict[int, dict[str, Any]] = context.get("words", {})
    return read[entry] if entry in read else words_of(entry)


class AgreementOptionSerializer(serializers.ModelSerializer[AgreementOption]):
    words = serializers.SerializerMethodField(help_text="Empty where they were erased.")
    deadline = serializers.DateField(
        read_only=True, help_text="The last day to take it: its day, less the notice."
    )

    class Meta:
        model = AgreementOption
        fields = ("id", "number", "by", "notice_days", "deadline", "state", "lapsed", "words")

    def get_words(self, row: AgreementOption) -> str:
        return str(_words(self.context, row.words_entry_id).get("words", ""))


class AgreementSerializer(serializers.ModelSerializer[Agreement]):
    words = serializers.SerializerMethodField(
        help_text="Title, and for who may read them advance, money and conditions. What was erased is absent."
    )
    options = serializers.SerializerMethodField()
    signed_by_key = serializers.SerializerMethodField(help_text="Sides whose signature a key covers.")

    class Meta:
        model = Agreement
        fields = (
            "id", "artist", "submission", "kind", "status", "terms_version", "starts", "ends", "territories", "shares",
            "answer_due", "advance_due", "advance_paid_on", "amends", "signed_by_label", "signed_by_artist",
            "signed_by_key", "options", "words", "created_at",
        )  # fmt: skip

    def get_words(self, row: Agreement) -> dict[str, str]:
        hidden = () if access_anr.reads_money(cast(User, self.context["request"].user)) else _MONEY
        words = _words(self.context, row.terms_entry_id)
        return {name: text for name, text in words.items() if name not in hidden}

    @extend_schema(responses=AgreementOptionSerializer(many=True))
    def get_options(self, row: Agreement) -> list[dict[str, Any]]:
        rows = agreements.options_of(row)
        return list(AgreementOptionSerializer(rows, many=True, context=self.context).data)

    def get_signed_by_key(self, row: Agreement) -> list[str]:
        known = self.context.get("signed_by_keys")
        return sorted(known[row.pk] if known else agreements.signed_by_key(row))


class ShareInput(serializers.Serializer[Any]):
    person = serializers.UUIDField()
    role = serializers.ChoiceField(choices=SHARE_CHOICES)
    share_bp = serializers.IntegerField(min_value=1, max_value=10_000, help_text="Hundredths of a percent.")


class OptionInput(serializers.Serializer[Any]):
    by = serializers.DateField()
    words = serializers.CharField(max_length=1000)
    notice_days = serializers.IntegerField(default=0, min_value=0, max_value=agreements.MAX_NOTICE_DAYS)


class TermsInput(serializers.Serializer[Any]):
    """All terms: they replace those that stand. The document is added on the page."""

    title = serializers.CharField(max_length=160)
    kind = serializers.ChoiceField(choices=Agreement.Kind.choices, default=Agreement.Kind.RECORDING)
    starts = serializers.DateField(required=False, allow_null=True, default=None)
    ends = serializers.DateField(required=False, allow_null=True, default=None)
    answer_due = serializers.DateField(required=False, allow_null=True, default=None)
    advance_due = serializers.DateField(required=False, allow_null=True, default=None)
    territories = serializers.ListField(
        child=serializers.CharField(max_length=10), max_length=250, default=lambda: ["World"]
    )
    advance = serializers.CharField(max_length=160, required=False, allow_blank=True, default="")
    money = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    conditions = serializers.CharField(max_length=8000, required=False, allow_blank=True, default="")
    shares = ShareInput(many=True, required=False, default=list)
    options = OptionInput(many=True, required=False, default=list)


class NewAgreementInput(TermsInput):
    artist = serializers.UUIDField()
    amends = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="A signed agreement whose place it takes."
    )


class AgreementMoveInput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Agreement.Status.choices)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class AgreementSignInput(serializers.Serializer[Any]):
    side = serializers.ChoiceField(choices=["artist", "label"])
    name = serializers.CharField(max_length=160)
    terms_version = serializers.IntegerField(min_value=1, help_text="The version that was read.")


class OptionAnswerInput(serializers.Serializer[Any]):
    option = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class AdvanceInput(serializers.Serializer[Any]):
    paid_on = serializers.DateField(help_text="The day on which it was paid; not one to come.")
    amount = serializers.CharField(max_length=160, required=False, allow_blank=True, default="")


class AgreementViewSet(viewsets.GenericViewSet[Agreement]):
    """Agreements with artists. Label staff write and read them; an artist reads what was offered to them."""

    serializer_class = AgreementSerializer
    queryset = Agreement.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def get_queryset(self) -> QuerySet[Agreement]:
        return access_anr.visible_agreements(self.user)

    @extend_schema(
        parameters=[OpenApiParameter("artist", OpenApiTypes.UUID, description="Only this artist's.")]
    )
    def list(self, request: Request) -> Response:
        rows = self.get_queryset()
        if wanted := request.query_params.get("artist"):
            rows = rows.filter(artist=artist_for(self.user, wanted))
        page = list(self.paginate_queryset(rows.prefetch_related("option_rows")) or ())
        entries = [row.terms_entry_id for row in page]
        entries += [option.words_entry_id for row in page for option in row.option_rows.all()]
        context = {
            **self.get_serializer_context(),
            "words": opened(entries),
            "signed_by_keys": agreements.signed_by_keys(page),
        }
        return self.get_paginated_response(AgreementSerializer(page, many=True, context=context).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._shown(access_anr.agreement_for(self.user, pk))

    @extend_schema(request=NewAgreementInput, responses={201: AgreementSerializer})
    def create(self, request: Request) -> Response:
        if not access_anr.may_write_agreements(self.user):
            raise PermissionDenied("Agreements are written by the owner, A&R and rights.")
        values = self._parsed(NewAgreementInput)
        artist = artist_for(self.user, values.pop("artist"))
        before = values.pop("amends")
        amends = access_anr.agreement_for(self.user, before, write=True) if before else None
        row = agreements.draft_agreement(artist, amends=amends, **values, actor=self.user)
        return self._shown(row, status.HTTP_201_CREATED)

    @extend_schema(request=TermsInput, responses=AgreementSerializer)
    @action(detail=True, methods=["put"])
    def terms(self, request: Request, pk: str) -> Response:
        """A new version of the terms, while nobody signed."""
        row = access_anr.agreement_for(self.user, pk, write=True)
        values = self._parsed(TermsInput)
        return self._shown(agreements.draft_agreement(row.artist, agreement=row, **values, actor=self.user))

    @extend_schema(request=AgreementMoveInput, responses=AgreementSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        row = access_anr.agreement_for(self.user, pk, write=True)
        return self._shown(
            agreements.move_agreement(row, **self._parsed(AgreementMoveInput), actor=self.user)
        )

    @extend_schema(request=AgreementSignInput, responses=AgreementSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Your signature, or (by staff, for the artist) that a paper was signed. A key signs the entry afterwards."""
        access_anr.agreement_for(self.user, pk)
        values = self._parsed(AgreementSignInput)
        row = access_anr.agreement_to_sign(self.user, pk, side=values["side"])
        own = values["side"] == "label" or acts_for(self.user, row.artist)
        return self._shown(
            agreements.sign_agreement(row, **values, how="here" if own else "paper", actor=self.user)
        )

    @extend_schema(request=OptionAnswerInput, responses=AgreementSerializer)
    @action(detail=True, methods=["post"], url_path="options")
    def answer_option(self, request: Request, pk: str) -> Response:
        access_anr.agreement_for(self.user, pk, write=True)
        values = self._parsed(OptionAnswerInput)
        option = access_anr.agreement_option_for(self.user, values.pop("option"), write=True)
        agreements.answer_option(option, **values, actor=self.user)
        return self._shown(access_anr.agreement_for(self.user, option.agreement_id))

    @extend_schema(request=AdvanceInput, responses=AgreementSerializer)
    @action(detail=True, methods=["post"], url_path="advance")
    def advance(self, request: Request, pk: str) -> Response:
        """The advance was paid. Until that is noted it stays due."""
        row = access_anr.agreement_for(self.user, pk, write=True)
        return self._shown(note_advance(row, **self._parsed(AdvanceInput), actor=self.user))

    def _parsed(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        given = shape(data=self.request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        if "options" in values:
            values["options"] = [agreements.OptionTerms(**one) for one in values["options"]]
        return values

    def _shown(self, row: Agreement, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=code)
