"""What the searchable selects ask."""

from __future__ import annotations

from dataclasses import asdict

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from artists.choosing import SOURCES, choices
from artists.views.people import user_of


@require_safe
def choose(request: HttpRequest, what: str) -> JsonResponse:
    """`{"found": [{"id", "name", "note"}]}`: what `words` may mean, of what the reader may see."""
    if what not in SOURCES:
        raise Http404("Nothing is chosen by this name.")
    found = choices(user_of(request), what, request.GET.get("words", ""))
    answer = JsonResponse({"found": [asdict(one) for one in found]})
    answer["Cache-Control"] = "no-store"
    return answer
