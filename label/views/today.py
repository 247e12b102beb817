"""Today: what waits for me, what is late, what is running."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from artists import access_anr
from artists.access import ERASERS
from artists.agreement_dates import due_for
from artists.models import Agreement, Role, User
from artists.services import clearing
from artists.views import user_of
from generation.access import visible_jobs, visible_projects
from generation.reading import masters_to_declare, takes_waiting
from provenance.services import Job
from provenance.signatures import COUNTED, unsigned_total
from release.access import approvals_to_sign, declarations_to_sign, visible_releases
from release.credentials import certificate
from release.gates import Gate, blocking_by_release, lead_days
from release.models import Release

WEEKS = 6
#: Releases whose gates are computed for this page, soonest first: each costs a fold per track.
LOOKED_AT = 6
#: So far ahead agreements are shown.
SOON_DAYS = 30
#: Of each kind of them so many.
AGREED = 12


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for the reader."""

    title: str
    url: str
    note: str
    kind: str
    late: bool = False


@dataclass(frozen=True)
class Lane:
    """A release on the board. `x` and `w` are percent of the weeks shown."""

    release: Release
    blocks: int
    days: int
    late: bool
    x: int | None
    w: int
    due_x: int | None


@require_safe
def today_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    today = timezone.now().date()
    monday = today - dt.timedelta(days=today.weekday())
    releases = list(
        visible_releases(user)
        .filter(release_date__isnull=False)
        .exclude(state__in=[Release.State.PACKAGED, Release.State.WITHDRAWN])
        .order_by("release_date")[:LOOKED_AT]
    )
    closed = blocking_by_release(releases)
    looked = [(release, closed[release.pk]) for release in releases]
    waiting = _waiting(user, looked)
    running = list(
        visible_jobs(user).filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).order_by("created_at")[:8]
    )
    late = sum(item.late for item in waiting)
    context = {
        "headline": _headline(today, late=late, waiting=len(waiting), running=len(running)),
        "lanes": [_lane(release, found, monday) for release, found in looked],
        "weeks": [monday + dt.timedelta(weeks=week) for week in range(WEEKS)],
        "waiting": waiting,
        "running": running,
        "projects": visible_projects(user).filter(archived=False)[:6],
        "may_plan": user.has_role(Role.OWNER, Role.RELEASE, Role.RIGHTS),
        "rail_counts": {"today": len(waiting)},
    }
    return render(request, "label/today.html", context)


def _headline(today: dt.date, *, late: int, waiting: int, running: int) -> str:
    day = today.strftime("%A")
    words = [
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    numbers = {number: f"{word} thing{'s' * (number != 1)}" for number, word in enumerate(words)}
    if late:
        return f"{day}, {numbers.get(late, f'{late} things')} {'is' if late == 1 else 'are'} late"
    if waiting:
        return f"{day}, {numbers.get(waiting, f'{waiting} things')} {'waits' if waiting == 1 else 'wait'} for you"
    return f"{day}, the machines are at work" if running else f"{day}, nothing waits"


def _waiting(user: User, looked: list[tuple[Release, list[Gate]]]) -> list[Waiting]:
    found: list[Waiting] = []
    staff = user.has_role(Role.OWNER, Role.RELEASE, Role.RIGHTS)
    if staff and (warning := certificate().warning):
        found.append(Waiting(warning, reverse("release:releases"), "content credentials", "gate", True))
    for release, closed in looked if staff else ():
        days = lead_days(release)
        late = days is not None and days < 0
        for gate in closed[:3]:
            note = f"{release.title}, {_due(days)}"
            found.append(Waiting(gate.sentence, gate.cure_url, note, "gate", late))
    acts = user.memberships.filter(active=True).exists()  # most of the label's staff act for nobody
    for master in masters_to_declare(user).exclude(declarations__approved=True)[:5] if acts else ():
        found.append(
            Waiting(
                f"Declare what you did in {master.project.title}",
                reverse("release:declaration", args=[master.pk]),
                f"master {master.number}",
                "sign",
            )
        )
    found += _to_sign(user)
    found += anr_waiting(user)
    for run, count in takes_waiting(user) if acts else ():
        found.append(
            Waiting(
                f"{count} take{'s' if count > 1 else ''} of {run.project.title} undecided",
                reverse("generation:run", args=[run.pk]),
                f"prompt run {run.number}",
                "takes",
            )
        )
    return sorted(found, key=lambda item: not item.late)


def _to_sign(user: User) -> list[Waiting]:
    """What waits for the reader's signature: declarations and approvals one by one, the rest as one thing."""
    found = []
    for declaration in declarations_to_sign(user)[:5]:
        project = declaration.master.project
        page = reverse("release:declaration", args=[declaration.master_id])
        url = reverse("artists:sign", args=["declaration", project.stream])
        title = f"Sign your declaration about {project.title}"
        found.append(Waiting(title, f"{url}?next={page}", "nothing leaves the house before", "sign"))
    for approval in approvals_to_sign(user)[:5]:
        url = reverse("artists:sign", args=["approval", approval.release.stream])
        title = f"Sign your approval of {approval.release.title}"
        found.append(Waiting(title, url, "nothing leaves the house before", "sign"))
    if count := unsigned_total(str(user.pk)):
        entries = f"{count}{'+' if count >= COUNTED else ''} entr{'y' if count == 1 else 'ies'} of yours"
        found.append(
            Waiting("Sign your sessions", reverse("artists:signing"), f"{entries}, unsigned", "sign")
        )
    return found


def anr_waiting(user: User) -> list[Waiting]:
    """Promised answers and agreements that are due. An artist is shown what waits for their signature."""
    today = timezone.now().date()
    found: list[Waiting] = []
    if access_anr.may_decide(user):
        late = access_anr.inbox(user, view="late").count()
        unheard = access_anr.inbox(user, view="unheard").count()
        inbox = reverse("artists:inbox")
        if late:
            title = f"{late} promised answer{'s are' if late > 1 else ' is'} late"
            found.append(Waiting(title, f"{inbox}?view=late", "people wait", "A&R", True))
        if unheard:
            title = f"{unheard} submission{'s' * (unheard > 1)} unheard"
            soon = access_anr.promised_until(user, timezone.now() + dt.timedelta(days=3)).count() - late
            note = f"{soon} promised within three days" if soon else "nothing promised within three days"
            found.append(Waiting(title, f"{inbox}?view=unheard", note, "A&R"))
    if user.has_role(*ERASERS) and (asked := access_anr.inbox(user, view="erase").first()):
        due = asked.erasure_asked_at and (asked.erasure_asked_at + clearing.ERASE_WITHIN).date()
        note = _due((due - today).days if due else None)
        erasures = reverse("label:erasures")
        found.append(
            Waiting("A sender asks to be erased", erasures, note, "A&R", due is not None and due < today)
        )
    return found + _agreements_waiting(user, today)


def _agreements_waiting(user: User, today: dt.date) -> list[Waiting]:
    """Offers that wait (also without a day of their own), options whose last day comes, advances, terms that end."""
    found: list[tuple[dt.date | None, str, Agreement]] = [
        (due.on, due.title(own=not user.is_label_staff), due.agreement)
        for due in due_for(user, until=today + dt.timedelta(days=SOON_DAYS), limit=AGREED)
    ]
    if not user.is_label_staff:
        told = {row.pk for _, _, row in found}
        offered = access_anr.visible_agreements(user).filter(status=Agreement.Status.OFFERED)
        for row in offered.filter(signed_by_artist=None).exclude(pk__in=told)[:AGREED]:
            found.append((row.answer_due, "Your answer to an agreement", row))
    return [
        Waiting(
            title,
            reverse("artists:agreement", args=[row.pk]),
            _due((day - today).days if day else None),
            "agreement",
            day is not None and day < today,
        )
        for day, title, row in found
    ]


def _due(days: int | None) -> str:
    if days is None:
        return "no date yet"
    if days < 0:
        return f"due {-days} day{'s' if days < -1 else ''} ago"
    return "due today" if days == 0 else f"due in {days} day{'s' if days > 1 else ''}"


def _lane(release: Release, closed: list[Gate], monday: dt.date) -> Lane:
    days = lead_days(release) or 0
    assert release.release_date is not None
    span = dt.timedelta(weeks=WEEKS).days
    today_at = (timezone.now().date() - monday).days
    due_at = (release.release_date - monday).days
    start = round(100 * today_at / span)
    end = round(100 * min(max(due_at, today_at), span) / span)
    return Lane(
        release=release,
        blocks=len(closed),
        days=days,
        late=days < 0 or (bool(closed) and days < 7),
        x=start if end > start else None,
        w=max(end - start, 0),
        due_x=min(round(100 * due_at / span), 88) if 0 <= due_at < span else None,
    )
