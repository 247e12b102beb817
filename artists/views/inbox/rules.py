"""What the label sets for its inbox: days, its name, its own criteria, its own questions on the form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from artists import access_anr as access
from artists import anr_words
from artists.models import Criterion, Question, User
from artists.services import anr_rules
from artists.views import user_of
from artists.views.inbox.fields import uuid_of, whole_of
from provenance.errors import UserFault


@require_http_methods(["GET", "POST"])
def rules_page(request: HttpRequest) -> HttpResponse:
    """`action`: rules, criterion or question; with `id` one that is there, with `retire` it is retired."""
    user = user_of(request)
    access.require_decider(user)
    fault_text = ""
    if request.method == "POST":
        try:
            says = _set(request, user)
        except UserFault as fault:
            fault_text = fault.message
        else:
            messages.success(request, says)
            return redirect("artists:inbox-rules")
    context = {
        "fault": fault_text,
        "rules": anr_rules.rules(),
        "said": request.POST if fault_text else {},
        "criteria": anr_words.criteria(),
        "own": Criterion.objects.all(),
        "questions": Question.objects.all(),
        "elements": anr_words.elements(),
    }
    return render(request, "artists/inbox_rules.html", context, status=422 if fault_text else 200)


def _set(request: HttpRequest, user: User) -> str:
    said = request.POST
    active = said.get("retire") != "yes"
    pk = uuid_of(said.get("id", ""))
    title, hint = said.get("title", ""), said.get("hint", "")
    match said.get("action", ""):
        case "criterion":
            criterion = Criterion.objects.filter(pk=pk).first() if pk else None
            row = anr_rules.set_criterion(
                title=title, hint=hint, criterion=criterion, active=active, actor=user
            )
            return f"“{row.title}” is scored." if active else f"“{row.title}” is no longer scored."
        case "question":
            question = Question.objects.filter(pk=pk).first() if pk else None
            asked = anr_rules.set_question(
                title=title, hint=hint, required=said.get("required") == "yes", question=question, active=active,
                actor=user,
            )  # fmt: skip
            return f"“{asked.title}” is asked." if active else f"“{asked.title}” is no longer asked."
    anr_rules.set_rules(
        label_name=said.get("label_name", ""), promise_days=whole_of(said.get("promise_days", "")),
        keep_declined_days=whole_of(said.get("keep_declined_days", "")), actor=user,
    )  # fmt: skip
    return "The rules of the inbox are set."
