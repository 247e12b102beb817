"""Kind answers, criteria, questions and days of the inbox over the API, by the same services as its pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from artists import access_anr as access
from artists import anr_words
from artists.access import require_role
from artists.anr_words import Template
from artists.models import STAFF_ROLES, AnswerTemplate, Criterion, Question, User
from artists.services import anr_rules, answer_templates


class AnswerTemplateSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(read_only=True)
    title = serializers.CharField(max_length=60)
    outcome = serializers.ChoiceField(choices=AnswerTemplate.Outcome.choices)
    language = serializers.CharField(max_length=12, default="en", help_text="BCP 47: en, de, pt-BR.")
    subject = serializers.CharField(
        max_length=200, help_text="Placeholders: {artist}, {title}, {number}, {label}, {who}."
    )
    body = serializers.CharField(max_length=8000)
    number = serializers.IntegerField(read_only=True, help_text="Of the label's version; 0: as delivered.")
    active = serializers.BooleanField(read_only=True)
    built_in = serializers.BooleanField(read_only=True)
    changed = serializers.BooleanField(read_only=True, help_text="The words are the label's own.")


class AnswerTemplatePatch(AnswerTemplateSerializer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "partial": True})


class AnswerVersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    leaf = serializers.CharField(help_text="Leaf hash of its entry.")
    at = serializers.DateTimeField()
    by = serializers.CharField()
    state = serializers.CharField()
    subject = serializers.CharField(help_text="Empty where it reads as delivered, or was erased.")
    body = serializers.CharField()


class PreviewInput(serializers.Serializer[Any]):
    submission = serializers.UUIDField()


class FilledSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    body = serializers.CharField()


class AnswerTemplateViewSet(viewsets.ViewSet):
    """Kind answers, for the owner and A&R. A change is a new version; the delivered words can be restored."""

    serializer_class = AnswerTemplateSerializer
    lookup_field = "key"
    lookup_value_regex = "[-a-z0-9_]+"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_role(cast(User, request.user), *access.DECIDERS)

    def _one(self, key: str) -> Template:
        found = next((one for one in answer_templates.templates(retired=True) if one.key == key), None)
        if found is None:
            raise Http404("There is no such answer.")
        return found

    @extend_schema(
        responses=AnswerTemplateSerializer(many=True),
        parameters=[OpenApiParameter("retired", bool, description="Those that are no longer offered, too.")],
    )
    def list(self, request: Request) -> Response:
        found = answer_templates.templates(retired=request.query_params.get("retired") == "true")
        return Response(AnswerTemplateSerializer(found, many=True).data)

    @extend_schema(responses=AnswerTemplateSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        return Response(AnswerTemplateSerializer(self._one(key)).data)

    @extend_schema(request=AnswerTemplateSerializer, responses={201: AnswerTemplateSerializer})
    def create(self, request: Request) -> Response:
        form = AnswerTemplateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = answer_templates.set_template(**form.validated_data, actor=cast(User, request.user))
        return Response(AnswerTemplateSerializer(self._one(row.key)).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AnswerTemplatePatch, responses=AnswerTemplateSerializer)
    def partial_update(self, request: Request, key: str) -> Response:
        """The next version; what is left out stays."""
        now = self._one(key)
        form = AnswerTemplateSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        said = {name: getattr(now, name) for name in ("title", "outcome", "language", "subject", "body")}
        sent = {name: value for name, value in form.validated_data.items() if name in request.data}
        answer_templates.set_template(key=key, **{**said, **sent}, actor=cast(User, request.user))
        return Response(AnswerTemplateSerializer(self._one(key)).data)

    @extend_schema(request=None, responses=AnswerTemplateSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, key: str) -> Response:
        self._one(key)
        answer_templates.restore_template(key, actor=cast(User, request.user))
        return Response(AnswerTemplateSerializer(self._one(key)).data)

    @extend_schema(request=None, responses=AnswerTemplateSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, key: str) -> Response:
        self._one(key)
        answer_templates.retire_template(key, actor=cast(User, request.user))
        return Response(AnswerTemplateSerializer(self._one(key)).data)

    @extend_schema(responses=AnswerVersionSerializer(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, key: str) -> Response:
        self._one(key)
        return Response(AnswerVersionSerializer(answer_templates.versions(key), many=True).data)

    @extend_schema(request=PreviewInput, responses=FilledSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, key: str) -> Response:
        """As it would arrive. Until you scored that submission its sender's words are left out."""
        found, user = self._one(key), cast(User, request.user)
        form = PreviewInput(data=request.data)
        form.is_valid(raise_exception=True)
        submission = access.submission_for(user, form.validated_data["submission"])
        named = access.knows_who(user, submission)
        return Response(
            FilledSerializer(answer_templates.filled(found, submission, actor=user, named=named)).data
        )


class _OursSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        fields: tuple[str, ...] = ("id", "title", "hint", "active")
        read_only_fields = ("id",)
        extra_kwargs = {"active": {"required": False}}


class CriterionSerializer(_OursSerializer):
    class Meta(_OursSerializer.Meta):
        model = Criterion


class QuestionSerializer(_OursSerializer):
    class Meta(_OursSerializer.Meta):
        model = Question
        fields = (*_OursSerializer.Meta.fields, "required")


class _OursViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Lists, adds and changes rows of the label's own; each concrete one names its service and what it holds."""

    #: The service that writes a row, by what name it takes one that stands, and what of it stays where nothing is said.
    service: ClassVar[Callable[..., Any]]
    taken_as: ClassVar[str]
    held: ClassVar[tuple[str, ...]]

    def get_queryset(self) -> QuerySet[Any]:
        if not getattr(self, "swagger_fake_view", False):
            require_role(cast(User, self.request.user), *STAFF_ROLES)
        return super().get_queryset()

    def write(self, row: Any, said: dict[str, Any]) -> Any:
        return type(self).service(**{self.taken_as: row}, **said, actor=cast(User, self.request.user))

    def create(self, request: Request) -> Response:
        require_role(cast(User, request.user), *access.DECIDERS)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = self.write(None, form.validated_data)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        require_role(cast(User, request.user), *access.DECIDERS)
        row = self.get_object()
        form = self.get_serializer(row, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        said = {**{name: getattr(row, name) for name in self.held}, **form.validated_data}
        return Response(self.get_serializer(self.write(row, said)).data)


class CriterionViewSet(_OursViewSet):
    """What the label scores beside the five of the house. `active: false` retires one; its scores stay."""

    serializer_class = CriterionSerializer
    queryset = Criterion.objects.all()
    service = staticmethod(anr_rules.set_criterion)
    taken_as = "criterion"
    held = ("title", "hint", "active")


class QuestionViewSet(_OursViewSet):
    """What the upload form asks beside AI and rights. `active: false` retires one; its answers stay."""

    serializer_class = QuestionSerializer
    queryset = Question.objects.all()
    service = staticmethod(anr_rules.set_question)
    taken_as = "question"
    held = ("title", "hint", "required", "active")


class InboxRulesSerializer(serializers.Serializer[Any]):
    label_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    promise_days = serializers.IntegerField(required=False, min_value=1, max_value=180)
    keep_declined_days = serializers.IntegerField(
        required=False, min_value=0, max_value=3650, help_text="0: until its sender asks."
    )
    elements = serializers.SerializerMethodField(help_text="What the form asks about AI, by its key.")

    def get_elements(self, row: Any) -> dict[str, str]:
        return {word.key: word.title for word in anr_words.elements()}


class InboxRulesView(APIView):
    """Days, and the label's name in its answers."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=InboxRulesSerializer)
    def get(self, request: Request) -> Response:
        require_role(cast(User, request.user), *STAFF_ROLES)
        return Response(InboxRulesSerializer(anr_rules.rules()).data)

    @extend_schema(request=InboxRulesSerializer, responses=InboxRulesSerializer)
    def patch(self, request: Request) -> Response:
        require_role(cast(User, request.user), *access.DECIDERS)
        form = InboxRulesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = anr_rules.set_rules(**form.validated_data, actor=cast(User, request.user))
        return Response(InboxRulesSerializer(row).data)
