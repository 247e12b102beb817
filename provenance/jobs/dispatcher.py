"""The leading `dispatch`: sends hints that did not leave or got lost, recovers jobs of dead workers, does
periodic work.

Leader is who holds the advisory lock; the lock belongs to the very connection that does the work, so that a
lost connection
is a lost leadership. Two leaders at once would do no harm (every step takes row locks), only double work.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time

from django.db import Error, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import autodiscover_modules

from provenance import sequencer
from provenance.jobs import broker, choosing, endings, policy, registry, services
from provenance.models import Job
from provenance.outside import publisher

log = logging.getLogger(__name__)
_LOCK = 0x44_57_44_49  # "DWDI"
TICK_S = 0.5
SEQUENCE_EVERY_S = 0.1
PUBLISH_EVERY_S = 1
_BATCH = 200


class Dispatcher:
    """Runs until `stop()`."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._leading = threading.Event()
        self._due: dict[str, float] = {}

    def stop(self) -> None:
        """End `run()` within about a second. Safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Lead, or stand by for the leader's end."""
        autodiscover_modules("periodic")
        numbering = threading.Thread(target=self._sequence, name="sequencer", daemon=True)
        numbering.start()
        publishing = threading.Thread(target=self._publish_outside, name="publisher", daemon=True)
        publishing.start()
        standing_by = False
        while not self._stopping.is_set():
            try:
                if not self._leading.is_set():
                    if not _try_lock():
                        if not standing_by:
                            log.info("dispatch: another process leads; standing by")
                            standing_by = True
                        self._stopping.wait(1)
                        continue
                    log.info("dispatch: leading")
                    standing_by = False
                    self._leading.set()
                self.tick()
                self._stopping.wait(TICK_S)
            except Error as error:
                self._leading.clear()
                log.warning("dispatch: database away (%s)", str(error).strip().split("\n")[0])
                connection.close()
                self._stopping.wait(1)
        self._leading.clear()
        numbering.join(timeout=10)
        publishing.join(timeout=5)
        connection.close()

    def tick(self) -> None:
        """One round. Raises django.db.Error when the connection, and with it the leadership, is gone."""
        endings.recover_expired()
        publish_due()
        for work in registry.all_periodic():
            now = time.monotonic()
            if now >= self._due.get(work.name, 0):
                self._due[work.name] = now + work.every_s
                try:
                    work.run()
                except Error:
                    raise
                except Exception:  # an app's own work: what fails there must not stop the others
                    log.exception("dispatch: periodic work %s failed", work.name)

    def _sequence(self) -> None:
        """Number committed entries and sign checkpoints, ten times a second, on a connection of its own."""
        while not self._stopping.wait(SEQUENCE_EVERY_S):
            if not self._leading.is_set():
                continue
            try:
                sequencer.run_once()
            except Exception as error:
                log.error("dispatch: sequencer: %s", error, exc_info=not isinstance(error, Error))
                connection.close()
                self._stopping.wait(1)
        connection.close()

    def _publish_outside(self) -> None:
        """Bring checkpoints to the outside places; each is visited on a thread of its own."""
        outside = publisher.Publisher()
        while not self._stopping.wait(PUBLISH_EVERY_S):
            if not self._leading.is_set():
                continue
            try:
                outside.tick()
            except Exception as error:
                log.error("dispatch: publisher: %s", error, exc_info=not isinstance(error, Error))
                connection.close()
                self._stopping.wait(1)
        outside.close()
        connection.close()


def publish_due() -> int:
    """Send hints for waiting jobs that have none: never sent, due again, or lost with the broker. Returns how
    many."""
    startable = Job.objects.filter(choosing.may_start())
    never = startable.filter(published_at=None, created_at__lt=Now() - dt.timedelta(seconds=0.3))
    sent = _send(never)
    lost = startable.filter(published_at__lt=Now() - dt.timedelta(seconds=policy.REPUBLISH_S))
    for queue in policy.QUEUES:
        # Hints that only wait for their turn are still in the broker. An empty queue next to waiting jobs
        # means that they
        # are gone (or in a worker's hand, where one more does no harm: then the queue is not empty and this stops).
        here = lost.filter(queue=queue)
        if here.exists():
            here = here.exclude(share__in=choosing.stopped(queue))  # their hints would come to nothing
            if here.exists() and broker.waiting(queue) == 0:
                sent += _send(here)
    return sent


def _send(jobs: QuerySet[Job]) -> int:
    sent = 0
    for job_id, queue in jobs.order_by("-lift", "-priority", "created_at").values_list("pk", "queue")[
        :_BATCH
    ]:
        if not services.publish(job_id, queue):
            break
        sent += 1
    return sent


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
