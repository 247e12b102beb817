"""Prompt runs, takes and stems, uploads, engines."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from artists.practice_access import consent_for, may_keep_consents
from generation import access, services
from generation.api import asking, inputs
from generation.api.base import Studio, paged, sound
from generation.api.inputs import StatedTermsInput
from generation.api.serializers.runs import RunSerializer, StemSerializer, TakeSerializer, UploadSerializer
from generation.api.serializers.tools import EngineSerializer
from generation.errors import NotPossible
from generation.models import EngineOffer, PromptRun, Take, TakeStem, Upload

ID = "[0-9a-fA-F-]{36}"


class RunViewSet(Studio):
    """Requests to an engine."""

    serializer_class = RunSerializer
    queryset = PromptRun.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(RunSerializer, access.run_for(self.user, pk))

    @extend_schema(responses=paged(TakeSerializer))
    @action(detail=True, methods=["get"])
    def takes(self, request: Request, pk: str) -> Response:
        rows = (
            access.run_for(self.user, pk).takes.select_related("asset__analysis", "entry").order_by("number")
        )
        return self.page_of(TakeSerializer, rows.prefetch_related("stems__asset__analysis", "entry__vault"))


class TakeViewSet(Studio):
    """Outputs of runs: listen, keep, let go."""

    serializer_class = TakeSerializer
    queryset = Take.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(TakeSerializer, access.take_for(self.user, pk))

    @extend_schema(request=inputs.DecisionInput, responses=TakeSerializer)
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: str) -> Response:
        take = access.take_for(self.user, pk, write=True)
        values = self.parsed(inputs.DecisionInput)
        return self.shown(TakeSerializer, services.shortlist_take(take, actor=self.user, **values))

    @extend_schema(request=inputs.DecisionInput, responses=TakeSerializer)
    @action(detail=True, methods=["post"], url_path="let-go")
    def let_go(self, request: Request, pk: str) -> Response:
        take = access.take_for(self.user, pk, write=True)
        values = self.parsed(inputs.DecisionInput)
        return self.shown(TakeSerializer, services.reject_take(take, actor=self.user, **values))

    @extend_schema(request=None, responses=TakeSerializer)
    @action(detail=True, methods=["post"])
    def reset(self, request: Request, pk: str) -> Response:
        take = access.take_for(self.user, pk, write=True)
        return self.shown(TakeSerializer, services.reset_take(take, actor=self.user))

    @extend_schema(request=inputs.HeardInput, responses={204: None})
    @action(detail=True, methods=["post"])
    def heard(self, request: Request, pk: str) -> Response:
        """Who may hear a take may say that they did: this needs no right to change it."""
        take = access.take_for(self.user, pk)
        values = self.parsed(inputs.HeardInput)
        services.record_heard(take, spans_ms=values["spans"], blind=values["blind"], actor=self.user)
        return Response(status=204)

    @extend_schema(request=asking.AgainInput, responses={201: RunSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """More like this one: the same request with other seeds, or with what is changed and the same seed."""
        take = access.take_for(self.user, pk, write=True)
        changes = self.parsed(asking.AgainInput)
        return self.shown(
            RunSerializer, services.request_again(take, changes=changes, actor=self.user), status=201
        )

    @extend_schema(responses=paged(asking.ReplaySerializer))
    @action(detail=True, methods=["get"])
    def replays(self, request: Request, pk: str) -> Response:
        """How close the take came when it was made again."""
        take = access.take_for(self.user, pk)
        return self.page_of(asking.ReplaySerializer, asking.shown_replays(take))

    @extend_schema(request=None, responses={201: asking.ReplaySerializer})
    @replays.mapping.post
    def request_replay(self, request: Request, pk: str) -> Response:
        """Make the take again from its entry and hold it against the first."""
        take = access.take_for(self.user, pk, write=True)
        return self.shown(asking.ReplaySerializer, services.request_replay(take, actor=self.user), status=201)

    @sound("The mix.")
    @action(detail=True, methods=["get"])
    def audio(self, request: Request, pk: str) -> HttpResponseBase:
        take = access.take_for(self.user, pk)
        return self.file(take.asset, filename=f"take-{take.number}.wav")

    @sound("The notes, where the engine wrote some.", "audio/midi")
    @action(detail=True, methods=["get"])
    def midi(self, request: Request, pk: str) -> HttpResponseBase:
        take = access.take_for(self.user, pk)
        if take.midi is None:
            raise NotPossible("This take has no notes.", code="not_found")
        return self.file(take.midi, filename=f"take-{take.number}.mid")


class StemViewSet(Studio):
    """Single parts of takes."""

    serializer_class = StemSerializer
    queryset = TakeStem.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(StemSerializer, access.stem_for(self.user, pk))

    @sound("The stem.")
    @action(detail=True, methods=["get"])
    def audio(self, request: Request, pk: str) -> HttpResponseBase:
        stem = access.stem_for(self.user, pk)
        return self.file(stem.asset, filename=f"take-{stem.take.number}-{stem.role}.wav")


class UploadViewSet(Studio):
    """What artists brought in."""

    serializer_class = UploadSerializer
    queryset = Upload.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(UploadSerializer, access.upload_for(self.user, pk))

    @extend_schema(
        request={"application/json": StatedTermsInput, "multipart/form-data": StatedTermsInput},
        responses=UploadSerializer,
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, MultiPartParser])
    def terms(self, request: Request, pk: str) -> Response:
        """State later under which terms it came. What was stated at the import stays in the ledger."""
        upload = access.upload_for(self.user, pk)
        if not access.may_see_papers(self.user, upload):
            raise PermissionDenied("Who works on the project, the owner and rights state the terms.")
        values = self.parsed(StatedTermsInput)
        terms = services.terms_in_force(values.pop("tool"))
        return self.shown(
            UploadSerializer, services.state_terms(upload, terms=terms, actor=self.user, **values)
        )

    @extend_schema(request=inputs.AgreementInput, responses=UploadSerializer)
    @action(detail=True, methods=["post"])
    def agreement(self, request: Request, pk: str) -> Response:
        """Say on whose agreement (a consent's id) somebody else's recording stands."""
        upload = access.upload_for(self.user, pk)
        if not may_keep_consents(self.user, upload.project.artist):
            raise PermissionDenied("The artist, A&R, rights and the owner say on what it stands.")
        consent = consent_for(self.user, self.parsed(inputs.AgreementInput)["consent"])
        services.rest_upload(upload, consent=consent, actor=self.user)
        return self.shown(UploadSerializer, upload)

    @sound("The file as it was uploaded.", "audio/*")
    @action(detail=True, methods=["get"])
    def audio(self, request: Request, pk: str) -> HttpResponseBase:
        upload = access.upload_for(self.user, pk)
        return self.file(upload.asset, filename=upload.name)


class EngineViewSet(Studio):
    """What the workers of this installation can run, and why not where they cannot."""

    serializer_class = EngineSerializer
    queryset = EngineOffer.objects.all()

    @extend_schema(responses=paged(EngineSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(EngineSerializer, EngineOffer.objects.all())
