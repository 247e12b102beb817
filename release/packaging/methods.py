"""The method in a package: what the dossier prints of it, and the public account as a page that needs nothing else."""

from __future__ import annotations

from django.template.loader import render_to_string

from generation.services import standings
from release import documents
from release.how_made import Account, account, address_of
from release.models import HowMade
from release.packaging.facts import TrackFacts

FOLDER = "how-made"


def method_record(track: TrackFacts) -> documents.MethodRecord | None:
    """What was found about the master's method; the artist's own words only where they published them."""
    check = standings([track.master])[track.master.pk].check
    if check is None:
        return None
    published = published_of(track)
    told = account(check, evidence=track.evidence, public=published is not None)
    return documents.MethodRecord(
        artist=told.artist,
        number=told.method_number,
        dated=f"{told.method_from.day} {told.method_from:%B %Y}",
        statement=told.statement,
        checked_on=f"{told.checked_at.day} {told.checked_at:%B %Y, %H:%M} UTC",
        entry_digest=told.checked_entry,
        comparisons=told.comparisons,
        rules=tuple(
            documents.RuleRecord(
                sentence=line.sentence,
                verdict=line.verdict,
                because=line.because,
                rests_on=line.rests_on,
                limits=line.limits,
                entries=line.entries,
            )
            for line in told.lines
        ),
        grounds=tuple(told.grounds),
        measured=told.measured,
        published_at=address_of(published) if published else "",
    )


def published_of(track: TrackFacts) -> HowMade | None:
    """What is public of this master now."""
    rows = HowMade.objects.filter(master=track.master, active=True)
    return rows.select_related("check_shown__entry", "check_shown__method__entry").first()


def public_account(track: TrackFacts) -> Account | None:
    """The account that is published of a master; None where it is not."""
    row = published_of(track)
    return account(row.check_shown, evidence=track.evidence) if row else None


def page(track: TrackFacts) -> bytes | None:
    """The published account as one HTML file, without scripts or anything to load. None where it is not public."""
    told, row = public_account(track), published_of(track)
    if told is None or row is None:
        return None
    words = render_to_string("release/how_made_file.html", {"account": told, "address": address_of(row)})
    return words.encode()
