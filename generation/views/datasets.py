"""Datasets: what trains on what, whose agreement each recording stands on, and versions to take away."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists.models import Consent, User
from artists.practice_access import may_keep_consents
from artists.views import user_of
from generation import access
from generation.dataset_forms import DatasetForm, OriginForm, RecordingForm
from generation.models import Dataset, DatasetVersion, Master
from generation.services import datasets, model_origins
from generation.services.training import Obstacle
from generation.views.common import REFUSED, form_page, show_fault
from provenance.assets import serve
from provenance.errors import ProvenanceError, UserFault

#: So many masters that are not in yet are offered to choose from.
OFFERED = 60


@require_GET
def datasets_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = access.visible_datasets(user).prefetch_related("versions")
    context = {
        "datasets": [(row, row.members.filter(active=True).count(), row.versions.all()) for row in rows],
        "may_begin": access.may_begin_dataset(user),
    }
    return render(request, "generation/datasets.html", context)


@require_http_methods(["GET", "POST"])
def dataset_new_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if not access.may_begin_dataset(user):
        raise PermissionDenied("Artists, the owner and rights put datasets together.")
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = datasets.create_dataset(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("generation:dataset", pk=dataset.pk)
    return form_page(request, "generation/dataset_form.html", form, {})


@require_http_methods(["GET", "POST"])
def dataset_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The recordings and what each stands on; what is posted here is a recording to put in."""
    user = user_of(request)
    dataset = access.dataset_for(user, pk, write=request.method == "POST")
    form = RecordingForm(request.POST or None)
    refused: tuple[Obstacle, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            member = datasets.add_recording(dataset, thing=form.cleaned_data["recording"], actor=user)
        except datasets.MayNotTrain as fault:
            refused = fault.obstacles
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, f"A recording of {member.project.title} is in.")
            return redirect("generation:dataset", pk=pk)
    context = _context(user, dataset) | {"form": form, "refused": _with_links(user, dataset, refused)}
    status = REFUSED if refused or (form.is_bound and form.errors) else 200
    return render(request, "generation/dataset.html", context, status=status)


def _context(user: User, dataset: Dataset) -> dict[str, Any]:
    members = datasets.members_of(dataset)
    seen = set(access.visible_projects(user).values_list("pk", flat=True))
    inside = {member.row.asset_id for member in members}
    changes = access.may_change_dataset(user, dataset)
    masters = Master.objects.none()
    if changes:
        masters = Master.objects.filter(
            wav__isnull=False, render__version__arrangement__project__in=seen
        ).exclude(wav__in=inside)
        masters = masters.select_related("render__version__arrangement__project__artist").order_by(
            "-created_at"
        )
    return {
        "dataset": dataset,
        "members": [
            {
                "member": member,
                "open": member.row.project_id in seen,
                "mine": changes or access.is_of(user, member.row.project),
                "obstacles": _with_links(user, dataset, member.basis.obstacles),
            }
            for member in members
        ],
        "blocked": sum(not member.basis.may_train for member in members),
        "versions": [_version(row) for row in dataset.versions.select_related("job", "asset", "dataset")],
        "models": model_origins.models_of(dataset.versions.all()),
        "masters": masters[:OFFERED],
        "may_change": changes,
    }


def _version(row: DatasetVersion) -> dict[str, Any]:
    return {"version": row, "obstacles": datasets.obstacles_of(row) if row.asset_id else ()}


def _with_links(user: User, dataset: Dataset, obstacles: tuple[Obstacle, ...]) -> list[dict[str, Any]]:
    """Each with whether the reader may ask for the consent that is missing."""
    return [
        {
            "obstacle": one,
            "may_ask": one.artist is not None and one.consent is None and may_keep_consents(user, one.artist),
            "kind": Consent.Kind.TRAINING,
            "tools": ",".join(dataset.tools),
            "territories": ",".join(dataset.territories),
        }
        for one in obstacles
    ]


@require_POST
def dataset_remove(request: HttpRequest, pk: uuid.UUID, member: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access.dataset_member_for(user, pk, member, write=True)
    try:
        datasets.remove_recording(row, actor=user)
        messages.success(request, "It is out. Versions that were exported before keep it.")
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:dataset", pk=pk)


@require_POST
def dataset_export(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    dataset = access.dataset_for(user, pk, write=True)
    try:
        version = datasets.request_export(dataset, actor=user)
        messages.success(request, f"Version {version.number} is frozen and being packed.")
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:dataset", pk=pk)


@require_safe
def dataset_download(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponseBase:
    """The archive of a version, while everything in it may still train a model."""
    version = access.dataset_version_for(user_of(request), pk, number)
    if version.asset is None:
        raise Http404("This version is not packed yet.")
    try:
        datasets.require_exportable(version)
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect("generation:dataset", pk=pk)
    return serve(request, version.asset, filename=f"dataset-{pk}-{number}.zip", as_attachment=True)


# -- models of our own -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def models_page(request: HttpRequest) -> HttpResponse:
    """Weights that nobody published: what each was made from, and whether it may run."""
    user = user_of(request)
    form = OriginForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        access.require_keeper(user)
        if form.is_valid():
            values = dict(form.cleaned_data)
            paper = values.pop("document")
            try:
                model_origins.state_origin(**values, document=paper.file if paper else None, actor=user)
            except ProvenanceError as fault:
                show_fault(form, fault)
            else:
                messages.success(request, f"Said of {values['name']}, as its weights are now.")
                return redirect("generation:models")
    context = {
        "models": [
            (one, form if form.is_bound and form.data.get("name") == one.name else _blank(one))
            for one in model_origins.unpublished()
        ],
        "may_keep": access.may_manage_catalogue(user),
    }
    return form_page(request, "generation/models.html", form, context)


def _blank(one: model_origins.Unpublished) -> OriginForm:
    return OriginForm(
        initial={"engine": one.engine, "name": one.name}, auto_id=f"id_{one.engine}_{one.name}_%s"
    )


@require_POST
def model_withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    origin = access.model_origin_for(user, pk)
    try:
        model_origins.withdraw_origin(origin, actor=user)
        messages.success(
            request, "Taken back. It does not run until somebody says anew what it was made from."
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:models")


@require_safe
def model_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    origin = access.model_origin_for(user_of(request), pk)
    if origin.document is None:
        raise Http404("No document was kept.")
    return serve(request, origin.document, filename="agreement", as_attachment=True)
