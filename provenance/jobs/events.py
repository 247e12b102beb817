"""What the job system itself writes to the ledger; a success is recorded by the handler's own events."""

from __future__ import annotations

from provenance.events import Event, event, sealed


@event
class CancelRequested(Event):
    kind = "job.cancel_requested"
    sentence = "asked to stop: {title}"

    job: str
    job_kind: str
    title: str


@event
class Cancelled(Event):
    kind = "job.cancelled"
    sentence = "stopped before its end: {title}"

    job: str
    job_kind: str
    title: str
    attempts: int


@event
class Failed(Event):
    kind = "job.failed"
    sentence = "did not succeed: {title} ({code}) {message}"
    shred = "The message may quote a file name or a prompt; it goes with the private content of its stream."

    job: str
    job_kind: str
    title: str
    attempts: int
    code: str
    message: str = sealed(default="")


@event
class Retried(Event):
    kind = "job.retried"
    sentence = "started again: {title}"

    job: str
    job_kind: str
    title: str
