"""That an advance was paid, noted on the agreement's page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from artists import access_anr
from artists.services.advances import note_advance
from artists.views import user_of
from provenance.errors import UserFault


@require_POST
def advance_paid(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access_anr.agreement_for(user, pk, write=True)
    try:
        paid_on = parse_date(request.POST.get("paid_on", ""))
    except ValueError:
        paid_on = None
    try:
        note_advance(row, paid_on=paid_on, amount=request.POST.get("amount", ""), actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "The advance is noted as paid.")
    return redirect("artists:agreement", pk=pk)
