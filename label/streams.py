"""What somebody may read of the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from artists.access import known_artists
from artists.access_anr import AGREEMENT_WRITERS, visible_agreements
from artists.models import Role, User
from generation.access import visible_datasets, visible_projects
from provenance.services import Entry
from release.access import visible_recordings, visible_releases

#: Label staff open every project, artist, submission, release, recording and work; not terms of agreements, the
#: catalogue, imprints and accounts.
STAFF_FAMILIES = (
    "anr:",
    "artist:",
    "dataset:",
    "listening-link:",
    "project:",
    "recording:",
    "release:",
    "submission:",
    "work:",
)


@dataclass(frozen=True)
class Readable:
    """Everything, whole families of streams (`project:`), or single streams."""

    everything: bool = False
    families: tuple[str, ...] = ()
    streams: frozenset[str] = frozenset()

    def __contains__(self, stream: str) -> bool:
        return self.everything or stream in self.streams or stream.startswith(self.families)

    @property
    def only(self) -> frozenset[str] | None:
        """The single streams, None where more than those may be read: as `queries.ledger_page` takes it."""
        return None if self.everything or self.families else self.streams


def readable(user: User) -> Readable:
    """Owner and rights read everything; others what they may open as pages."""
    if user.has_role(Role.OWNER, Role.RIGHTS):
        return Readable(everything=True)
    if user.is_label_staff:
        own = ("agreement:",) if user.has_role(*AGREEMENT_WRITERS) else ()
        return Readable(families=STAFF_FAMILIES + own, streams=frozenset({f"person:{user.pk}"}))
    streams = {f"person:{user.pk}"}
    streams |= {f"project:{pk}" for pk in visible_projects(user).values_list("pk", flat=True)}
    streams |= {f"dataset:{pk}" for pk in visible_datasets(user).values_list("pk", flat=True)}
    streams |= {f"artist:{pk}" for pk in known_artists(user).values_list("pk", flat=True)}
    streams |= {f"agreement:{pk}" for pk in visible_agreements(user).values_list("pk", flat=True)}
    streams |= {f"release:{pk}" for pk in visible_releases(user).values_list("pk", flat=True)}
    for pk, work in visible_recordings(user).values_list("pk", "work_id"):
        streams |= {f"recording:{pk}", f"work:{work}"}
    return Readable(streams=frozenset(streams))


def may_read(user: User, entry: Entry) -> bool:
    return entry.stream in readable(user)
