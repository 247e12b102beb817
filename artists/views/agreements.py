"""Agreements: terms, state, signatures. Staff write them; the artist reads and signs what was offered."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access_anr
from artists.access import acts_for, artist_for
from artists.models import Agreement, Artist, Role
from artists.services import agreements
from artists.services.sealed import opened, words_of
from artists.views import user_of
from provenance.assets import serve
from provenance.errors import ProvenanceError, UserFault

#: Roles of release/credits.py that shares are agreed for, their scope, and what the form says.
ROLES = (
    ("composer", "work", "Composition"),
    ("lyricist", "work", "Lyrics"),
    ("performer:lead_vocal", "recording", "Recording: lead voice"),
    ("producer", "recording", "Recording: producer"),
)


@require_safe
def agreements_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = list(access_anr.visible_agreements(user)[:200])
    names = opened(row.terms_entry_id for row in rows)
    context = {
        "rows": [{"row": row, "title": names[row.terms_entry_id].get("title", "(erased)")} for row in rows],
        "today": timezone.now().date(),
    }
    return render(request, "artists/agreements.html", context)


@require_http_methods(["GET", "POST"])
def agreement_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Terms for an artist; from a submission, `?submission=` links it."""
    user = user_of(request)
    artist = artist_for(user, pk)
    access_anr.require_decider(user)
    wanted = request.POST.get("submission") or request.GET.get("submission", "")
    submission = access_anr.submission_for(user, wanted) if wanted else None
    return _terms(request, artist, None, {"submission": submission})


@require_http_methods(["GET", "POST"])
def agreement_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    row = access_anr.agreement_for(user_of(request), pk, write=True)
    return _terms(request, row.artist, row, {})


def _terms(request: HttpRequest, artist: Artist, row: Agreement | None, more: dict[str, Any]) -> HttpResponse:
    fault_text, status = "", 200
    if request.method == "POST":
        try:
            document = request.FILES.get("document")
            saved = agreements.draft_agreement(
                artist,
                agreement=row,
                title=request.POST.get("title", ""),
                **{
                    name: _day(request.POST.get(name, ""))
                    for name in ("starts", "ends", "answer_due", "option_due")
                },
                territories=request.POST.get("territories", "").replace(",", " ").split(),
                **{name: request.POST.get(name, "") for name in ("advance", "options", "conditions")},
                shares=_shares(request),
                document=document.file if document else None,
                **({"submission": more["submission"]} if more.get("submission") else {}),
                actor=user_of(request),
            )
        except ProvenanceError as fault:
            fault_text, status = fault.message, 422
        else:
            messages.success(request, "The terms are kept.")
            return redirect("artists:agreement", pk=saved.pk)
    words = words_of(row.terms_entry_id) if row else {}
    shares = {(one["person"], one["role"]): one["share_bp"] for one in row.shares} if row else {}
    context = {
        "artist": artist,
        "row": row,
        "said": request.POST if request.method == "POST" else words,
        "fault": fault_text,
        "shares": [
            (
                person,
                [
                    (role, title, shares.get((str(person.pk), role), 0) / 100 or "")
                    for role, _, title in ROLES
                ],
            )
            for person in artist.people.all()
        ],
        **more,
    }
    return render(request, "artists/agreement_form.html", context, status=status)


@require_safe
def agreement_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access_anr.agreement_for(user, pk)
    people = {str(one.pk): one.credit_name for one in row.artist.people.all()}
    titles = {role: title for role, _, title in ROLES}
    context = {
        "row": row,
        "words": words_of(row.terms_entry_id),
        "shares": [
            (
                people.get(one["person"], "somebody"),
                titles.get(one["role"], one["role"]),
                one["share_bp"] / 100,
            )
            for one in row.shares
        ],
        "may_write": access_anr.may_decide(user),
        "may_sign_label": user.has_role(Role.OWNER),
        "may_sign_artist": acts_for(user, row.artist) or access_anr.may_decide(user),
        "acts": acts_for(user, row.artist),
        "moves": [
            (key, Agreement.Status(key).label) for key in Agreement.NEXT[row.status] if key != "signed"
        ],
    }
    return render(request, "artists/agreement.html", context)


@require_POST
def agreement_move(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access_anr.agreement_for(user, pk, write=True)
    try:
        agreements.move_agreement(
            row, status=request.POST.get("status", ""), reason=request.POST.get("reason", ""), actor=user
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("artists:agreement", pk=pk)


@require_POST
def agreement_sign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Here, by one's own account; staff who note a paper signature say so, and the scan must be there."""
    user = user_of(request)
    side = "label" if request.POST.get("side") == "label" else "artist"
    row = access_anr.agreement_to_sign(user, pk, side=side)
    own = side == "label" or acts_for(user, row.artist)
    try:
        agreements.sign_agreement(
            row, side=side, name=request.POST.get("name", ""), how="here" if own else "paper", actor=user
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "Signed.")
    return redirect("artists:agreement", pk=pk)


@require_safe
def agreement_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    row = access_anr.agreement_for(user_of(request), pk)
    if row.document is None:
        raise Http404("There is no document.")
    return serve(request, row.document, filename="agreement.pdf", as_attachment=True)


def _shares(request: HttpRequest) -> list[dict[str, Any]]:
    """Fields `share-<person>-<role>` in percent."""
    scopes = {role: scope for role, scope, _ in ROLES}
    found = []
    for name, value in request.POST.items():
        if not name.startswith("share-") or not isinstance(value, str) or not value.strip():
            continue
        person, role = name[6:42], name[43:]
        try:
            share, person = round(float(value.replace(",", ".")) * 100), str(uuid.UUID(person))
        except (ValueError, OverflowError):
            raise UserFault("Write shares in percent, for example 50.") from None
        if role in scopes:
            found.append({"person": person, "role": role, "scope": scopes[role], "share_bp": share})
    return found


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise UserFault("Write days as 2026-12-31.") from None
