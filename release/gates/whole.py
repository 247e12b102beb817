"""Gates of a release as a whole: its metadata, its cover, its approval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from provenance.words import join
from release import identifiers
from release.consent_effects import wrong_with_cover
from release.errors import UserFault
from release.gates.gate import Gate
from release.models import Artwork, Release
from release.reading import Approvals

EARLIEST_YEAR = 1890


def of_metadata(release: Release) -> Iterator[Gate]:
    def gate(code: str, sentence: str, why: str = "") -> Gate:
        return Gate(
            code=code,
            level="block",
            sentence=sentence,
            why=why,
            cure="release:release-edit",
            cure_args=(release.pk,),
            cure_title="Fill in",
        )

    if not release.genre:
        yield gate("missing_metadata", "The genre is missing.")
    if release.release_date is None:
        yield gate("missing_metadata", "The release date is missing.")
    if not release.territories:
        yield gate("missing_metadata", "The territories are missing.")
    if not release.catalogue_number:
        yield gate("missing_metadata", "The catalogue number is missing.")
    for name, year, owner in (
        ("P", release.p_line_year, release.p_line_owner),
        ("C", release.c_line_year, release.c_line_owner),
    ):
        if not year or not owner:
            yield gate(
                "missing_metadata", f"The {name} line is not complete.", "It needs a year and an owner."
            )
        elif not EARLIEST_YEAR <= year <= timezone.now().year + 2:
            yield gate("invalid_metadata", f"The {name} line's year {year} cannot be right.")
    if release.original_date and release.release_date and release.original_date > release.release_date:
        yield gate("invalid_metadata", "The original date is after the release date.")
    yield from _number(release.gtin, "GTIN", identifiers.check_gtin, gate)
    if not release.imprint.dpid:
        yield Gate(
            code="missing_metadata",
            level="block",
            sentence=f"The imprint {release.imprint.name} has no DDEX party id.",
            why="A message to distributors names its sender by it. DDEX gives it out for free.",
            cure="release:imprints",
            cure_title="Imprints",
        )


def _number(value: str, title: str, check: Any, gate: Any) -> Iterator[Gate]:
    if not value:
        yield gate("missing_metadata", f"The {title} is missing.")
        return
    try:
        check(value)
    except UserFault as fault:
        yield gate("invalid_metadata", fault.message)


def of_cover(release: Release, cover: Artwork | None) -> Iterator[Gate]:
    where: dict[str, Any] = {
        "cure": "release:artwork",
        "cure_args": (release.pk,),
        "cure_title": "Upload a cover",
    }
    if cover is None:
        yield Gate(code="no_artwork", level="block", sentence="The cover is missing.", **where)
    elif cover.origin == "unknown":
        yield Gate(code="unknown_origin", level="block", sentence="Nobody said who made the cover.", **where)
    elif wrong := wrong_with_cover(cover, release):
        yield Gate(
            code="consent_missing",
            level="block",
            sentence=f"The cover shows a likeness that a model made: {wrong}",
            why="Whoever it shows agrees on the artist's page of consents. Or give it another cover.",
            **where,
        )


def of_approval(release: Release, approvals: Approvals) -> Iterator[Gate]:
    if not approvals.standing:
        yield Gate(
            code="not_approved",
            level="block",
            sentence="Nobody approved the release as it stands now.",
            why="It was approved before, and changed since."
            if approvals.before
            else "Rights or the owner approves it.",
            cure="release:release",
            cure_args=(release.pk,),
            cure_title="Approve",
        )
    elif not approvals.complete:
        who = join((row.approved_by.full_name for row in approvals.unsigned or approvals.standing), limit=4)
        yield Gate(
            code="approval_unsigned",
            level="block",
            sentence=f"The approval by {who} is not signed.",
            why="Who approves signs with a key of their own, so that nobody can have approved in their name.",
            cure="artists:sign",
            cure_args=("approval", release.stream),
            cure_title="Sign it",
        )
