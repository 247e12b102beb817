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


@event
class Paused(Event):
    kind = "job.paused"
    sentence = "put on hold: {title}"

    job: str
    job_kind: str
    title: str


@event
class Resumed(Event):
    kind = "job.resumed"
    sentence = "let go on: {title}"

    job: str
    job_kind: str
    title: str


@event
class Held(Event):
    kind = "job.held"
    sentence = "left for the night: {title}"

    job: str
    job_kind: str
    title: str


@event
class StartedNow(Event):
    kind = "job.started_now"
    sentence = "did not wait for the night with: {title}"

    job: str
    job_kind: str
    title: str


@event
class Prioritised(Event):
    """`among`: `own`, put before the others of its share; `all`, by the label's staff, to `lift`."""

    kind = "job.prioritised"
    sentence = "changed the turn of: {title} (among {among})"

    job: str
    job_kind: str
    title: str
    among: str
    lift: int


@event
class QuotaSet(Event):
    """None: without a limit. `share`: artist:<id>, or everybody."""

    kind = "job.quota_set"
    sentence = "set a quota of jobs: {waiting} waiting, {running} running, {gpu_minutes} GPU minutes a day"

    share: str
    waiting: int | None
    running: int | None
    gpu_minutes: int | None
