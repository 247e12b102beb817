"""The board: everything of the managed artists that is not out yet, by stage, with its next step and what is late."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone

from artists.access import visible_artists
from artists.models import Artist, TeamMember, User
from generation.access import visible_projects
from generation.models import Arrangement, Master, PromptRun, Take, Upload
from provenance.services import Entry
from release.access import may_write, visible_releases
from release.models import Recording, Release, Track

#: In the order in which a song goes through them.
STAGES: Final = {
    "idea": "Idea",
    "takes": "Takes",
    "arranging": "Arranging",
    "mastered": "Mastered, no release",
    "draft": "Release in draft",
    "approved": "Approved",
}
DUE: Final = {"late": "late", "week": "within a week", "month": "within a month", "none": "no date"}
#: A draft so few days before its date is late: distributors want their time.
LEAD_DAYS: Final = 7
#: Nothing happened for so long: somebody should ask.
QUIET_DAYS: Final = 30
SHOWN: Final = 20


@dataclass(frozen=True)
class BoardFilter:
    """Empty values ask for nothing. `whose`: mine, all (alumni too), else prospects and signed artists."""

    artist: str = ""
    stage: str = ""
    due: str = ""
    whose: str = ""

    @classmethod
    def parse(cls, asked: Mapping[str, str]) -> BoardFilter:
        def text(name: str) -> str:
            return str(asked.get(name, "")).strip()[:36]

        return cls(
            artist=artist if _is_uuid(artist := text("artist")) else "",
            stage=stage if (stage := text("stage")) in STAGES else "",
            due=due if (due := text("due")) in DUE else "",
            whose=whose if (whose := text("whose")) in ("mine", "all") else "",
        )

    @cached_property
    def parameters(self) -> dict[str, str]:
        values = {"artist": self.artist, "stage": self.stage, "due": self.due, "whose": self.whose}
        return {name: value for name, value in values.items() if value}

    @property
    def address(self) -> str:
        return urlencode(self.parameters)

    def __bool__(self) -> bool:
        return bool(self.parameters)


@dataclass(frozen=True)
class Card:
    """One thing on the board. `stage`: a key of STAGES; `due`: the release date; `quiet_days`: since the last entry."""

    stage: str
    title: str
    url: str
    stream: str
    artist_id: uuid.UUID
    artist: str
    next: str
    next_url: str
    since: dt.datetime
    due: dt.date | None = None
    late: bool = False
    quiet_days: int = 0

    @property
    def due_in_days(self) -> int | None:
        return None if self.due is None else (self.due - timezone.now().date()).days


@dataclass(frozen=True)
class Column:
    stage: str
    title: str
    count: int
    late: int
    cards: tuple[Card, ...] = field(default=())


def board(user: User, asked: BoardFilter, *, shown: int = SHOWN) -> list[Column]:
    """The columns of what *user* may see. A column shows `shown` cards, late ones first; all of them when asked for."""
    cards = [card for card in cards_of(user, asked) if _wanted(card, asked)]
    columns = []
    for stage, title in STAGES.items():
        if asked.stage and stage != asked.stage:
            continue
        mine = sorted((card for card in cards if card.stage == stage), key=_order)
        first = mine[: 200 if asked.stage else shown]
        columns.append(
            Column(stage, title, len(mine), sum(card.late for card in mine), tuple(_with_activity(first)))
        )
    return columns


def cards_of(user: User, asked: BoardFilter) -> list[Card]:
    """All cards in no order, in a fixed number of queries. Days of quiet are not known yet."""
    artists = visible_artists(user)
    if asked.artist:
        artists = artists.filter(pk=asked.artist)
    elif asked.whose != "all":
        artists = artists.exclude(status=Artist.Status.ALUMNI)
    if asked.whose == "mine":
        team = TeamMember.objects.filter(user=user, active=True).values("artist")
        artists = artists.filter(
            Q(pk__in=team) | Q(memberships__user=user, memberships__active=True)
        ).distinct()
    scope = set(artists.values_list("pk", flat=True))
    return [*_releases(user, scope), *_projects(user, scope, asked)]


def _releases(user: User, scope: set[uuid.UUID]) -> list[Card]:
    rows = visible_releases(user).filter(state__in=[Release.State.DRAFT, Release.State.APPROVED])
    found = []
    today = timezone.now().date()
    columns = (
        "pk",
        "title",
        "state",
        "release_date",
        "created_at",
        "artist_id",
        "artist__name",
        "open_tracks",
    )
    rows = rows.annotate(open_tracks=Count("tracks", filter=Q(tracks__active=True)))
    for pk, title, state, due, since, artist_id, artist, tracks in rows.values_list(*columns):
        if artist_id not in scope:
            continue
        url = reverse("release:release", args=[pk])
        draft = state == Release.State.DRAFT
        step = "Put tracks on it" if not tracks else "Clear the gates" if draft else "Build the package"
        late = due is not None and (due < today or (draft and (due - today).days < LEAD_DAYS))
        found.append(Card(state, title, url, f"release:{pk}", artist_id, artist, step, url, since, due, late))
    return found


def _projects(user: User, scope: set[uuid.UUID], asked: BoardFilter) -> list[Card]:
    if asked.stage in ("draft", "approved") or asked.due not in ("", "none"):
        return []  # projects have no date, and are not releases
    columns = ("pk", "title", "created_at", "artist_id", "artist__name")
    rows = visible_projects(user).filter(archived=False)
    if asked.artist:
        rows = rows.filter(artist=uuid.UUID(asked.artist))
    projects = [row for row in rows.values_list(*columns) if row[3] in scope]
    if not projects:
        return []
    inside: dict[str, Any] = {"artist": asked.artist} if asked.artist else {}

    def of(path: str) -> dict[str, Any]:
        return {f"{path}__{name}": value for name, value in inside.items()}

    runs = set(
        PromptRun.objects.filter(**of("project")).order_by().values_list("project", flat=True).distinct()
    )
    uploads = set(
        Upload.objects.filter(**of("project")).order_by().values_list("project", flat=True).distinct()
    )
    undecided = dict(
        Take.objects.filter(state=Take.State.NEW, **of("run__project"))
        .order_by()
        .values_list("run__project")
        .annotate(count=Count("id"))
    )
    arrangements = dict(
        Arrangement.objects.filter(**of("project")).order_by("created_at").values_list("project", "pk")
    )
    masters: dict[uuid.UUID, tuple[int, uuid.UUID]] = {}
    path = "render__version__arrangement__project"
    ready = Master.objects.filter(wav__isnull=False, **of(path)).order_by()
    for project, number, pk in ready.values_list(path, "number", "pk"):
        masters[project] = max(masters.get(project, (0, pk)), (number, pk))
    recordings = dict(Recording.objects.order_by().values_list("master", "pk"))
    placed = set(
        Track.objects.filter(active=True)
        .exclude(release__state=Release.State.WITHDRAWN)
        .order_by()
        .values_list("recording__master", flat=True)
    )
    found = []
    for pk, title, since, artist_id, artist in projects:
        url = reverse("generation:project", args=[pk])
        master = masters.get(pk, (0, None))[1]
        if master is not None and master in placed:
            continue  # it stands on the board as its release, or is out
        stage, step, where = "idea", "Make takes, or bring recordings", url
        if master is not None:
            stage = "mastered"
            if master in recordings:
                step, where = "Put it on a release", reverse("release:recording", args=[recordings[master]])
            else:
                ours = may_write(user)
                step = "Make it a recording" if ours else "Waits to become a recording"
                where = reverse("release:recording-new" if ours else "generation:master", args=[master])
        elif pk in arrangements:
            stage, step, where = (
                "arranging",
                "Render and master it",
                reverse("generation:arrangement", args=[arrangements[pk]]),
            )
        elif pk in runs or pk in uploads:
            stage, step = "takes", "Arrange what was kept"
            if count := undecided.get(pk):
                step, where = f"Decide {count} take{'s' if count > 1 else ''}", url
        found.append(Card(stage, title, url, f"project:{pk}", artist_id, artist, step, where, since))
    return found


def _with_activity(cards: Iterable[Card]) -> list[Card]:
    """The cards with the days since the newest entry of their streams, in one query."""
    cards = list(cards)
    newest = dict(
        Entry.objects.filter(stream__in=[card.stream for card in cards])
        .order_by()
        .values_list("stream")
        .annotate(newest=Max("at"))
    )
    now = timezone.now()
    return [replace(card, quiet_days=(now - newest.get(card.stream, card.since)).days) for card in cards]


def _wanted(card: Card, asked: BoardFilter) -> bool:
    if asked.stage and card.stage != asked.stage:
        return False
    days = card.due_in_days
    match asked.due:
        case "late":
            return card.late
        case "week":
            return days is not None and days <= 7
        case "month":
            return days is not None and days <= 30
        case "none":
            return days is None
    return True


def _order(card: Card) -> tuple[Any, ...]:
    return (not card.late, card.due or dt.date.max, -card.since.timestamp(), card.stream)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
