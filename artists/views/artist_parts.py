"""What belongs to an artist: contributors, the team, accounts that act for them, documents."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access, services
from artists.finding import with_words
from artists.forms import DocumentForm, PersonForm, TeamForm
from artists.views.people import user_of
from artists.views.roster import blame, form_page
from provenance import assets
from provenance.errors import UserFault

#: A select holds so many contributors; the others are found by their names.
MOST_OPTIONS = 500
_PERSON = ("credit_name", "ipi", "isni", "society", "country")


@require_http_methods(["GET", "POST"])
def person_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new contributor; for who keeps the roster also one who stands behind another artist already."""
    user = user_of(request)
    artist = access.artist_for(user, pk)
    access.require_role(user, *access.PEOPLE_WRITERS)
    form = PersonForm(request.POST or None)
    there = access.visible_people(user).exclude(pk__in=services.people_behind(artist).values("pk"))
    if not access.may_edit_roster(user):
        there = there.none()
    if request.method == "POST" and request.POST.get("person"):
        artist = access.artist_for(user, pk, write=True)
        person = access.person_for(user, request.POST["person"], write=True)
        services.link_person(artist, person=person, actor=user)
        messages.success(request, f"{person.credit_name} stands behind {artist.name} now.")
        return redirect("artists:artist", pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_person(**form.cleaned_data, artist=artist, actor=user)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, "Added.")
            return redirect("artists:artist", pk=pk)
    words = request.GET.get("words", "").strip()
    if words:
        there = with_words(there, words, "credit_name")
    context = {
        "artist": artist,
        "person": None,
        "there": there.order_by("credit_name", "pk")[:MOST_OPTIONS],
        "total": there.count(),
        "most": MOST_OPTIONS,
        "words": words,
    }
    return form_page(request, "artists/person_form.html", context, form=form)


@require_http_methods(["GET", "POST"])
def person_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    person = access.person_for(user, pk, write=True)
    form = PersonForm(request.POST or None, initial={name: getattr(person, name) for name in _PERSON})
    home = person.artist or next((link.artist for link in person.behind.filter(active=True)), None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_person(person, **form.cleaned_data, actor=user)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, "Saved.")
            return redirect("artists:artist", pk=home.pk) if home else redirect("artists:roster")
    sealed = bool(services.legal_names([person]))
    context = {"artist": home, "person": person, "sealed": sealed}
    return form_page(request, "artists/person_form.html", context, form=form)


@require_POST
def person_unlink(request: HttpRequest, pk: uuid.UUID, person: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    row = access.person_for(user, person, write=True)
    services.unlink_person(artist, person=row, actor=user)
    messages.success(request, f"{row.credit_name} no longer stands behind {artist.name}. Credits stay.")
    return redirect("artists:artist", pk=pk)


@require_http_methods(["GET", "POST"])
def team_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    form = TeamForm(request.POST or None, users=access.colleagues_of_the_house(user))
    if request.method == "POST" and form.is_valid():
        try:
            services.add_team_member(artist, **form.cleaned_data, actor=user)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, "They are on the team.")
            return redirect("artists:artist", pk=pk)
    return form_page(request, "artists/team_form.html", {"artist": artist}, form=form)


@require_POST
def team_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    member = access.team_member_for(user, pk, write=True)
    services.remove_team_member(member, actor=user)
    messages.success(request, "They are off the team.")
    return redirect("artists:artist", pk=member.artist_id)


@require_http_methods(["GET", "POST"])
def member_new(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let an account act as the artist."""
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    if request.method == "POST":
        accounts = access.accounts_of_artists(user)
        try:
            wanted = uuid.UUID(request.POST.get("user", ""))
        except ValueError:
            messages.error(request, "Choose an account.")
            return redirect("artists:member-new", pk=pk)
        account = accounts.filter(pk=wanted).first()
        if account is None:
            messages.error(request, "This account cannot act as an artist. Give it the role artist first.")
            return redirect("artists:member-new", pk=pk)
        services.add_artist_member(artist, user=account, actor=user)
        messages.success(request, f"{account.full_name} acts for {artist.name} now.")
        return redirect("artists:artist", pk=pk)
    acting = artist.memberships.filter(active=True).values("user")
    context = {"artist": artist, "accounts": access.accounts_of_artists(user).exclude(pk__in=acting)}
    return form_page(request, "artists/member_form.html", context, form=None)


@require_POST
def member_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    membership = access.membership_for(user, pk, write=True)
    services.remove_artist_member(membership, actor=user)
    messages.success(request, "The account no longer acts for them.")
    return redirect("artists:artist", pk=membership.artist_id)


@require_http_methods(["GET", "POST"])
def document_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        file = values.pop("file")
        try:
            services.add_document(artist, file=file, filename=file.name or "", **values, actor=user)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, "The document is on file.")
            return redirect("artists:artist", pk=pk)
    return form_page(request, "artists/document_form.html", {"artist": artist}, form=form)


@require_safe
def document_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The bytes, as a download: no document is ever shown inside our own pages."""
    row = access.document_for(user_of(request), pk)
    name = services.filed([row])[0].name
    answer = assets.serve(request, row.asset, filename=name, as_attachment=True)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def document_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access.document_for(user, pk, write=True)
    services.remove_document(row, actor=user)
    messages.success(request, "The document is off the file.")
    return redirect("artists:artist", pk=row.artist_id)
