"""The tool catalogue. Everybody reads it; the owner and the rights team keep it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from generation import access, services
from generation.api.base import Studio, paged
from generation.api.serializers import TermsSerializer, ToolSerializer
from generation.models import Tool


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

    @extend_schema(request=TermsSerializer, responses={201: TermsSerializer})
    @action(detail=True, methods=["post"])
    def terms(self, request: Request, key: str) -> Response:
        """Record a new reading of the terms. Earlier ones stay bound to what was made under them."""
        self._keeper()
        tool, given = self._tool(key), self.parsed(TermsSerializer)
        values = services.TermsValues(**given | {"blocked_by": tuple(given.get("blocked_by", ()))})
        return self.shown(
            TermsSerializer, services.record_terms(tool, values=values, actor=self.user), status=201
        )

    def _keeper(self) -> None:
        if not access.may_manage_catalogue(self.user):
            raise PermissionDenied("The owner and the rights team keep the catalogue.")

    def _tool(self, key: str) -> Tool:
        tool = services.tools_with_terms().filter(key=key).first()
        if tool is None:
            raise Http404("No such tool.")
        return tool
