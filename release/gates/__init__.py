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
from release.reading import (
    Approvals,
    Contents,
    approvals_by_release,
    approvals_of,
    contents_by_release,
    contents_of,
)

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
    found = _before_approval(release, contents, known or known_of([contents]))
    if not any(gate.level == "block" for gate in found):
        found += of_approval(release, approvals or approvals_of(release, contents=contents))
    return sorted(found, key=lambda gate: gate.level != "block")


def blocking(release: Release) -> list[Gate]:
    return blocking_by_release([release])[release.pk]


def blocking_by_release(releases: Sequence[Release]) -> dict[object, list[Gate]]:
    """Release id -> its closed gates, in as many queries for many as for one. What only warns is not computed."""
    contents = contents_by_release(releases)
    known = known_of(contents.values(), warnings=False)
    closed: dict[object, list[Gate]] = {}
    for release in releases:
        found = _before_approval(release, contents[release.pk], known, warnings=False)
        closed[release.pk] = [gate for gate in found if gate.level == "block"]
    ready = [release for release in releases if not closed[release.pk]]
    approvals = approvals_by_release(ready, contents)
    for release in ready:
        closed[release.pk] = list(of_approval(release, approvals[release.pk]))
    return closed


def _before_approval(
    release: Release, contents: Contents, known: Known, *, warnings: bool = True
) -> list[Gate]:
    """What is to be cleared before anybody approves. Without `warnings` receivers and agreements are left out."""
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
        found += of_track(track, known, release.territories, warnings=warnings)
    if warnings:
        found += of_agreements(release, contents, known)
    return found


def lead_days(release: Release, *, today: dt.date | None = None) -> int | None:
    """Days until the release date; negative when it has passed."""
    return (release.release_date - (today or timezone.now().date())).days if release.release_date else None
