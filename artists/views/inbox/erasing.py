"""A sender wants to be forgotten: what goes, what stays, then the deed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from artists import access_anr as access
from artists.services import clearing
from artists.views import user_of
from provenance.errors import UserFault


@require_http_methods(["GET", "POST"])
def submission_erase(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Done only when the submission's number is typed, because nothing brings it back."""
    user = user_of(request)
    submission = access.submission_to_erase(user, pk)
    error = ""
    if request.method == "POST":
        if request.POST.get("number", "").strip() != str(submission.number):
            error = f"Type {submission.number}: what is erased cannot be brought back."
        else:
            try:
                clearing.erase_submission(submission, actor=user)
            except UserFault as fault:
                error = fault.message
            else:
                messages.success(request, f"Submission {submission.number} is erased.")
                return redirect("artists:submission", pk=submission.pk)
    context = {"submission": submission, "shown": clearing.preview_clear(submission), "error": error}
    return render(request, "artists/submission_erase.html", context, status=422 if error else 200)
