"""Receipts: a person's own to keep, and the page where anybody holds receipts against the log."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from artists.views import user_of
from provenance import receipts
from provenance.errors import UserFault

SHOWN = 50
#: So many go to the browser at once; it asks again for the rest.
SENT = 200


@require_safe
def receipts_page(request: HttpRequest) -> HttpResponse:
    """One's own receipts, the newest first, each held against the log."""
    user = user_of(request)
    rows = receipts.newest(user.pk, limit=SHOWN + 1)
    checked = receipts.check(bytes(row.note) for row in rows[:SHOWN])
    context = {
        "answers": list(zip(rows, checked.answers, strict=False)),
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
        "actor": str(user.pk),
    }
    return render(request, "label/receipts.html", context)


@require_safe
@never_cache
def receipts_file(request: HttpRequest) -> HttpResponse:
    """All of one's receipts as a file."""
    rows = receipts.newest(user_of(request).pk, limit=receipts.MAX_RECEIPTS)
    answer = HttpResponse(receipts.file_of(reversed(rows)), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="deadwax-receipts.json"'
    return answer


@require_safe
@never_cache
def receipts_new(request: HttpRequest) -> HttpResponse:
    """One's own receipts after the one that the browser has, for its script to keep."""
    user = user_of(request)
    after = request.GET.get("after", "0")
    rows = receipts.own(
        user.pk,
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0,
        limit=SENT,
    )
    return JsonResponse(
        {
            "actor": str(user.pk),
            "receipts": [{"id": row.pk, "note": bytes(row.note).decode()} for row in rows],
            "more": len(rows) == SENT,
        }
    )


@login_not_required
@require_http_methods(["GET", "POST"])
def receipts_check(request: HttpRequest) -> HttpResponse:
    """Anybody's receipts against the log. They are looked at and not kept."""
    error, checked = "", None
    if request.method == "POST":
        try:
            checked = receipts.check(receipts.read_file(_given(request)))
        except UserFault as fault:
            error = fault.message
    return render(
        request,
        "label/receipts_check.html",
        {"checked": checked, "error": error},
        status=422 if error else 200,
    )


def _given(request: HttpRequest) -> bytes:
    upload = request.FILES.get("file")
    if upload is not None:
        return bytes(upload.read(receipts.MAX_FILE_BYTES + 1))
    text = request.POST.get("receipts", "")
    if not text.strip():
        raise UserFault("Choose the file of receipts first.")
    # A form sends a text with CRLF; a receipt has plain newlines.
    return text.replace("\r\n", "\n").encode()
