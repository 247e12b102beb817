"""Which streams of the ledger somebody may read. None stands for all of them."""

from __future__ import annotations

from artists.access import visible_artists
from artists.models import Role, User
from generation.access import visible_projects
from provenance.services import Entry
from release.access import visible_recordings, visible_releases


def readable_streams(user: User) -> list[str] | None:
    """Owner and rights read everything; others what they may open as pages."""
    if user.has_role(Role.OWNER, Role.RIGHTS):
        return None
    streams = [f"project:{pk}" for pk in visible_projects(user).values_list("pk", flat=True)]
    streams += [f"artist:{pk}" for pk in visible_artists(user).values_list("pk", flat=True)]
    streams += [f"release:{pk}" for pk in visible_releases(user).values_list("pk", flat=True)]
    for pk, work in visible_recordings(user).values_list("pk", "work_id"):
        streams += [f"recording:{pk}", f"work:{work}"]
    return streams


def may_read(user: User, entry: Entry) -> bool:
    streams = readable_streams(user)
    return streams is None or entry.stream in streams
