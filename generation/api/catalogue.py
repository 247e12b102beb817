"""The tool catalogue. Everybody reads it; the owner and the rights team keep it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from generation import access, services
from generation.api.base import Studio, paged
from generation.api.inputs import ReasonInput
from generation.api.serializers.tools import (
    LicenceInput,
    LicenceSerializer,
    TermsAnswerInput,
    TermsSerializer,
    ToolSerializer,
    ToolTermsInput,
)
from generation.models import Tool
from generation.services import licences


class ToolViewSet(Studio):
    """Generators and the dated terms of their output."""

    serializer_class = ToolSerializer
    queryset = Tool.objects.all()
    lookup_field = "key"
    lookup_value_regex = "[a-z0-9-]{1,50}"

    @extend_schema(responses=paged(ToolSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(ToolSerializer, services.tools_with_terms())

    @extend_schema(request=ToolSerializer, responses={201: ToolSerializer})
    def create(self, request: Request) -> Response:
        self._keeper()
        return self.shown(
            ToolSerializer, services.add_tool(actor=self.user, **self.parsed(ToolSerializer)), status=201
        )

    def retrieve(self, request: Request, key: str) -> Response:
        return self.shown(ToolSerializer, self._tool(key))

    @extend_schema(
        request={"application/json": ToolTermsInput, "multipart/form-data": ToolTermsInput},
        responses={201: TermsSerializer},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, MultiPartParser])
    def terms(self, request: Request, key: str) -> Response:
        """Record a new reading of the terms. Earlier ones stay bound to what was made under them."""
        self._keeper()
        tool, given = self._tool(key), self.parsed(ToolTermsInput)
        snapshot = given.pop("snapshot", None)
        values = services.TermsValues(**given | {"blocked_by": tuple(given.get("blocked_by", ()))})
        terms = services.record_terms(tool, values=values, snapshot=snapshot, actor=self.user)
        return self.shown(TermsSerializer, terms, status=201)

    @extend_schema(request=TermsAnswerInput, responses=TermsSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, key: str) -> Response:
        """Answer what a version leaves open, for all that was made under it. The version stays as it was read."""
        self._keeper()
        given = self.parsed(TermsAnswerInput)
        terms = access.terms_for(self.user, key, given.pop("version"))
        services.answer_question(terms, **given, actor=self.user)
        return self.shown(TermsSerializer, access.terms_for(self.user, key, terms.version))

    @extend_schema(request=LicenceInput, responses=LicenceSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, key: str) -> Response:
        """Accept the licence of its weights, as the named version of the terms reads."""
        self._keeper()
        tool = self._tool(key)
        services.accept_licence(tool, version=self.parsed(LicenceInput)["version"], actor=self.user)
        return self.shown(LicenceSerializer, licences.need_of(tool))

    @extend_schema(request=ReasonInput, responses=LicenceSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, key: str) -> Response:
        """Take the acceptance back: nothing new is made with its weights."""
        self._keeper()
        tool = self._tool(key)
        services.withdraw_licence(tool, reason=self.parsed(ReasonInput)["reason"], actor=self.user)
        return self.shown(LicenceSerializer, licences.need_of(tool))

    @extend_schema(responses=paged(LicenceSerializer))
    @action(detail=False, methods=["get"])
    def licences(self, request: Request) -> Response:
        """The licences of all weights that the engines here can use, those not accepted first."""
        return self.page_of(LicenceSerializer, licences.needed())

    def _keeper(self) -> None:
        if not access.may_manage_catalogue(self.user):
            raise PermissionDenied("The owner and the rights team keep the catalogue.")

    def _tool(self, key: str) -> Tool:
        tool = services.tools_with_terms().filter(key=key).first()
        if tool is None:
            raise Http404("No such tool.")
        return tool
