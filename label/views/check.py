"""The public page: drop a file, get a plain answer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from generation.views.common import wants_json
from label.bundle_check import LIMIT_BYTES as LIMIT_BUNDLE_BYTES
from label.bundle_check import BundleAnswer, check_bundle, is_bundle
from label.proof import Proof
from release.checking import Answer, identify

LIMIT_BYTES = 500 * 1024 * 1024


@login_not_required
@require_http_methods(["GET", "POST"])
def check_page(request: HttpRequest) -> HttpResponse:
    """The file is looked at and not kept. A bundle is given to the offline verifier."""
    error, answer, bundle = "", None, None
    if request.method == "POST":
        upload = request.FILES.get("file")
        limit = min(LIMIT_BYTES, settings.DEADWAX_UPLOAD_LIMIT_BYTES)
        if upload is None:
            error = "Choose a file first."
        elif not upload.size:
            error = "This file is empty. Choose the file again."
        elif upload.size > limit:
            error = f"This file is larger than {limit // 1024**2} MB. Send an excerpt or a compressed copy."
        else:
            with tempfile.NamedTemporaryFile(suffix=Path(upload.name or "").suffix[:8]) as copy:
                for chunk in upload.chunks():
                    copy.write(chunk)
                copy.flush()
                if not is_bundle(Path(copy.name)):
                    answer = identify(Path(copy.name))
                elif upload.size <= LIMIT_BUNDLE_BYTES:
                    bundle = check_bundle(Path(copy.name))
                else:
                    error = (
                        f"This bundle is larger than {LIMIT_BUNDLE_BYTES // 1024**2} MB."
                        " Check it with the verifier.py that is inside."
                    )
    if wants_json(request):
        if bundle is not None:
            return JsonResponse({"bundle": bundle_json(bundle)})
        if answer is None:
            return JsonResponse(
                {"error": {"code": "no_file", "message": error or "Send a file."}}, status=400
            )
        return JsonResponse(as_json(answer))
    proof = Proof(answer.evidence) if answer and answer.evidence else None
    return render(
        request,
        "label/check.html",
        {"answer": answer, "bundle": bundle, "proof": proof, "error": error},
        status=422 if error else 200,
    )


def as_json(answer: Answer) -> dict[str, object]:
    """The answer for programs; only what the page shows too."""
    recording, release = answer.recording, answer.release
    return {
        "verdict": answer.verdict,
        "headline": answer.headline,
        "sha256": answer.sha256,
        "looks": [look.__dict__ for look in answer.looks],
        "recording": {"title": recording.title, "artist": recording.artist.name, "isrc": recording.isrc}
        if recording
        else None,
        "release": {"title": release.title, "gtin": release.gtin} if release else None,
        "elements": {
            finding.element: sorted(finding.origins)
            for finding in (answer.evidence.findings if answer.evidence else ())
        },
    }


def bundle_json(bundle: BundleAnswer) -> dict[str, object]:
    """What the verifier said of a bundle, for programs."""
    return {
        "verdict": bundle.verdict,
        "headline": bundle.headline,
        "intact": bundle.intact,
        "ours": bundle.ours,
        "against_ours": bundle.against_ours,
        "steps": [step.__dict__ for step in bundle.steps],
        "notices": list(bundle.notices),
        "log": bundle.log,
        "streams": list(bundle.streams),
        "people": list(bundle.people),
    }
