"""The roster: its list with filters and bulk actions, the page of an artist, and what changes an artist."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from artists import access, services
from artists.forms import ArtistForm, BulkForm, MergeForm, NewArtistForm, PictureForm, StatusForm
from artists.models import Artist, SavedFilter, TeamMember
from artists.roster_file import write
from artists.roster_filter import NOBODY, RosterFilter, tags_of
from artists.services import bulk
from artists.views.people import user_of
from provenance.errors import UserFault
from provenance.imagefile import LIMIT_BYTES
from provenance.thumbnails import small_picture

PAGE = 50
#: Sizes in which a picture is shown, in pixels.
SIZES = (160, 480, 1200)
_FIELDS = ("name", "sort_name", "kind", "alias_of", "isni", "is_ai_persona", "about")


def form_page(request: HttpRequest, template: str, context: dict[str, Any], *, form: Any) -> HttpResponse:
    """A page; 422 when its form was refused, so that the refusal is shown and not mistaken for success."""
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)


def blame(form: Any, fault: UserFault) -> None:
    """The refusal beside the field that it is about, where the form has it."""
    field = fault.code.removesuffix("_check_digit").removesuffix("_taken")
    field = "ipi" if field == "ipi_name" else field
    form.add_error(field if field in form.fields else None, fault.message)


@require_GET
def roster_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    asked = RosterFilter.parse(request.GET)
    everybody = access.visible_artists(user)
    page = Paginator(asked.artists(user).select_related("alias_of"), PAGE).get_page(request.GET.get("page"))
    artists = list(page.object_list)
    managers: dict[uuid.UUID, list[str]] = {}
    team = TeamMember.objects.filter(artist__in=artists, active=True, role=TeamMember.Role.MANAGER)
    for one in services.colleagues(team.select_related("user")):
        managers.setdefault(one.member.artist_id, []).append(one.name or "an outsider")
    may_edit = access.may_edit_roster(user)
    context = {
        "rows": [(artist, ", ".join(managers.get(artist.pk, []))) for artist in artists],
        "page": page,
        "total": everybody.count() if asked else page.paginator.count,
        "asked": asked,
        "NOBODY": NOBODY,
        "kinds": Artist.Kind.choices,
        "statuses": Artist.Status.choices,
        "tags": tags_of(everybody),
        "house": access.colleagues_of_the_house(user) if may_edit else (),
        "filters": access.saved_filters(user, SavedFilter.Page.ROSTER),
        "bulk": BulkForm(users=access.colleagues_of_the_house(user)) if may_edit else None,
        "may_edit": may_edit,
        "may_invite": user.has_role("owner"),
        "may_erase": user.has_role(*access.ERASERS),
        "staff": user.is_label_staff,
    }
    return render(request, "artists/roster.html", context)


@require_http_methods(["GET", "POST"])
def artist_new_page(request: HttpRequest) -> HttpResponse:
    """A new artist. Whoever may be the same is shown first; one of the same ISNI is refused."""
    user = user_of(request)
    access.require_role(user, *access.ROSTER_WRITERS)
    form = NewArtistForm(request.POST or None, artists=access.visible_artists(user))
    alike: list[Any] = []
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        another = values.pop("another")
        alike = services.likenesses(values["name"])
        if alike and not another:
            form.add_error("another", "Look at these first. If it is none of them, tick this.")
        else:
            try:
                artist = services.create_artist(**values, actor=user)
            except UserFault as fault:
                blame(form, fault)
            else:
                messages.success(request, f"{artist.name} is on the roster.")
                return redirect("artists:artist", pk=artist.pk)
    return form_page(request, "artists/artist_form.html", {"artist": None, "alike": alike}, form=form)


@require_GET
def artist_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who they are. What they work on, their method and what is agreed come as fragments of the pages that know."""
    user = user_of(request)
    artist = access.artist_for(user, pk)
    if artist.merged_into_id:
        messages.info(request, f"{artist.name} was merged into {artist.merged_into}.")
        return redirect("artists:artist", pk=artist.merged_into_id)
    people = list(services.people_behind(artist))
    legal = services.legal_names(people)
    team = artist.team.filter(active=True).select_related("user")
    context = {
        "artist": artist,
        "people": [(person, legal.get(person.pk, "")) for person in people],
        "members": artist.memberships.filter(active=True).select_related("user"),
        "team": services.colleagues(team),
        "documents": services.filed(artist.documents.filter(active=True).select_related("asset", "added_by")),
        "changes": artist.status_changes.prefetch_related("entry__vault")[:8],
        "aliases": access.visible_artists(user).filter(alias_of=artist),
        "merged": artist.merged.all(),
        "may_edit": access.may_edit_roster(user),
        "may_people": user.has_role(*access.PEOPLE_WRITERS),
        "staff": user.is_label_staff,
        "status_form": StatusForm(artist=artist),
        "separate": user.has_role("owner"),
    }
    return render(request, "artists/artist.html", context)


@require_http_methods(["GET", "POST"])
def artist_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    initial = {name: getattr(artist, name) for name in _FIELDS} | {"tags": ", ".join(artist.tags)}
    others = access.visible_artists(user).exclude(pk=pk)
    form = ArtistForm(request.POST or None, initial=initial, artists=others)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_artist(artist, actor=user, **form.cleaned_data)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, "Saved.")
            return redirect("artists:artist", pk=pk)
    return form_page(request, "artists/artist_form.html", {"artist": artist, "alike": []}, form=form)


@require_http_methods(["GET", "POST"])
def status_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    form = StatusForm(request.POST or None, artist=artist)
    if request.method == "POST" and form.is_valid():
        try:
            artist = services.change_status(artist, **form.cleaned_data, actor=user)
        except UserFault as fault:
            blame(form, fault)
        else:
            messages.success(request, f"{artist.name} is {artist.get_status_display().lower()} now.")
            return redirect("artists:artist", pk=pk)
    return form_page(request, "artists/status_form.html", {"artist": artist}, form=form)


@require_http_methods(["GET", "POST"])
def picture_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    form = PictureForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["picture"]
        try:
            services.set_picture(
                artist, data=file.read(LIMIT_BYTES + 1), filename=file.name or "", actor=user
            )
        except UserFault as fault:
            form.add_error("picture", fault.message)
        else:
            messages.success(request, "The picture is there.")
            return redirect("artists:artist", pk=pk)
    return form_page(request, "artists/picture_form.html", {"artist": artist}, form=form)


@require_safe
def picture(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The picture as a JPEG without what the camera wrote into it; `px` is one of the sizes."""
    artist = access.artist_for(user_of(request), pk)
    if artist.picture is None:
        return HttpResponse("No picture yet.", status=404, content_type="text/plain")
    wanted = request.GET.get("px", "")
    px = next((size for size in SIZES if str(size) == wanted), SIZES[1])
    whole = px == SIZES[-1]
    answer = HttpResponse(
        small_picture(artist.picture.sha256, px, square=not whole), content_type="image/jpeg"
    )
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_http_methods(["GET", "POST"])
def merge_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose whom an artist is the same as, see what that does, and do it."""
    user = user_of(request)
    artist = access.artist_for(user, pk, write=True)
    form = MergeForm(
        request.POST or None,
        artists=access.visible_artists(user).exclude(pk=pk),
        initial={"into": request.GET.get("into", "")},
    )
    alike = services.likenesses(artist.name, artist.isni, but=artist.pk)
    into = None
    if request.method == "POST" and form.is_valid():
        into = form.cleaned_data["into"]
        if request.POST.get("sure") == "yes":
            try:
                kept = services.merge_artists(
                    artist, into=into, reason=form.cleaned_data["reason"], actor=user
                )
            except UserFault as fault:
                form.add_error(None, fault.message)
            else:
                messages.success(request, f"{artist.name} is part of {kept.name} now.")
                return redirect("artists:artist", pk=kept.pk)
    moves = services.what_moves(artist, into) if into is not None else []
    context = {"artist": artist, "alike": alike, "into": into, "moves": moves}
    return form_page(request, "artists/merge.html", context, form=form)


@require_POST
def separate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    artist = access.artist_for(user, pk)
    access.require_role(user, "owner")
    try:
        services.separate_artists(artist, reason=request.POST.get("reason", "")[:1000], actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect("artists:roster")
    messages.success(request, f"{artist.name} is an artist of its own again.")
    return redirect("artists:artist", pk=pk)


@require_POST
def bulk_page(request: HttpRequest) -> HttpResponse:
    """What would happen to each of the chosen artists; and once that was read, do it."""
    user = user_of(request)
    access.require_role(user, *access.ROSTER_WRITERS)
    form = BulkForm(request.POST, users=access.colleagues_of_the_house(user))
    asked = RosterFilter.parse(QueryDict(request.POST.get("filter", "")[:600]))
    back = f"{reverse('artists:roster')}?{asked.address}"
    if request.POST.get("all") == "yes":
        artists = list(asked.artists(user)[: bulk.MAX_ARTISTS + 1])
    else:
        chosen = [
            pk for text in request.POST.getlist("artist")[: bulk.MAX_ARTISTS + 1] if (pk := _uuid(text))
        ]
        artists = list(access.visible_artists(user).filter(pk__in=chosen).order_by("name"))
    try:
        if not artists:
            raise UserFault("Choose artists first.")
        if not form.is_valid():
            raise UserFault(str(next(iter(form.errors.values()))[0]))
        values = dict(form.cleaned_data)
        if values["action"] == "export":
            return export_of(artists, user=user)
        wish = bulk.Wish(**values)
        if request.POST.get("sure") == "yes":
            done = sum(effect.will for effect in bulk.apply(artists, wish, actor=user))
            messages.success(request, f"Done for {done} artist{'s' if done != 1 else ''}.")
            return redirect(back)
        effects = bulk.plan(artists, wish)
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect(back)
    context = {
        "effects": effects,
        "will": [effect for effect in effects if effect.will],
        "wont": [effect for effect in effects if not effect.will],
        "wish": wish,
        "values": {name: request.POST.get(name, "") for name in form.fields},
        "asked": asked,
        "back": back,
    }
    return render(request, "artists/bulk.html", context)


@require_POST
def filter_save(request: HttpRequest) -> HttpResponse:
    """Keep the filter of a list under a name."""
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    try:
        row = services.save_filter(
            page=page, name=request.POST.get("name", ""), query=query, actor=user_of(request)
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, f"The filter is kept as {row.name}.")
    return redirect(f"{_list_of(page)}?{query.lstrip('?')[:400]}")


@require_POST
def filter_forget(request: HttpRequest, pk: int) -> HttpResponse:
    row = access.saved_filter_for(user_of(request), pk)
    services.forget_filter(row)
    return redirect(_list_of(row.page))


def export_of(artists: list[Artist], *, user: Any) -> HttpResponse:
    """The file, after the ledger has it that somebody takes it along."""
    text = write(services.export_rows(artists))
    services.record_export(artists, actor=user)
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="roster.csv"'
    return answer


def _list_of(page: str) -> str:
    return reverse("label:board" if page == SavedFilter.Page.BOARD else "artists:roster")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
