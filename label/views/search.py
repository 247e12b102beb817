"""One search page, and the same for the command menu."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artists.views import user_of
from label.looking import EACH, look

#: In the command menu.
FEW = 4


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("words", "").strip()[:120]
    groups = look(user_of(request), words)
    exact = groups[0].found[0] if groups and groups[0].found[0].exact else None
    context = {
        "words": words,
        "groups": groups,
        "count": sum(len(group.found) for group in groups),
        "exact": exact,
        "each": EACH,
        "more": any(len(group.found) >= EACH for group in groups),
    }
    return render(request, "label/search.html", context)


@require_safe
def search_quick(request: HttpRequest) -> JsonResponse:
    """`{"found": [{"words", "kind", "url"}]}`: the best of each group."""
    groups = look(user_of(request), request.GET.get("words", "")[:120], each=FEW)
    found = [
        {"words": one.title, "kind": one.kind, "note": one.note, "url": one.url}
        for group in groups
        for one in group.found[:FEW]
    ]
    answer = JsonResponse({"found": found})
    answer["Cache-Control"] = "no-store"
    return answer
