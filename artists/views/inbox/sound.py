"""The files of submissions: their sound, their waveform, and what somebody heard of them."""

from __future__ import annotations

import json
import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from artists import access_anr as access
from artists.services import review
from artists.views import user_of
from provenance.assets import peaks_response, serve
from provenance.errors import UserFault


@require_safe
def file_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    file = access.audible(access.submission_file_for(user_of(request), pk))
    return serve(request, file.audible, filename=f"submission-{file.submission.number}-{file.position}")


@require_safe
def file_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return peaks_response(request, access.audible(access.submission_file_for(user_of(request), pk)).asset)


@require_POST
def file_heard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    file = access.submission_file_for(user, pk)
    try:
        spans = json.loads(request.body)["spans"]
        review.keep_heard(file, spans=spans, blind=not access.knows_who(user, file.submission), actor=user)
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": {"code": "bad_value", "message": "Send spans as JSON."}}, status=400)
    except UserFault as fault:
        return JsonResponse({"error": {"code": fault.code, "message": fault.message}}, status=400)
    return HttpResponse(status=204)
