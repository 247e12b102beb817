"""What the leading `dispatch` does for A&R every so often."""

from __future__ import annotations

from artists.services import incoming
from provenance.jobs.registry import periodic


@periodic("incoming", every_s=1800.0)
def sweep_incoming() -> None:
    """Uploads that nobody went on with go, with their bytes."""
    incoming.sweep_incoming()
