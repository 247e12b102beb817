"""What recipients of listening links wrote, for the pages of what they heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.db.models import Model, Q

from artists.access import acts_for
from artists.access_anr import knows_who
from artists.models import Artist, ListeningNote, Submission, User
from artists.services.sealed import opened
from generation.models import Master, Render, Take
from release.models import Recording, Release, Track


@dataclass(frozen=True)
class Noted:
    """A note as a reader is shown it. `who` it is from is for label staff: they know the links; else empty."""

    row: ListeningNote
    text: str
    who: str


def notes_about(user: User, kind: str, row: Model) -> list[Noted]:
    """Notes by listening links about something that the user has opened.

    Label staff read them and those who act for the artist; collaborators do not. Of a submission one reads them after
    one's first score: till then one listens blind.
    """
    if not _reads(user, row):
        return []
    notes = list(
        ListeningNote.objects.filter(_named(kind, row)).select_related("link").order_by("at_ms", "created_at")
    )
    said = opened([*(note.entry_id for note in notes), *(note.link.made_entry_id for note in notes)])
    return [
        Noted(
            note,
            said[note.entry_id].get("text", "(erased)"),
            said[note.link.made_entry_id].get("recipient", "(erased)") if user.is_label_staff else "",
        )
        for note in notes
    ]


def _named(kind: str, row: Model) -> Q:
    match row:
        case Master():
            made = Recording.objects.filter(master=row).values_list("pk", flat=True)
            return Q(thing__in=[f"master:{row.pk}", *(f"recording:{pk}" for pk in made)])
        case Release():
            tracks = Track.objects.filter(release=row, active=True).values_list("recording_id", flat=True)
            return Q(thing__in=[f"recording:{pk}" for pk in tracks])
        case Submission():
            return Q(thing__startswith=f"submission:{row.pk}/")
    return Q(thing=f"{kind}:{row.pk}")


def _reads(user: User, row: Model) -> bool:
    match row:
        case Submission():
            return knows_who(user, row)
        case Take():
            artist = row.run.project.artist
        case Render():
            artist = row.version.arrangement.project.artist
        case Master():
            artist = row.project.artist
        case _:
            artist = cast(Artist, row.artist)  # type: ignore[attr-defined]
    return user.is_label_staff or acts_for(user, artist)
