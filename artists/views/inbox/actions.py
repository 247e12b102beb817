"""What one person does to one submission: each is a form that leads back to it, or on to the next."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from artists import access_anr as access
from artists.models import Submission
from artists.services import answer_templates, answers, looks, review
from artists.views import user_of
from artists.views.inbox.fields import ms_of, uuid_of, whole_of
from artists.views.inbox.pages import VIEWS, submissions_page
from provenance.errors import UserFault


def _back(request: HttpRequest, submission: Submission) -> HttpResponse:
    view, page = request.POST.get("view", "open"), request.POST.get("page", "1")
    view = view if view in dict(VIEWS) else "open"
    there = reverse("artists:submission", args=[submission.pk])
    return redirect(f"{there}?view={view}&page={page if page.isdigit() else 1}")


def _again(request: HttpRequest, submission: Submission, form: str, fault: UserFault) -> HttpResponse:
    """The same page with what was written, and beside it what to do."""
    wrong = {name: str(value)[:8000] for name, value in request.POST.items()}
    wrong |= {"form": form, "fault": fault.message}
    user = user_of(request)
    return submissions_page(request, user, access.submission_for(user, submission.pk), wrong=wrong)


def _on(request: HttpRequest, submission: Submission) -> HttpResponse:
    """To the one that comes after it; a decided one is done with."""
    follow = request.POST.get("next", "")
    try:
        after = access.submission_for(user_of(request), uuid.UUID(follow)) if follow else None
    except ValueError:
        after = None
    return _back(request, after or submission)


@require_POST
def submission_score(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One or more of `score-<criterion>`. As JSON it says whether the name may be shown from now on."""
    user = user_of(request)
    submission = access.submission_for(user, pk)
    knew = access.knows_who(user, submission)
    values = {
        name.removeprefix("score-"): int(value)
        for name, value in request.POST.items()
        if name.startswith("score-")
        and isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) == 1
    }
    try:
        review.score(submission, values=values, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return _back(request, submission)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"reveal": not knew})
    return _back(request, submission)


@require_POST
def submission_unblind(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk)
    review.unblind(submission, actor=user)
    return _back(request, submission)


@require_POST
def submission_look(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What a worker could not look at is looked at again."""
    user = user_of(request)
    submission = access.submission_for(user, pk)
    try:
        many = looks.look_again(submission, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, f"{many} file{'s are' if many > 1 else ' is'} looked at again.")
    return _back(request, submission)


@require_POST
def submission_note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk)
    file_pk = uuid_of(request.POST.get("file", ""))
    file = submission.files.filter(pk=file_pk).first() if file_pk else None
    try:
        review.note(
            submission, text=request.POST.get("text", ""), file=file, from_ms=ms_of(request.POST.get("from", "")),
            to_ms=ms_of(request.POST.get("to", "")), actor=user,
        )  # fmt: skip
    except UserFault as fault:
        return _again(request, submission, "note", fault)
    return _back(request, submission)


@require_POST
def submission_vote(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk)
    try:
        review.vote(
            submission, vote=request.POST.get("vote", ""), reason=request.POST.get("reason", ""), actor=user
        )
    except UserFault as fault:
        return _again(request, submission, "vote", fault)
    return _back(request, submission)


@require_POST
def submission_snooze(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk, decide=True)
    days = request.POST.get("days", "7")
    try:
        review.snooze(submission, days=int(days) if days.isdigit() and len(days) < 4 else 0, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return _back(request, submission)
    messages.success(request, f"Submission {submission.number} is put aside.")
    return _on(request, submission)


@require_POST
def submission_decide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk, decide=True)
    stage = request.POST.get("stage", "")
    try:
        moved = review.decide(
            submission, stage=stage, reason=request.POST.get("reason", ""), seen=request.POST.get("seen", ""),
            actor=user,
        )  # fmt: skip
    except UserFault as fault:
        return _again(request, submission, "decide", fault)
    messages.success(request, f"Submission {moved.number}: {moved.get_stage_display()}.")
    offered = answer_templates.for_outcome(stage)
    if offered and (moved.answered_at is None or stage == Submission.Stage.OFFER):
        there = reverse("artists:submission", args=[moved.pk])
        view = request.POST.get("view", "open")
        query = urlencode({"answer": offered.key, "view": view if view in dict(VIEWS) else "open",
                           "next": request.POST.get("next", "")[:36]})  # fmt: skip
        return redirect(f"{there}?{query}#answer")
    if stage == Submission.Stage.SIGNED and moved.artist_id:
        return redirect("artists:artist", pk=moved.artist_id)
    return _on(request, moved)


@require_POST
def submission_answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send what was shown, as the reader left it."""
    user = user_of(request)
    submission = access.submission_for(user, pk, decide=True)
    try:
        answers.answer(
            submission, template=request.POST.get("template", ""), subject=request.POST.get("subject", ""),
            body=request.POST.get("body", ""), seen=whole_of(request.POST.get("seen", "")), actor=user,
        )  # fmt: skip
    except UserFault as fault:
        return _again(request, submission, "answer", fault)
    messages.success(request, f"The answer to submission {submission.number} is on its way.")
    return _on(request, submission)
