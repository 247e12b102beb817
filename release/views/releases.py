"""Releases: the list, the page with its gates, data, tracks, cover, approval and package."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists.access import visible_artists
from artists.views import user_of
from generation.views.common import fault_json, form_page, show_fault, wants_json
from provenance.assets import serve
from provenance.elements import Origin, combine, element_label
from provenance.errors import ProvenanceError, UserFault
from provenance.thumbnails import small_picture
from release import access, services
from release.clearance import Row, clearances, owed_credits, table
from release.evidence import Evidence
from release.forms import ArtworkForm, ImprintForm, ReleaseEditForm, ReleaseForm, TrackForm
from release.gates import Gate, Known, gates, known_of, lead_days
from release.labels import overall
from release.models import Release, Track
from release.reading import CHANGEABLE, Approvals, approvals_of, contents_of, covers_of
from release.services.releases import APPROVERS
from release.training import update_due

PAGE = 48
GATE_WORDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"no_tracks"}), "It has tracks"),
    (frozenset({"no_artwork"}), "The cover is there"),
    (frozenset({"missing_metadata", "invalid_metadata"}), "Data and numbers are complete and right"),
    (frozenset({"unknown_origin"}), "Every origin is known"),
    (frozenset({"statement_against_evidence"}), "What people state and the ledger agree"),
    (frozenset({"not_declared"}), "The artist approved the declarations"),
    (frozenset({"declaration_unsigned", "not_declared"}), "The artist signed the declarations"),
    (frozenset({"licence_forbids_sale"}), "Everything in it may be sold"),
    (frozenset({"method_refuted", "method_unchecked"}), "The masters keep to the artist's method"),
    (frozenset({"consent_missing"}), "Every consent that was needed is in force"),
    (frozenset({"shares"}), "Credits are there, shares total 100 %"),
    (frozenset({"not_approved"}), "Approved as it stands"),
    (frozenset({"approval_unsigned"}), "The approval is signed"),
)
#: Codes that only tracks can answer.
ABOUT_TRACKS = frozenset(
    {
        "unknown_origin",
        "statement_against_evidence",
        "not_declared",
        "declaration_unsigned",
        "licence_forbids_sale",
        "method_refuted",
        "method_unchecked",
        "consent_missing",
        "shares",
    }
)


@require_GET
def releases_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    page = Paginator(access.visible_releases(user), PAGE).get_page(request.GET.get("page"))
    covers = covers_of(page.object_list)
    rows = [
        {
            "release": release,
            "cover": covers.get(release.pk),
            "when": when_words(release),
            "late": services.is_due(release),
        }
        for release in page.object_list
    ]
    context = {
        "rows": rows,
        "page": page,
        "headline": _headline(list(page.object_list)),
        "may_write": access.may_write(user),
    }
    return render(request, "release/releases.html", context)


def when_words(release: Release) -> str:
    """How far away the date is, said so that it fits behind a comma."""
    days = lead_days(release)
    if release.state == Release.State.WITHDRAWN:
        return "withdrawn"
    if release.release_date is None or days is None:
        return "no date yet"
    if days < 0 and services.is_due(release):
        return f"{-days} day{'' if days == -1 else 's'} late"
    if days < 0:
        return f"out since {release.release_date:%d %b %Y}"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


def _sentence(release: Release) -> str:
    words = when_words(release)
    if words in ("today", "tomorrow") or words.startswith("in "):
        return f"Comes out {words}."
    return f"{words.capitalize()}."


def _headline(releases: list[Release]) -> str:
    """What comes next; what is late comes first."""
    waiting = [item for item in releases if item.release_date and item.state not in ("packaged", "withdrawn")]
    late = [item for item in waiting if services.is_due(item)]
    if late:
        return f"{late[0].title} is late" if len(late) == 1 else f"{len(late)} releases are late"
    if waiting:
        first = min(waiting, key=lambda item: item.release_date or dt.date.max)
        return f"{first.title} comes out {when_words(first)}"
    return "Releases"


def _standing(release: Release, blocking: list[Gate]) -> str:
    """The release in one sentence, for the top of its page."""
    if release.state == Release.State.WITHDRAWN:
        return f"{release.title} is withdrawn"
    if release.state == Release.State.PACKAGED and not blocking:
        return f"{release.title} is packaged"
    if not blocking:
        return f"{release.title} can be packaged"
    if [gate.code for gate in blocking] == ["not_approved"]:
        return f"{release.title} waits for an approval"
    if [gate.code for gate in blocking] == ["approval_unsigned"]:
        return f"{release.title} waits for a signature"
    closed = len(blocking)
    return f"{release.title}: {'one gate is' if closed == 1 else f'{closed} gates are'} closed"


@require_http_methods(["GET", "POST"])
def release_new_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_writer(user)
    form = ReleaseForm(
        request.POST or None, artists=visible_artists(user), imprints=access.imprints_for(user)
    )
    if request.method == "POST" and form.is_valid():
        try:
            release = services.create_release(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("release:release", pk=release.pk)
    return form_page(request, "release/release_form.html", form, {"imprints": access.imprints_for(user)})


@require_GET
def release_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk)
    contents = contents_of(release)
    known = known_of([contents])
    approvals = approvals_of(release, contents=contents)
    found = gates(release, approvals=approvals, contents=contents, known=known)
    blocking = [gate for gate in found if gate.level == "block"]
    packages = list(release.packages.select_related("job", "asset", "requested_by")[:20])
    on_it = [track.recording_id for track in contents.tracks]
    recordings = access.visible_recordings(user).filter(artist=release.artist).exclude(pk__in=on_it)
    context = {
        "release": release,
        "gates": found,
        "blocking": blocking,
        "update_due": update_due(release),
        "open_gates": _open_gates(found, approvals),
        "tracks": [_track_row(track, known.evidence) for track in contents.tracks],
        "cover": contents.cover,
        "standing_approvals": {row.pk for row in approvals.standing},
        "signed_approvals": approvals.signed,
        "own_unsigned": any(row.approved_by_id == user.pk for row in approvals.unsigned),
        "newest": packages[0] if packages else None,
        "packages": packages,
        "approvals": release.approvals.select_related("approved_by")[:5],
        "track_form": TrackForm(recordings=recordings),
        "recordings": recordings,
        "when": _sentence(release),
        "headline": _standing(release, blocking),
        "receivers": _receivers(contents.tracks, known),
        "owed": _owed(contents.tracks, known),
        "waits_for_approval": [gate.code for gate in blocking] == ["not_approved"],
        "here": reverse("release:release", args=[release.pk]),
        "may_write": access.may_write(user),
        "may_approve": user.has_role(*APPROVERS),
    }
    return render(request, "release/release.html", context)


def _receivers(tracks: Iterable[Track], known: Known) -> list[Row]:
    """What may go where, receiver by receiver, as far as its masters are made."""
    made = [track for track in tracks if track.recording.master.wav is not None]
    return table(
        (
            track,
            clearances(
                known.evidence[track.recording.master_id], uses=known.terms[track.recording.master_id]
            ),
        )
        for track in made
    )


def _owed(tracks: Iterable[Track], known: Known) -> tuple[str, ...]:
    uses = [use for track in tracks for use in known.terms.get(track.recording.master_id, ())]
    return owed_credits(uses)


def _open_gates(found: list[Gate], approvals: Approvals) -> list[str]:
    """What is in order, in words: a gate that is open is worth seeing, too. Without tracks little can be said."""
    closed = {gate.code for gate in found if gate.level == "block"}
    if not approvals.standing:
        closed.add("not_approved")
    if not approvals.complete:
        closed.add("approval_unsigned")
    if "no_tracks" in closed:
        closed |= ABOUT_TRACKS
    return [words for codes, words in GATE_WORDS if not codes & closed]


def _track_row(track: Track, evidence: Mapping[object, Evidence]) -> dict[str, Any]:
    """A track with its AI involvement as the evidence gives it; no answer while the master is not made."""
    master = track.recording.master
    if master.wav is None:
        return {"track": track, "involvement": None, "elements": ()}
    findings = evidence[master.pk].findings
    share = overall(findings)
    return {
        "track": track,
        "involvement": share.value if share else None,
        "elements": [
            {"label": element_label(finding.element), "origin": combine(Origin(o) for o in finding.origins)}
            for finding in findings
        ],
    }


@require_http_methods(["GET", "POST"])
def release_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    initial = {name: getattr(release, name) for name in CHANGEABLE}
    initial["territories"] = ", ".join(release.territories)
    form = ReleaseEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_release(release, actor=user, **form.cleaned_data)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "Saved.")
            return redirect("release:release", pk=pk)
    return form_page(request, "release/release_edit.html", form, {"release": release})


@require_http_methods(["GET", "POST"])
def artwork_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    form = ArtworkForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                services.upload_artwork(
                    release,
                    file=upload.file,
                    filename=upload.name,
                    origin=form.cleaned_data["origin"],
                    likeness=form.cleaned_data["likeness"],
                    actor=user,
                )
            except ProvenanceError as fault:
                if wants_json(request):
                    return fault_json(fault)
                show_fault(form, fault)
            else:
                there = reverse("release:release", args=[pk])
                return (
                    JsonResponse({"redirect": there}, status=201) if wants_json(request) else redirect(there)
                )
        elif wants_json(request):
            return JsonResponse({"errors": form.errors}, status=422)
    return form_page(
        request, "release/artwork.html", form, {"release": release, "cover": services.cover_of(release)}
    )


@require_safe
def cover_image(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The cover; with `size=small` a picture for lists. Addresses carry the digest, so it may be kept for a day."""
    cover = services.cover_of(access.release_for(user_of(request), pk))
    if cover is None:
        raise Http404("No cover yet.")
    if request.GET.get("size") != "small":
        return serve(request, cover.asset)
    response = HttpResponse(small_picture(cover.asset.sha256), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_POST
def track_add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    form = TrackForm(request.POST, recordings=access.visible_recordings(user).filter(artist=release.artist))
    if not form.is_valid():
        messages.error(request, "Choose one of the artist's recordings.")
    else:
        try:
            services.add_track(release, recording=form.cleaned_data["recording"], actor=user)
        except UserFault as fault:
            messages.error(request, fault.message)
    return redirect("release:release", pk=pk)


@require_POST
def track_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    track = access.track_for(user, pk, write=True)
    try:
        services.remove_track(track, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:release", pk=track.release_id)


@require_POST
def track_move(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    track = access.track_for(user, pk, write=True)
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""), 0)
    try:
        services.move_track(track, number=track.number + step, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:release", pk=track.release_id)


@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_to_approve(user, pk)
    try:
        services.approve_release(release, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "Approved, exactly as it stands. Sign it now.")
    return redirect("release:release", pk=pk)


@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    release = access.release_for(user, pk, write=True)
    try:
        services.withdraw_release(release, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("release:release", pk=pk)


@require_http_methods(["GET", "POST"])
def imprints_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_writer(user)
    form = ImprintForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_imprint(**form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            messages.success(request, "The imprint is set up.")
            return redirect("release:imprints")
    return form_page(request, "release/imprints.html", form, {"imprints": access.imprints_for(user)})
