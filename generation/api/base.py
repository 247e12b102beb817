"""What the viewsets share: who asks, pages of lists, and files with ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from artists.models import User
from provenance import assets
from provenance.services import Asset

S = serializers.BaseSerializer[Any]
F = TypeVar("F", bound=Callable[..., Any])


class Studio(viewsets.GenericViewSet[Any]):
    """Fetches by access functions only; `queryset` is there for the schema."""

    #: Actions that answer with sound: their answer does not depend on what the caller accepts.
    file_actions: ClassVar[frozenset[str]] = frozenset({"audio", "midi", "wav", "flac"})

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force or self.action in self.file_actions)

    def parsed(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The request's values, or 400 with what is wrong with each."""
        form = serializer(data=self.request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def shown(self, serializer: type[S], row: Any, *, status: int = 200) -> Response:
        return Response(serializer(row, context=self.get_serializer_context()).data, status=status)

    def page_of(self, serializer: type[S], rows: QuerySet[Any] | Iterable[Any]) -> Response:
        page = self.paginate_queryset(cast("QuerySet[Any]", rows))
        data = serializer(page, many=True, context=self.get_serializer_context()).data
        return self.get_paginated_response(data)

    def file(self, asset: Asset, *, filename: str) -> HttpResponseBase:
        return assets.serve(self.request._request, asset, filename=filename)


@cache
def paged(serializer: type[Any]) -> Any:
    """The schema of a page of *serializer*."""
    return inline_serializer(
        name=f"Paginated{serializer.__name__.removesuffix('Serializer')}List",
        fields={
            "count": serializers.IntegerField(),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": serializer(many=True),
        },
    )


def sound(description: str, media_type: str = "audio/wav") -> Callable[[F], F]:
    """Schema of an action that answers with a file, whole or in a range."""
    decorate: Callable[[F], F] = extend_schema(
        request=None,
        responses={
            (200, media_type): OpenApiResponse(OpenApiTypes.BINARY, description=description),
            (206, media_type): OpenApiResponse(
                OpenApiTypes.BINARY, description="The range that was asked for."
            ),
        },
    )
    return decorate
