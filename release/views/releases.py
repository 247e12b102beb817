"""Releases: the list, the page with its gates, data, tracks, cover, approval and package."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists.access import visible_artists
from artists.views import user_of
from generation.views.common import fault_json, form_page, show_fault, wants_json
from provenance.assets import serve
from provenance.errors import ProvenanceError, UserFault
from release import access, services
from release.forms import ArtworkForm, ImprintForm, ReleaseEditForm, ReleaseForm, TrackForm
from release.gates import gates, lead_days
from release.reading import CHANGEABLE, tracks_of
from release.services.releases import APPROVERS


@require_GET
def releases_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = [
        {"release": release, "cover": services.cover_of(release), "days": lead_days(release)}
        for release in access.visible_releases(user)[:200]
    ]
    return render(request, "release/releases.html", {"rows": rows, "may_write": access.may_write(user)})


@require_http_methods(["GET", "POST"])
def release_new_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_writer(user)
    form = ReleaseForm(
        request.POST or None, artists=visible_artists(user), imprints=access.imprints_for(user)
    )
    if request.method == "POST" and form.is_valid():
        try:
            release = services.create_release(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("release:release", pk=release.pk)
    return form_page(request, "release/release_form.html", form, {"imprints": access.imprints_for(user)})


@require_GET
def release_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk)
    found = gates(release)
    tracks = tracks_of(release)
    on_it = [track.recording_id for track in tracks]
    recordings = access.visible_recordings(user).filter(artist=release.artist).exclude(pk__in=on_it)
    context = {
        "release": release,
        "gates": found,
        "blocking": [gate for gate in found if gate.level == "block"],
        "tracks": tracks,
        "cover": services.cover_of(release),
        "approval": services.approval_of(release),
        "packages": release.packages.select_related("job", "asset", "requested_by"),
        "track_form": TrackForm(recordings=recordings),
        "recordings": recordings,
        "days": lead_days(release),
        "may_write": access.may_write(user),
        "may_approve": user.has_role(*APPROVERS),
    }
    return render(request, "release/release.html", context)


@require_http_methods(["GET", "POST"])
def release_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    initial = {name: getattr(release, name) for name in CHANGEABLE}
    initial["territories"] = ", ".join(release.territories)
    form = ReleaseEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_release(release, actor=user, **form.cleaned_data)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "Saved.")
            return redirect("release:release", pk=pk)
    return form_page(request, "release/release_edit.html", form, {"release": release})


@require_http_methods(["GET", "POST"])
def artwork_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    form = ArtworkForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                services.upload_artwork(
                    release,
                    file=upload.file,
                    filename=upload.name,
                    origin=form.cleaned_data["origin"],
                    actor=user,
                )
            except ProvenanceError as fault:
                if wants_json(request):
                    return fault_json(fault)
                show_fault(form, fault)
            else:
                there = reverse("release:release", args=[pk])
                return (
                    JsonResponse({"redirect": there}, status=201) if wants_json(request) else redirect(there)
                )
        elif wants_json(request):
            return JsonResponse({"errors": form.errors}, status=422)
    return form_page(
        request, "release/artwork.html", form, {"release": release, "cover": services.cover_of(release)}
    )


@require_safe
def cover_image(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    cover = services.cover_of(access.release_for(user_of(request), pk))
    if cover is None:
        raise Http404("No cover yet.")
    return serve(request, cover.asset)  # type: ignore[return-value]


@require_POST
def track_add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    form = TrackForm(request.POST, recordings=access.visible_recordings(user).filter(artist=release.artist))
    if not form.is_valid():
        messages.error(request, "Choose one of the artist's recordings.")
    else:
        try:
            services.add_track(release, recording=form.cleaned_data["recording"], actor=user)
        except UserFault as fault:
            messages.error(request, fault.message)
    return redirect("release:release", pk=pk)


@require_POST
def track_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    track = access.track_for(user, pk, write=True)
    try:
        services.remove_track(track, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:release", pk=track.release_id)


@require_POST
def track_move(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    track = access.track_for(user, pk, write=True)
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""), 0)
    try:
        services.move_track(track, number=track.number + step, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:release", pk=track.release_id)


@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_to_approve(user, pk)
    try:
        services.approve_release(release, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "Approved, exactly as it stands.")
    return redirect("release:release", pk=pk)


@require_POST
def package_new(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    try:
        package = services.request_package(release, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect("release:release", pk=pk)
    return redirect("release:package", pk=package.pk)


@require_GET
def package_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    package = access.package_for(user, pk)
    return render(
        request,
        "release/package.html",
        {"package": package, "release": package.release, "may_write": access.may_write(user)},
    )


@require_GET
def package_status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    package = access.package_for(user, pk)
    response = render(
        request, "release/package_job.html", {"package": package, "may_write": access.may_write(user)}
    )
    if package.job.finished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def package_job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Cancel or retry the building."""
    user = user_of(request)
    package = access.package_for(user, pk, write=True)
    try:
        services.steer_package(package, action=request.POST.get("action", "cancel"), actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:package", pk=pk)


@require_safe
def package_file(request: HttpRequest, pk: uuid.UUID, path: str) -> HttpResponse:
    """One part of the package, or the whole archive under the path `package.zip`."""
    package = access.package_for(user_of(request), pk)
    asset, name = services.package_part(package, path)
    if asset is None:
        raise Http404("No such part.")
    return serve(request, asset, filename=name, as_attachment=True)  # type: ignore[return-value]


@require_http_methods(["GET", "POST"])
def imprints_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_writer(user)
    form = ImprintForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_imprint(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "The imprint is set up.")
            return redirect("release:imprints")
    return form_page(request, "release/imprints.html", form, {"imprints": access.imprints_for(user)})
