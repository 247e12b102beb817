"""A master against its artist's method, and marking what generated material is."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists.access import artist_for, visible_artists
from artists.method_rules import MATERIALS, REFERENCES, each, material_label
from artists.views import user_of
from generation import access, services
from generation.audio.measured import Rates
from generation.method_case import GROUND_MEANING
from generation.method_reading import outcome_rows
from generation.models import Master, MaterialMark, Take
from generation.services.methods import Thing
from provenance.errors import UserFault

#: So many masters of an artist stand on the method's page.
HELD_MOST = 12


@require_http_methods(["GET", "POST"])
def master_method_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Rule by rule what was found; a POST asks for a check, of a newer version where one is named."""
    user = user_of(request)
    master = access.master_for(user, pk, write=request.method == "POST")
    offered = services.checkable(master)
    if request.method == "POST":
        named = next((one for one in offered if str(one.number) == request.POST.get("version")), None)
        try:
            services.request_check(master, method=named, actor=user)
        except UserFault as fault:
            messages.error(request, fault.message)
        return redirect("generation:master-method", pk=pk)
    newest = services.newest_check(master, done=False)
    running = newest if newest is not None and not newest.done else None
    check = services.newest_check(master)
    standing = services.standings([master])[master.pk]
    project = master.project
    context = {
        "master": master,
        "project": project,
        "running": running,
        "check": check,
        "outcomes": outcome_rows(check) if check else (),
        "grounds": [(ground.value, meaning) for ground, meaning in GROUND_MEANING.items()],
        "rates": Rates(),
        "stale": standing.stale,
        "bound": standing.method,
        "offered": offered,
        "rules": each(check.method.parsed) if check else (),
        "free": [rule for rule in each(check.method.parsed) if "freely" in rule.sentence] if check else (),
        "leaf": bytes(check.entry.leaf_hash).hex() if check else "",
        "may_write": access.may_write(user, project),
        "sees_artist": visible_artists(user).filter(pk=project.artist_id).exists(),
    }
    return render(request, "generation/master_method.html", context)


@require_safe
def held_masters(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The newest masters of an artist and what was found of each: a fragment of the method's page."""
    user = user_of(request)
    artist = artist_for(user, pk)
    rows = Master.objects.filter(
        render__version__arrangement__project__in=access.visible_projects(user).filter(artist=artist),
        wav__isnull=False,
    )
    rows = rows.select_related("render__version__arrangement__project").order_by("-created_at")
    masters = list(rows[: HELD_MOST + 1])
    standings = services.standings(masters[:HELD_MOST])
    held = [(master, standings[master.pk]) for master in masters[:HELD_MOST]]
    context = {"held": held, "more": len(masters) > HELD_MOST, "artist": artist, "most": HELD_MOST}
    return render(request, "generation/held_masters.html", context)


@require_POST
def material_mark(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Say what a run, a take or an upload is; back to where one came from."""
    user = user_of(request)
    thing: Thing
    if kind == "runs":
        thing = access.run_for(user, pk, write=True)
    elif kind == "takes":
        thing = access.take_for(user, pk, write=True)
    else:
        thing = access.upload_for(user, pk, write=True)
    try:
        services.mark_material(thing, kind=request.POST.get("material", ""), actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "Marked. Masters made of it are checked again.")
    wanted = request.POST.get("next", "")
    project_id = thing.run.project_id if isinstance(thing, Take) else thing.project_id
    home = reverse("generation:project", args=[project_id])
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(wanted if wanted and safe else home)


@require_http_methods(["GET"])
def materials_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything generated for a project, and what the artist says it is."""
    user = user_of(request)
    project = access.project_for(user, pk)
    marks = services.kinds_of(project)
    rows = []
    for run in project.runs.order_by("number").prefetch_related("takes"):
        own = marks.get(f"run:{run.pk}", "")
        rows.append(("runs", run.pk, f"Prompt run {run.number}", run.engine, own, ""))
        for take in run.takes.all():
            said = marks.get(f"take:{take.pk}", "")
            rows.append(
                ("takes", take.pk, f"Take {take.number} of prompt run {run.number}", run.engine, said, own)
            )
    for upload in project.uploads.order_by("created_at"):
        rows.append(
            (
                "uploads",
                upload.pk,
                upload.name,
                upload.get_declared_display(),
                marks.get(f"upload:{upload.pk}", ""),
                "",
            )
        )
    context = {
        "project": project,
        "rows": rows,
        "kinds": [(kind, material_label(kind), meaning) for kind, meaning in MATERIALS.items()],
        "references": [(kind, material_label(kind), meaning) for kind, meaning in REFERENCES.items()],
        "marked": MaterialMark.objects.filter(project=project).count(),
        "may_write": access.may_write(user, project),
        "sees_artist": visible_artists(user).filter(pk=project.artist_id).exists(),
    }
    return render(request, "generation/materials.html", context)
