"""Whether the installation can work: for load balancers and for `up`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from provenance.queries import health as ledger_health


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 with the ledger's figures, which say nothing about anybody; 500 when the database is away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    ledger = ledger_health()
    return JsonResponse({"ok": True, "entries": ledger.entries, "waiting": ledger.waiting})
