"""What workers do for people's side."""

from __future__ import annotations

from artists import queue
from artists.services import review
from provenance import jobs


@jobs.handler(queue.ANSWER)
def send_answer(claim: jobs.Claim) -> None:
    review.send_answer(claim.payload["answer"])
