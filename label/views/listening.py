"""Listening links: made by staff for one named outsider, with what was sent and heard by them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access_anr
from artists.models import User
from artists.services import listening
from artists.services.sealed import opened
from artists.views import user_of
from label.listening import FETCH, fetched, pieces_of, played, titled
from label.listening_notes import notes_about
from provenance.errors import UserFault

PAGE = 50


@require_http_methods(["GET", "POST"])
def links_page(request: HttpRequest) -> HttpResponse:
    """The links with what was heard by them, and a new one for `?take=`, `?master=`, `?release=` and the like."""
    user = user_of(request)
    rows = access_anr.listening_links(user)
    made, fault_text = "", ""
    data = request.POST if request.method == "POST" else request.GET
    things = _wanted(user, data)
    if request.method == "POST":
        try:
            link, secret = listening.make_listening_link(
                recipient=request.POST.get("recipient", ""),
                things=things,
                days=int(request.POST["days"]) if request.POST.get("days", "").isdecimal() else 0,
                may_download=request.POST.get("may_download") == "yes",
                asks_notes=request.POST.get("asks_notes") == "yes",
                note=request.POST.get("note", ""),
                actor=user,
            )
        except UserFault as fault:
            fault_text = fault.message
        else:
            made = request.build_absolute_uri(reverse("label:listen", args=[secret]))
            things = []
    page = Paginator(rows.order_by("-created_at", "pk").prefetch_related("notes"), PAGE).get_page(
        request.GET.get("page")
    )
    listed = list(page.object_list)
    names, sounds = opened(row.made_entry_id for row in listed), pieces_of(listed)
    context = {
        "links": [
            {
                "row": row,
                "recipient": names[row.made_entry_id].get("recipient", "(erased)"),
                "played": played(row, sounds[row.pk]),
                "notes": len(row.notes.all()),
            }
            for row in listed
        ],
        "page": page,
        "things": titled(things),
        "said": data,
        "made": made,
        "made_link": link if made else None,
        "fault": fault_text,
        "demos": any(thing["kind"] == "submission" for thing in things),
    }
    return render(request, "label/listening_links.html", context, status=422 if fault_text else 200)


@require_POST
def link_revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    listening.revoke_listening_link(access_anr.listening_link_for(user, pk), actor=user)
    messages.success(request, "The link no longer works. What was heard by it stays on record.")
    return redirect("label:listening-links")


@require_safe
def notes(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """What outsiders wrote about something by their links: a fragment, empty where there is nothing to read."""
    user = user_of(request)
    row = fetched(user, kind, pk)
    context = {"notes": notes_about(user, kind, row), "may_listen": access_anr.may_make_listening_links(user)}
    return render(request, "label/listening_notes.html", context)


def _wanted(user: User, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The things that a request names, each fetched as the reader."""
    found = []
    for kind in FETCH:
        for pk in data.getlist(kind)[: listening.MAX_THINGS + 1]:  # type: ignore[attr-defined]
            found.append({"kind": kind, "id": str(fetched(user, kind, pk).pk)})
    return found
