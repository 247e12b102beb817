"""Running work as a fragment that asks after itself until it has ended."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from artists.views import user_of
from generation import access, services
from provenance.errors import UserFault
from provenance.services import Job


def _fragment(request: HttpRequest, job: Job, *, may_write: bool) -> HttpResponse:
    return render(request, "generation/job.html", {"job": job, "may_write": may_write})


@require_GET
def job_fragment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = access.job_for(user_of(request), pk)
    response = _fragment(request, job, may_write=request.GET.get("w") == "1")
    if job.finished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def job_cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    job = access.job_for(user, pk, write=True)
    try:
        job = services.cancel_job(job, actor=user)
    except UserFault:
        job.refresh_from_db()  # it ended meanwhile: show that
    return _fragment(request, job, may_write=True)


@require_POST
def job_retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    job = access.job_for(user, pk, write=True)
    try:
        job = services.retry_job(job, actor=user)
    except UserFault:
        job.refresh_from_db()
    return _fragment(request, job, may_write=True)
