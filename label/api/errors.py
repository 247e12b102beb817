"""Every refused API call answers `{"error": {"code", "message"}}`, whoever refused it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from provenance.blobs import StorageFull
from provenance.errors import BadEvent, UserFault

_STATUS = {"not_found": 404, "forbidden": 403, "conflict": 409, "too_large": 413, "storage_full": 507}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, UserFault | BadEvent | StorageFull):
        body = {"code": error.code, "message": error.message}
        if field := getattr(error, "field", ""):
            body["field"] = field
        return Response({"error": body}, status=_STATUS.get(error.code, status.HTTP_400_BAD_REQUEST))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = drf_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = {
            "error": {"code": "invalid", "message": "Some values were not accepted.", "fields": response.data}
        }
    elif isinstance(error, exceptions.APIException):
        response.data = {"error": {"code": error.default_code, "message": str(error.detail)}}
    return response
