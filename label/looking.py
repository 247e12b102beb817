"""One search over everything that somebody may open: rows by their names and numbers, and words of the record.

Rows are found by beginnings of words in any script, numbers (ISRC, GTIN, ISWC, ISNI, IPI, catalogue numbers) exactly.
Submissions and private words are found through the ledger's own index, which holds only what the vault holds and is
asked only for streams that the reader may read.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse

from artists.access import visible_artists, visible_people
from artists.access_anr import visible_submissions
from artists.finding import compact, with_words
from artists.models import User
from generation.access import visible_projects
from label.blindness import SUBMISSIONS, heard_by
from label.streams import Readable, readable
from label.things import things
from provenance import finding
from release.access import visible_recordings, visible_releases

EACH: Final = 8
#: Entries looked at for the streams that they are in.
_ENTRIES: Final = 60
_ARTISTS: Final = "artist:"


@dataclass(frozen=True)
class Found:
    """Something that can be opened. `note` says more, `exact` that its number was asked for."""

    kind: str
    title: str
    url: str
    note: str = ""
    exact: bool = False


@dataclass(frozen=True)
class Group:
    title: str
    found: tuple[Found, ...]


def look(user: User, text: str, *, each: int = EACH) -> list[Group]:
    """What *user* may open of what the text says, in groups; what a number names comes first."""
    text = text.strip()[:120]
    if not text:
        return []
    exact = _by_number(user, text)
    known = {one.url for one in exact}
    groups = [
        Group("By number", tuple(exact)),
        Group("Artists", tuple(_artists(user, text, each))),
        Group("People", tuple(_people(user, text, each))),
        Group("Projects", tuple(_projects(user, text, each))),
        Group("Releases", tuple(_releases(user, text, each))),
        Group("Recordings", tuple(_recordings(user, text, each))),
    ]
    groups = [
        groups[0],
        *(
            Group(group.title, tuple(one for one in group.found if one.url not in known))
            for group in groups[1:]
        ),
    ]
    groups += _recorded(user, text, each, known={one.url for group in groups for one in group.found})
    return [group for group in groups if group.found]


def _by_number(user: User, text: str) -> list[Found]:
    number = compact(text)
    if not number and not re.search(r"\d", text):
        return []
    plain = " ".join(text.split())
    found = []
    for recording in visible_recordings(user).filter(Q(isrc=number) | Q(work__iswc=number))[:EACH]:
        what = f"ISRC {recording.isrc}" if recording.isrc == number else f"ISWC {recording.work.iswc}"
        url = reverse("release:recording", args=[recording.pk])
        found.append(Found("recording", recording.title, url, what, exact=True))
    codes = (
        {number, number.zfill(13), number.zfill(14), number.lstrip("0")} - {""}
        if number.isdecimal()
        else set()
    )
    rule = Q(catalogue_number__iexact=plain) | Q(catalogue_number__iexact=number or plain)
    for release in visible_releases(user).filter(
        (Q(gtin__in=codes) & ~Q(gtin="")) | (rule & ~Q(catalogue_number=""))
    )[:EACH]:
        what = f"GTIN {release.gtin}" if release.gtin in codes else release.catalogue_number
        url = reverse("release:release", args=[release.pk])
        found.append(Found("release", release.title, url, what, exact=True))
    if len(number) == 16:
        for artist in visible_artists(user).filter(isni=number):
            url = reverse("artists:artist", args=[artist.pk])
            found.append(Found("artist", artist.name, url, f"ISNI {number}", exact=True))
    if number.isdecimal() and 9 <= len(number) <= 16:
        rows = visible_people(user).filter(Q(ipi=number.zfill(11)) | Q(isni=number)).select_related("artist")
        for person in rows[:EACH]:
            what = f"IPI {person.ipi}" if person.ipi else f"ISNI {person.isni}"
            found.append(_person(user, person, what, exact=True))
    if match := re.fullmatch(r"#?(\d{1,9})", plain):
        for sent in visible_submissions(user).filter(number=int(match.group(1))):
            found.append(_submission(sent.pk, sent.number, sent.get_stage_display(), exact=True))
    return found


def _artists(user: User, text: str, limit: int) -> Iterable[Found]:
    for row in with_words(visible_artists(user), text, "name", "sort_name").order_by("name")[:limit]:
        said = f"{row.get_kind_display()}, {row.get_status_display().lower()}"
        yield Found("artist", row.name, reverse("artists:artist", args=[row.pk]), said)


def _people(user: User, text: str, limit: int) -> Iterable[Found]:
    rows = (
        with_words(visible_people(user), text, "credit_name").select_related("artist").order_by("credit_name")
    )
    for row in rows[:limit]:
        yield _person(user, row, row.artist.name if row.artist else "")


def _person(user: User, row: Any, note: str, *, exact: bool = False) -> Found:
    home = row.artist
    if home is None:
        link = row.behind.filter(active=True).first()
        home = link.artist if link else None
    url = reverse("artists:artist", args=[home.pk]) if home else reverse("artists:person-edit", args=[row.pk])
    return Found("person", row.credit_name, url, note, exact)


def _projects(user: User, text: str, limit: int) -> Iterable[Found]:
    for row in with_words(visible_projects(user), text, "title").order_by("title")[:limit]:
        yield Found("project", row.title, reverse("generation:project", args=[row.pk]), row.artist.name)


def _releases(user: User, text: str, limit: int) -> Iterable[Found]:
    for row in with_words(visible_releases(user), text, "title").order_by("title")[:limit]:
        said = f"{row.artist.name}, {row.get_state_display().lower()}"
        yield Found("release", row.title, reverse("release:release", args=[row.pk]), said)


def _recordings(user: User, text: str, limit: int) -> Iterable[Found]:
    rows = with_words(visible_recordings(user), text, "title", "version_title").order_by("title")
    for row in rows[:limit]:
        yield Found(
            "recording",
            row.title,
            reverse("release:recording", args=[row.pk]),
            f"{row.artist.name}, {row.isrc}",
        )


def _submission(pk: uuid.UUID, number: int, stage: str, *, exact: bool = False) -> Found:
    return Found(
        "submission", f"Submission {number}", reverse("artists:submission", args=[pk]), stage.lower(), exact
    )


def _recorded(user: User, text: str, limit: int, *, known: set[str]) -> list[Group]:
    """Submissions and artists in whose entries the words stand, private ones among them."""
    allowed = readable(user)
    artists = None if _whole(allowed, _ARTISTS) else _own(allowed)
    found = finding.saying(text, family="artist", streams=artists, limit=_ENTRIES)
    if _whole(allowed, SUBMISSIONS):
        found += finding.saying(text, family="submission", streams=heard_by(user), limit=_ENTRIES)
    keys = [stream.partition(":")[2] for stream in found if stream.startswith(SUBMISSIONS)]
    rows = {str(row.pk): row for row in visible_submissions(user).filter(pk__in=keys)}
    sent = [
        _submission(row.pk, row.number, row.get_stage_display())
        for key in keys
        if (row := rows.get(key)) is not None
    ]
    names = things(user, [stream for stream in found if stream.startswith(_ARTISTS)])
    said = [
        Found("artist", thing.title, thing.url, "said in its record")
        for stream in found
        if (thing := names.get(stream)) is not None and thing.url not in known
    ]
    return [Group("Submissions", tuple(sent[:limit])), Group("In the record of", tuple(said[:limit]))]


def _whole(allowed: Readable, family: str) -> bool:
    return allowed.everything or family in allowed.families


def _own(allowed: Readable) -> frozenset[str]:
    return frozenset(stream for stream in allowed.streams if stream.startswith(_ARTISTS))
