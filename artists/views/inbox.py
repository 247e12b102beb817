"""The inbox: work through submissions by keys, hear, score, note, vote, put aside, decide, answer."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access_anr as access
from artists import anr_words
from artists.models import Score, Submission, SubmissionVote, User
from artists.services import review, upload_links
from artists.services.sealed import opened
from artists.views import user_of
from provenance.assets import peaks_response, serve
from provenance.errors import UserFault

PAGE = 40
COMPARED = 6
VIEWS = (
    ("open", "To do"),
    ("unheard", "Unheard"),
    ("late", "Late"),
    ("snoozed", "Put aside"),
    ("more", "Hear more"),
    ("meet", "Meet"),
    ("offer", "Offer"),
    ("done", "Done"),
)


@dataclass(frozen=True)
class Ear:
    """One criterion with one's own score, the team's mean of the others, and what was measured."""

    key: str
    title: str
    hint: str
    mine: int
    team: float | None
    measured: str
    choices: tuple[int, ...] = (1, 2, 3, 4, 5)

    @property
    def team_words(self) -> str:
        return f"{self.team:.1f}" if self.team is not None else "–"


@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_staff(user)
    return _page(request, user, None)


@require_safe
def submission_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    return _page(request, user, access.submission_for(user, pk))


def _page(request: HttpRequest, user: User, submission: Submission | None) -> HttpResponse:
    view = request.GET.get("view", "open")
    rows = access.inbox(user, view=view)
    number = max(
        1, min(int(request.GET.get("page", "1")) if request.GET.get("page", "1").isdigit() else 1, 5000)
    )
    first = (number - 1) * PAGE
    found = list(rows.annotate(copies=Count("duplicates"))[first : first + PAGE + 1])
    listed, more = found[:PAGE], len(found) > PAGE
    submission = submission or (listed[0] if listed else None)
    known = access.known_among(user, listed)
    names = review.names_of(row for row in listed if row.pk in known)
    votes = _votes(listed)
    place = next((at for at, row in enumerate(listed) if submission and row.pk == submission.pk), None)
    query = f"?view={view}&page={number}"
    context: dict[str, Any] = {
        "view": view,
        "views": VIEWS,
        "page": number,
        "more": more,
        "query": query,
        "rows": [
            {
                "submission": row,
                "name": names.get(row.pk, {}).get("artist_name", ""),
                "votes": votes.get(row.pk, ""),
            }
            for row in listed
        ],
        "next": listed[place + 1] if place is not None and place + 1 < len(listed) else None,
        "before": listed[place - 1] if place else None,
        "headline": _headline(user),
        "may_decide": access.may_decide(user),
        "now": timezone.now(),
    }
    if submission is not None:
        context |= _detail(user, submission, request)
    return render(request, "artists/inbox.html", context)


def _detail(user: User, submission: Submission, request: HttpRequest) -> dict[str, Any]:
    knows = access.knows_who(user, submission)
    files = list(submission.files.select_related("asset__analysis", "playback"))
    notes = list(submission.notes.select_related("author", "file"))
    votes = list(submission.votes.select_related("author"))
    said = opened(
        [*(row.entry_id for row in notes), *(row.entry_id for row in votes), submission.sent_entry_id]
    )
    words = said[submission.sent_entry_id]
    draft = None
    wanted = request.GET.get("answer", "")
    if wanted and access.may_decide(user):
        draft = review.draft_answer(submission, template=wanted, actor=user)
    return {
        "submission": submission,
        "knows": knows,
        "words": words if knows else {},
        "contact": knows and access.may_decide(user),
        "declared": [(word.title, submission.ai.get(word.key, "")) for word in anr_words.elements()]
        if knows
        else [],
        "files": [
            {
                "file": file,
                "name": _filename(words, file.position) if knows else f"File {file.position}",
                "facts": facts(file.report),
                "hints": hints(file.report),
                "matches": _matches(file.matches),
                "c2pa": _credential(file.c2pa, knows),
                "playable": file.state != "refused" and file.scan not in ("waiting", "infected"),
                "markers": ",".join(
                    str(n.from_ms) for n in notes if n.file_id == file.pk and n.from_ms is not None
                ),
            }
            for file in files
        ],
        "ears": ears(user, submission),
        "notes": [{"row": row, "text": said[row.entry_id].get("text", "(erased)")} for row in notes],
        "votes": [{"row": row, "reason": said[row.entry_id].get("reason", "(erased)")} for row in votes],
        "my_vote": next((row.vote for row in votes if row.author_id == user.pk), ""),
        "vote_choices": SubmissionVote.Vote.choices,
        "stages": [(key, Submission.Stage(key).label) for key in Submission.NEXT[submission.stage]],
        "copies": list(submission.duplicates.order_by("number")[:50]),
        "templates": anr_words.templates(),
        "draft": draft,
        "answers": submission.answers.all(),
        "agreements": submission.agreements.all() if user.has_role(*access.AGREEMENT_READERS) else (),
    }


def ears(user: User, submission: Submission) -> list[Ear]:
    """The scores: one's own, and the mean of the others once one has scored oneself."""
    rows = list(Score.objects.filter(submission=submission))
    mine = next((row for row in rows if row.author_id == user.pk), None)
    others = [row.values for row in rows if row.author_id != user.pk] if mine else []
    first = submission.files.first()
    report = first.report if first else {}
    found = []
    for word in (*anr_words.criteria(), *review.own_criteria()):
        values = [one[word.key] for one in others if word.key in one]
        found.append(
            Ear(
                word.key, word.title, word.hint, (mine.values if mine else {}).get(word.key, 0),
                sum(values) / len(values) if values else None, measured(word.measured, report),
            )
        )  # fmt: skip
    return found


def measured(name: str, report: dict[str, Any]) -> str:
    """The figure beside a criterion; empty where nothing says anything about it."""
    match name:
        case "repetition" if "longest_silence_ms" in report:
            silence = report["longest_silence_ms"] / 1000
            return f"{silence:.1f} s silent" if silence >= 2 else "no gaps"
        case "pulse" if "tempo_milli_bpm" in report:
            return f"{report['tempo_milli_bpm'] / 1000:.0f} bpm"
        case "range" if "loudness_range_milli" in report:
            return f"{report['loudness_range_milli'] / 1000:.1f} LU range"
        case "spectrum" if "spectral_centroid_hz" in report:
            return f"centre {report['spectral_centroid_hz'] / 1000:.1f} kHz"
        case "mono" if "mono_loss_millibel" in report:
            return f"mono −{report['mono_loss_millibel'] / 100:.1f} dB"
    return ""


def facts(report: dict[str, Any]) -> list[str]:
    """The line under a waveform."""
    said = []
    if "lufs_milli" in report:
        said.append(f"{report['lufs_milli'] / 1000:.1f} LUFS".replace("-", "−"))
    if "true_peak_millibel" in report:
        said.append(f"{report['true_peak_millibel'] / 100:.1f} dBTP".replace("-", "−"))
    if report.get("key"):
        said.append(str(report["key"]))
    if "tempo_milli_bpm" in report:
        said.append(f"{report['tempo_milli_bpm'] / 1000:.1f} bpm")
    if "bandwidth_hz" in report:
        said.append(f"up to {report['bandwidth_hz'] / 1000:.1f} kHz")
    return said


def hints(report: dict[str, Any]) -> list[str]:
    """What is wrong with a file, in plain words."""
    found = []
    if report.get("clipped_samples", 0) > 20:
        found.append(f"clipped, {report['clipped_samples']} samples")
    if report.get("true_peak_millibel", -100) > 0:
        found.append("peaks above full scale")
    if report.get("lossy_wall"):
        found.append(f"ends at {report.get('bandwidth_hz', 0) / 1000:.1f} kHz as lossy copies do")
    if report.get("silence_permille", 0) > 200:
        found.append(f"{report['silence_permille'] / 10:.0f} % silence")
    return found


def _matches(matches: list[dict[str, Any]]) -> list[str]:
    said = []
    for one in matches:
        alike = f"{one['alike_permille'] / 10:.0f} % alike"
        if one["what"] == "submission":
            said.append(f"sounds like submission {one['number']} ({alike})")
        else:
            said.append(f"sounds like something of the catalogue ({alike})")
    return said


def _credential(c2pa: dict[str, Any], knows: bool) -> str:
    """Blind, only whether there is one: it names programs and people."""
    if not c2pa:
        return "none"
    if not knows:
        return "found"
    said = {
        "trusted": "intact, trusted signer",
        "valid": "intact",
        "broken": "broken",
        "invalid": "not in order",
    }
    made = (
        ", says a model made it"
        if c2pa.get("generated")
        else ", says a model had a part"
        if c2pa.get("contains_generated")
        else ""
    )
    return f"{said.get(str(c2pa.get('state')), 'found')}{made}"


def _filename(words: dict[str, Any], position: int) -> str:
    names = words.get("filenames") or []
    return str(names[position - 1]) if position <= len(names) else f"File {position}"


def _votes(rows: Sequence[Submission]) -> dict[Any, str]:
    found: dict[Any, list[str]] = {}
    for pk, vote in SubmissionVote.objects.filter(submission__in=rows).values_list("submission_id", "vote"):
        found.setdefault(pk, []).append(vote)
    said = {}
    for pk, votes in found.items():
        many = f"{len(votes)} vote{'s' * (len(votes) > 1)}"
        said[pk] = f"{many}, split" if len(set(votes)) > 1 else f"{many}, {votes[0]}"
    return said


def _headline(user: User) -> str:
    unheard = access.inbox(user, view="unheard").count()
    late = access.inbox(user, view="late").count()
    soon = access.promised_until(user, timezone.now() + dt.timedelta(days=3)).count() - late
    words = f"{unheard} unheard" if unheard else "All heard"
    if late:
        return f"{words}, {late} promised answer{'s' if late > 1 else ''} late"
    return f"{words}, {soon} promised within three days" if soon else words


# -- actions ---------------------------------------------------------------------------------------------------------
def _back(request: HttpRequest, submission: Submission) -> HttpResponse:
    view, page = request.POST.get("view", "open"), request.POST.get("page", "1")
    view = view if view in dict(VIEWS) else "open"
    there = reverse("artists:submission", args=[submission.pk])
    return redirect(f"{there}?view={view}&page={page if page.isdigit() else 1}")


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
def submission_note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    submission = access.submission_for(user, pk)
    file_pk = _uuid(request.POST.get("file", ""))
    file = submission.files.filter(pk=file_pk).first() if file_pk else None
    try:
        review.note(
            submission, text=request.POST.get("text", ""), file=file, from_ms=_ms(request.POST.get("from", "")),
            to_ms=_ms(request.POST.get("to", "")), actor=user,
        )  # fmt: skip
    except UserFault as fault:
        messages.error(request, fault.message)
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
        messages.error(request, fault.message)
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
        moved = review.decide(submission, stage=stage, reason=request.POST.get("reason", ""), actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return _back(request, submission)
    messages.success(request, f"Submission {moved.number}: {moved.get_stage_display()}.")
    offered = {"meet": "meet", "more": "more", "declined": "no"}.get(stage, "")
    if offered and moved.answered_at is None:
        there = reverse("artists:submission", args=[moved.pk])
        return redirect(f"{there}?answer={offered}&view={request.POST.get('view', 'open')[:8]}#answer")
    if stage == Submission.Stage.SIGNED and moved.artist_id:
        return redirect("artists:artist", pk=moved.artist_id)
    return _on(request, moved)


@require_POST
def submission_answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send what was shown, as the reader left it."""
    user = user_of(request)
    submission = access.submission_for(user, pk, decide=True)
    try:
        review.answer(
            submission, template=request.POST.get("template", ""), subject=request.POST.get("subject", ""),
            body=request.POST.get("body", ""), actor=user,
        )  # fmt: skip
    except UserFault as fault:
        messages.error(request, fault.message)
        return _back(request, submission)
    messages.success(request, f"The answer to submission {submission.number} is on its way.")
    return _on(request, submission)


@require_http_methods(["GET", "POST"])
def compare_page(request: HttpRequest) -> HttpResponse:
    """Several at one playhead, and one decision for many: what will happen is named before it does."""
    user = user_of(request)
    access.require_staff(user)
    data = request.POST if request.method == "POST" else request.GET
    wanted = [found for found in map(_uuid, data.getlist("submission")[:200]) if found]
    rows = list(access.visible_submissions(user).filter(pk__in=wanted).order_by("number"))
    lines: list[review.BulkLine] = []
    if request.method == "POST":
        access.require_decider(user)
        stage = request.POST.get("stage", "")
        if (
            stage in Submission.Stage.values
            and stage != Submission.Stage.SIGNED
            and request.POST.get("sure") == "yes"
        ):
            lines = review.decide_many(
                rows, stage=stage, reason=request.POST.get("reason", ""),
                template=request.POST.get("template", ""), actor=user,
            )  # fmt: skip
            rows = list(access.visible_submissions(user).filter(pk__in=wanted).order_by("number"))
        else:
            messages.error(request, "Choose what becomes of them, and say that you are sure.")
    known = access.known_among(user, rows)
    names = review.names_of(row for row in rows if row.pk in known)
    heard = [
        {
            "submission": row,
            "name": names.get(row.pk, {}).get("artist_name", ""),
            "file": next((f for f in row.files.all() if f.state == "ready"), None),
            "ears": ears(user, row),
        }
        for row in rows[:COMPARED]
    ]
    context = {
        "rows": rows, "heard": heard, "rest": max(0, len(rows) - COMPARED), "lines": lines,
        "may_decide": access.may_decide(user), "templates": anr_words.templates(),
        "stages": [one for one in Submission.Stage.choices if one[0] not in ("unheard", "signed", "heard")],
    }  # fmt: skip
    return render(request, "artists/compare.html", context)


@require_http_methods(["GET", "POST"])
def links_page(request: HttpRequest) -> HttpResponse:
    """Upload links and the label's own criteria. A new link's address is shown once, here."""
    user = user_of(request)
    access.require_decider(user)
    made, fault_text = "", ""
    if request.method == "POST":
        try:
            if request.POST.get("action") == "criterion":
                review.set_criterion(
                    title=request.POST.get("title", ""), hint=request.POST.get("hint", ""), actor=user
                )
                messages.success(request, "The criterion is in use.")
                return redirect("artists:upload-links")
            _, secret = upload_links.make_upload_link(
                name=request.POST.get("name", ""),
                **{
                    name: _whole(request.POST.get(name, ""))
                    for name in ("days", "max_submissions", "max_gb", "promise_days")
                },
                actor=user,
            )
        except UserFault as fault:
            fault_text = fault.message
        else:
            made = request.build_absolute_uri(reverse("artists:submit", args=[secret]))
    rows = list(access.upload_links(user).annotate(count=Count("submissions"))[:200])
    names = opened(row.made_entry_id for row in rows)
    context = {
        "links": [{"row": row, "name": names[row.made_entry_id].get("name", "(erased)")} for row in rows],
        "made": made,
        "fault": fault_text,
        "criteria": anr_words.criteria(),
        "own": review.own_criteria(),
    }
    return render(request, "artists/upload_links.html", context, status=422 if fault_text else 200)


@require_POST
def link_revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    upload_links.revoke_upload_link(access.upload_link_for(user, pk), actor=user)
    messages.success(request, "The link no longer works.")
    return redirect("artists:upload-links")


# -- sound -----------------------------------------------------------------------------------------------------------
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


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _ms(text: str) -> int | None:
    """Milliseconds, or m:ss as people write it."""
    text = text.strip()
    if not text:
        return None
    try:
        if ":" in text:
            minutes, seconds = text.split(":", 1)
            return round((int(minutes) * 60 + float(seconds)) * 1000)
        return int(text)
    except (ValueError, OverflowError):
        raise UserFault("Write the moment as minutes:seconds, for example 1:44.") from None
