"""Lives of a log that end at a chosen point. Run as a program: it forks one process for each line that it reads.

A line is `kill POINT NUMBER` or `stop POINT NUMBER`. The life writes entries, numbers them, publishes the checkpoint;
when it comes to POINT for the NUMBER-th time it kills itself with SIGKILL, or stops PostgreSQL at once ("immediate":
no clean-up, recovery from the write-ahead log at the next start). `check` numbers and publishes what is left and
derives everything again. Each answer is one line of JSON. Nothing of this is in the product: functions are wrapped
here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Where a life may end: (module, name) of what is wrapped, and whether it ends before it or after it.
#: In the order of an entry's way: recording, sequencing, integration, publishing.
POINTS = {
    "record: before the insert": ("provenance.canonical:leaf_hash", "before"),
    "record: after the insert": ("provenance.models.Entry:from_db", "before"),
    "commit: before": ("django.db.backends.base.base.BaseDatabaseWrapper:_commit", "before"),
    "commit: after": ("django.db.backends.base.base.BaseDatabaseWrapper:_commit", "after"),
    "sequencer: has the lock": ("provenance.sequencer:_place", "after"),
    "sequencer: before it picks": ("provenance.sequencer:_pick", "before"),
    "sequencer: has picked": ("provenance.sequencer:_pick", "after"),
    "sequencer: knows the size": ("provenance.sequencer:_standing_size", "after"),
    "sequencer: has checked the tree": ("provenance.sequencer:_check_standing", "after"),
    "sequencer: knows the streams' ends": ("provenance.sequencer:_stream_ends", "after"),
    "integration: before leaves or nodes": ("provenance.sequencer:_copy", "before"),
    "integration: leaves or nodes written": ("provenance.sequencer:_copy", "after"),
    "integration: before the signature": ("provenance.keys:signing_key", "before"),
    "integration: signed, not written": ("provenance.notes:sign", "after"),
    "integration: committed, floor not moved": ("provenance.sequencer._Floor:set", "before"),
    "integration: floor moved": ("provenance.sequencer._Floor:set", "after"),
    "publishing: before the claim": ("provenance.outside.publisher:_claim", "before"),
    "publishing: claimed": ("provenance.outside.publisher:_claim", "after"),
    "publishing: the older copy compared": ("provenance.outside.copies:_check_latest", "after"),
    "publishing: before a file appears": ("os:link", "before"),
    "publishing: a file has appeared": ("os:link", "after"),
    "publishing: before a file is replaced": ("os:replace", "before"),
    "publishing: a file is replaced": ("os:replace", "after"),
    "publishing: copied, not noted": ("provenance.outside.copies:publish", "after"),
    "publishing: noted": ("provenance.outside.publisher:publish", "after"),
}
ENTRIES = 25
STREAMS = 4


def main() -> None:
    import django

    django.setup()
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        answer = _forked(check if what == "check" else lambda pipe, how=what, at=rest: live(pipe, how, at))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _forked(work: Callable[[int], None]) -> dict[str, Any]:
    """Do it in a process of its own; gives its exit status and every line that it could still write."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        status = 1
        with contextlib.suppress(BaseException):
            try:
                work(writes)
                status = 0
            except BaseException:
                say(writes, error=traceback.format_exc()[-3000:])
        os._exit(status)
    os.close(writes)
    with os.fdopen(reads) as pipe:
        said = [json.loads(text) for text in pipe if text.endswith("\n")]
    _, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status), "said": said}


def say(pipe: int, **words: Any) -> None:
    os.write(pipe, (json.dumps(words) + "\n").encode())


# -- a life ------------------------------------------------------------------------------------------------------------


def live(pipe: int, how: str, at: str) -> None:
    point, _, number = at.rpartition(" ")
    _end_at(pipe, how, point, int(number))
    from provenance import sequencer
    from provenance.outside import publisher
    from tests.provenance.ledger.helpers import note

    for _ in range(3):
        for count in range(ENTRIES):
            entry = note(
                count, stream=f"project:{count % STREAMS}", words="private" if count % 3 == 0 else ""
            )
            say(pipe, id=entry.pk, leaf=bytes(entry.leaf_hash).hex())  # acknowledged: it is committed
        sequencer.run_once(limit=10)
        sequencer.drain()
        outcomes = publisher.publish_due(force=True)
        if any(outcome.error for outcome in outcomes):
            raise RuntimeError(outcomes)
    raise RuntimeError(f"never came to {point} for the {number}. time")


def _end_at(pipe: int, how: str, point: str, number: int) -> None:
    where, when = POINTS[point]
    module, _, name = where.partition(":")
    try:
        owner = importlib.import_module(module)
    except ModuleNotFoundError:  # a class of a module
        parent, _, cls = module.rpartition(".")
        owner = getattr(importlib.import_module(parent), cls)
    real = getattr(owner, name)
    seen = 0

    def end() -> None:
        nonlocal seen
        seen += 1
        if seen != number:
            return
        say(pipe, reached=point)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        _stop_postgres()

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            end()
        result = real(*args, **kwargs)
        if when == "after":
            end()
        return result

    setattr(owner, name, wrapped)


def _stop_postgres() -> None:
    """SIGQUIT is PostgreSQL's immediate stop: all its processes leave without writing anything more."""
    lock = Path(os.environ["CHAOS_CLUSTER"]) / "postmaster.pid"
    pid = int(lock.read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGQUIT)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.02)


# -- afterwards --------------------------------------------------------------------------------------------------------


def check(pipe: int) -> None:
    """What is left is numbered and published; then everything is derived again, entry by entry."""
    from provenance import audit, queries, sequencer
    from provenance.models import Checkpoint, Entry, Leaf
    from provenance.outside import publisher
    from tests.provenance.ledger.test_sequencer import check_whole_log

    sequencer.drain()
    for outcome in publisher.publish_due(force=True):
        assert not outcome.error, outcome
    check_whole_log()
    report = audit.run()
    assert report.ok, report.verdict
    placed = list(Leaf.objects.order_by("index").values_list("entry_id", flat=True))
    entries = {pk: bytes(leaf).hex() for pk, leaf in Entry.objects.values_list("pk", "leaf_hash")}
    head = queries.latest_checkpoint()
    say(
        pipe,
        entries=entries,
        placed=placed,
        points={point.size: bytes(point.note).decode() for point in Checkpoint.objects.all()},
        head=bytes(head.note).decode() if head else "",
    )


if __name__ == "__main__":
    main()
