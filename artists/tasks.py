"""What workers do for people's side."""

from __future__ import annotations

from artists import queue
from artists.services import answers, clearing
from provenance import jobs


@jobs.handler(queue.ANSWER)
def send_answer(claim: jobs.Claim) -> None:
    answers.send_answer(claim.payload["answer"])


@jobs.handler(queue.REMOVE)
def remove_sound(claim: jobs.Claim) -> None:
    clearing.remove_sound(claim.payload["submission"])
