"""Several submissions side by side, and one decision for many."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from artists import access_anr as access
from artists.models import Submission
from artists.services import answer_templates, review
from artists.views import user_of
from artists.views.inbox.fields import uuid_of
from artists.views.inbox.measures import ears

COMPARED: Final = 6


@require_http_methods(["GET", "POST"])
def compare_page(request: HttpRequest) -> HttpResponse:
    """Several at one playhead, and one decision for many: what will happen is named before it does."""
    user = user_of(request)
    access.require_staff(user)
    data = request.POST if request.method == "POST" else request.GET
    wanted = [found for found in map(uuid_of, data.getlist("submission")[:200]) if found]
    rows = list(access.visible_submissions(user).filter(pk__in=wanted).order_by("number"))
    lines: list[review.BulkLine] = []
    if request.method == "POST":
        access.require_decider(user)
        stage = request.POST.get("stage", "")
        if (
            stage in Submission.Stage.values
            and stage != Submission.Stage.SIGNED
            and request.POST.get("sure") == "yes"
        ):
            lines = review.decide_many(
                rows, stage=stage, reason=request.POST.get("reason", ""),
                template=request.POST.get("template", ""), actor=user,
            )  # fmt: skip
            rows = list(access.visible_submissions(user).filter(pk__in=wanted).order_by("number"))
        else:
            messages.error(request, "Choose what becomes of them, and say that you are sure.")
    known = access.known_among(user, rows)
    names = review.names_of(row for row in rows if row.pk in known)
    heard = [
        {
            "submission": row,
            "name": names.get(row.pk, {}).get("artist_name", ""),
            "file": next((f for f in row.files.all() if f.state == "ready"), None),
            "ears": ears(user, row),
        }
        for row in rows[:COMPARED]
    ]
    context = {
        "rows": rows, "heard": heard, "rest": max(0, len(rows) - COMPARED), "lines": lines,
        "said": data if request.method == "POST" and not any(line.done for line in lines) else {},
        "may_decide": access.may_decide(user), "templates": answer_templates.templates(),
        "stages": [one for one in Submission.Stage.choices if one[0] not in ("unheard", "signed", "heard")],
    }  # fmt: skip
    return render(request, "artists/compare.html", context)
