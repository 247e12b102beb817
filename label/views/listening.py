"""Listening links: made by staff for one named outsider, opened without an account, with a record of what was heard."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access_anr
from artists.errors import LinkOver, TooMany
from artists.models import ListeningLink, User
from artists.services import listening
from artists.services.sealed import opened
from artists.views import user_of
from generation import access as studio
from generation.models import Master, Take
from provenance.assets import peaks_response, serve
from provenance.errors import UserFault
from provenance.services import Asset
from release.access import release_for
from release.models import Release


@dataclass(frozen=True)
class Piece:
    """One sound behind a link. `thing` is what the link names (`release:<id>`), the piece may be one of its tracks."""

    thing: str
    title: str
    by: str
    asset: Asset


@require_http_methods(["GET", "POST"])
def links_page(request: HttpRequest) -> HttpResponse:
    """The links with what was heard by them, and a new one for `?take=`, `?master=` or `?release=`."""
    user = user_of(request)
    rows = access_anr.listening_links(user)
    made, fault_text = "", ""
    data = request.POST if request.method == "POST" else request.GET
    try:
        things = _wanted(user, data)
        if request.method == "POST":
            _, secret = listening.make_listening_link(
                recipient=request.POST.get("recipient", ""),
                things=things,
                days=int(request.POST["days"]) if request.POST.get("days", "").isdigit() else 0,
                may_download=request.POST.get("may_download") == "yes",
                note=request.POST.get("note", ""),
                actor=user,
            )
            made = request.build_absolute_uri(reverse("label:listen", args=[secret]))
            things = []
    except UserFault as fault:
        fault_text, things = fault.message, _wanted(user, data)
    listed = list(rows[:100])
    names = opened(row.made_entry_id for row in listed)
    context = {
        "links": [
            {"row": row, "recipient": names[row.made_entry_id].get("recipient", "(erased)"),
             "pieces": [piece.title for piece in pieces(row)]}
            for row in listed
        ],
        "things": [(f"{one['kind']}", one["id"], _title(one)) for one in things],
        "said": data, "made": made, "fault": fault_text,
    }  # fmt: skip
    return render(request, "label/listening_links.html", context, status=422 if fault_text else 200)


@require_POST
def link_revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    listening.revoke_listening_link(access_anr.listening_link_for(user, pk), actor=user)
    messages.success(request, "The link no longer works.")
    return redirect("label:listening-links")


# -- without an account ----------------------------------------------------------------------------------------------
@never_cache
@login_not_required
@require_safe
def listen_page(request: HttpRequest, secret: str) -> HttpResponse:
    link = _open(secret)
    if link is None:
        words = "It has ended or was withdrawn. Ask whoever sent it for a new one."
        return render(request, "artists/link_over.html", {"message": words}, status=410)
    if request.method == "GET":
        listening.keep_opened(link)
    context = {
        "link": link,
        "words": opened([link.made_entry_id])[link.made_entry_id],
        "secret": secret,
        "pieces": list(enumerate(pieces(link), start=1)),
    }
    response = render(request, "label/listen.html", context)
    response["X-Robots-Tag"], response["Referrer-Policy"] = "noindex", "same-origin"
    return response


@login_not_required
@require_safe
def listen_audio(request: HttpRequest, secret: str, number: int) -> HttpResponseBase:
    _, piece = _piece(secret, number)
    return _private(serve(request, piece.asset, filename=piece.title))


@login_not_required
@require_safe
def listen_peaks(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    return peaks_response(request, _piece(secret, number)[1].asset)


@csrf_exempt  # the address is the permission, and no cookie counts here
@login_not_required
@require_POST
def listen_heard(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    link, piece = _piece(secret, number)
    try:
        listening.keep_heard_by_link(link, thing=piece.thing, spans=json.loads(request.body)["spans"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": {"code": "bad_value", "message": "Send spans as JSON."}}, status=400)
    except UserFault as fault:
        status = 429 if isinstance(fault, TooMany) else 400
        return JsonResponse({"error": {"code": fault.code, "message": fault.message}}, status=status)
    return HttpResponse(status=204)


@login_not_required
@require_POST
def listen_take(request: HttpRequest, secret: str, number: int) -> HttpResponseBase:
    """A download, where the link allows it; recorded before the first byte leaves."""
    link, piece = _piece(secret, number)
    if not link.may_download:
        raise PermissionDenied("This link is for listening only.")
    listening.keep_taken(link, thing=piece.thing)
    ending = {"audio/flac": ".flac", "audio/wav": ".wav"}.get(piece.asset.media_type, "")
    return _private(serve(request, piece.asset, filename=f"{piece.title}{ending}", as_attachment=True))


def pieces(link: ListeningLink) -> list[Piece]:
    """What there is to hear now; a thing that has no sound yet is left out."""
    found: list[Piece] = []
    for thing in link.things:
        name = f"{thing['kind']}:{thing['id']}"
        match thing["kind"]:
            case "take":
                take = (
                    Take.objects.select_related("asset", "run__project__artist")
                    .filter(pk=thing["id"])
                    .first()
                )
                if take is not None and take.asset is not None:
                    project = take.run.project
                    found.append(
                        Piece(name, f"{project.title}, take {take.number}", project.artist.name, take.asset)
                    )
            case "master":
                master = (
                    Master.objects.select_related(
                        "wav", "flac", "render__version__arrangement__project__artist"
                    )
                    .filter(pk=thing["id"])
                    .first()
                )
                if master is not None and (asset := master.flac or master.wav) is not None:
                    found.append(
                        Piece(
                            name,
                            f"{master.project.title}, master {master.number}",
                            master.project.artist.name,
                            asset,
                        )
                    )
            case "release":
                release = Release.objects.filter(pk=thing["id"]).first()
                tracks = release.tracks.filter(active=True).order_by("number") if release else ()
                for track in tracks:
                    recording = track.recording
                    asset = recording.master.flac or recording.master.wav
                    if asset is not None:
                        found.append(
                            Piece(name, f"{track.number}. {recording.title}", recording.artist.name, asset)
                        )
    return found


def _wanted(user: User, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The things that a request names, each fetched as the reader: fetching is the permission check."""
    found = []
    for kind, fetch in (("take", studio.take_for), ("master", studio.master_for), ("release", release_for)):
        for pk in data.getlist(kind)[: listening.MAX_THINGS]:  # type: ignore[attr-defined]
            try:
                found.append({"kind": kind, "id": str(fetch(user, uuid.UUID(pk)).pk)})
            except ValueError:
                raise Http404("No such thing.") from None
    return found


def _title(thing: Mapping[str, str]) -> str:
    found = pieces(ListeningLink(things=[dict(thing)]))
    if thing["kind"] == "release":
        return str(Release.objects.get(pk=thing["id"]).title)
    return found[0].title if found else f"{thing['kind']} without sound yet"


def _open(secret: str) -> ListeningLink | None:
    try:
        return listening.listening_link_by_secret(secret)
    except LinkOver:
        return None


def _piece(secret: str, number: int) -> tuple[ListeningLink, Piece]:
    link = _open(secret)
    found = pieces(link) if link is not None else []
    if link is None or not 1 <= number <= len(found):
        raise Http404("Nothing is behind this link any more.")
    return link, found[number - 1]


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Kept by no cache: the link may end while a copy would not."""
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
