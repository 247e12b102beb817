"""Reading a release: its tracks, its cover, what an approval is about. Writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from generation.models import Master
from provenance import canonical
from provenance.signatures import signed_entries
from release.models import (
    Approval,
    Artwork,
    Contribution,
    Declaration,
    Recording,
    Release,
    Resolution,
    Track,
)

CHANGEABLE = frozenset(
    {
        "title",
        "kind",
        "genre",
        "language",
        "release_date",
        "original_date",
        "territories",
        "p_line_year",
        "p_line_owner",
        "c_line_year",
        "c_line_owner",
        "deny_ai_training",
        "gtin",
    }
)


@dataclass(frozen=True)
class Contents:
    """What is on a release: read once where several questions are asked about it."""

    tracks: Sequence[Track]
    cover: Artwork | None


def contents_of(release: Release) -> Contents:
    return Contents(list(tracks_of(release)), cover_of(release))


def contents_by_release(releases: Sequence[Release]) -> dict[object, Contents]:
    """`contents_of` for several releases in as many queries as for one."""
    covers = covers_of(releases)
    tracks: dict[object, list[Track]] = {release.pk: [] for release in releases}
    for track in _loaded(Track.objects.filter(release__in=list(tracks))):
        tracks[track.release_id].append(track)
    return {key: Contents(found, covers.get(key)) for key, found in tracks.items()}


def tracks_of(release: Release) -> QuerySet[Track]:
    """The tracks that are on the release, in order, with all that a page, a gate or a digest asks of them."""
    return _loaded(release.tracks.all())


def with_credits(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """Recordings whose `standing_credits` cost no query each."""
    return recordings.prefetch_related(_standing("contributions"))


def _standing(path: str) -> Prefetch[str, QuerySet[Contribution], str]:
    rows = Contribution.objects.filter(active=True).select_related("person")
    return Prefetch(path, rows.order_by("scope", "role", "person_id"), to_attr="standing_credits")


def _loaded(tracks: QuerySet[Track]) -> QuerySet[Track]:
    return (
        tracks.filter(active=True)
        .prefetch_related(
            _standing("recording__contributions"),
            "recording__master__declarations__resolutions",
        )
        .select_related(
            "recording__master__wav__analysis",
            "recording__master__flac",
            "recording__master__render__version__arrangement__project__artist",
            "recording__work",
            "recording__artist",
            "recording__imprint",
        )
        # Large, and asked for by nobody here.
        .defer(
            "recording__master__report",
            "recording__master__render__version__document",
            "recording__master__wav__analysis__peaks",
            "recording__master__wav__analysis__fingerprint",
            "recording__master__wav__analysis__fingerprint_terms",
        )
        .order_by("number")
    )


def standing_credits(recording: Recording) -> list[Contribution]:
    """The credits that count, in a fixed order; those that `tracks_of` brought along cost no query."""
    known: list[Contribution] | None = getattr(recording, "standing_credits", None)
    if known is None:
        rows = recording.contributions.filter(active=True).select_related("person")
        known = list(rows.order_by("scope", "role", "person_id"))
    return known


def declaration_of(master: Master) -> Declaration | None:
    """The newest declaration; those that `tracks_of` brought along cost no query."""
    return max(master.declarations.all(), key=lambda row: row.number, default=None)


def resolutions_of(declaration: Declaration) -> list[Resolution]:
    """What was settled, the earliest first."""
    return sorted(declaration.resolutions.all(), key=lambda row: row.entry_id)


def covers_of(releases: Iterable[Release]) -> dict[object, Artwork]:
    """Release id -> its cover, in one query for a whole list."""
    newest = (
        Artwork.objects.filter(release__in=[release.pk for release in releases])
        .select_related("asset")
        .order_by("release_id", "-entry_id")
        .distinct("release_id")
    )
    return {cover.release_id: cover for cover in newest}


def cover_of(release: Release) -> Artwork | None:
    return release.artworks.select_related("asset").order_by("-entry_id").first()


def state_digest(release: Release, *, contents: Contents | None = None) -> str:
    """SHA-256 over all that an approval is about, so that any later change needs a new approval."""
    contents = contents or contents_of(release)
    cover = contents.cover
    state = {
        "release": {name: getattr(release, name) for name in sorted(CHANGEABLE)},
        "catalogue_number": release.catalogue_number,
        "cover": [cover.asset.sha256, cover.origin] if cover else None,
        "tracks": [_track_state(track) for track in contents.tracks],
    }
    return hashlib.sha256(canonical.dumps(canonical.plain(state))).hexdigest()


def _track_state(track: Track) -> dict[str, Any]:
    recording = track.recording
    declaration = declaration_of(recording.master)
    settled = resolutions_of(declaration) if declaration else []
    return {
        "number": track.number,
        "isrc": recording.isrc,
        "title": recording.title,
        "version_title": recording.version_title,
        "explicit": recording.explicit,
        "iswc": recording.work.iswc,
        "master": recording.master.wav.sha256 if recording.master.wav else None,
        "declaration": str(declaration.pk) if declaration else None,
        "settled": [[row.element, row.origin] for row in settled],
        "credits": [[str(row.person_id), row.role, row.share_bp] for row in standing_credits(recording)],
    }


@dataclass(frozen=True)
class Approvals:
    """The approvals of a release exactly as it stands now. One counts once the person who gave it has signed it."""

    standing: Sequence[Approval]
    signed: frozenset[int]
    before: bool = False
    """Whether it was ever approved, as it stands or otherwise."""

    @property
    def unsigned(self) -> list[Approval]:
        """Those whose signature is missing. One of a closed account, which nobody can sign, is left aside."""
        return [row for row in self.standing if row.entry_id not in self.signed and row.approved_by.is_active]

    @property
    def complete(self) -> bool:
        return not self.unsigned and any(row.entry_id in self.signed for row in self.standing)


def approvals_of(release: Release, *, contents: Contents | None = None) -> Approvals:
    """The approvals as the release stands, the newest first, with which of them are signed."""
    return approvals_by_release([release], {release.pk: contents or contents_of(release)})[release.pk]


def approvals_by_release(
    releases: Sequence[Release], contents: Mapping[object, Contents]
) -> dict[object, Approvals]:
    """`approvals_of` for several releases in as many queries as for one. `contents`: what is on each."""
    given: dict[object, list[Approval]] = {release.pk: [] for release in releases}
    if not given:
        return {}
    rows = Approval.objects.filter(release__in=list(given)).select_related("approved_by")
    for row in rows.order_by("-entry_id"):
        given[row.release_id].append(row)
    standing = {}
    for release in releases:
        # Nothing was ever approved on most: of these no digest is asked for.
        digest = state_digest(release, contents=contents[release.pk]) if given[release.pk] else ""
        standing[release.pk] = [row for row in given[release.pk] if row.state_digest == digest]
    signed = signed_entries(row.entry_id for rows in standing.values() for row in rows)
    return {key: Approvals(rows, signed, before=bool(given[key])) for key, rows in standing.items()}


def approval_of(release: Release, *, contents: Contents | None = None) -> Approval | None:
    """The approval of the release exactly as it stands now, if there is one."""
    digest = state_digest(release, contents=contents)
    return (
        release.approvals.filter(state_digest=digest)
        .select_related("approved_by")
        .order_by("-entry_id")
        .first()
    )
