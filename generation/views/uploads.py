"""The artist's own recordings, other people's, and what was made elsewhere."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists.models import User
from artists.practice_access import consent_for, may_keep_consents
from artists.services import consents
from artists.views import user_of
from generation import access, reading, services
from generation.forms import UploadForm
from generation.models import Upload
from generation.services import resting
from generation.tool_forms import StatedTermsForm
from generation.views.common import REFUSED, fault_json, form_page, show_fault, wants_json
from provenance.assets import peaks_response, serve
from provenance.errors import ProvenanceError, UserFault


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
                    tool_name=data["tool_name"],
                    plan=data["plan"],
                    made_on=data["made_on"],
                    terms_snapshot=_file(data["terms_snapshot"]),
                    receipt=_file(data["receipt"]),
                    licence=data["licence"],
                    attribution=data["attribution"],
                    may_be_sold=data["may_be_sold"],
                    may_be_input=data["may_be_input"],
                    captured=data["captured"],
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
                if not data["captured"]:  # the page on which it was recorded says so itself
                    messages.success(request, f"{upload.name} is in.")
                # What has to be looked at is shown where it is cured.
                there = reverse("generation:project", args=[project.pk])
                if upload.terms_open:
                    there = reverse("generation:upload", args=[upload.pk])
                if wants_json(request):
                    made = {"redirect": there, "ref": f"upload:{upload.pk}", "name": upload.name}
                    return JsonResponse(made, status=201)
                return redirect(there)
    return form_page(request, "generation/upload_form.html", form, {"project": project})


def _file(upload: UploadedFile[Any] | None) -> Any:
    return upload.file if upload is not None else None


@require_safe
def upload_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What was brought in, under which terms, and what its credential says."""
    user = user_of(request)
    upload = access.upload_for(user, pk)
    return render(request, "generation/upload.html", _context(user, upload))


def _context(user: User, upload: Upload, form: StatedTermsForm | None = None) -> dict[str, Any]:
    by_tool = upload.declared == Upload.Declared.EXTERNAL_TOOL or bool(upload.c2pa.get("generated"))
    if form is None and by_tool and access.may_see_papers(user, upload):
        form = StatedTermsForm(terms=reading.external_terms(), initial={"plan": upload.plan})
    return {
        "upload": upload,
        "project": upload.project,
        "allowance": services.upload_allowance(upload),
        **(_agreements(user, upload) if upload.declared == Upload.Declared.THIRD_PARTY else {}),
        "form": form,
        "may_see_papers": access.may_see_papers(user, upload),
    }


def _agreements(user: User, upload: Upload) -> dict[str, Any]:
    """What it stands on, and what it could: names of givers only for who reads the terms of consents."""
    keeps = may_keep_consents(user, upload.project.artist)
    grounds = resting.grounds_of(upload)
    possible = resting.possible_for(upload) if keeps else []
    for consent in possible:
        consent.giver_name = consent.words.get("giver", "")  # type: ignore[attr-defined]
    return {
        "grounds": [(consent, consents.in_force(consent)) for consent in grounds],
        "possible": [consent for consent in possible if consent not in grounds],
        "may_rest": keeps,
    }


@require_POST
def upload_rest(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say on whose agreement somebody else's recording stands."""
    user = user_of(request)
    upload = access.upload_for(user, pk)
    if not may_keep_consents(user, upload.project.artist):
        raise PermissionDenied("The artist, A&R, rights and the owner say on what it stands.")
    try:
        consent = consent_for(user, request.POST.get("consent", ""))
        services.rest_upload(upload, consent=consent, actor=user)
        messages.success(request, f"{upload.name} stands on that agreement while it holds.")
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:upload", pk=pk)


@require_POST
def upload_terms(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """State later under which terms it came."""
    user = user_of(request)
    upload = access.upload_for(user, pk)
    if not access.may_see_papers(user, upload):
        raise PermissionDenied("Who works on the project, the owner and rights state the terms.")
    form = StatedTermsForm(request.POST, request.FILES, terms=reading.external_terms())
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.state_terms(
                upload,
                terms=data["terms"],
                plan=data["plan"],
                made_on=data["made_on"],
                terms_snapshot=_file(data["terms_snapshot"]),
                receipt=_file(data["receipt"]),
                actor=user,
            )
        except ProvenanceError as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "Stated. What was said before stays in the ledger.")
            return redirect("generation:upload", pk=pk)
    return render(request, "generation/upload.html", _context(user, upload, form), status=REFUSED)


@require_safe
def upload_paper(request: HttpRequest, pk: uuid.UUID, which: str) -> HttpResponseBase:
    """The terms of that day or the receipt: for who works on the project and who clears it."""
    user = user_of(request)
    upload = access.upload_for(user, pk)
    paper = {"terms": upload.terms_snapshot, "receipt": upload.receipt}.get(which)
    if paper is None or not access.may_see_papers(user, upload):
        raise Http404("No such paper.")
    return serve(request, paper, filename=f"{upload.name} {which}", as_attachment=True)


@require_safe
def upload_midi(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    upload = access.upload_for(user_of(request), pk)
    if upload.midi is None:
        raise Http404("This is sound, not notes.")
    return serve(request, upload.midi, filename=f"{upload.name}.mid", as_attachment=True)


@require_safe
def upload_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    upload = access.upload_for(user_of(request), pk)
    if upload.kind != "audio":
        raise Http404("Notes make no sound by themselves.")
    return serve(request, upload.audible, filename=upload.name)


@require_safe
def upload_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    upload = access.upload_for(user_of(request), pk)
    if upload.kind != "audio":
        raise Http404("Notes have no waveform.")
    return peaks_response(request, upload.asset)
