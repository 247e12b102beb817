"""What the leading `dispatch` does for the ledger every so often."""

from __future__ import annotations

from provenance import search, sweeping
from provenance.jobs import ordering
from provenance.jobs.registry import periodic


@periodic("words", every_s=1.0)
def read_words() -> None:
    """New entries become findable by their words, and what an erasure emptied is read again."""
    search.refresh()


@periodic("sweep", every_s=3600.0)
def sweep_blobs() -> None:
    """Old files that nothing refers to go once a day; a worker does it."""
    sweeping.sweep_daily()


@periodic("night", every_s=30.0)
def end_the_night() -> None:
    """Overnight work that has not begun when the night ends waits for the next one."""
    ordering.postpone_overnight()
