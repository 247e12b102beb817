"""Whether a take can be made again: what came of it, and asking for it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from artists.models import User
from artists.views import user_of
from generation import access, services
from generation.models import Take
from generation.views.common import REFUSED
from provenance.errors import UserFault


@require_http_methods(["GET", "HEAD", "POST"])
def take_replay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The fragment: the newest replay, and how it stands while it is made. Posted: ask for one."""
    user = user_of(request)
    take = access.take_for(user, pk, write=request.method == "POST")
    error = ""
    if request.method == "POST":
        try:
            services.request_replay(take, actor=user)
        except UserFault as fault:
            error = fault.message
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect("generation:run", pk=take.run_id)
    return _fragment(request, take, user, error=error)


def _fragment(request: HttpRequest, take: Take, user: User, *, error: str = "") -> HttpResponse:
    context = {
        "take": take,
        "replay": take.replays.select_related("job").first(),
        "may_write": access.may_write(user, take.run.project),
        "error": error,
    }
    return render(request, "generation/take_replay.html", context, status=REFUSED if error else 200)
