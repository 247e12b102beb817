"""What the leading `dispatch` does for the studio every so often."""

from __future__ import annotations

from generation import listening
from provenance.jobs.registry import periodic


@periodic("listening", every_s=10.0)
def sweep_listening() -> None:
    """Sound of takes whose worker died goes; the job's next run spools anew."""
    listening.sweep()
