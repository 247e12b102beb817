"""Pages without an account: the private upload link, its resumable files (tus 1.0), and the sender's own page."""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from artists import anr_words
from artists.errors import LinkOver, NotNow, TooMany, UploadRefused
from artists.models import Incoming, Question, Submission, UploadLink
from artists.services import clearing, incoming, submissions, upload_links
from artists.services.anr_rules import questions, rules
from provenance.audiofile import EXTENSIONS, Limits
from provenance.blobs import StorageFull
from provenance.errors import ProvenanceError, UserFault

TUS = "1.0.0"
#: Refused requests with these codes say when to come back.
RETRY_AFTER_S = "3600"


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def submit_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The form. With JavaScript the files are here before it is sent (`upload`); without, they come along."""
    try:
        link = upload_links.upload_link_by_secret(secret)
    except LinkOver as fault:
        return render(request, "artists/link_over.html", {"message": fault.message}, status=410)
    asked = questions()
    said, status = _said(request, asked), 200
    errors: dict[str, str] = {}
    if request.method == "POST":
        sender = incoming.sender_of(_address(request))
        try:
            rows = _files(request, link, sender)
            _submission, own = submissions.submit(
                link,
                files=rows,
                sender=sender,
                ai={word.key: said[f"ai_{word.key}"] for word in anr_words.elements()},
                rights=said["rights"],
                consent=said["consent"] == "yes",
                own={str(one.pk): said[f"own_{one.pk}"] for one in asked},
                **{name: said[name] for name in _TEXTS},
            )
        except LinkOver as fault:
            return render(request, "artists/link_over.html", {"message": fault.message}, status=410)
        except (UserFault, StorageFull) as fault:
            for one in (fault, *getattr(fault, "more", ())):
                errors.setdefault(getattr(one, "field", "") or "files", one.message)
            status = 429 if isinstance(fault, TooMany) else 422
        else:
            there = reverse("artists:submitted", args=[own])
            return redirect(there)
    context = {
        "secret": secret,
        "link": link,
        "said": said,
        "errors": errors,
        "elements": [
            (word, said[f"ai_{word.key}"], errors.get(f"ai_{word.key}", "")) for word in anr_words.elements()
        ],
        "answers": anr_words.AI_ANSWERS,
        "questions": [(one, said[f"own_{one.pk}"], errors.get(f"own_{one.pk}", "")) for one in asked],
        "keep_days": rules().keep_declined_days,
        "rights": anr_words.RIGHTS,
        "endings": ",".join(EXTENSIONS),
        "max_bytes": incoming.MAX_FILE_BYTES,
        "most_files": submissions.MAX_FILES,
        "most_gigabytes": incoming.MAX_FILE_BYTES // 10**9,
        "most_minutes": Limits.max_duration_s // 60,
        "kept": [(row.filename, name) for name, row in _named(request, link)],
    }
    response = render(request, "artists/submit.html", context, status=status)
    if status == 429:
        response["Retry-After"] = RETRY_AFTER_S
    return _unindexed(response)


@never_cache
@login_not_required
@require_http_methods(["GET"])
def submitted_page(request: HttpRequest, secret: str) -> HttpResponse:
    """How one's own submission stands, in the sender's words: nothing of what the team thinks."""
    try:
        submission = submissions.submission_by_secret(secret)
    except LinkOver as fault:
        return render(request, "artists/link_over.html", {"message": fault.message}, status=410)
    names = submissions.own_words(submission).get("filenames", [])
    files = [(names[file.position - 1] if file.position <= len(names) else f"File {file.position}", file)
             for file in submission.files.all()]  # fmt: skip
    asked = submission.erasure_asked_at
    context = {
        "submission": submission,
        "files": files,
        "step": _step(submission),
        "secret": secret,
        "erase_by": asked + clearing.ERASE_WITHIN if asked else None,
    }
    return _unindexed(render(request, "artists/submitted.html", context))


@never_cache
@login_not_required
@require_http_methods(["POST"])
def ask_erasure(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever holds the address of a submission's own page asks that it goes; label staff carry it out."""
    try:
        submission = submissions.submission_by_secret(secret)
    except LinkOver as fault:
        return render(request, "artists/link_over.html", {"message": fault.message}, status=410)
    if request.POST.get("sure") == "yes":
        with contextlib.suppress(NotNow):  # it is erased already: the page says so
            clearing.ask_erasure(submission)
    return _unindexed(redirect("artists:submitted", secret=secret))


# -- tus 1.0: core, creation, termination ----------------------------------------------------------------------------
@csrf_exempt  # the address is the permission, and no cookie counts here
@login_not_required
def files(request: HttpRequest, secret: str) -> HttpResponse:
    """POST: a place for a file. `Upload-Metadata` holds its name, base64."""
    if request.method == "OPTIONS":
        return _tus(
            204,
            {
                "Tus-Version": TUS,
                "Tus-Extension": "creation,termination",
                "Tus-Max-Size": str(incoming.MAX_FILE_BYTES),
            },
        )
    if request.method != "POST":
        return _tus(405)
    if request.headers.get("Tus-Resumable") != TUS:
        return _tus(412, {"Tus-Version": TUS})
    try:
        link = upload_links.upload_link_by_secret(secret)
        _row, own = incoming.begin(
            link,
            filename=_filename(request.headers.get("Upload-Metadata", "")),
            length=_number(request.headers.get("Upload-Length"), "Upload-Length"),
            sender=incoming.sender_of(_address(request)),
        )
    except (UserFault, StorageFull) as fault:
        return _refused(fault)
    return _tus(201, {"Location": reverse("artists:incoming", args=[own]), "Upload-Offset": "0"})


@csrf_exempt
@login_not_required
def incoming_file(request: HttpRequest, secret: str) -> HttpResponse:
    """HEAD: how much is here. PATCH: the next piece. DELETE: take it back."""
    if request.method == "OPTIONS":
        return _tus(204, {"Tus-Version": TUS, "Tus-Extension": "creation,termination"})
    if request.method not in ("HEAD", "PATCH", "DELETE"):
        return _tus(405)
    if request.headers.get("Tus-Resumable") != TUS:
        return _tus(412, {"Tus-Version": TUS})
    try:
        row = incoming.incoming_by_secret(secret)
        if request.method == "HEAD":
            if row.state == Incoming.State.REFUSED:
                raise UploadRefused(row.says, status=422)
            offset = incoming.offset_of(row)
            return _tus(
                200,
                {"Upload-Offset": str(offset), "Upload-Length": str(row.length), "Cache-Control": "no-store"},
            )
        if request.method == "DELETE":
            incoming.drop(row)
            return _tus(204)
        if request.headers.get("Content-Type") != "application/offset+octet-stream":
            raise UploadRefused("A piece is sent as application/offset+octet-stream.", status=415)
        row = incoming.append(
            row,
            offset=_number(request.headers.get("Upload-Offset"), "Upload-Offset"),
            stream=request,
            length=_number(request.headers.get("Content-Length"), "Content-Length"),
        )
        if row.state == Incoming.State.REFUSED:
            raise UploadRefused(row.says, status=422, code="unusable")
        return _tus(204, {"Upload-Offset": str(incoming.offset_of(row))})
    except (UserFault, StorageFull) as fault:
        return _refused(fault)


_TEXTS = (
    "artist_name",
    "contact_name",
    "contact_email",
    "title",
    "message",
    "playlist",
    "tools",
    "rights_note",
)


def _said(request: HttpRequest, asked: list[Question]) -> dict[str, str]:
    names = (
        *_TEXTS, "rights", "consent", *(f"ai_{word.key}" for word in anr_words.elements()),
        *(f"own_{one.pk}" for one in asked),
    )  # fmt: skip
    return {name: request.POST.get(name, "").replace("\x00", "") for name in names}


def _named(request: HttpRequest, link: UploadLink) -> list[tuple[str, Incoming]]:
    """The uploads that a form names by their secrets, each once; those of other links are none."""
    found = []
    for name in list(dict.fromkeys(request.POST.getlist("upload")))[: submissions.MAX_FILES + 1]:
        try:
            row = incoming.incoming_by_secret(name.rstrip("/").rpartition("/")[2])
        except UserFault:
            continue
        if row.link_id == link.pk:
            found.append((name, row))
    return found


def _files(request: HttpRequest, link: UploadLink, sender: str) -> list[Incoming]:
    rows = [row for _, row in _named(request, link)]
    for file in request.FILES.getlist("files"):
        if not file.name or not file.size:
            continue
        row, _ = incoming.begin(link, filename=file.name, length=file.size, sender=sender)
        row = incoming.append(row, offset=0, stream=file, length=file.size)
        if row.state == Incoming.State.REFUSED:
            raise submissions.BadAnswer(f"“{file.name[:80]}”: {row.says}", field="files")
        rows.append(row)
    return rows


def _step(submission: Submission) -> str:
    if submission.stage == Submission.Stage.SIGNED:
        return "signed"
    if submission.answered_at is not None:
        return "answered"
    return "waiting"


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _number(text: str | None, name: str) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 15:
        raise UploadRefused(f"{name} must be a whole number of bytes.")
    return int(text)


def _filename(metadata: str) -> str:
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                break
    raise UploadRefused("Upload-Metadata must hold the file's name, base64.")


def _tus(status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Tus-Resumable"] = TUS
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _refused(fault: ProvenanceError | StorageFull) -> HttpResponse:
    status = getattr(fault, "status", 0)
    if not status:
        status = {"link_over": 410, "too_many": 429, "storage_full": 507}.get(fault.code, 400)
    body: dict[str, Any] = {"error": {"code": fault.code, "message": fault.message}}
    response = JsonResponse(body, status=status)
    response["Tus-Resumable"] = TUS
    if status == 429:
        response["Retry-After"] = RETRY_AFTER_S
    return response


def _unindexed(response: HttpResponse) -> HttpResponse:
    """The address is the permission: it must not travel in a referrer nor into an index.

    Not "no-referrer": browsers then send a form with the origin "null", which the CSRF check refuses.
    """
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response
