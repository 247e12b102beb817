"""The recipient's side of a listening link: no account, the address is the permission.

Nothing here may be found by a search engine, kept by a cache or told to another site.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from artists.errors import LinkOver, TooMany
from artists.models import ListeningLink
from artists.services import listening
from artists.services.sealed import opened
from label.listening import Piece, pieces, played
from provenance.assets import peaks_response, serve
from provenance.errors import UserFault
from provenance.thumbnails import small_picture

View = Callable[..., HttpResponseBase]


def _private(view: View) -> View:
    """Kept by no cache (the link may end while a copy would not), found by no robot, named to no other site."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "same-origin"
        return response

    return guarded


@login_not_required
@_private
@require_safe
def listen_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The page, or one that says what to do: 404 for a link that never was, 410 for one that is over."""
    try:
        link = listening.listening_link_by_secret(secret)
    except LinkOver as over:
        gone = over.code == "link_over"
        return render(request, "label/listen_over.html", {"gone": gone}, status=410 if gone else 404)
    if request.method == "GET":
        listening.keep_opened(link)
    return _page(request, link, secret)


@login_not_required
@_private
@require_safe
def listen_audio(request: HttpRequest, secret: str, number: int) -> HttpResponseBase:
    link, piece = _piece(secret, number)
    if request.method == "GET":
        listening.keep_sent(link, thing=piece.name, subject=piece.subject)
    return serve(request, piece.asset)


@login_not_required
@_private
@require_safe
def listen_peaks(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    return peaks_response(request, _piece(secret, number)[1].asset)


@login_not_required
@_private
@require_safe
def listen_cover(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    piece = _piece(secret, number)[1]
    if not piece.cover:
        raise Http404("There is no picture.")
    return HttpResponse(small_picture(piece.cover), content_type="image/jpeg")


@csrf_exempt  # the address is the permission, and no cookie counts here
@login_not_required
@_private
@require_POST
def listen_heard(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    """What the recipient's player says it played: `{"spans": [[from_ms, to_ms], ...]}`."""
    link, piece = _piece(secret, number)
    try:
        spans = json.loads(request.body)["spans"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": {"code": "bad_value", "message": "Send spans as JSON."}}, status=400)
    try:
        listening.keep_heard_by_link(
            link,
            thing=piece.name,
            subject=piece.subject,
            spans=spans,
            longest_ms=piece.asset.duration_ms or listening.LONGEST_MS,
        )
    except UserFault as fault:
        status = 429 if isinstance(fault, TooMany) else 400
        return JsonResponse({"error": {"code": fault.code, "message": fault.message}}, status=status)
    return HttpResponse(status=204)


@csrf_exempt  # as above
@login_not_required
@_private
@require_POST
def listen_note(request: HttpRequest, secret: str, number: int) -> HttpResponse:
    """A note about one sound, where the link asks for them."""
    link, piece = _piece(secret, number)
    said: dict[str, Any] = {
        "number": number,
        "text": request.POST.get("text", ""),
        "at": request.POST.get("at", ""),
    }
    try:
        listening.note_by_link(
            link, thing=piece.name, subject=piece.subject, text=said["text"].replace("\x00", ""),
            at_ms=_moment(said["at"]),
        )  # fmt: skip
    except UserFault as fault:
        said["fault"] = fault.message
        return _after_note(request, link, secret, said, 429 if isinstance(fault, TooMany) else 422)
    return _after_note(request, link, secret, {"number": number})


@csrf_exempt  # as above
@login_not_required
@_private
@require_POST
def listen_take(request: HttpRequest, secret: str, number: int) -> HttpResponseBase:
    """A download, where the link allows it; recorded before the first byte leaves."""
    link, piece = _piece(secret, number)
    if not link.may_download:
        raise PermissionDenied("This link is for listening only.")
    listening.keep_taken(link, thing=piece.name, subject=piece.subject)
    ending = {"audio/flac": ".flac", "audio/wav": ".wav"}.get(piece.asset.media_type, "")
    return serve(request, piece.asset, filename=f"{piece.title}{ending}", as_attachment=True)


def _after_note(
    request: HttpRequest, link: ListeningLink, secret: str, said: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The notes of one sound alone, so that it plays on; without a script the page."""
    if not request.headers.get("HX-Request"):
        kept = status == 200
        return redirect("label:listen", secret=secret) if kept else _page(request, link, secret, said, status)
    context = _shown(link, secret, said)
    one = context["pieces"][said["number"] - 1]
    return render(request, "label/listen_notes.html", {**context, **one, "one": one}, status=status)


def _page(
    request: HttpRequest,
    link: ListeningLink,
    secret: str,
    said: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    return render(request, "label/listen.html", _shown(link, secret, said), status=status)


def _shown(link: ListeningLink, secret: str, said: dict[str, Any] | None) -> dict[str, Any]:
    sounds = pieces(link)
    by = {piece.by for piece in sounds}
    notes = list(link.notes.order_by("at_ms", "created_at"))
    texts = opened([link.made_entry_id, *(note.entry_id for note in notes)])
    return {
        "link": link,
        "words": texts[link.made_entry_id],
        "secret": secret,
        "pieces": [
            {
                "number": number,
                "piece": one.piece,
                "percent": one.percent,
                "notes": [
                    (note.at_ms, texts[note.entry_id].get("text", "(erased)"))
                    for note in notes
                    if note.thing == one.piece.name
                ],
                "said": said if said and said["number"] == number else None,
            }
            for number, one in enumerate(played(link, sounds), start=1)
        ],
        "by": by.pop() if len(by) == 1 else "",
        "whole_ms": sum(piece.asset.duration_ms or 0 for piece in sounds),
    }


def _piece(secret: str, number: int) -> tuple[ListeningLink, Piece]:
    try:
        link = listening.listening_link_by_secret(secret)
    except LinkOver:
        raise Http404("Nothing is behind this link any more.") from None
    found = pieces(link)
    if not 1 <= number <= len(found):
        raise Http404("Nothing is behind this link any more.")
    return link, found[number - 1]


def _moment(text: str) -> int | None:
    """`1:23` or seconds, as milliseconds; None for nothing. Raises `UserFault`."""
    if not text.strip():
        return None
    minutes, _, seconds = text.strip().rpartition(":")
    try:
        at = (int(minutes or 0) * 60 + float(seconds.replace(",", "."))) * 1000
        if not 0 <= at <= listening.LONGEST_MS:
            raise ValueError
        return int(at)
    except (ValueError, OverflowError):
        raise UserFault("Write the moment as 1:23.") from None
