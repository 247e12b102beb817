"""Submissions over the API, by the same services and the same access functions as the inbox; as blind as the page."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access_anr as access
from artists.access import require_role
from artists.errors import ArtistsUserFault
from artists.models import Submission, SubmissionVote, UploadLink, User
from artists.services import answers, clearing, looks, review, upload_links


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    sender = serializers.SerializerMethodField(
        help_text="What the sender wrote and declared; null until you scored it or looked on purpose."
    )
    files = serializers.SerializerMethodField(help_text="What was measured and found in each file.")
    copies = serializers.SerializerMethodField(help_text="Numbers of later submissions with the same sound.")
    late = serializers.BooleanField(read_only=True)

    class Meta:
        model = Submission
        fields = (
            "id", "number", "stage", "sent_at", "promised_by", "late", "answered_at", "snoozed_until", "duration_ms",
            "erasure_asked_at", "cleared_at", "cleared_why", "duplicate_of", "artist", "files", "copies", "sender",
        )  # fmt: skip
        read_only_fields = fields

    def get_sender(self, row: Submission) -> dict[str, Any] | None:
        user = cast(User, self.context["request"].user)
        names = self._names(user, row)
        if row.pk not in names:
            return None
        words = names[row.pk]
        hidden = () if access.may_decide(user) else ("contact_email", "contact_name")
        return {"ai": row.ai, "rights": row.rights, **{k: v for k, v in words.items() if k not in hidden}}

    def _names(self, user: User, row: Submission) -> dict[Any, dict[str, str]]:
        """Of the whole page at once, for those that this reader may know."""
        listed = getattr(self.parent, "instance", None)
        rows = list(listed) if isinstance(listed, list) else [row]
        context = cast("dict[str, Any]", self.context)
        if "names" not in context or row.pk not in context["asked"]:
            known = access.known_among(user, rows)
            context["names"] = review.names_of(one for one in rows if one.pk in known)
            context["asked"] = {one.pk for one in rows}
        found: dict[Any, dict[str, str]] = context["names"]
        return found

    def get_files(self, row: Submission) -> list[dict[str, Any]]:
        return [
            {"id": str(file.pk), "position": file.position, "state": file.state, "scan": file.scan,
             "report": file.report, "matches": file.matches, "c2pa": bool(file.c2pa)}
            for file in row.files.all()
        ]  # fmt: skip

    def get_copies(self, row: Submission) -> list[int]:
        return [one.number for one in row.duplicates.all()]


class ScoreInput(serializers.Serializer[Any]):
    values = serializers.DictField(child=serializers.IntegerField(min_value=1, max_value=5))


class VoteInput(serializers.Serializer[Any]):
    vote = serializers.ChoiceField(choices=SubmissionVote.Vote.choices)
    reason = serializers.CharField(max_length=1000)


class NoteInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=2000)
    from_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=86_400_000)
    to_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=86_400_000)


class SnoozeInput(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=1, max_value=90)


class DecideInput(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=Submission.Stage.choices)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class AnswerInput(serializers.Serializer[Any]):
    template = serializers.CharField(max_length=32, required=False, allow_blank=True)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=8000)


class EraseInput(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="The submission's own number, so that it is no slip.")


class SubmissionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Submission]
):
    """Submissions, for label staff. The list is the inbox: copies are folded under the first."""

    serializer_class = SubmissionSerializer
    queryset = Submission.objects.none()

    def get_queryset(self) -> QuerySet[Submission]:
        if getattr(self, "swagger_fake_view", False):
            return Submission.objects.none()
        user = cast(User, self.request.user)
        rows = access.inbox(user) if self.action == "list" else access.visible_submissions(user)
        return rows.prefetch_related("files", "duplicates")

    def _row(self, request: Request, pk: str, *, decide: bool = False) -> tuple[User, Submission]:
        user = cast(User, request.user)
        return user, access.submission_for(user, pk, decide=decide)

    def _said(self, request: Request, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        form = kind(data=request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def _shown(self, row: Submission) -> Response:
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    @extend_schema(request=ScoreInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def score(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk)
        review.score(row, **self._said(request, ScoreInput), actor=user)
        return self._shown(row)

    @extend_schema(request=VoteInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk)
        review.vote(row, **self._said(request, VoteInput), actor=user)
        return self._shown(row)

    @extend_schema(request=NoteInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def note(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk)
        review.note(row, **self._said(request, NoteInput), actor=user)
        return self._shown(row)

    @extend_schema(request=None, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def look(self, request: Request, pk: str) -> Response:
        """Have files looked at again that stay `waiting` because a worker's look failed for good."""
        user, row = self._row(request, pk)
        looks.look_again(row, actor=user)
        return self._shown(row)

    @extend_schema(request=SnoozeInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk, decide=True)
        review.snooze(row, **self._said(request, SnoozeInput), actor=user)
        return self._shown(row)

    @extend_schema(request=DecideInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk, decide=True)
        review.decide(row, **self._said(request, DecideInput), actor=user)
        return self._shown(row)

    @extend_schema(request=AnswerInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        user, row = self._row(request, pk, decide=True)
        said = self._said(request, AnswerInput)
        answers.answer(row, **{"template": "", **said}, actor=user)
        return self._shown(row)

    @extend_schema(request=EraseInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Everything private of it goes for good. For owners and the rights team."""
        user = cast(User, request.user)
        row = access.submission_to_erase(user, pk)
        if self._said(request, EraseInput)["number"] != row.number:
            raise ArtistsUserFault("Send the submission's own number: what is erased cannot be brought back.")
        clearing.erase_submission(row, actor=user)
        return self._shown(row)


class UploadLinkSerializer(serializers.ModelSerializer[UploadLink]):
    name = serializers.CharField(write_only=True, max_length=120, help_text="Kept sealed.")
    days = serializers.IntegerField(write_only=True, default=30, min_value=1, max_value=400)
    max_gb = serializers.IntegerField(write_only=True, default=50, min_value=1, max_value=100_000)
    max_submissions = serializers.IntegerField(default=200, min_value=1, max_value=100_000)
    promise_days = serializers.IntegerField(
        required=False, min_value=1, max_value=180, help_text="The label's usual days where it is not given."
    )
    secret = serializers.CharField(read_only=True, help_text="Only in the answer that makes the link.")

    class Meta:
        model = UploadLink
        fields = (
            "id", "name", "days", "max_gb", "max_submissions", "max_bytes", "promise_days", "expires_at", "revoked",
            "secret",
        )  # fmt: skip
        read_only_fields = ("id", "max_bytes", "expires_at", "revoked")


class UploadLinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[UploadLink]):
    """Private upload links, for the owner and A&R."""

    serializer_class = UploadLinkSerializer
    queryset = UploadLink.objects.none()

    def get_queryset(self) -> QuerySet[UploadLink]:
        if getattr(self, "swagger_fake_view", False):
            return UploadLink.objects.none()
        user = cast(User, self.request.user)
        return access.upload_links(user) if access.may_decide(user) else UploadLink.objects.none()

    def create(self, request: Request) -> Response:
        user = cast(User, request.user)
        require_role(user, *access.DECIDERS)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        link, secret = upload_links.make_upload_link(**form.validated_data, actor=user)
        shown = {**self.get_serializer(link).data, "secret": secret}
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=UploadLinkSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        user = cast(User, request.user)
        link = upload_links.revoke_upload_link(access.upload_link_for(user, pk), actor=user)
        return Response(self.get_serializer(link).data)
