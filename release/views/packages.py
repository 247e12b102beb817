"""Packages: asking for one, watching it being built, what is in it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from artists.views import user_of
from provenance.assets import serve
from provenance.errors import UserFault
from release import access, services
from release.models import Package

PART_GROUPS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("Masters", "Tagged, then signed. The credential lies beside each file, too.",
     frozenset({"signed_wav", "signed_flac", "credential_wav", "credential_flac"})),
    ("Message and cover", "ERN 4.3.2 with its AI fields.", frozenset({"ern", "artwork"})),
    ("Registration dossiers", "US Standard Application; the data is attached.", frozenset({"dossier", "dossier_data"})),
    ("Evidence", "Verifies without us: the verifier is inside.", frozenset({"evidence_bundle"})),
    ("Label copy and checksums", "", frozenset({"label_copy", "readme", "checksums"})),
)  # fmt: skip


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
    context = {
        "package": package,
        "release": package.release,
        "checks": package.checks,
        "headline": _headline(package),
        "groups": _part_groups(package),
        "receivers": [
            row | {"file": f"labels/{row['receiver']}.json"} for row in package.checks.get("receivers", ())
        ],
        "may_write": access.may_write(user),
    }
    return render(request, "release/package.html", context)


def _headline(package: Package) -> str:
    if package.asset is not None:
        return f"The package of {package.release.title} is ready"
    match package.job.state:
        case "failed":
            return "The package could not be built"
        case "cancelled":
            return "The building was cancelled"
        case _:
            return f"The package of {package.release.title} is being built"


def _part_groups(package: Package) -> list[dict[str, Any]]:
    """The parts under the headings that people look for."""
    found = []
    for title, words, roles in PART_GROUPS:
        parts = [part for part in package.parts if part["role"] in roles]
        if parts:
            found.append({"title": title, "words": words, "parts": parts})
    return found


@require_GET
def package_status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    return _job_fragment(request, access.package_for(user, pk))


def _job_fragment(request: HttpRequest, package: Package) -> HttpResponse:
    """The job's row; the whole page anew once it has ended."""
    context = {"package": package, "may_write": access.may_write(user_of(request))}
    response = render(request, "release/package_job.html", context)
    if package.job.finished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def package_cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _steer(request, pk, "cancel")


@require_POST
def package_retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _steer(request, pk, "retry")


def _steer(request: HttpRequest, pk: uuid.UUID, action: str) -> HttpResponse:
    user = user_of(request)
    package = access.package_for(user, pk, write=True)
    try:
        services.steer_package(package, action=action, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return _job_fragment(request, access.package_for(user, pk))
    return redirect("release:package", pk=pk)


@require_safe
def package_file(request: HttpRequest, pk: uuid.UUID, path: str) -> HttpResponse:
    """One part of the package, or the whole archive under the path `package.zip`."""
    package = access.package_for(user_of(request), pk)
    asset, name = services.package_part(package, path)
    if asset is None:
        raise Http404("No such part.")
    return serve(request, asset, filename=name, as_attachment=True)  # type: ignore[return-value]
