"""The queue: what runs, what waits, when mine is done; and how much each artist may ask."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from artists.models import User
from artists.views import user_of
from generation import access, queue_reading, services
from generation.forms import QuotaForm
from generation.views.common import form_page, show_fault
from provenance.errors import UserFault
from provenance.services import Job

Act = Callable[..., Job]
#: By what the button sends.
ACTS: Final[dict[str, Act]] = {
    "cancel": services.cancel_job,
    "retry": services.retry_job,
    "pause": services.pause_job,
    "resume": services.resume_job,
    "first": services.put_job_first,
    "tonight": services.leave_job_for_night,
    "now": services.start_job_now,
}
LIFTS: Final[dict[str, Act]] = {
    "before-all": partial(services.lift_job, to=1),
    "in-turn": partial(services.lift_job, to=0),
    "after-all": partial(services.lift_job, to=-1),
}


@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    return render(request, "generation/queue.html", _context(user_of(request)))


@require_GET
def queue_rows(request: HttpRequest) -> HttpResponse:
    """What the page asks for every other second."""
    return render(request, "generation/queue_rows.html", _context(user_of(request)))


@require_POST
def queue_turn(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One button of one job. Answers with the rows, or with the page where there are no scripts."""
    user, what = user_of(request), request.POST.get("what", "")
    if what in LIFTS:
        job = access.job_to_order(user, pk)
    else:
        job = access.job_for(user, pk, write=True)
    act = LIFTS.get(what) or ACTS.get(what)
    if act is None:
        return HttpResponseBadRequest("No such button.")
    said = ""
    try:
        act(job, actor=user)
    except UserFault as fault:  # it began or ended meanwhile
        said = fault.message
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "generation/queue_rows.html", {**_context(user), "said": said})
    if said:
        messages.warning(request, said)
    return redirect("generation:queue")


@require_http_methods(["GET", "POST"])
def quotas_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_order_queue(user)
    form = QuotaForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_quota(
                form.cleaned_data["artist"],
                waiting=form.cleaned_data["waiting"],
                running=form.cleaned_data["running"],
                gpu_minutes=form.cleaned_data["gpu_minutes"],
                actor=user,
            )
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "The quota holds from now on; what waits already stays.")
            return redirect("generation:quotas")
    return form_page(request, "generation/quotas.html", form, {"rows": queue_reading.allowances()})


def _context(user: User) -> dict[str, object]:
    return {"queue": queue_reading.queue_for(user), "may_order": access.may_order_queue(user)}
