"""From a master to a recording: declaration, credits, shares."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from artists.access import visible_people
from artists.models import User
from artists.services.agreement_shares import AgreedShare, Remark, agreed_shares, remarks, speaking
from artists.views import user_of
from generation.views.common import REFUSED, form_page, show_fault
from provenance.elements import element_label
from provenance.errors import UserFault
from provenance.services import Entry, in_words
from provenance.signatures import signed_entries
from release import access, services
from release.credits import CREDIT_CHOICES, CREDIT_ROLES
from release.errors import BadField
from release.evidence import Evidence, evidence_for
from release.forms import ORIGIN_CHOICES, RecordingForm, ResolveForm
from release.identifiers import format_isrc
from release.models import Recording
from release.services import ContributionRow

ROWS = 12


@require_http_methods(["GET", "POST"])
def declaration_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Element by element: the evidence, and beside it the artist's own words."""
    user = user_of(request)
    master = access.master_for_declaration(user, pk, write=request.method == "POST")
    evidence = evidence_for(master)
    error = ""
    posted: dict[str, tuple[str, str]] = {}
    if request.method == "POST":
        claims = {name: request.POST.get(f"claim-{name}", "") for name in evidence.map.elements}
        words = {name: request.POST.get(f"words-{name}", "") for name in evidence.map.elements}
        posted = {name: (claims[name], words[name]) for name in claims}
        try:
            services.declare(
                master,
                claims={name: origin for name, origin in claims.items() if origin},
                statements=words,
                approve=request.POST.get("approve") == "1",
                actor=user,
            )
        except UserFault as fault:
            error = fault.message
        else:
            messages.success(request, "Your declaration is in the ledger. Sign it next.")
            return redirect("release:declaration", pk=pk)
    declaration = evidence.declaration
    contradicted = {item.element: item for item in evidence.contradictions}
    statements = declaration.statements if declaration else {}
    said = (
        {name: (declaration.claims.get(name, ""), statements.get(name, "")) for name in evidence.map.elements}
        if declaration
        else {}
    )
    said |= posted  # a refused form keeps what was written
    told = _told(evidence)
    rows = [
        {
            "element": name,
            "label": element_label(name),
            "finding": finding,
            "entries": told[name],
            "stated": said.get(name, ("", ""))[0],
            "words": said.get(name, ("", ""))[1],
            "contradiction": contradicted.get(name),
            "settled": evidence.settled.get(name),
            "unknown": name in evidence.unknown,
        }
        for name, finding in evidence.map.elements.items()
    ]
    context = {
        "master": master,
        "project": master.project,
        "evidence": evidence,
        "declaration": declaration,
        "signed": declaration is not None and bool(signed_entries([declaration.entry_id])),
        "own_declaration": declaration is not None and declaration.declared_by_id == user.pk,
        "rows": rows,
        "error": error,
        "origins": ORIGIN_CHOICES,
        "may_declare": access.may_declare(user, master),
        "may_resolve": access.may_resolve(user) and declaration is not None,
    }
    return render(request, "release/declaration.html", context, status=REFUSED if error else 200)


def _told(evidence: Evidence) -> dict[str, list[dict[str, str]]]:
    """Element -> the entries that speak about it, each once, in words."""
    wanted = {
        source.entry for item in evidence.map.elements.values() for source in item.sources if source.entry
    }
    rows = Entry.objects.filter(leaf_hash__in=[bytes.fromhex(digest) for digest in wanted]).prefetch_related(
        "vault"
    )
    entries = {bytes(entry.leaf_hash).hex(): entry for entry in rows}
    told: dict[str, list[dict[str, str]]] = {}
    for name, finding in evidence.map.elements.items():
        seen: dict[str, dict[str, str]] = {}
        for source in finding.sources:
            if source.entry in entries and source.entry not in seen:
                words = in_words(entries[source.entry], disclosed=True)
                seen[source.entry] = {
                    "leaf": source.entry,
                    "basis": source.basis.label if source.basis else "",
                    "origin": source.origin,
                    "words": words[:1].upper() + words[1:],
                }
        told[name] = list(seen.values())
    return told


@require_POST
def resolve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    declaration = access.declaration_for(user, pk, resolve=True)
    form = ResolveForm(request.POST)
    try:
        if not form.is_valid():
            raise BadField("Choose what counts, and say why.")
        services.resolve(declaration, **form.cleaned_data, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "Settled; the statement and the evidence both stay.")
    return redirect("release:declaration", pk=declaration.master_id)


@require_http_methods(["GET", "POST"])
def recording_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    master = access.master_for_declaration(user, pk)
    access.require_writer(user)
    works = access.works_of(user, master.project.artist)
    form = RecordingForm(
        request.POST or None,
        imprints=access.imprints_for(user),
        works=works,
        initial={"title": master.project.title},
    )
    if request.method == "POST" and form.is_valid():
        try:
            recording = services.create_recording(master, **form.cleaned_data, actor=user)
        except UserFault as fault:
            show_fault(form, fault)
        else:
            return redirect("release:contributions", pk=recording.pk)
    return form_page(
        request, "release/recording_form.html", form, {"master": master, "project": master.project}
    )


@require_GET
def recording_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    recording = access.recording_for(user, pk)
    context = {
        "recording": recording,
        "isrc": format_isrc(recording.isrc),
        "master": recording.master,
        "contributions": _contributions(recording),
        "evidence": evidence_for(recording.master),
        "releases": [
            track.release for track in recording.tracks.filter(active=True).select_related("release")
        ],
        "may_write": access.may_write(user),
    }
    return render(request, "release/recording.html", context)


def _contributions(recording: Recording) -> list[dict[str, Any]]:
    known = list(CREDIT_ROLES)
    rows = sorted(
        recording.contributions.filter(active=True, role__in=known).select_related("person"),
        key=lambda row: (known.index(row.role), row.person.credit_name),
    )
    return [
        {"row": row, "title": CREDIT_ROLES[row.role].title, "share": f"{row.share_bp / 100:g}"}
        for row in rows
    ]


@require_http_methods(["GET", "POST"])
def contributions_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Credits as a table of rows; an empty person takes a row away."""
    user = user_of(request)
    recording = access.recording_for(user, pk, write=True)
    error = ""
    agreed: tuple[AgreedShare, ...] = ()
    differing: list[Remark] = []
    people = visible_people(user).select_related("artist")
    if request.method == "POST":
        given = [
            {"person": person, "role": role, "share": share}
            for person, role, share in zip(
                request.POST.getlist("person"),
                request.POST.getlist("role"),
                request.POST.getlist("share"),
                strict=False,
            )
        ]
        try:
            services.set_contributions(recording, rows=_rows(user, given), actor=user)
        except UserFault as fault:
            error = fault.message
        else:
            messages.success(request, "The credits are saved.")
            return redirect("release:recording", pk=pk)
    else:
        given = [
            {"person": str(item["row"].person_id), "role": item["row"].role, "share": item["share"]}
            for item in _contributions(recording)
        ]
        if not given:  # what was agreed with the artist, to be confirmed or changed here
            agreed = agreed_shares(recording.artist)
            rows = speaking([recording.artist]).get(recording.artist_id, ())
            differing = remarks(recording.artist, rows, on=timezone.now().date())
            given = [
                {"person": str(one.person.pk), "role": one.role, "share": f"{one.share_bp / 100:g}"}
                for one in agreed
            ]
    given += [{"person": "", "role": "", "share": ""}] * max(3, 6 - len(given))
    context = {
        "recording": recording,
        "people": [(str(person.pk), person.credit_name) for person in people],
        "roles": CREDIT_CHOICES,
        "rows": given[: max(ROWS, len(given))],
        "agreed": list({one.agreement.pk: one.agreement for one in agreed}.values()),
        "differing": differing,
        "error": error,
    }
    return render(request, "release/contributions.html", context, status=REFUSED if error else 200)


def _rows(user: User, given: list[dict[str, str]]) -> list[ContributionRow]:
    people = {str(person.pk): person for person in visible_people(user)}
    rows = []
    for place, item in enumerate(given, 1):
        if not item["person"]:
            continue
        person = people.get(item["person"])
        if person is None:
            raise BadField(f"Row {place}: choose one of the people.")
        try:
            share = Decimal(item["share"].replace(",", ".") or "0")
        except InvalidOperation:
            raise BadField(f"Row {place}: write the share as a number, such as 50 or 33.34.") from None
        if not share.is_finite() or share != share.quantize(Decimal("0.01")):
            raise BadField(f"Row {place}: a share has two decimals at most.")
        rows.append(ContributionRow(person=person, role=item["role"], share_bp=int(share * 100)))
    return rows
