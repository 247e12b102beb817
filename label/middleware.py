"""What holds for every address: refusals, and receipts for what was committed."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse

from provenance import receipts

log = logging.getLogger(__name__)

RECEIPT_HEADER = "Deadwax-Receipt"
#: Names where a receipt is that is too long for a header: proxies give all headers together 4 kB.
RECEIPT_AT_HEADER = "Deadwax-Receipt-At"
#: Tells the page's script that there is a new receipt to keep, also after a redirect: `<actor id>.<receipt id>`.
RECEIPT_COOKIE = "deadwax_receipt"
_MAX_HEADER = 2800

_NUL_FORMS = ("\x00", "%00")


class RefuseNulMiddleware:
    """An address with a NUL character cannot mean anything here, and PostgreSQL would fail on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(
            form in part
            for form in _NUL_FORMS
            for part in (request.path, request.META.get("QUERY_STRING", ""))
        ):
            return HttpResponseBadRequest(
                "An address may not hold a NUL character.", content_type="text/plain"
            )
        return self.get_response(request)


class ReceiptMiddleware:
    """Answers with a receipt for the human entries that the request committed: one a person, the reader's own.

    It comes after the commit and never fails what was committed: without it the entries stand all the same.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with receipts.collecting() as committed:
            response = self.get_response(request)
        if not committed:
            return response
        try:
            issued = receipts.issue_for(committed)
        except Exception:
            log.exception("no receipt could be issued for %d entries", len(committed))
            return response
        user = getattr(request, "user", None)
        # Over the API the reader is known by a token; the entries then are that person's.
        mine = str(user.pk) if user is not None and user.is_authenticated else ""
        if mine not in issued:
            if len(issued) > 1:
                return response
            (mine,) = issued
        newest = issued[mine][-1]
        note = base64.b64encode(bytes(newest.note)).decode()
        if len(issued[mine]) == 1 and len(note) <= _MAX_HEADER:
            response[RECEIPT_HEADER] = note
        else:
            response[RECEIPT_AT_HEADER] = f"{reverse('api:receipts')}?after={issued[mine][0].pk - 1}"
        response.set_cookie(
            RECEIPT_COOKIE,
            f"{mine}.{newest.pk}",
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            max_age=24 * 3600,
        )
        return response
