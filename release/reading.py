"""Reading a release: its tracks, its cover, what an approval is about. Writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from provenance import canonical
from release.models import Approval, Artwork, Contribution, Declaration, Recording, Release, Track

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


def tracks_of(release: Release) -> QuerySet[Track]:
    """The tracks that are on the release, in order, with all that a page, a gate or a digest asks of them."""
    standing = (
        Contribution.objects.filter(active=True)
        .select_related("person")
        .order_by("scope", "role", "person_id")
    )
    return (
        release.tracks.filter(active=True)
        .prefetch_related(Prefetch("recording__contributions", standing, to_attr="standing_credits"))
        .select_related(
            "recording__master__wav__analysis",
            "recording__master__flac",
            "recording__master__render__version__arrangement__project__artist",
            "recording__work",
            "recording__artist",
            "recording__imprint",
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


def state_digest(release: Release) -> str:
    """SHA-256 over all that an approval is about, so that any later change needs a new approval."""
    cover, tracks = cover_of(release), list(tracks_of(release))
    declared = _declarations(tracks)
    state = {
        "release": {name: getattr(release, name) for name in sorted(CHANGEABLE)},
        "catalogue_number": release.catalogue_number,
        "cover": [cover.asset.sha256, cover.origin] if cover else None,
        "tracks": [_track_state(track, declared.get(track.recording.master_id)) for track in tracks],
    }
    return hashlib.sha256(canonical.dumps(canonical.plain(state))).hexdigest()


def _declarations(tracks: Iterable[Track]) -> dict[object, Declaration]:
    """Master id -> its newest declaration, with what was settled."""
    newest = (
        Declaration.objects.filter(master__in=[track.recording.master_id for track in tracks])
        .order_by("master_id", "-number")
        .distinct("master_id")
        .prefetch_related("resolutions")
    )
    return {declaration.master_id: declaration for declaration in newest}


def _track_state(track: Track, declaration: Declaration | None) -> dict[str, Any]:
    recording = track.recording
    return {
        "number": track.number,
        "isrc": recording.isrc,
        "title": recording.title,
        "version_title": recording.version_title,
        "explicit": recording.explicit,
        "iswc": recording.work.iswc,
        "master": recording.master.wav.sha256 if recording.master.wav else None,
        "declaration": str(declaration.pk) if declaration else None,
        "settled": [
            [row.element, row.origin]
            for row in sorted(
                declaration.resolutions.all() if declaration else (), key=lambda row: row.entry_id
            )
        ],
        "credits": [[str(row.person_id), row.role, row.share_bp] for row in standing_credits(recording)],
    }


def approval_of(release: Release) -> Approval | None:
    """The approval of the release exactly as it stands now, if there is one."""
    digest = state_digest(release)
    return (
        release.approvals.filter(state_digest=digest)
        .select_related("approved_by")
        .order_by("-entry_id")
        .first()
    )
