"""The states of a release: from where it may go where, and how an approval lapses."""

from __future__ import annotations

from generation.models import Master
from provenance.ledger import HasActor, record
from release.errors import UserFault
from release.events import ReleaseStateChanged
from release.models import Recording, Release
from release.reading import approval_of

#: From where a release may go where.
NEXT = {
    Release.State.DRAFT: {Release.State.APPROVED, Release.State.WITHDRAWN},
    Release.State.APPROVED: {
        Release.State.APPROVED,
        Release.State.PACKAGED,
        Release.State.DRAFT,
        Release.State.WITHDRAWN,
    },
    Release.State.PACKAGED: {
        Release.State.APPROVED,
        Release.State.PACKAGED,
        Release.State.DRAFT,
        Release.State.WITHDRAWN,
    },
    Release.State.WITHDRAWN: set(),
}


def set_state(release: Release, state: str, *, actor: HasActor) -> None:
    """Move on by the table; the caller holds the row's lock."""
    if state not in NEXT[Release.State(release.state)]:
        raise UserFault(f"A release that is {release.state} cannot become {state}.")
    if state == release.state:
        return
    release.entry = record(
        ReleaseStateChanged(
            stream=release.stream,
            release=str(release.pk),
            title=release.title,
            before=release.state,
            after=state,
        ),
        actor=actor,
    )
    release.state = state
    release.save()


def open_for_changes(release: Release) -> None:
    if release.state == Release.State.WITHDRAWN:
        raise UserFault("This release is withdrawn. Plan a new one.")


def lapse(release: Release, *, actor: HasActor) -> None:
    """Back to draft when nobody approved the release as it stands now; the caller holds the row's lock."""
    if release.state in {Release.State.APPROVED, Release.State.PACKAGED} and approval_of(release) is None:
        set_state(release, Release.State.DRAFT, actor=actor)


def lapse_all_with(what: Recording | Master, *, actor: HasActor) -> None:
    """`lapse` for every release that carries this recording, or the recording of this master."""
    found = {"recording": what} if isinstance(what, Recording) else {"recording__master": what}
    releases = Release.objects.filter(
        tracks__active=True, **{f"tracks__{key}": row for key, row in found.items()}
    )
    for pk in sorted(releases.values_list("pk", flat=True).distinct()):
        lapse(Release.objects.select_for_update().get(pk=pk), actor=actor)
