"""The proof page: who or what made a master, through time and element by element, and where it came from."""

from __future__ import annotations

import io
import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artists.views import user_of
from generation.access import master_for
from label.lines import lines
from label.proof import Proof
from label.streams import readable
from provenance import bundle as bundles
from provenance import queries
from release.evidence import evidence_for

FEED = 40


@require_safe
def proof_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    master = master_for(user, pk)
    if master.wav is None:
        raise Http404("This master is not made yet.")
    evidence = evidence_for(master)
    every = queries.entries_for_asset(master.wav.sha256, stream=master.project.stream)
    # The same bytes may have a history in somebody else's project.
    allowed = readable(user)
    entries = [entry for entry in every if entry.stream in allowed]
    head = queries.latest_checkpoint()
    waiting = sum(not hasattr(entry, "leaf") for entry in entries)
    context = {
        "master": master,
        "project": master.project,
        "evidence": evidence,
        "proof": Proof(evidence, bodies=[queries.parsed(entry) for entry in every]),
        "entries": len(entries),
        "waiting": waiting,
        "checkpoint": head,
        "lines": lines(sorted(entries, key=lambda entry: entry.pk, reverse=True)[:FEED]),
        "more": max(0, len(entries) - FEED),
        "recording": getattr(master, "recording", None),
    }
    return render(request, "label/proof.html", context)


@require_safe
def bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The evidence of a master as one file that verifies without this server. Private words stay sealed."""
    master = master_for(user_of(request), pk)
    if master.wav is None:
        raise Http404("This master is not made yet.")
    entries = queries.entries_for_asset(master.wav.sha256, stream=master.project.stream)
    out = io.BytesIO()
    bundles.build(
        entries=entries,
        disclose=lambda entry, name: False,
        out=out,
        assets={"master.wav": master.wav.sha256},
        title=f"{master.project.title}, master {master.number}",
    )
    response = HttpResponse(out.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="evidence-{master.wav.sha256[:12]}.zip"'
    return response
