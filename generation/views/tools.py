"""The tool catalogue: what is doubtful first, each tool with its history, licences of weights, open questions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists.views import user_of
from generation import access, services
from generation.models import TermsRuling, Tool, ToolTerms
from generation.services import allowances, licences
from generation.tool_forms import AnswerForm, TermsForm, ToolForm
from generation.views.common import form_page, show_fault
from provenance.assets import serve
from provenance.errors import ProvenanceError, UserFault

#: What was read longer ago than this is worth another look.
OLD_DAYS = 180


@require_GET
def tools_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    rows = [_row(tool, terms) for tool, terms in services.doubtful_first()]
    needed = licences.needed()
    context = {
        "doubtful": [row for row in rows if row["doubtful"]],
        "settled": [row for row in rows if not row["doubtful"]],
        "to_accept": [one for one in needed if not one.holds],
        "may_keep": access.may_manage_catalogue(user),
    }
    return render(request, "generation/tools.html", context)


def _row(tool: Tool, terms: ToolTerms | None) -> dict[str, Any]:
    if terms is None:
        return {"tool": tool, "terms": None, "doubtful": True, "why": "no terms recorded yet"}
    age = (timezone.now().date() - terms.source_date).days
    open_ones = allowances.open_questions(terms)
    why = []
    if terms.certainty != ToolTerms.Certainty.CONFIRMED:
        why.append(terms.get_certainty_display().lower())
    if age > OLD_DAYS:
        why.append(f"read {age // 30} months ago")
    if open_ones:
        why.append(f"{len(open_ones)} open question{'' if len(open_ones) == 1 else 's'}")
    return {
        "tool": tool,
        "terms": terms,
        "doubtful": bool(why),
        "why": ", ".join(why),
        "verdict": allowances.allowance_of(terms).verdict,
    }


@require_http_methods(["GET", "POST"])
def tool_new_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_keeper(user)
    form = ToolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tool = services.add_tool(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "Added. Record its terms now: nothing can be made under none.")
            return redirect("generation:terms-new", key=tool.key)
    return form_page(request, "generation/tool_form.html", form, {})


@require_GET
def tool_page(request: HttpRequest, key: str) -> HttpResponse:
    user = user_of(request)
    tool = access.tool_for(user, key)
    versions = list(tool.terms.all())
    newest = versions[0] if versions else None
    history = [(after, services.differences(before, after)) for after, before in pairwise(versions)]
    if versions:
        history.append((versions[-1], []))
    context = {
        "tool": tool,
        "terms": newest,
        "allowance": allowances.allowance_of(newest) if newest else None,
        "history": history,
        "open": [(terms, _questions(terms)) for terms in versions if _questions(terms)],
        "rulings": _rulings(versions),
        "acceptance": services.acceptance_of(key),
        "holds": bool(newest) and services.accepted(key),
        # Only weights that are loaded here have a licence of their own to accept.
        "runs_here": any(one.tool.key == key for one in licences.needed()) or services.acceptance_of(key),
        "old": newest is not None and (timezone.now().date() - newest.source_date).days > OLD_DAYS,
        "may_keep": access.may_manage_catalogue(user),
    }
    return render(request, "generation/tool.html", context)


def _questions(terms: ToolTerms) -> list[tuple[str, str]]:
    """What may be answered and is not: (question, in words)."""
    answers = allowances.answers_to(terms)
    return [
        (question, TermsRuling.Question(question).label)
        for question in allowances.answerable(terms)
        if answers[question] == ToolTerms.Answer.UNKNOWN
    ]


def _rulings(versions: list[ToolTerms]) -> list[TermsRuling]:
    rows = TermsRuling.objects.filter(terms__in=versions).select_related("terms", "ruled_by", "entry")
    return list(rows.order_by("-entry_id"))


@require_http_methods(["GET", "POST"])
def terms_new_page(request: HttpRequest, key: str) -> HttpResponse:
    user = user_of(request)
    tool = access.tool_for(user, key, write=True)
    newest = next(iter(tool.terms.all()), None)
    form = TermsForm(request.POST or None, request.FILES or None, initial=_initial(newest))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        snapshot = values.pop("snapshot")
        try:
            terms = services.record_terms(
                tool,
                values=services.TermsValues(**values),
                snapshot=snapshot.file if snapshot else None,
                actor=user,
            )
        except ProvenanceError as fault:
            show_fault(form, fault)
        else:
            messages.success(
                request,
                f"Version {terms.version} is in force. What was made before stays under its own version.",
            )
            return redirect("generation:tool", key=key)
    return form_page(request, "generation/terms_form.html", form, {"tool": tool, "terms": newest})


def _initial(terms: ToolTerms | None) -> dict[str, Any]:
    today = timezone.now().date()
    if terms is None:
        return {"source_date": today}
    found = {name: getattr(terms, name) for name in TermsForm.base_fields if name != "snapshot"}
    # Whoever reads anew says anew how sure it is, and when.
    return found | {"blocked_by": ", ".join(terms.blocked_by), "source_date": today, "certainty": ""}


@require_POST
def terms_answer(request: HttpRequest, key: str, version: int) -> HttpResponse:
    user = user_of(request)
    terms = access.terms_for(user, key, version, write=True)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Answer yes or no, with a source and a reason.")
    else:
        try:
            services.answer_question(terms, **form.cleaned_data, actor=user)
        except UserFault as fault:
            messages.error(request, fault.message)
        else:
            messages.success(request, f"Answered for everything that was made under version {version}.")
    return redirect("generation:tool", key=key)


@require_POST
def tool_licence(request: HttpRequest, key: str) -> HttpResponse:
    """Accept the licence of its weights, or take that back."""
    user = user_of(request)
    tool = access.tool_for(user, key, write=True)
    try:
        if request.POST.get("action") == "withdraw":
            services.withdraw_licence(tool, reason=request.POST.get("reason", ""), actor=user)
            messages.success(request, "Withdrawn. Nothing new is made with it.")
        else:
            given = request.POST.get("version", "")
            version = int(given) if given.isdecimal() and len(given) < 9 else 0
            services.accept_licence(tool, version=version, actor=user)
            messages.success(request, f"The licence of {tool.name} is accepted.")
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("generation:tool", key=key)


@require_safe
def terms_snapshot(request: HttpRequest, key: str, version: int) -> HttpResponseBase:
    terms = access.terms_for(user_of(request), key, version)
    if terms.snapshot is None:
        raise Http404("No snapshot was kept.")
    return serve(request, terms.snapshot, filename=f"{key}-terms-{version}", as_attachment=True)
