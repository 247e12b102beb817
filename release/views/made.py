"""How a master was made, for everybody with the address; and what hangs on a consent."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from artists.practice_access import consent_for
from artists.views import user_of
from generation.access import master_for, visible_datasets, visible_projects
from generation.services import newest_check
from provenance.errors import UserFault
from release import services
from release.access import may_publish, reads_statement, require_publisher, visible_releases
from release.consent_effects import effects_of
from release.how_made import account
from release.models import HowMade


@require_http_methods(["GET", "POST"])
def publish_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What a stranger would read, and the address under which they do."""
    user = user_of(request)
    master = master_for(user, pk)
    if request.method == "POST":
        require_publisher(user, master.project.artist)
        published = HowMade.objects.filter(master=master, active=True).first()
        try:
            if request.POST.get("action") == "withdraw":
                if published is not None:
                    services.withdraw_how_made(published, actor=user)
                    messages.success(request, "The address leads nowhere now.")
            else:
                services.publish_how_made(master, slug=request.POST.get("slug", ""), actor=user)
                messages.success(request, "Published.")
        except UserFault as fault:
            messages.error(request, fault.message)
        return redirect("release:how-made-publish", pk=pk)
    check = newest_check(master)
    row = HowMade.objects.filter(master=master, active=True).select_related("check_shown").first()
    context = {
        "master": master,
        "project": master.project,
        "account": account(check, public=row is not None or reads_statement(user, master)) if check else None,
        "published": row,
        "outdated": row is not None and check is not None and row.check_shown_id != check.pk,
        "may_publish": may_publish(user, master.project.artist),
    }
    return render(request, "release/how_made_publish.html", context)


@login_not_required
@require_GET
def how_made_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The public page. Whoever has no address learns nothing, not even that there is something."""
    row = (
        HowMade.objects.filter(slug=slug, active=True)
        .select_related(
            "check_shown__entry",
            "check_shown__method__entry",
            "check_shown__master__wav",
            "check_shown__master__render__version__arrangement__project__artist",
        )
        .first()
    )
    if row is None:
        raise Http404("No such page.")
    response = render(request, "release/how_made.html", {"account": account(row.check_shown)})
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_GET
def consent_effects(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What was made under a consent, and what its end means: a fragment. Titles only of what the reader may open."""
    user = user_of(request)
    effects = effects_of(consent_for(user, pk), revoked_on=_day(request.GET.get("revoked_on", "")))
    projects = set(visible_projects(user).values_list("pk", flat=True))
    known = set(visible_datasets(user).values_list("pk", flat=True))
    seen = set(visible_releases(user).values_list("pk", flat=True))
    context = {
        "effects": effects,
        "releases": [one for one in effects.releases if one.release.pk in seen],
        "members": [one for one in effects.members if one.dataset_id in known],
        "handed": [one for one in effects.versions if one.version.dataset_id in known],
        "masters": [one for one in effects.masters if one.project.pk in projects],
        "hidden": sum(one.release.pk not in seen for one in effects.releases),
    }
    return render(request, "release/consent_effects.html", context)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
