"""Handlers for the chaos tests, loaded by the worker through DEADWAX_WORKER_MODULES. They prove
what ran by ledger entries."""

from __future__ import annotations

import os
import signal
import time

from generation.engine.host import ModelHost
from provenance import jobs
from provenance.events import Event, event
from provenance.ledger import Actor, record


@event
class ChaosDone(Event):
    kind = "chaos.done"
    sentence = "finished {job} in run {run}"

    job: str
    run: int


@jobs.handler("chaos.steps")
def steps(claim: jobs.Claim) -> None:
    """Works in small steps and leaves exactly one entry for each time that it really finished."""
    total = claim.payload["steps"]
    for done in range(total):
        claim.progress(done, total)
        time.sleep(claim.payload["step_s"])
    with claim.commit(done=True) as job:
        record(ChaosDone(stream=job.stream, job=str(job.pk), run=claim.attempt), actor=Actor.worker("chaos"))


@jobs.handler("chaos.silent")
def silent(claim: jobs.Claim) -> None:
    """Says nothing for longer than a lease."""
    time.sleep(claim.payload["seconds"])
    with claim.commit(done=True) as job:
        record(ChaosDone(stream=job.stream, job=str(job.pk), run=claim.attempt), actor=Actor.worker("chaos"))


@jobs.handler("chaos.poison")
def poison(claim: jobs.Claim) -> None:
    """Takes its worker process down."""
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.handler("chaos.frozen")
def frozen(claim: jobs.Claim) -> None:
    """Stops the first run's process long enough to lose the lease, then tries to write as if nothing had happened."""
    if claim.attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    with claim.commit(done=True) as job:
        record(ChaosDone(stream=job.stream, job=str(job.pk), run=claim.attempt), actor=Actor.worker("chaos"))


#: A model process as engines have it; the runner of the host's own tests.
HOST = ModelHost("tests.generation.engine.runners", environment=dict)


@jobs.handler("chaos.model")
def model(claim: jobs.Claim) -> None:
    """Asks a model process; its pid stands in the note."""
    request = {"seeds": [1], "steps": 4, "step_s": 0.05, **claim.payload}
    for _ in HOST.run(request, lambda done, of: claim.progress(done, of, f"pid {HOST.pid}"), total=4):
        pass
    with claim.commit(done=True) as job:
        record(ChaosDone(stream=job.stream, job=str(job.pk), run=claim.attempt), actor=Actor.worker("chaos"))


@jobs.handler("chaos.deaf")
def deaf(claim: jobs.Claim) -> None:
    """Works in this very process and never asks whether it is wanted."""
    claim.progress(0, 1, f"pid {os.getpid()}")
    while True:
        time.sleep(0.05)
