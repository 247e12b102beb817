"""Methods, consents and answers to others' training over the API: the services and access functions of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from artists import practice_access
from artists.access import visible_artists
from artists.models import Consent, Method, TrainingChoice, User
from artists.services import consents, methods, training

ID = "[0-9a-fA-F-]{36}"
_ARTIST = extend_schema(
    parameters=[OpenApiParameter("artist", OpenApiTypes.UUID, description="Only this artist's.")]
)


class MethodSerializer(serializers.ModelSerializer[Method]):
    statement = serializers.CharField(read_only=True, help_text="Empty where the words were erased.")
    reason = serializers.CharField(read_only=True)

    class Meta:
        model = Method
        fields = ("id", "artist", "number", "statement", "rules", "reason", "created_at")


class MethodInput(serializers.Serializer[Any]):
    artist = serializers.UUIDField()
    statement = serializers.CharField(max_length=4000)
    rules = serializers.DictField(help_text="v 1, material, engines, modes, human.")
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    based_on = serializers.IntegerField(required=False, allow_null=True, default=None)


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    in_force = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField(
        help_text="Giver, words and fee; empty for who may not read them."
    )

    class Meta:
        model = Consent
        fields = (
            "id", "artist", "giver", "kind", "state", "in_force", "engines", "projects", "territories", "starts_on",
            "ends_on", "after", "sell_off_days", "whose", "captions", "revoked_on", "words", "created_at",
        )  # fmt: skip

    def get_in_force(self, row: Consent) -> bool:
        return consents.in_force(row)

    def get_words(self, row: Consent) -> dict[str, str]:
        user, among = cast(User, self.context["request"].user), self.context.get("terms_read")
        reads = practice_access.reads_terms(user, row) if among is None else row.pk in among
        return row.words if reads else {}


class ConsentInput(serializers.Serializer[Any]):
    artist = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Consent.Kind.choices)
    giver_name = serializers.CharField(max_length=120)
    giver = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Their account's id."
    )
    words = serializers.CharField(max_length=4000)
    fee = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    engines = serializers.ListField(child=serializers.CharField(max_length=64), required=False, default=list)
    projects = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    territories = serializers.ListField(
        child=serializers.CharField(max_length=10), required=False, default=lambda: ["Worldwide"]
    )
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)
    after = serializers.ChoiceField(choices=Consent.After.choices, default=Consent.After.STOP)
    sell_off_days = serializers.IntegerField(required=False, default=0, min_value=0, max_value=3650)
    whose = serializers.ChoiceField(choices=Consent.Whose.choices, default=Consent.Whose.ARTIST)
    captions = serializers.BooleanField(required=False, default=False)


class GiveInput(serializers.Serializer[Any]):
    document = serializers.FileField(required=False, help_text="The signed paper: PDF, PNG or JPEG.")


class EndInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    revoked_on = serializers.DateField(required=False, allow_null=True, default=None)


class TrainingSerializer(serializers.ModelSerializer[TrainingChoice]):
    class Meta:
        model = TrainingChoice
        fields = ("id", "artist", "number", "answers", "created_at")


class TrainingInput(serializers.Serializer[Any]):
    artist = serializers.UUIDField()
    answers = serializers.DictField(child=serializers.ChoiceField(choices=list(training.ANSWERS)))


class _Practice(viewsets.GenericViewSet[Any]):
    lookup_value_regex = ID

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def parsed(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def shown(self, row: Any, *, code: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=code)

    def page(self, rows: QuerySet[Any]) -> Sequence[Any]:
        wanted = self.request.query_params.get("artist")
        if wanted:
            form = serializers.UUIDField()
            rows = rows.filter(artist=form.run_validation(wanted))
        return self.paginate_queryset(rows) or ()

    def listed(self, rows: QuerySet[Any]) -> Response:
        return self.get_paginated_response(self.get_serializer(self.page(rows), many=True).data)


class MethodViewSet(_Practice):
    """Versions of artists' methods. Writing one puts it in force."""

    serializer_class = MethodSerializer
    queryset = Method.objects.none()

    @_ARTIST
    def list(self, request: Request) -> Response:
        rows = Method.objects.filter(artist__in=visible_artists(self.user)).prefetch_related("entry__vault")
        return self.listed(rows.order_by("artist", "-number"))

    @extend_schema(request=MethodInput, responses={201: MethodSerializer})
    def create(self, request: Request) -> Response:
        data = self.parsed(MethodInput)
        artist = practice_access.practice_for(self.user, data.pop("artist"), write=True)
        return self.shown(methods.write_method(artist, **data, actor=self.user), code=status.HTTP_201_CREATED)


class ConsentViewSet(_Practice):
    """Who agreed to what."""

    serializer_class = ConsentSerializer
    queryset = Consent.objects.none()
    parser_classes = (JSONParser, MultiPartParser, FormParser)

    @_ARTIST
    def list(self, request: Request) -> Response:
        rows = practice_access.visible_consents(self.user).prefetch_related("made_by__vault")
        page = self.page(rows.order_by("-created_at", "pk"))
        context = dict(self.get_serializer_context())
        context["terms_read"] = practice_access.terms_read_among(self.user, page)
        return self.get_paginated_response(ConsentSerializer(page, many=True, context=context).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(practice_access.consent_for(self.user, pk))

    @extend_schema(request=ConsentInput, responses={201: ConsentSerializer})
    def create(self, request: Request) -> Response:
        data = self.parsed(ConsentInput)
        artist = practice_access.consents_of(self.user, data.pop("artist"), write=True)
        giver = data.pop("giver")
        data["giver"] = User.objects.filter(pk=giver, is_active=True).first() if giver else None
        if giver and data["giver"] is None:
            raise consents.BadConsent("There is no such account.", field="giver")
        return self.shown(
            consents.propose_consent(artist, **data, actor=self.user), code=status.HTTP_201_CREATED
        )

    @extend_schema(request=GiveInput, responses=ConsentSerializer)
    @action(detail=True, methods=["post"])
    def give(self, request: Request, pk: str) -> Response:
        consent = self._answerable(pk)
        document = self.parsed(GiveInput).get("document")
        return self.shown(consents.give_consent(consent, document=document, actor=self.user))

    @extend_schema(request=EndInput, responses=ConsentSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        consent = self._answerable(pk)
        reason = self.parsed(EndInput)["reason"]
        return self.shown(consents.decline_consent(consent, reason=reason, actor=self.user))

    @extend_schema(request=EndInput, responses=ConsentSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        consent = practice_access.consent_for(self.user, pk)
        if not practice_access.may_revoke(self.user, consent):
            raise PermissionDenied("Who gave it, rights and the owner revoke it.")
        data = self.parsed(EndInput)
        return self.shown(
            consents.revoke_consent(
                consent, reason=data["reason"], revoked_on=data["revoked_on"], actor=self.user
            )
        )

    def _answerable(self, pk: str) -> Consent:
        consent = practice_access.consent_for(self.user, pk)
        if not practice_access.may_answer(self.user, consent):
            raise PermissionDenied("This is not yours to answer.")
        return consent


class TrainingViewSet(_Practice):
    """What artists answer to others who would train on their music; the newest counts."""

    serializer_class = TrainingSerializer
    queryset = TrainingChoice.objects.none()

    @_ARTIST
    def list(self, request: Request) -> Response:
        rows = TrainingChoice.objects.filter(artist__in=visible_artists(self.user))
        return self.listed(rows.order_by("artist", "-number"))

    @extend_schema(request=TrainingInput, responses={201: TrainingSerializer})
    def create(self, request: Request) -> Response:
        data = self.parsed(TrainingInput)
        artist = practice_access.practice_for(self.user, data["artist"], write=True)
        return self.shown(
            training.choose_training(artist, answers=data["answers"], actor=self.user),
            code=status.HTTP_201_CREATED,
        )
