"""Gates: what still stands between a release and its package, each with a reason and a link to the cure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from release.gates.agreed import of_agreements
from release.gates.gate import Gate, Level
from release.gates.known import Known, known_of
from release.gates.track import of_track
from release.gates.whole import of_approval, of_cover, of_metadata
from release.models import Release
from release.reading import Approvals, Contents, approvals_of, contents_by_release, contents_of

__all__ = ["Gate", "Known", "Level", "blocking", "blocking_by_release", "gates", "known_of", "lead_days"]


def gates(
    release: Release,
    *,
    approvals: Approvals | None = None,
    contents: Contents | None = None,
    known: Known | None = None,
) -> list[Gate]:
    """All gates that are not open, blocks first. Without a block among them the package can be built.

    `approvals`: those of the release as it stands, `contents`: what is on it, `known`: what is known of its masters.
    A page that shows them reads them once.
    """
    contents = contents or contents_of(release)
    known = known or known_of([contents])
    found = [*of_metadata(release), *of_cover(release, contents.cover)]
    if not contents.tracks:
        found.append(
            Gate(
                code="no_tracks",
                level="block",
                sentence="The release has no tracks.",
                why="Make a master a recording, then put it on the release.",
                cure="release:release",
                cure_args=(release.pk,),
                cure_title="Add a track",
            )
        )
    for track in contents.tracks:
        found += of_track(track, known, release.territories)
    found += of_agreements(release, contents, known)
    if not any(gate.level == "block" for gate in found):
        found += of_approval(release, approvals or approvals_of(release, contents=contents))
    return sorted(found, key=lambda gate: gate.level != "block")


def blocking(release: Release) -> list[Gate]:
    return [gate for gate in gates(release) if gate.level == "block"]


def blocking_by_release(releases: Sequence[Release]) -> dict[object, list[Gate]]:
    """Release id -> its closed gates, with what is on all of them read at once."""
    contents = contents_by_release(releases)
    known = known_of(contents.values())
    return {
        release.pk: [
            gate
            for gate in gates(release, contents=contents[release.pk], known=known)
            if gate.level == "block"
        ]
        for release in releases
    }


def lead_days(release: Release, *, today: dt.date | None = None) -> int | None:
    """Days until the release date; negative when it has passed."""
    return (release.release_date - (today or timezone.now().date())).days if release.release_date else None
