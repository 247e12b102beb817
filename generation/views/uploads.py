"""The artist's own recordings, other people's, and what was made elsewhere."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from artists.views import user_of
from generation import access, reading, services
from generation.forms import UploadForm
from generation.views.common import REFUSED, fault_json, form_page, show_fault, wants_json
from provenance.assets import peaks_response, serve
from provenance.errors import ProvenanceError


@require_http_methods(["GET", "POST"])
def upload_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    project = access.project_for(user, pk, write=True)
    form = UploadForm(request.POST or None, request.FILES or None, terms=reading.external_terms())
    if request.method == "POST":
        if not form.is_valid():
            if wants_json(request):
                return JsonResponse({"errors": form.errors}, status=REFUSED)
        else:
            data = form.cleaned_data
            own = data["declared"] == "own_performance"
            written = form.written(data["role"])
            try:
                upload = services.import_upload(
                    project,
                    file=data["file"].file,
                    filename=data["file"].name,
                    name=data["name"],
                    role=data["role"],
                    declared=data["declared"],
                    elements=written["mine"] if own else None,
                    borrowed=written["borrowed"] if own else (),
                    absent=written["absent"] if own else (),
                    terms=data["terms"],
                    licence=data["licence"],
                    may_be_sold=data["may_be_sold"],
                    prompt=data["prompt"],
                    actor=user,
                )
            except ProvenanceError as fault:
                if wants_json(request):
                    return fault_json(fault)
                show_fault(form, fault)
            else:
                for warning in upload.warnings:
                    messages.warning(request, warning)
                messages.success(request, f"{upload.name} is in.")
                there = reverse("generation:project", args=[project.pk])
                if wants_json(request):
                    return JsonResponse({"redirect": there}, status=201)
                return redirect(there)
    return form_page(request, "generation/upload_form.html", form, {"project": project})


@require_safe
def upload_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    upload = access.upload_for(user_of(request), pk)
    return serve(request, upload.audible, filename=upload.name)


@require_safe
def upload_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return peaks_response(request, access.upload_for(user_of(request), pk).asset)
