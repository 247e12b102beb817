"""What happens to a song and its brief. Purpose, mood and words are sealed."""

from __future__ import annotations

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class ProjectCreated(Event):
    kind = "project.created"
    sentence = "created the project {title}"

    title: str
    artist: str


@event
class MemberAdded(Event):
    kind = "project.member_added"
    sentence = "let a collaborator in, {access}"

    user: str
    access: str


@event
class MemberRemoved(Event):
    kind = "project.member_removed"
    sentence = "ended a collaboration"

    user: str


@event
class BriefSaved(Event):
    kind = "brief.saved"
    shred = _ERASE
    sentence = "saved brief {number}: {genre} {key} {metre}, “{prompt}”"

    number: int
    genre: str
    tempo_milli_bpm: int | None
    key: str
    metre: str
    instruments: tuple[str, ...]
    structure: tuple[str, ...]
    energy_percent: tuple[int, ...]
    purpose: str = sealed(default="")
    mood: str = sealed(default="")
    avoid: tuple[str, ...] = sealed(default=())
    prompt: str = sealed(default="")
