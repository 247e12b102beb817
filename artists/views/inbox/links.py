"""Upload links: who may send music, until when, how much."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from artists import access_anr as access
from artists.models import Submission
from artists.services import upload_links
from artists.services.anr_rules import rules
from artists.services.sealed import opened
from artists.views import user_of
from artists.views.inbox.fields import whole_of
from provenance.errors import UserFault

PAGE = 100


@require_http_methods(["GET", "POST"])
def links_page(request: HttpRequest) -> HttpResponse:
    """All links. A new one's address is shown once, here."""
    user = user_of(request)
    access.require_decider(user)
    made, fault_text = "", ""
    if request.method == "POST":
        try:
            _, secret = upload_links.make_upload_link(
                name=request.POST.get("name", ""),
                **{
                    name: whole_of(request.POST.get(name, ""))
                    for name in ("days", "max_submissions", "max_gb", "promise_days")
                },
                actor=user,
            )
        except UserFault as fault:
            fault_text = fault.message
        else:
            made = request.build_absolute_uri(reverse("artists:submit", args=[secret]))
    page = Paginator(access.upload_links(user).order_by("-created_at", "pk"), PAGE).get_page(
        request.GET.get("page")
    )
    rows = list(page.object_list)
    names = opened(row.made_entry_id for row in rows)
    came = dict(
        Submission.objects.filter(link__in=rows).order_by().values_list("link").annotate(many=Count("pk"))
    )
    context = {
        "links": [
            {
                "row": row,
                "name": names[row.made_entry_id].get("name", "(erased)"),
                "count": came.get(row.pk, 0),
            }
            for row in rows
        ],
        "page": page,
        "made": made,
        "fault": fault_text,
        "said": request.POST if fault_text else {},
        "rules": rules(),
    }
    return render(request, "artists/upload_links.html", context, status=422 if fault_text else 200)


@require_POST
def link_revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    upload_links.revoke_upload_link(access.upload_link_for(user, pk), actor=user)
    messages.success(request, "The link no longer works.")
    return redirect("artists:upload-links")
