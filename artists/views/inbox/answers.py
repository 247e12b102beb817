"""Kind answers as the label writes them: a list, and one with its preview and its versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from artists import access_anr as access
from artists import anr_words
from artists.anr_words import Template
from artists.models import AnswerTemplate, Submission, User
from artists.services import answer_templates, review
from artists.views import user_of
from provenance.errors import UserFault

#: So many of the newest submissions that one has heard can be looked at in a template.
PREVIEWED = 40
_FIELDS = ("title", "outcome", "language", "subject", "body")


@require_safe
def answers_page(request: HttpRequest) -> HttpResponse:
    access.require_decider(user_of(request))
    found = answer_templates.templates(retired=True)
    groups = [
        (title, [one for one in found if one.outcome == key and one.active])
        for key, title in AnswerTemplate.Outcome.choices
    ]
    context = {"groups": groups, "retired": [one for one in found if not one.active]}
    return render(request, "artists/answers.html", context)


@require_http_methods(["GET", "POST"])
def answer_page(request: HttpRequest, key: str = "") -> HttpResponse:
    """Write one. `action`: save (none), preview, restore, retire, take (an earlier version's words into the fields)."""
    user = user_of(request)
    access.require_decider(user)
    now = _now(key) if key else None
    said = {name: getattr(now, name) if now else "" for name in _FIELDS}
    said["language"] = said["language"] or "en"
    errors: dict[str, str] = {}
    action = request.POST.get("action", "")
    if request.method == "POST":
        said = {name: request.POST.get(name, said[name]) for name in _FIELDS}
        try:
            match action:
                case "restore":
                    answer_templates.restore_template(key, actor=user)
                    messages.success(request, "It reads as it was delivered again.")
                    return redirect("artists:answer", key=key)
                case "retire":
                    answer_templates.retire_template(key, actor=user)
                    messages.success(request, "It is no longer offered.")
                    return redirect("artists:answers")
                case "preview":
                    answer_templates.check_placeholders(said["subject"], field="subject")
                    answer_templates.check_placeholders(said["body"])
                case _:
                    row = answer_templates.set_template(
                        key=key, title=said["title"], outcome=said["outcome"], language=said["language"],
                        subject=said["subject"], body=said["body"], actor=user,
                    )  # fmt: skip
                    messages.success(request, f"Version {row.number} of “{row.title}” is in use.")
                    return redirect("artists:answer", key=row.key)
        except UserFault as fault:
            errors[getattr(fault, "field", "body")] = fault.message
    versions = answer_templates.versions(key) if key else []
    if taken := next(
        (one for one in versions if str(one.number) == request.GET.get("version") and one.body), None
    ):
        said |= {"subject": taken.subject, "body": taken.body}
    heard = _heard(user)
    chosen = next((row for row in heard if str(row.pk) == request.POST.get("submission", "")), None)
    chosen = chosen or (heard[0] if heard else None)
    names = review.names_of(heard)
    context: dict[str, Any] = {
        "template": now,
        "said": said,
        "errors": errors,
        "outcomes": AnswerTemplate.Outcome.choices,
        "placeholders": anr_words.PLACEHOLDERS.items(),
        "versions": versions,
        "heard": [(row, names[row.pk].get("artist_name", "")) for row in heard],
        "chosen": chosen,
        "preview": _preview(said, chosen, user) if chosen and not errors else None,
    }
    return render(request, "artists/answer_form.html", context, status=422 if errors else 200)


def _now(key: str) -> Template:
    try:
        return answer_templates.template(key)
    except UserFault as fault:
        raise Http404(fault.message) from None


def _heard(user: User) -> list[Submission]:
    """Those whose names this reader knows already: a preview unblinds nobody."""
    rows = access.visible_submissions(user).filter(scores__author=user, cleared_at=None)
    return list(rows.order_by("-number")[:PREVIEWED])


def _preview(said: dict[str, str], submission: Submission, user: User) -> Template | None:
    if not said["body"]:
        return None
    draft = Template(
        key="", title=said["title"], outcome=said["outcome"], subject=said["subject"], body=said["body"],
        language=said["language"],
    )  # fmt: skip
    return answer_templates.filled(draft, submission, actor=user)
