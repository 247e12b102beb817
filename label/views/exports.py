"""Evidence bundles: what would leave the house, the choice of what is disclosed, and the file itself."""

from __future__ import annotations

import uuid
from collections import Counter

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from artists.models import User
from artists.views import user_of
from generation.access import master_for, project_for
from label import exporting
from label.filters import Filter
from provenance.bundle import Scope
from provenance.bundle.export import HOUSE_STREAM, MAX_RECIPIENT
from provenance.errors import ProvenanceError
from release.access import release_for, visible_recordings
from release.models import Work

MAX_KEYS = 400


@require_http_methods(["GET", "HEAD", "POST"])
def master_bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    master = master_for(user_of(request), pk)
    if master.wav is None:
        raise Http404("This master is not made yet.")
    return _answer(request, exporting.of_master(master), back=reverse("label:proof", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def project_bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    project = project_for(user_of(request), pk)
    return _answer(request, exporting.of_project(project), back=reverse("generation:project", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def release_bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    release = release_for(user_of(request), pk)
    return _answer(request, exporting.of_release(release), back=reverse("release:release", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def work_bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """A work has no page of its own: one comes here from its recordings and goes back to the releases."""
    works = Work.objects.filter(recordings__in=visible_recordings(user_of(request))).distinct()
    return _answer(
        request, exporting.of_work(get_object_or_404(works, pk=pk)), back=reverse("release:releases")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def ledger_bundle(request: HttpRequest) -> HttpResponseBase:
    """What the ledger's filter finds, by the same address."""
    asked = Filter.read(request.GET)
    query = asked.address()
    return _answer(request, found_scope(asked, user_of(request)), back=f"{reverse('label:ledger')}?{query}")


def found_scope(asked: Filter, user: User) -> Scope:
    """At most one more than can be exported from a page: enough to say that it is too much."""
    entries = tuple(asked.entries(user)[: exporting.DIRECT + 1])
    return Scope("a search of the ledger", HOUSE_STREAM, entries, "What a search of the ledger found")


def _answer(request: HttpRequest, scope: Scope, *, back: str) -> HttpResponseBase:
    user = user_of(request)
    scope = exporting.for_reader(scope, user)
    if request.method != "POST":
        return _page(request, scope, user, back=back)
    try:
        return download(
            scope, user, request.POST.getlist("show")[:MAX_KEYS], request.POST.get("recipient", "")
        )
    except ProvenanceError as error:
        return _page(request, scope, user, back=back, error=error.message)


def download(scope: Scope, user: User, keys: list[str], recipient: str) -> FileResponse:
    """The file; that it left the house is on record when the first byte goes out."""
    file, report = exporting.give_out(scope, user, keys=keys, recipient=recipient.replace("\x00", ""))
    name = slugify(scope.title)[:60] or "evidence"
    response = FileResponse(
        file, as_attachment=True, filename=f"{name}-{report.size}.zip", content_type="application/zip"
    )
    response["X-Bundle-SHA256"] = report.sha256
    return response


def _page(request: HttpRequest, scope: Scope, user: User, *, back: str, error: str = "") -> HttpResponse:
    chosen = set(request.POST.getlist("show"))
    count = len(scope.entries)
    few = count <= exporting.DIRECT
    secrets = exporting.secrets(scope, user) if few else []
    rows = [(secret, secret.name.key in chosen) for secret in secrets]
    context = {
        "scope": scope,
        "back": back,
        "count": count,
        "too_many": not few,
        "direct": exporting.DIRECT,
        "rows": rows,
        "without_consent": exporting.without_consent(scope, user) if few else (),
        "private": sum(secret.name.count for secret in secrets),
        "people": len({e.actor_id for e in scope.entries if e.actor_type == "human"}),
        "assets": len({ref for e in scope.entries for ref in e.refs if ref.startswith("asset:")}),
        "kinds": _kinds(scope),
        "recipient": request.POST.get("recipient", "")[:MAX_RECIPIENT],
        "max_recipient": MAX_RECIPIENT,
        "error": error,
    }
    return render(request, "label/bundle.html", context, status=422 if error else 200)


def _kinds(scope: Scope) -> list[tuple[str, int]]:
    kinds = (entry.kind.replace(".", " ").replace("_", " ") for entry in scope.entries)
    return Counter(kinds).most_common()
