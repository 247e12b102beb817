"""What somebody is told who guessed too many passwords: a page, or JSON over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

STATUS = 429
WORDS = "Too many wrong passwords. Wait a quarter of an hour and try again, or ask the label's owner."


def locked(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Called by django-axes in the place of the answer."""
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": "locked", "message": WORDS}}, status=STATUS)
    return render(request, "artists/locked.html", status=STATUS)
