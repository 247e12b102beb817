"""The proof page: who or what made a master, through time and element by element, and where it came from."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from artists.views import user_of
from generation.access import master_for
from label.lines import lines
from label.proof import Proof
from label.seals import strip
from label.streams import readable
from provenance import finding, queries
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
    context = {
        "master": master,
        "project": master.project,
        "evidence": evidence,
        "proof": Proof(evidence, bodies=[queries.parsed(entry) for entry in every]),
        "entries": len(entries),
        "seals": strip(finding.those(entry.pk for entry in entries)),
        "lines": lines(sorted(entries, key=lambda entry: entry.pk, reverse=True)[:FEED]),
        "readable": {bytes(entry.leaf_hash).hex() for entry in entries},
        "more": max(0, len(entries) - FEED),
        "recording": getattr(master, "recording", None),
    }
    return render(request, "label/proof.html", context)
