"""The board of unpublished work, and what one artist works on as a part of the artist's page."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from artists import agreement_dates
from artists.access import artist_for, saved_filters, visible_artists
from artists.access_anr import visible_agreements
from artists.models import Agreement, Artist, Consent, SavedFilter, User
from artists.practice_access import visible_consents
from artists.views import user_of
from generation.access import visible_projects
from label.board import DUE, STAGES, BoardFilter, board
from provenance.words import join
from release.access import approvals_to_sign, declarations_to_sign, visible_releases
from release.models import Approval, Declaration, Release
from release.reading import covers_of

RELEASES = 12
#: So far ahead the days of an artist's agreements are told.
AHEAD = dt.timedelta(days=365)


@require_safe
def board_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    asked = BoardFilter.parse(request.GET)
    columns = board(user, asked)
    context = {
        "columns": columns,
        "count": sum(column.count for column in columns),
        "late": sum(column.late for column in columns),
        "asked": asked,
        "artists": visible_artists(user).order_by("name").values_list("pk", "name"),
        "stages": STAGES.items(),
        "dues": DUE.items(),
        "filters": saved_filters(user, SavedFilter.Page.BOARD),
        "staff": user.is_label_staff,
    }
    return render(request, "label/board.html", context)


@dataclass(frozen=True)
class Signature:
    """One thing of an artist that waits for somebody's signature. `url` only for who signs it."""

    words: str
    who: str
    url: str = ""


@dataclass(frozen=True)
class Due:
    """One day of an artist: of a release, or of an agreement. `next` says what is to be done, where it is known."""

    on: dt.date
    title: str
    next: str
    url: str
    late: bool


@require_safe
def artist_work(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Projects, releases, what is due and what awaits a signature: a fragment of the artist's page."""
    user = user_of(request)
    artist = artist_for(user, pk)
    columns = board(user, BoardFilter(artist=str(artist.pk), whose="all"))
    cards = [card for column in columns for card in column.cards]
    dated = sorted(
        (
            *(
                Due(card.due, card.title, card.next.lower(), card.url, card.late)
                for card in cards
                if card.due is not None
            ),
            *_agreed(user, artist),
        ),
        key=lambda due: (due.on, due.title),
    )
    every = list(
        visible_releases(user).filter(artist=artist).order_by(F("release_date").desc(nulls_first=True))
    )
    releases = every[:RELEASES]
    covers = covers_of(releases)
    context = {
        "artist": artist,
        "projects": [(STAGES[card.stage], card) for card in cards if card.stage not in ("draft", "approved")],
        "due": dated,
        "late": sum(due.late for due in dated),
        "coming": next((due for due in dated if not due.late), None),
        "out": sum(release.state == Release.State.PACKAGED for release in every),
        "planned": sum(release.state in ("draft", "approved") for release in every),
        "releases": [(release, covers.get(release.pk)) for release in releases],
        "waiting": _waiting(user, artist),
        "archived": visible_projects(user).filter(artist=artist, archived=True).count(),
    }
    return render(request, "label/artist_work.html", context)


def _agreed(user: User, artist: Artist) -> Iterator[Due]:
    """The days that agreements bring, as far as this reader is told."""
    until = timezone.now().date() + AHEAD
    dues = agreement_dates.due_for(user, until=until, artist=artist)
    for due, title in agreement_dates.in_words(dues, own=not user.is_label_staff):
        yield Due(due.on, title, "", reverse("artists:agreement", args=[due.agreement.pk]), due.late)


def _waiting(user: User, artist: Artist) -> list[Signature]:
    """Declarations, approvals, offered agreements and consents that wait; `url` where the reader can go on."""
    own = {row.pk for row in (*declarations_to_sign(user), *approvals_to_sign(user))}
    found = []
    newest = (
        Declaration.objects.filter(master__render__version__arrangement__project__artist=artist)
        .order_by("master_id", "-number")
        .distinct("master_id")
    )
    rows = Declaration.objects.filter(
        pk__in=newest.values("pk"), approved=True, entry__signed_by__isnull=True
    )
    for row in rows.select_related("declared_by", "master__render__version__arrangement__project")[:10]:
        project = row.master.project
        url = reverse("artists:sign", args=["declaration", project.stream]) if row.pk in own else ""
        found.append(Signature(f"Declaration about {project.title}", row.declared_by.full_name, url))
    approvals = Approval.objects.filter(
        release__artist=artist, release__state=Release.State.APPROVED, entry__signed_by__isnull=True
    )
    for approval in approvals.select_related("approved_by", "release")[:10]:
        release = approval.release
        url = reverse("artists:sign", args=["approval", release.stream]) if approval.pk in own else ""
        found.append(Signature(f"Approval of {release.title}", approval.approved_by.full_name, url))
    for agreement in visible_agreements(user).filter(artist=artist, status=Agreement.Status.OFFERED)[:10]:
        sides = {"the label": agreement.label_signature_id, "the artist": agreement.artist_signature_id}
        who = join(side for side, signed in sides.items() if signed is None)
        url = reverse("artists:agreement", args=[agreement.pk])
        found.append(Signature(f"{agreement.get_kind_display()} agreement", who, url))
    asked = visible_consents(user).filter(artist=artist, state=Consent.State.PROPOSED)
    for consent in asked[:10]:
        who = consent.giver.full_name if consent.giver else "somebody without an account"
        url = reverse("artists:consent", args=[consent.pk])
        found.append(Signature(f"Consent: {consent.get_kind_display().lower()}", who, url))
    return found
