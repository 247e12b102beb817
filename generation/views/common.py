"""What the workspace's views share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from provenance.errors import ProvenanceError

REFUSED = 422
_STATUS = {"conflict": 409, "storage_full": 507}


def form_page(request: HttpRequest, template: str, form: forms.Form, context: dict[str, Any]) -> HttpResponse:
    """A page with a form; 422 when the form was refused, so that the refusal is shown."""
    status = REFUSED if form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)


def show_fault(form: forms.Form, fault: ProvenanceError) -> None:
    """Put a service's message beside the field that it names, else above the form."""
    field = getattr(fault, "field", "") or None
    form.add_error(field if field in form.fields else None, fault.message)


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def fault_json(fault: ProvenanceError) -> JsonResponse:
    return JsonResponse(
        {"error": {"code": fault.code, "message": fault.message}}, status=_STATUS.get(fault.code, 400)
    )
