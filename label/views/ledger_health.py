"""How the record stands: the log, its guards, who outside has seen it, and what people have not signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artists.views import user_of
from label.health import Health


@require_safe
def ledger_health(request: HttpRequest) -> HttpResponse:
    """Label staff see everything, others what concerns them."""
    return render(request, "label/ledger_health.html", {"health": Health(user_of(request))})
