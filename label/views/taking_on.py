"""A submission becomes an artist with a contributor and a project; and how an artist came, for their page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from artists import access_anr
from artists.access import artist_for, visible_artists
from artists.models import Submission
from artists.services.sealed import opened, words_of
from artists.views import user_of
from label.taking_on import begin
from provenance.errors import UserFault

LISTED = 20


@require_http_methods(["GET", "POST"])
def take_on_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access_anr.submission_for(user, pk, decide=True)
    words = words_of(submission.sent_entry_id) if access_anr.knows_who(user, submission) else {}
    said = {
        "artist": str(submission.artist_id or ""),
        "name": words.get("artist_name", ""),
        "credit_name": words.get("contact_name", ""),
        "title": words.get("title", "") or "First songs",
        "reason": "",
    }
    fault_text = ""
    if request.method == "POST":
        said = {key: request.POST.get(key, "").replace("\x00", "") for key in said}
        artist = artist_for(user, said["artist"], write=True) if said["artist"] else None
        try:
            taken, project = begin(submission, **{**said, "artist": artist}, actor=user)
        except UserFault as fault:
            fault_text = fault.message
        else:
            begun = ", with a project" if project else ""
            messages.success(
                request, f"{taken.artist.name} is on the roster{begun}. Write the agreement next."
            )
            return redirect("artists:artist", pk=taken.artist.pk)
    context = {
        "submission": submission,
        "said": said,
        "fault": fault_text,
        "signed": submission.stage == Submission.Stage.SIGNED,
        "ready": submission.stage in (Submission.Stage.OFFER, Submission.Stage.SIGNED),
        "artists": visible_artists(user).order_by("name").values_list("pk", "name"),
    }
    return render(request, "label/take_on.html", context, status=422 if fault_text else 200)


@require_safe
def how_they_came(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The submissions an artist came by, for label staff: a fragment, empty for others."""
    user = user_of(request)
    artist = artist_for(user, pk)
    rows = access_anr.visible_submissions(user).filter(artist=artist).order_by("-number")[:LISTED]
    decided = opened(row.entry_id for row in rows)
    context = {
        "rows": [
            {
                "row": row,
                "url": reverse("artists:submission", args=[row.pk]),
                "reason": decided[row.entry_id].get("reason", ""),
            }
            for row in rows
        ]
    }
    return render(request, "label/how_they_came.html", context)
