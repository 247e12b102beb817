"""Prompt runs and the takes board."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from artists.models import User
from artists.views import user_of
from generation import access, listening, reading, services
from generation.errors import BadValue
from generation.models import PromptRun, RunInput, Take, TakeStem
from generation.modes import MODES
from generation.symbolic import notefile
from generation.views.common import REFUSED, fault_json
from provenance.assets import peaks_response, read, serve
from provenance.errors import UserFault

REASONS_KEEP = ("it breathes", "the melody stays", "good bass", "surprising")
#: So many runs stand side by side at once.
MOST_COMPARED = 12
REASONS_LET_GO = ("nothing happens", "too busy", "wrong mood", "sounds like something else")


@require_GET
def run_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The takes board."""
    user = user_of(request)
    run = access.run_for(user, pk)
    context = {
        **_board(run, user),
        "brief_words": run.brief.words if run.brief else {},
        "prompt": reading.prompt_of(run),
        "words": run.words,
        "swept": run.sweep.runs.order_by("number").values_list("number", flat=True) if run.sweep else (),
        "inputs": [_given(one, run) for one in run.inputs.all()],
        "smaller_batches": reading.made_in_smaller_batches(run),
        "reasons_keep": REASONS_KEEP,
        "reasons_let_go": REASONS_LET_GO,
    }
    return render(request, "generation/run.html", context)


@require_GET
def run_status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The running job, and the takes that came since `have`."""
    user = user_of(request)
    run = access.run_for(user, pk)
    have = request.GET.get("have", "0")
    context = _board(run, user)
    seen = int(have) if have.isascii() and have.isdigit() and len(have) < 6 else 0
    context["fresh"] = context["takes"][seen:]
    context["reasons_keep"], context["reasons_let_go"] = REASONS_KEEP, REASONS_LET_GO
    return render(request, "generation/run_status.html", context)


def _board(run: PromptRun, user: User) -> dict[str, Any]:
    takes = reading.takes_of(run, listener=user)
    return {
        "run": run,
        "project": run.project,
        "takes": takes,
        "kept": sum(take.state == Take.State.SHORTLISTED for take in takes),
        "heard": sum(take.heard > 0 for take in takes),
        "may_write": access.may_write(user, run.project),
        "failures": list(run.failures.select_related("entry").prefetch_related("entry__vault")),
        "making": listening.growing(run.job, finished={take.number for take in takes}),
    }


def _given(one: RunInput, run: PromptRun) -> dict[str, Any]:
    """What a run was given, with the page on which it is found."""
    kind, _, key = one.ref.partition(":")
    match kind:
        case "take":
            row = Take.objects.filter(pk=key).values("run_id").first()
            url = f"{reverse('generation:run', args=[row['run_id']])}#take-{key}" if row else ""
        case "stem":
            stem = TakeStem.objects.filter(pk=key).values("take__run_id", "take_id").first()
            url = (
                f"{reverse('generation:run', args=[stem['take__run_id']])}#take-{stem['take_id']}"
                if stem
                else ""
            )
        case "upload":
            url = f"{reverse('generation:project', args=[run.project_id])}#upload-{key}"
        case _:
            url = reverse(f"generation:{kind}", args=[key])
    titles = {given.role: given.title for given in MODES[run.mode].given} if run.mode in MODES else {}
    words = f"{one.title}, its notes" if one.kind == RunInput.Kind.NOTES and kind == "take" else one.title
    return {
        "title": titles.get(one.role, one.role), "url": url, "words": words, "from_ms": one.from_ms, "to_ms": one.to_ms,
    }  # fmt: skip


@require_GET
def compare_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Runs of a song side by side; those of a sweep say the value in which they differ."""
    user = user_of(request)
    project = access.project_for(user, pk)
    numbers = [
        int(value)
        for value in request.GET.getlist("run")[:MOST_COMPARED]
        if value.isascii() and value.isdigit()
    ]
    rows = project.runs.filter(number__in=[number for number in numbers if number < 2**31])
    runs = list(rows.select_related("job", "sweep", "terms", "project").order_by("number"))
    shared = {name for run in runs for name, value in run.parameters.items()}
    apart = sorted(name for name in shared if len({repr(run.parameters.get(name)) for run in runs}) > 1)
    sweep = runs[0].sweep if runs and len({run.sweep_id for run in runs}) == 1 else None
    for run in runs:
        run.shown = reading.takes_of(run, listener=user)  # type: ignore[attr-defined]
        run.mark = run.parameters.get(sweep.parameter) if sweep else None  # type: ignore[attr-defined]
        run.apart = [(name, run.parameters[name]) for name in apart if name in run.parameters]  # type: ignore[attr-defined]
    context = {
        "project": project,
        "runs": runs,
        "sweep": sweep,
        "waiting": any(run.job.state in ("queued", "running") for run in runs),
        "kept": any(take.state == Take.State.SHORTLISTED for run in runs for take in run.shown),  # type: ignore[attr-defined]
        "may_write": access.may_write(user, project),
        "reasons_keep": REASONS_KEEP,
        "reasons_let_go": REASONS_LET_GO,
    }
    return render(request, "generation/compare.html", context)


@require_safe
def run_listen(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponseBase:
    """A take while it is made. Nothing of it is recorded: it is not a take yet."""
    run = access.run_for(user_of(request), pk)
    found = listening.response(request, run.job, number)
    if not connection.in_atomic_block:
        connection.close()  # the answer lasts as long as the take: others need the connection meanwhile
    return found


@require_POST
def take_decide(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    take = access.take_for(user, pk, write=True)
    reason, blind = request.POST.get("reason", ""), request.POST.get("blind") == "1"
    error = ""
    try:
        match request.POST.get("decision"):
            case "keep":
                services.shortlist_take(take, reason=reason, blind=blind, actor=user)
            case "let_go":
                services.reject_take(take, reason=reason, blind=blind, actor=user)
            case "reset":
                services.reset_take(take, actor=user)
            case _:
                raise BadValue("Keep it or let it go.")
    except UserFault as fault:
        error = fault.message
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("generation:run", pk=take.run_id)
    board = _board(take.run, user)
    context = {
        **board,
        "take": next(item for item in board["takes"] if item.pk == take.pk),
        "error": error,
        "reasons_keep": REASONS_KEEP,
        "reasons_let_go": REASONS_LET_GO,
    }
    response = render(request, "generation/take_decided.html", context, status=REFUSED if error else 200)
    response["HX-Trigger"] = "dw:decided"  # the ledger's feed beside the board asks anew
    return response


@require_POST
def take_heard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What somebody heard. Readers listen too, so reading the project is enough."""
    user = user_of(request)
    take = access.take_for(user, pk)
    try:
        data = json.loads(request.body)
        spans = data["spans"] if isinstance(data, dict) else None
    except (ValueError, KeyError, RecursionError):
        spans = None
    if not isinstance(spans, list):
        return JsonResponse(
            {"error": {"code": "invalid", "message": 'Send {"spans": [[from_ms, to_ms], ...]}.'}}, status=400
        )
    try:
        services.record_heard(take, spans_ms=spans, blind=request.GET.get("blind") == "1", actor=user)
    except UserFault as fault:
        return fault_json(fault)
    return HttpResponse(status=204)


@require_safe
def take_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    take = access.take_for(user_of(request), pk)
    return serve(request, take.asset, filename=f"take-{take.number}.wav")


@require_safe
def take_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return peaks_response(request, access.take_for(user_of(request), pk).asset)


@require_safe
def take_midi(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    take = access.take_for(user_of(request), pk)
    if take.midi is None:
        return HttpResponse("This take has no notes.", status=404, content_type="text/plain")
    response = HttpResponse(read(take.midi), content_type="audio/midi")
    response["Content-Disposition"] = f'attachment; filename="take-{take.number}.mid"'
    return response


@require_safe
def take_musicxml(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The take's notes for a notation program, written by a process of its own: that takes a few seconds."""
    take = access.take_for(user_of(request), pk)
    if take.midi is None:
        return HttpResponse("This take has no notes.", status=404, content_type="text/plain")
    data = read(take.midi)
    if not connection.in_atomic_block:
        connection.close()
    try:
        written = notefile.musicxml(data)
    except notefile.BadNotes as fault:
        return HttpResponse(fault.message, status=REFUSED, content_type="text/plain")
    response = HttpResponse(written, content_type="application/vnd.recordare.musicxml+xml")
    response["Content-Disposition"] = f'attachment; filename="take-{take.number}.musicxml"'
    return response


@require_safe
def stem_audio(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    stem = access.stem_for(user_of(request), pk)
    return serve(request, stem.asset, filename=f"{stem.role}.wav")


@require_safe
def stem_peaks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return peaks_response(request, access.stem_for(user_of(request), pk).asset)
