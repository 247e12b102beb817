"""Refusals that hold for every address."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

_NUL_FORMS = ("\x00", "%00")


class RefuseNulMiddleware:
    """An address with a NUL character cannot mean anything here, and PostgreSQL would fail on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(
            form in part
            for form in _NUL_FORMS
            for part in (request.path, request.META.get("QUERY_STRING", ""))
        ):
            return HttpResponseBadRequest(
                "An address may not hold a NUL character.", content_type="text/plain"
            )
        return self.get_response(request)
