"""What every action on a submission does first: take its row, and name it in the entry."""

from __future__ import annotations

from typing import Any

from artists.errors import NotNow
from artists.models import Submission


def about(submission: Submission) -> dict[str, Any]:
    return {
        "stream": submission.stream,
        "submission": str(submission.pk),
        "number": submission.number,
    }


def locked(submission: Submission) -> Submission:
    """The row for one transaction. Raises `NotNow` where it was cleared: nothing new is written about it."""
    row = Submission.objects.select_for_update(of=("self",)).select_related("artist").get(pk=submission.pk)
    if row.cleared_at is not None:
        why = row.get_cleared_why_display()
        raise NotNow(f"Submission {row.number} was cleared, {why}; nothing is added to it any more.")
    return row
