"""What may go where, and what hangs on a tool's terms: fragments that other pages include."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from artists.views import user_of
from generation import access as studio
from release import access
from release.clearance import clearances, owed_credits, table
from release.evidence import evidence_for
from release.labelling import uses_in
from release.tool_uses import uses_of, warnings_of


@require_GET
def master_clearances(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Receiver by receiver, for one master."""
    master = studio.master_for(user_of(request), pk)
    if master.wav is None:
        return HttpResponse('<p class="dim">The master is not made yet.</p>')
    evidence = evidence_for(master)
    uses = uses_in(evidence)
    rows = table([(None, clearances(evidence, uses=uses))])
    return render(request, "release/clearances.html", {"rows": rows, "owed": owed_credits(uses)})


@require_GET
def tool_uses(request: HttpRequest, key: str) -> HttpResponse:
    """What was made under each version. Everybody sees the numbers; titles only of what they may open."""
    user = user_of(request)
    uses = uses_of(studio.tool_for(user, key))
    seen = set(access.visible_releases(user).values_list("pk", flat=True))
    staff = user.is_label_staff
    rows = [
        {
            "terms": use.terms,
            "words": use.words if staff else "",
            "releases": [release for release in use.releases if release.pk in seen],
        }
        for use in uses
    ]
    warnings = [one for one in warnings_of(uses) if one.release.pk in seen]
    return render(request, "release/tool_uses.html", {"rows": rows, "warnings": warnings, "staff": staff})
