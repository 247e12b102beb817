"""Pages of methods, consents and the answer to others' training."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists import method_rules, practice_access
from artists.method_rules import Rules
from artists.models import Artist, Consent, Method, User
from artists.practice_forms import ConsentForm, MethodForm, TrainingForm, training_rows
from artists.services import consents, methods, training
from artists.views.people import user_of
from provenance.assets import serve
from provenance.errors import UserFault

#: So many projects can be chosen from in the form, the newest; the API takes any.
_PROJECTS: Final = 60
#: What a page that misses a consent may fill in already.
_ASKED: Final = ("kind", "whose", "engines", "territories")


def _page(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)


def _fault(form: Any, fault: UserFault) -> None:
    field = getattr(fault, "field", "")
    form.add_error(field if field in form.fields else None, fault.message)


def _versions(artist: Artist) -> list[dict[str, Any]]:
    """Every version with its rules in words and what it changed, the newest first."""
    rows = list(methods.methods_of(artist))
    before: list[Method | None] = [*rows[1:], *([None] if rows else [])]
    return [
        {
            "method": row,
            "rules": method_rules.each(row.parsed),
            "changes": method_rules.differences(old.parsed, row.parsed) if old else (),
            "reworded": old is not None and old.statement != row.statement,
        }
        for row, old in zip(rows, before, strict=True)
    ]


@require_GET
def method_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The method in words and rules, and its history."""
    user = user_of(request)
    artist = practice_access.practice_for(user, pk)
    versions = _versions(artist)
    context = {
        "artist": artist,
        "now": versions[0] if versions else None,
        "earlier": versions[1:],
        "changes": versions[0]["changes"] if versions else (),
        "may_write": practice_access.acts_or_owns(user, artist),
    }
    return render(request, "artists/method.html", context)


@require_GET
def method_summary(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The method for somebody else's page: a fragment."""
    user = user_of(request)
    artist = practice_access.practice_for(user, pk)
    now = methods.method_in_force(artist)
    context = {
        "artist": artist,
        "method": now,
        "rules": method_rules.each(now.parsed) if now else (),
        "may_write": practice_access.acts_or_owns(user, artist),
    }
    return render(request, "artists/method_summary.html", context)


@require_http_methods(["GET", "POST"])
def method_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = practice_access.practice_for(user, pk, write=True)
    last = methods.method_in_force(artist)
    rules = last.parsed if last else Rules()
    initial = MethodForm.of(rules, last.statement if last else "", last.number if last else 0)
    form = MethodForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = methods.write_method(
                artist,
                statement=data["statement"],
                rules=form.rules(rules),
                reason=data["reason"],
                based_on=data["based_on"],
                actor=user,
            )
        except UserFault as fault:
            _fault(form, fault)
        else:
            messages.success(request, f"Version {made.number} is in force from now on.")
            return redirect("artists:method", pk=pk)
    return _page(request, "artists/method_form.html", {"artist": artist, "last": last}, form)


# -- consents ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def consents_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """An artist's consents, and their answer to others' training (which is what is posted here)."""
    user = user_of(request)
    artist = practice_access.consents_of(user, pk)
    if request.method == "POST":
        practice_access.practice_for(user, pk, write=True)
    choice = training.training_choice(artist)
    form = TrainingForm(
        request.POST or None,
        initial=choice.answers if choice else dict.fromkeys(training.TRAINING_USES, "notAllowed"),
    )
    if request.method == "POST" and form.is_valid():
        training.choose_training(artist, answers=form.cleaned_data, actor=user)
        messages.success(request, "Your answer goes out with everything that is packaged from now on.")
        return redirect("artists:consents", pk=pk)
    rows = practice_access.visible_consents(user).filter(artist=artist).prefetch_related("made_by__vault")
    context = {
        "artist": artist,
        "rows": [_row(user, row) for row in rows],
        "choice": choice,
        "answers": training_rows(choice.answers) if choice else (),
        "may_choose": practice_access.acts_or_owns(user, artist),
        "may_ask": practice_access.may_keep_consents(user, artist),
    }
    return _page(request, "artists/consents.html", context, form)


@require_GET
def consents_summary(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The consents for somebody else's page: a fragment."""
    user = user_of(request)
    artist = practice_access.consents_of(user, pk)
    rows = practice_access.visible_consents(user).filter(artist=artist).prefetch_related("made_by__vault")
    choice = training.training_choice(artist)
    context = {
        "artist": artist,
        "rows": [_row(user, row) for row in rows[:5]],
        "answers": training_rows(choice.answers) if choice else (),
    }
    return render(request, "artists/consents_summary.html", context)


@require_http_methods(["GET", "POST"])
def consent_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = practice_access.consents_of(user, pk, write=True)
    people = User.objects.filter(is_active=True)
    if not user.is_label_staff:  # an artist does not read the label's list of accounts
        people = people.filter(Q(pk=user.pk) | Q(memberships__artist=artist)).distinct()
    asked = {name: request.GET[name] for name in _ASKED if name in request.GET}
    # Whoever may ask reads all of the artist's projects.
    rows = artist.projects.filter(archived=False).order_by("-created_at").values_list("pk", "title")
    projects = [(str(key), title) for key, title in rows[:_PROJECTS]]
    form = ConsentForm(
        request.POST or None, givers=people.order_by("full_name"), projects=projects, initial=asked
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = consents.propose_consent(artist, **form.values(), actor=user)
        except UserFault as fault:
            _fault(form, fault)
        else:
            messages.success(request, "Asked for. It counts once it is given and signed.")
            return redirect("artists:consent", pk=made.pk)
    return _page(request, "artists/consent_form.html", {"artist": artist}, form)


@require_GET
def consent_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    consent = practice_access.consent_for(user, pk)
    reads = practice_access.reads_terms(user, consent)
    context = {
        "consent": consent,
        "row": _row(user, consent),
        "words": consent.words if reads else {},
        "reads": reads,
        # Titles stand in the log; who may open a consent reads for which projects it is.
        "projects": [
            title
            for key, title in consent.artist.projects.values_list("pk", "title")
            if str(key) in consent.projects
        ],
        "own": consent.giver_id == user.pk,
        "may_answer": consent.state == Consent.State.PROPOSED and practice_access.may_answer(user, consent),
        "may_revoke": consent.state == Consent.State.GIVEN and practice_access.may_revoke(user, consent),
        "to_sign": consent.giver_id == user.pk
        and consent.state == Consent.State.GIVEN
        and not consents.is_backed(consent),
    }
    return render(request, "artists/consent.html", context)


@require_POST
def consent_answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give (with or without the signed document), decline or revoke."""
    user = user_of(request)
    consent = practice_access.consent_for(user, pk)
    try:
        match request.POST.get("answer"):
            case "give" if practice_access.may_answer(user, consent):
                consents.give_consent(consent, document=request.FILES.get("document"), actor=user)
            case "decline" if practice_access.may_answer(user, consent):
                consents.decline_consent(consent, reason=request.POST.get("reason", ""), actor=user)
            case "revoke" if practice_access.may_revoke(user, consent):
                consents.revoke_consent(
                    consent, reason=request.POST.get("reason", ""), revoked_on=_day(request), actor=user
                )
            case "give" | "decline" | "revoke":
                return HttpResponse("This is not yours to answer.", status=403, content_type="text/plain")
            case _:
                raise consents.BadConsent("Give, decline or revoke it.")
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("artists:consent", pk=pk)


@require_GET
def consent_revoke_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What a revocation from a day on would mean, before anybody confirms it."""
    user = user_of(request)
    consent = practice_access.consent_for(user, pk)
    if not practice_access.may_revoke(user, consent):
        return HttpResponse("This is not yours to revoke.", status=403, content_type="text/plain")
    if consent.state != Consent.State.GIVEN:
        return redirect("artists:consent", pk=pk)
    try:
        day = dt.date.fromisoformat(request.GET.get("revoked_on", ""))
    except ValueError:
        day = timezone.now().date()
    context = {"consent": consent, "day": max(day, consent.starts_on), "row": _row(user, consent)}
    return render(request, "artists/consent_revoke.html", context)


@require_safe
def consent_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    user = user_of(request)
    consent = practice_access.consent_for(user, pk)
    if consent.document is None or not practice_access.reads_terms(user, consent):
        return HttpResponse("There is no document for you here.", status=404, content_type="text/plain")
    ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[consent.document.media_type]
    return serve(request, consent.document, filename=f"consent.{ending}", as_attachment=True)


def _day(request: HttpRequest) -> dt.date | None:
    text = request.POST.get("revoked_on", "")
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise consents.BadConsent("Write the day as 2026-11-30.", field="revoked_on") from None


def _row(user: User, consent: Consent) -> dict[str, Any]:
    holds = consents.in_force(consent)
    state = consent.get_state_display().lower()
    if consent.state == Consent.State.GIVEN and not holds:
        state = "given, not signed yet" if not consents.is_backed(consent) else "outside its term"
    return {
        "consent": consent,
        "giver": consent.words.get("giver", "") if practice_access.reads_terms(user, consent) else "",
        "holds": holds,
        "state": "in force" if holds else state,
    }
