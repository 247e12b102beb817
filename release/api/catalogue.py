"""Imprints, recordings with their credits, the evidence of masters, declarations and what rights settled."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists.access import visible_people
from generation.api.base import Studio, paged
from release import access, services
from release.api import inputs
from release.api.serializers import (
    ClearanceSerializer,
    ContributionSerializer,
    DeclarationSerializer,
    EvidenceSerializer,
    ImprintSerializer,
    RecordingSerializer,
    ResolutionSerializer,
)
from release.clearance import clearances
from release.errors import BadField
from release.evidence import evidence_for
from release.models import Contribution, Declaration, Imprint, Recording, Resolution
from release.reading import with_credits
from release.services import ContributionRow

ID = "[0-9a-fA-F-]{36}"


class ImprintViewSet(Studio):
    """The names that releases go out under, with their number ranges."""

    serializer_class = ImprintSerializer
    queryset = Imprint.objects.none()

    @extend_schema(responses=paged(ImprintSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(ImprintSerializer, access.imprints_for(self.user))

    @extend_schema(request=ImprintSerializer, responses={201: ImprintSerializer})
    def create(self, request: Request) -> Response:
        access.require_writer(self.user)
        values = self.parsed(ImprintSerializer)
        return self.shown(ImprintSerializer, services.create_imprint(**values, actor=self.user), status=201)


class RecordingViewSet(Studio):
    """Masters with an ISRC."""

    serializer_class = RecordingSerializer
    queryset = Recording.objects.none()
    lookup_value_regex = ID

    @extend_schema(responses=paged(RecordingSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(RecordingSerializer, with_credits(access.visible_recordings(self.user)))

    @extend_schema(request=inputs.RecordingInput, responses={201: RecordingSerializer})
    def create(self, request: Request) -> Response:
        values = self.parsed(inputs.RecordingInput)
        master = access.master_for_declaration(self.user, values.pop("master"))
        access.require_writer(self.user)
        imprint = access.imprint_for(self.user, values.pop("imprint"))
        work = values.pop("work", None)
        recording = services.create_recording(
            master,
            imprint=imprint,
            work=access.work_for(self.user, master.project.artist, work) if work else None,
            actor=self.user,
            **values,
        )
        return self.shown(RecordingSerializer, recording, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(RecordingSerializer, access.recording_for(self.user, pk))

    @extend_schema(request=inputs.RecordingPatch, responses=RecordingSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        recording = access.recording_for(self.user, pk, write=True)
        values = self.parsed(inputs.RecordingPatch)
        return self.shown(
            RecordingSerializer, services.change_recording(recording, actor=self.user, **values)
        )

    @extend_schema(responses=paged(ContributionSerializer))
    @action(detail=True, methods=["get"], url_path="credits")
    def listed_credits(self, request: Request, pk: str) -> Response:
        recording = access.recording_for(self.user, pk)
        return self.page_of(ContributionSerializer, _standing(recording))

    @extend_schema(request=inputs.CreditsInput, responses=paged(ContributionSerializer))
    @listed_credits.mapping.put
    def set_credits(self, request: Request, pk: str) -> Response:
        recording = access.recording_for(self.user, pk, write=True)
        people = {person.pk: person for person in visible_people(self.user)}
        rows = []
        for given in self.parsed(inputs.CreditsInput)["credits"]:
            if given["person"] not in people:
                raise BadField(f"There is no person {given['person']}. Add the person first.", field="person")
            rows.append(
                ContributionRow(
                    person=people[given["person"]], role=given["role"], share_bp=given["share_bp"]
                )
            )
        services.set_contributions(recording, rows=rows, actor=self.user)
        return self.page_of(ContributionSerializer, _standing(recording))


def _standing(recording: Recording) -> Any:
    return Contribution.objects.filter(recording=recording, active=True).select_related("person")


class EvidenceViewSet(Studio):
    """What the ledger says about a master, element by element, with what was stated and settled."""

    serializer_class = EvidenceSerializer
    queryset = Declaration.objects.none()
    lookup_value_regex = ID
    lookup_url_kwarg = "master"

    def retrieve(self, request: Request, master: str) -> Response:
        return self.shown(EvidenceSerializer, evidence_for(access.master_for_declaration(self.user, master)))

    @extend_schema(responses=paged(ClearanceSerializer))
    @action(detail=True, methods=["get"])
    def receivers(self, request: Request, master: str) -> Response:
        """What may go where: for every receiver may, with_credit, asks or may_not, and why."""
        found = access.master_for_declaration(self.user, master)
        return self.page_of(
            ClearanceSerializer, clearances(evidence_for(found)) if found.wav is not None else []
        )


class DeclarationViewSet(Studio):
    """The artist's own statements."""

    serializer_class = DeclarationSerializer
    queryset = Declaration.objects.none()
    lookup_value_regex = ID

    @extend_schema(request=inputs.DeclarationInput, responses={201: DeclarationSerializer})
    def create(self, request: Request) -> Response:
        values = self.parsed(inputs.DeclarationInput)
        master = access.master_for_declaration(self.user, values.pop("master"), write=True)
        declaration = services.declare(master, actor=self.user, **values)
        return self.shown(DeclarationSerializer, declaration, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(DeclarationSerializer, access.declaration_for(self.user, pk))


class ResolutionViewSet(Studio):
    """How rights settled statements against the evidence."""

    serializer_class = ResolutionSerializer
    queryset = Resolution.objects.none()

    @extend_schema(request=inputs.ResolutionInput, responses={201: ResolutionSerializer})
    def create(self, request: Request) -> Response:
        values = self.parsed(inputs.ResolutionInput)
        declaration = access.declaration_for(self.user, values.pop("declaration"), resolve=True)
        return self.shown(
            ResolutionSerializer, services.resolve(declaration, actor=self.user, **values), status=201
        )
