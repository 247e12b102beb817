"""What the leading `dispatch` does for A&R every so often."""

from __future__ import annotations

from artists.services import clearing, incoming
from provenance.jobs.registry import periodic


@periodic("incoming", every_s=1800.0)
def sweep_incoming() -> None:
    """Uploads that nobody went on with go, with their bytes."""
    incoming.sweep_incoming()


@periodic("declined", every_s=3600.0)
def clear_declined() -> None:
    """Declined submissions whose time is over lose their sound and their sender's contact."""
    clearing.clear_overdue()
