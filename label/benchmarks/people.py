"""How soon pages and lists about people come, for one reader at a time and for ten of the staff at once.

Over the real server, from a database of 500 artists and 20,000 submissions. The log-in page of the same run, which asks
nothing of the database, stands beside every figure.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.urls import reverse

from artists.models import Agreement, Artist, Consent, Submission, User
from label.benchmarks.house import COMMON, FOREIGN, FULL, NOWHERE, QUICK, RARE, make_house
from label.benchmarks.pages import BASE, GOAL_S
from label.benchmarks.server import NotServed, Reader, Server, serving
from label.benchmarks.table import Beside, Figure, Goal, p95
from label.demo.cast import PASSWORD, Cast
from provenance.services import Entry

SEARCH_GOAL_S: Final = 0.200
#: Who reads one after the other; the ten at once are all of these, their colleagues, and two windows of one person.
ROLES: Final = ("owner", "anr", "rights", "release", "artist")
AT_ONCE: Final = ("owner", "anr", "release", "rights", "anr2", "release2", "rights2", "anr3", "anr", "owner")
THINK_S: Final = (1.0, 3.0)
LASTS_S: Final = 75.0
_VIEWS: Final = ("unheard", "late", "snoozed", "heard", "more", "meet", "offer", "done")
#: What is searched for, by what is remarkable about it.
WORDS: Final = {
    "a common word": COMMON[0],
    "a common beginning": "re",
    "a rare word": RARE,
    "no hit": NOWHERE,
    "two words": f"{COMMON[0]} {COMMON[5]}",
    "a beginning": RARE[:4],
    "another script": FOREIGN,
    "a name": "Amber Lantern",
    "a number": "4711",
}


@dataclass(frozen=True)
class Page:
    name: str
    path: str
    search: bool = False

    @property
    def goal_s(self) -> float:
        return SEARCH_GOAL_S if self.search else GOAL_S


def people(*, quick: bool, log: Path) -> Iterator[Figure]:
    """All pages and lists about people for each role alone, then ten sessions at once."""
    begun = time.monotonic()
    size = QUICK if quick else FULL
    cast = make_house(size)
    asked = {name: list(_pages_of(cast, name)) for name in (ROLES[1::3] if quick else ROLES)}
    filled_s = time.monotonic() - begun
    amount = (
        f"{Artist.objects.count()} artists, {Submission.objects.count()} submissions, "
        f"{Entry.objects.count()} entries"
    )
    try:
        with serving(log) as server:
            alone, bare = _alone(server, cast, asked, rounds=2 if quick else 11)
            together, bare_busy = _together(server, cast, asked, lasts_s=3.0 if quick else LASTS_S)
    except NotServed as error:
        raise NotServed(f"{error}: {log.read_text(errors='replace')[-3000:]}") from error
    beside = Beside(f"the {BASE[0]}", p95(bare))
    for search, words in ((False, "pages and lists about people"), (True, "search")):
        spent = [took for (page, _), values in alone.items() if page.search is search for took in values]
        yield Figure(
            name=f"{words}, p95 over all, {amount}",
            value=p95(spent),
            unit="s",
            goal=Goal("<=", SEARCH_GOAL_S if search else GOAL_S),
            beside=beside,
            note=f"{len(spent)} requests, median {statistics.median(spent):.3f} s, filled in {filled_s:.0f} s",
        )
        busy = [took for page, took in together if page.search is search]
        if busy:
            yield Figure(
                name=f"{words}, {len(AT_ONCE)} at once, p95 over all",
                value=p95(busy),
                unit="s",
                goal=Goal("<=", SEARCH_GOAL_S if search else GOAL_S),
                beside=Beside(f"the {BASE[0]} meanwhile", p95(bare_busy)),
                note=f"{len(busy)} requests, median {statistics.median(busy):.3f} s, "
                f"{THINK_S[0]:g} to {THINK_S[1]:g} s between two clicks",
            )
    for (page, who), values in sorted(alone.items(), key=lambda item: -p95(item[1]) / item[0][0].goal_s):
        yield Figure(
            name=f"  {page.name}, {who}",
            value=p95(values),
            unit="s",
            goal=Goal("<=", page.goal_s),
            beside=beside,
            note=f"median {statistics.median(values):.3f}, least {min(values):.3f} s",
        )


def _alone(
    server: Server, cast: Cast, asked: dict[str, list[Page]], *, rounds: int
) -> tuple[dict[tuple[Page, str], list[float]], list[float]]:
    """Every page in rounds, one request at a time. The first round warms up and does not count."""
    readers = {name: _reader(server, cast.users[name]) for name in asked}
    stranger = Reader(server.port)
    spent: dict[tuple[Page, str], list[float]] = {}
    bare: list[float] = []
    for number in range(rounds):
        for who, reader in readers.items():
            for place, page in enumerate(asked[who]):
                if place % 20 == 0:
                    bare += [stranger.page(BASE[1]).spent_s] if number else []
                took = reader.page(page.path).spent_s
                if number:
                    spent.setdefault((page, who), []).append(took)
    return spent, bare


def _together(
    server: Server, cast: Cast, asked: dict[str, list[Page]], *, lasts_s: float
) -> tuple[list[tuple[Page, float]], list[float]]:
    """Ten sessions, each with its own order and its own pauses, as people at work."""
    spent: list[tuple[Page, float]] = []
    bare: list[float] = []
    faults: list[BaseException] = []
    at_work = [who for who in AT_ONCE if who.rstrip("23") in asked]
    readers = [_reader(server, cast.users[who]) for who in at_work]
    until = time.monotonic() + lasts_s

    def work(place: int, who: str) -> None:
        chance = random.Random(place)  # noqa: S311 - the same order every time
        reader, stranger = readers[place], Reader(server.port)
        pages = list(asked[who.rstrip("23")])
        chance.shuffle(pages)
        try:
            while time.monotonic() < until:
                for number, page in enumerate(pages):
                    time.sleep(chance.uniform(*THINK_S) if lasts_s > 10 else 0.1)
                    if time.monotonic() > until:
                        return
                    spent.append((page, reader.page(page.path).spent_s))
                    if number % 5 == 0:
                        bare.append(stranger.page(BASE[1]).spent_s)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(at_work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return spent, bare


def _reader(server: Server, user: User) -> Reader:
    reader = Reader(server.port)
    reader.log_in(user.email, PASSWORD)
    return reader


# -- what is asked for -------------------------------------------------------------------------------------------------


def _pages_of(cast: Cast, who: str) -> Iterable[Page]:
    """Everything about people that this reader may open."""
    user = cast.users[who]
    artist = cast.artist if who == "artist" else _busiest()
    yield Page("today", "/")
    yield Page("roster", "/roster/")
    yield Page("roster by words", "/roster/?words=amber")
    yield Page("board", "/board/")
    yield Page("board, late", "/board/?due=late")
    yield Page("an artist", reverse("artists:artist", args=[artist.pk]))
    yield Page("their work, a fragment", reverse("label:artist-work", args=[artist.pk]))
    yield Page("their method", reverse("artists:method", args=[artist.pk]))
    yield Page("their method, a fragment", reverse("artists:method-summary", args=[artist.pk]))
    yield Page("their consents", reverse("artists:consents", args=[artist.pk]))
    yield Page("their consents, a fragment", reverse("artists:consents-summary", args=[artist.pk]))
    yield Page("agreements", "/agreements/")
    yield Page("their agreements, a fragment", reverse("artists:agreements-summary", args=[artist.pk]))
    agreement = _agreement(user, artist)
    if agreement is not None:
        yield Page("an agreement", reverse("artists:agreement", args=[agreement.pk]))
    consent = Consent.objects.filter(artist=artist).first()
    if consent is not None:
        yield Page("a consent", reverse("artists:consent", args=[consent.pk]))
    for name, words in WORDS.items():
        yield Page(f"search, {name}", f"/search/?words={quote(words)}", search=True)
    for name in ("a common word", "a beginning"):
        yield Page(f"search menu, {name}", f"/search/quick/?words={quote(WORDS[name])}", search=True)
        yield Page(f"search API, {name}", f"/api/search/?words={quote(WORDS[name])}", search=True)
    for path in (
        "artists",
        "people",
        "consents",
        "methods",
        "training",
        "saved-filters",
        "agreements",
        "board",
    ):
        yield Page(f"API {path}", f"/api/{path}/")
    yield Page("API artists by words", "/api/artists/?words=amber")
    yield Page("API an artist", f"/api/artists/{artist.pk}/")
    if who != "artist":
        yield from _of_staff(who, artist)


def _of_staff(who: str, artist: Artist) -> Iterable[Page]:
    yield Page("roster, page 8", "/roster/?page=8")
    yield Page("roster of a tag", "/roster/?tag=ambient&status=signed")
    yield Page("roster without managers", "/roster/?manager=none")
    yield Page("board of mine", "/board/?whose=mine")
    yield Page("board of everybody, one stage", "/board/?whose=all&stage=mastered")
    yield Page("inbox", "/inbox/")
    yield Page("inbox, page 40", "/inbox/?page=40")
    for view in _VIEWS:
        yield Page(f"inbox, {view}", f"/inbox/?view={view}")
    yield Page("inbox, done, page 200", "/inbox/?view=done&page=200")
    heard = Submission.objects.filter(files__report__has_key="lufs_milli").exclude(stage="unheard")
    looked = list(heard.order_by("number")[:6])
    yield Page("a submission", reverse("artists:submission", args=[looked[0].pk]))
    chosen = "&".join(f"submission={row.pk}" for row in looked)
    yield Page(f"compare {len(looked)}", f"/inbox/compare/?{chosen}")
    yield Page("API submissions", "/api/submissions/")
    yield Page("API a submission", f"/api/submissions/{looked[0].pk}/")
    if who in ("owner", "anr"):
        yield Page("new artist", "/roster/new/")
        yield Page("artist edit", reverse("artists:artist-edit", args=[artist.pk]))
        yield Page("status of an artist", reverse("artists:artist-status", args=[artist.pk]))
        yield Page("merge an artist", reverse("artists:artist-merge", args=[artist.pk]))
        yield Page("new person behind", reverse("artists:person-new", args=[artist.pk]))
        yield Page("new colleague", reverse("artists:team-new", args=[artist.pk]))
        yield Page("import", "/roster/import/")
        yield Page("upload links", "/inbox/links/")
        yield Page("API upload links", "/api/upload-links/")
        yield Page("new agreement", reverse("artists:agreement-new", args=[artist.pk]))
    if who != "rights":
        yield Page("listening links", "/listening/")
    if who == "owner":
        yield Page("people", "/people/")


def _busiest() -> Artist:
    """The one of whom most is written."""
    found = Artist.objects.filter(methods__isnull=False, agreements__isnull=False, projects__isnull=False)
    artist: Artist = found.order_by("-methods__number", "name")[0]
    return artist


def _agreement(user: User, artist: Artist) -> Agreement | None:
    rows = Agreement.objects.filter(artist=artist, status__in=["offered", "signed"])
    return rows.order_by("created_at").first()
