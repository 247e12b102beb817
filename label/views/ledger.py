"""The ledger's pages: what happened, in words first, then the bytes and their proof."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artists.views import user_of
from label.lines import lines
from label.streams import may_read, readable
from provenance import queries
from provenance.services import disclose, event_kinds


@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    kind = request.GET.get("kind", "")
    kinds = event_kinds()
    ref = request.GET.get("about", "")[:80]
    allowed = readable(user)
    page = queries.ledger_page(
        refs=[ref] if ref else (),
        streams=allowed.only,
        families=allowed.families,
        kinds=[kind] if kind in kinds else (),
        until=_until(request.GET.get("until", "")),
        before=_number(request.GET.get("before", "")),
    )
    context = {
        "lines": lines(page.entries),
        "older": page.older,
        "health": queries.health(),
        "kinds": kinds,
        "kind": kind,
        "about": ref,
        "until": request.GET.get("until", ""),
    }
    return render(request, "label/ledger.html", context)


@require_safe
def entry_page(request: HttpRequest, leaf: str) -> HttpResponse:
    entry = queries.entry_by_leaf(leaf)
    if entry is None or not may_read(user_of(request), entry):
        raise Http404("No such entry.")
    body = json.loads(bytes(entry.body))
    proof = queries.proof_for(entry)
    disclosed = disclose(entry)
    context = {
        "entry": entry,
        "line": lines([entry])[0],
        "body": json.dumps(body, indent=2, ensure_ascii=False),
        "private": [
            (name, _said(disclosed[name]) if name in disclosed else None, commitment)
            for name, commitment in body["private"].items()
        ],
        "inputs": body["inputs"],
        "outputs": body["outputs"],
        "proof": proof,
        "proof_text": proof.text() if proof else "",
    }
    return render(request, "label/entry.html", context)


@login_not_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, for anybody: it says nothing about what was recorded, only how much and in which
    order, and who keeps a copy can tell later whether the log was rewritten."""
    head = queries.latest_checkpoint()
    if head is None:
        raise Http404("Nothing is in the log yet.")
    return HttpResponse(bytes(head.note), content_type="text/plain; charset=utf-8")


def _said(value: Any) -> list[str]:
    """A private value in lines: words as they are, what was said about several things one a line."""
    if isinstance(value, dict):
        return [f"{name.replace('_', ' ')}: {text}" for name, text in value.items()]
    if isinstance(value, list):
        return [", ".join(str(item) for item in value)]
    return [str(value)]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _until(text: str) -> dt.datetime | None:
    """Entries up to the end of that day; an unreadable date filters nothing."""
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return dt.datetime.combine(day, dt.time(), dt.UTC)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest entries about one thing, as a fragment that other apps' pages include by address."""
    allowed = readable(user_of(request))
    page = queries.ledger_page(
        refs=[request.GET.get("about", "")[:80]], streams=allowed.only, families=allowed.families, size=8
    )
    return render(request, "label/feed.html", {"lines": lines(page.entries)})
