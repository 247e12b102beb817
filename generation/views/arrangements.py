"""The timeline: pages around the editor, saving, versions and renders."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists.access import visible_artists
from artists.models import Role
from artists.views import user_of
from generation import access, reading, services
from generation.errors import BadValue, Conflict
from generation.forms import ArrangementForm, MasterForm
from generation.views.common import fault_json, form_page, show_fault
from provenance.assets import peaks_response, serve
from provenance.errors import ProvenanceError, UserFault


@require_http_methods(["GET", "POST"])
def arrangement_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Start an arrangement; kept takes that are chosen are laid out stem by stem."""
    user = user_of(request)
    project = access.project_for(user, pk, write=True)
    kept = reading.kept_takes(project)
    form = ArrangementForm(request.POST or None, initial={"title": project.title})
    if request.method == "POST" and form.is_valid():
        try:
            chosen = [access.take_for(user, take, write=True) for take in request.POST.getlist("takes")]
            arrangement = services.create_arrangement(
                project, title=form.cleaned_data["title"], takes=chosen, actor=user
            )
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("generation:arrangement", pk=arrangement.pk)
    return form_page(request, "generation/arrangement_form.html", form, {"project": project, "kept": kept})


@require_GET
def arrangement_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    arrangement = access.arrangement_for(user, pk)
    wanted = request.GET.get("version", "")
    version = None
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 8:
        version = arrangement.versions.select_related("saved_by").filter(number=int(wanted)).first()
    head = services.head_of(arrangement)
    version = version or head
    context = {
        "arrangement": arrangement,
        "project": arrangement.project,
        "version": version,
        "is_head": version.pk == head.pk,
        "document": version.document,
        "sources": reading.arrangement_sources(arrangement, version.document),
        "versions": arrangement.versions.select_related("saved_by", "parent")[:60],
        "renders": reading.renders_of(arrangement)[:20],
        "may_write": access.may_write(user, arrangement.project),
    }
    return render(request, "generation/arrangement.html", context)


def _payload(request: HttpRequest) -> dict[str, Any]:
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("base_version"), int):
        raise BadValue('Send {"document": {...}, "base_version": n, "note": "..."}.')
    return data


@require_http_methods(["PUT", "POST"])
def arrangement_save(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """PUT saves on top of the base version, POST as a branch of it. Nobody's document is ever lost."""
    user = user_of(request)
    arrangement = access.arrangement_for(user, pk, write=True)
    try:
        data = _payload(request)
        version = services.save_version(
            arrangement,
            document=data.get("document"),
            base_version=data["base_version"],
            name=data.get("name") or "",
            note=data.get("note") or "",
            as_branch=request.method == "POST",
            actor=user,
        )
    except Conflict as conflict:
        latest = conflict.latest
        return JsonResponse(
            {
                "error": {"code": conflict.code, "message": conflict.message},
                "conflict": {
                    "version": latest.number,
                    "by": latest.saved_by.full_name,
                    "document": latest.document,
                },
            },
            status=409,
        )
    except ProvenanceError as fault:
        return fault_json(fault)
    if request.method == "POST":
        address = f"{reverse('generation:arrangement', args=[arrangement.pk])}?version={version.number}"
        return JsonResponse({"url": address, "version": version.number}, status=201)
    address = reverse("generation:render-new", args=[version.pk])
    return JsonResponse(
        {"version": version.number, "saved_at": version.saved_at.isoformat(), "render_url": address}
    )


@require_POST
def version_name(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    version = access.version_for(user, pk, write=True)
    try:
        services.name_version(version, name=request.POST.get("name", ""), actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:arrangement", pk=version.arrangement_id)


@require_POST
def render_new(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    version = access.version_for(user, pk, write=True)
    try:
        made = services.request_render(version, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect("generation:arrangement", pk=version.arrangement_id)
    return redirect("generation:render", pk=made.pk)


@require_http_methods(["GET", "POST"])
def render_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A render, and from here the master."""
    user = user_of(request)
    made = access.render_for(user, pk, write=request.method == "POST")
    form = MasterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            master = services.request_master(made, **form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("generation:master", pk=master.pk)
    project = made.version.arrangement.project
    context = {
        "render": made,
        "project": project,
        "arrangement": made.version.arrangement,
        "masters": made.masters.select_related("job", "wav__analysis"),
        "may_write": access.may_write(user, project),
    }
    return form_page(request, "generation/render.html", form, context)


@require_safe
def render_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    made = access.render_for(user_of(request), pk)
    if made.asset is None:
        return HttpResponse("This render is not done yet.", status=404, content_type="text/plain")
    return serve(request, made.asset, filename="render.wav")


@require_safe
def render_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    made = access.render_for(user_of(request), pk)
    if made.asset is None:
        return HttpResponse("This render is not done yet.", status=404, content_type="text/plain")
    return peaks_response(request, made.asset)


@require_GET
def master_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    master = access.master_for(user, pk)
    project = master.project
    context = {
        "master": master,
        "project": project,
        "terms": services.lineage_terms(master) if master.wav else (),
        "measures": reading.measures_of(master),
        "recording": getattr(master, "recording", None),
        "may_write": access.may_write(user, project),
        # The pages of recordings are the house's: collaborators see none, and three roles make them.
        "sees_recording": visible_artists(user).filter(pk=project.artist_id).exists(),
        "may_record": user.has_role(Role.OWNER, Role.RELEASE, Role.RIGHTS),
    }
    return render(request, "generation/master.html", context)


@require_safe
def master_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The master's WAV, or its FLAC with ?format=flac; a download with ?download=1."""
    master = access.master_for(user_of(request), pk)
    kind = "flac" if request.GET.get("format") == "flac" else "wav"
    asset = master.flac if kind == "flac" else master.wav
    if asset is None:
        return HttpResponse("This master is not done yet.", status=404, content_type="text/plain")
    name = f"{master.project.title} master {master.number}.{kind}"
    return serve(request, asset, filename=name, as_attachment="download" in request.GET)


@require_safe
def master_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    master = access.master_for(user_of(request), pk)
    if master.wav is None:
        return HttpResponse("This master is not done yet.", status=404, content_type="text/plain")
    return peaks_response(request, master.wav)
