"""A sender becomes an artist of the label."""

from __future__ import annotations

from provenance.events import Event, event


@event
class SubmissionTakenOn(Event):
    """What began with a submission: ids of the artist, the contributor (empty for none) and the project (empty)."""

    kind = "submission.taken_on"
    sentence = "took on submission {number}: {name} is on the roster"

    submission: str
    number: int
    artist: str
    name: str
    person: str
    project: str
