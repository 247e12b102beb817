"""What there is to hear behind listening links: the sounds of what they name, in about as many queries as for one link.

A link names takes, renders, masters, releases and submissions; a release is as many sounds as it has tracks, and a
submission as it has files. Titles hold nothing that a recipient should not read: a submission is a number, its sender
is not named.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Model
from django.http import Http404

from artists import access_anr
from artists.models import ListeningLink, SubmissionFile, User
from artists.services.listening import heard_of
from generation import access as studio
from generation.models import Master, Render, Take
from provenance.services import Asset
from release.access import release_for
from release.models import Release, Track
from release.reading import covers_of

Thing = Mapping[str, str]


@dataclass(frozen=True)
class Piece:
    """One sound behind a link.

    `name` stands in the record (`recording:<id>`), `subject` is what the ledger knows it by, `part_of` the title of
    the release or submission it comes from, `cover` the SHA-256 of a picture.
    """

    name: str
    subject: str
    title: str
    by: str
    asset: Asset
    part_of: str = ""
    cover: str = ""


@dataclass(frozen=True)
class Played:
    """A sound of a link with what became of it. Milliseconds; `sent` is when its first bytes left, empty for never."""

    piece: Piece
    sent: str
    heard_ms: int

    @property
    def percent(self) -> int:
        whole = self.piece.asset.duration_ms or 0
        return min(100, round(100 * self.heard_ms / whole)) if whole else 0


#: How what a link may name is fetched for whoever makes it: fetching is the permission check.
FETCH: Final[Mapping[str, Callable[[User, uuid.UUID], Model]]] = {
    "take": studio.take_for,
    "render": studio.render_for,
    "master": studio.master_for,
    "release": release_for,
    # What somebody sent in to be judged is heard by whom they who judge ask, and by nobody else.
    "submission": lambda user, pk: access_anr.submission_for(user, pk, decide=True),
}


def fetched(user: User, kind: str, pk: str | uuid.UUID) -> Model:
    """One thing as this user may open it. Raises `Http404`, `PermissionDenied`."""
    try:
        return FETCH[kind](user, uuid.UUID(str(pk)))
    except (KeyError, ValueError):
        raise Http404("No such thing.") from None


def pieces(link: ListeningLink) -> list[Piece]:
    """What there is to hear now; a thing that has no sound yet is left out."""
    return pieces_of([link])[link.pk]


def pieces_of(links: Iterable[ListeningLink]) -> dict[uuid.UUID, list[Piece]]:
    """Link id -> its sounds, in the order of its things."""
    rows = list(links)
    wanted: defaultdict[str, set[uuid.UUID]] = defaultdict(set)
    for link in rows:
        for thing in link.things:
            wanted[thing["kind"]].add(uuid.UUID(thing["id"]))
    found: dict[tuple[str, str], list[Piece]] = {}
    for kind, load in _LOAD.items():
        if wanted[kind]:
            found |= {(kind, pk): sounds for pk, sounds in load(list(wanted[kind])).items()}
    return {
        link.pk: [piece for thing in link.things for piece in found.get((thing["kind"], thing["id"]), ())]
        for link in rows
    }


def played(link: ListeningLink, sounds: Sequence[Piece]) -> list[Played]:
    return [
        Played(piece, sent=str(link.sent.get(piece.name, "")), heard_ms=heard_of(link, piece.name))
        for piece in sounds
    ]


def titled(things: Sequence[Thing]) -> list[tuple[str, str, str]]:
    """(kind, id, title) of what a new link would name."""
    found = []
    for thing in things:
        sounds = pieces(ListeningLink(things=[dict(thing)]))
        if not sounds:
            title = f"{thing['kind']} without sound yet"
        elif thing["kind"] in ("release", "submission"):
            title = f"{sounds[0].part_of}, {len(sounds)} sound{'s' * (len(sounds) > 1)}"
        else:
            title = sounds[0].title
        found.append((thing["kind"], thing["id"], title))
    return found


# -- what is behind each kind ----------------------------------------------------------------------------------------
def _takes(ids: Sequence[uuid.UUID]) -> dict[str, list[Piece]]:
    rows = Take.objects.filter(pk__in=ids, asset__isnull=False).select_related(
        "asset", "run__project__artist"
    )
    return {
        str(row.pk): [
            Piece(
                f"take:{row.pk}", f"take:{row.pk}", f"{row.run.project.title}, take {row.number}",
                row.run.project.artist.name, row.asset,
            )
        ]
        for row in rows
    }  # fmt: skip


def _renders(ids: Sequence[uuid.UUID]) -> dict[str, list[Piece]]:
    rows = Render.objects.filter(pk__in=ids, asset__isnull=False).select_related(
        "asset", "version__arrangement__project__artist"
    )
    found = {}
    for row in rows:
        project = row.version.arrangement.project
        assert row.asset is not None
        title = f"{project.title}, version {row.version.number}"
        name = f"render:{row.pk}"
        found[str(row.pk)] = [Piece(name, name, title, project.artist.name, row.asset)]
    return found


def _masters(ids: Sequence[uuid.UUID]) -> dict[str, list[Piece]]:
    rows = Master.objects.filter(pk__in=ids).select_related(
        "wav", "flac", "render__version__arrangement__project__artist"
    )
    found = {}
    for row in rows:
        if (asset := row.flac or row.wav) is not None:
            name, title = f"master:{row.pk}", f"{row.project.title}, master {row.number}"
            found[str(row.pk)] = [Piece(name, name, title, row.project.artist.name, asset)]
    return found


def _releases(ids: Sequence[uuid.UUID]) -> dict[str, list[Piece]]:
    releases = list(Release.objects.filter(pk__in=ids))
    covers = covers_of(releases)
    tracks = (
        Track.objects.filter(release__in=releases, active=True)
        .select_related("recording__artist", "recording__master__wav", "recording__master__flac")
        .order_by("number")
    )
    titles = {row.pk: row.title for row in releases}
    found: defaultdict[str, list[Piece]] = defaultdict(list)
    for track in tracks:
        recording = track.recording
        if (asset := recording.master.flac or recording.master.wav) is not None:
            name, cover = f"recording:{recording.pk}", covers.get(track.release_id)
            found[str(track.release_id)].append(
                Piece(
                    name, name, f"{track.number}. {recording.title}", recording.artist.name, asset,
                    titles[track.release_id], cover.asset.sha256 if cover else "",
                )
            )  # fmt: skip
    return found


def _submissions(ids: Sequence[uuid.UUID]) -> dict[str, list[Piece]]:
    files = SubmissionFile.objects.filter(submission__in=ids).select_related(
        "submission", "asset", "playback"
    )
    found: defaultdict[str, list[Piece]] = defaultdict(list)
    for file in files.order_by("submission_id", "position"):
        if not access_anr.is_audible(file):
            continue
        subject, whole = f"submission:{file.submission_id}", f"Submission {file.submission.number}"
        title = f"{whole}, file {file.position}" if file.submission.file_count > 1 else whole
        found[str(file.submission_id)].append(
            Piece(f"{subject}/{file.position}", subject, title, "", file.audible, whole)
        )
    return found


_LOAD: Final[Mapping[str, Callable[[Sequence[uuid.UUID]], dict[str, list[Piece]]]]] = {
    "take": _takes,
    "render": _renders,
    "master": _masters,
    "release": _releases,
    "submission": _submissions,
}
