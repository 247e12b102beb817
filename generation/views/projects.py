"""Projects, their briefs and collaborators."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from artists.access import member_by_email
from artists.views import user_of
from generation import access, reading, services
from generation.forms import BriefForm, MemberForm, ProjectForm
from generation.models import Brief, Take
from generation.prompting import BriefValues, style_warnings
from generation.views.common import form_page, show_fault
from provenance.errors import UserFault
from provenance.signatures import unsigned_count

PAGE = 50


@require_GET
def projects_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    projects = access.visible_projects(user).filter(archived=False)
    artist = request.GET.get("artist", "")
    if artist:
        try:
            projects = projects.filter(artist=uuid.UUID(artist))
        except ValueError:
            projects = projects.none()
    page = Paginator(projects.order_by("-created_at", "pk"), PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    counted = Take.objects.filter(run__project__in=rows).order_by().values("run__project")
    kept = Count("pk", filter=Q(state=Take.State.SHORTLISTED))
    takes = {
        row["run__project"]: (row["many"], row["picked"])
        for row in counted.annotate(many=Count("pk"), picked=kept)
    }
    context = {
        "rows": [(project, *takes.get(project.pk, (0, 0))) for project in rows],
        "page": page,
        "may_create": access.artists_for_new_project(user).exists(),
    }
    return render(request, "generation/projects.html", context)


@require_http_methods(["GET", "POST"])
def project_new_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = ProjectForm(request.POST or None, artists=access.artists_for_new_project(user))
    if request.method == "POST" and form.is_valid():
        try:
            project = services.create_project(
                title=form.cleaned_data["title"], artist=form.cleaned_data["artist"], actor=user
            )
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("generation:brief", pk=project.pk)
    return form_page(request, "generation/project_form.html", form, {})


@require_GET
def project_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    project = access.project_for(user, pk)
    arrangements = project.arrangements.prefetch_related("versions").all()
    context = {
        "project": project,
        "brief": reading.latest_brief(project),
        "runs": reading.runs_of(project),
        "uploads": project.uploads.select_related("asset__analysis", "playback", "terms__tool"),
        "arrangements": arrangements,
        "masters": reading.masters_of(project),
        "members": project.members.filter(active=True).select_related("user"),
        "may_write": access.may_write(user, project),
        "may_manage": access.may_manage_members(user, project),
        "member_form": MemberForm(),
        "unsigned": unsigned_count(str(user.pk), project.stream),
    }
    return render(request, "generation/project.html", context)


@require_http_methods(["GET", "POST"])
def brief_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    project = access.project_for(user, pk, write=request.method == "POST")
    brief = reading.latest_brief(project)
    initial = BriefForm.initial_of(services.brief_values(brief)) if brief else None
    form = BriefForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_brief(project, values=_prompted(form.values(), brief), actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "The brief is saved.")
            return redirect("generation:run-new", pk=project.pk)
    prompt = form.data.get("prompt", "") if form.is_bound else (initial or {}).get("prompt", "")
    context = {
        "project": project,
        "brief": brief,
        "warnings": style_warnings(prompt, own_names=(project.artist.name,)),
        "may_write": access.may_write(user, project),
    }
    return form_page(request, "generation/brief.html", form, context)


def _prompted(values: BriefValues, before: Brief | None) -> BriefValues:
    """A prompt that was built from the brief before, and that nobody touched, is built anew from this one."""
    if before is None:
        return values
    earlier = services.brief_values(before)
    built = services.build_prompt(replace(earlier, prompt=""))
    return replace(values, prompt="") if values.prompt.split() == built.split() else values


@require_POST
def member_add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    project = access.project_to_manage(user, pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Write the e-mail address of an account.")
    elif (member := member_by_email(form.cleaned_data["email"])) is None:
        messages.error(request, "There is no account with this address. The owner can invite them.")
    else:
        try:
            services.add_member(project, user=member, can_edit=form.cleaned_data["can_edit"], actor=user)
        except UserFault as fault:
            messages.error(request, fault.message)
        else:
            messages.success(request, f"{member.full_name} is on the project.")
    return redirect("generation:project", pk=pk)


@require_POST
def member_remove(request: HttpRequest, pk: uuid.UUID, member: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    project = access.project_to_manage(user, pk)
    row = project.members.filter(pk=member, active=True).select_related("user").first()
    if row is not None:
        services.remove_member(project, user=row.user, actor=user)
        messages.success(request, "The collaboration is ended.")
    return redirect("generation:project", pk=pk)
