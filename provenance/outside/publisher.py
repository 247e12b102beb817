"""Bring every outside place what is due. Nothing that a person does ever waits for this.

1. A place is due when the log has grown past what the place has, its time has come, and nobody else is at it.
2. It is claimed by a conditional update (`next_at` as a lease), so that two processes do not do the same twice; if they
   do, nothing breaks: tokens and cosignatures are unique per checkpoint and place.
3. It is visited on a thread of its own with a database connection of its own and no open transaction: a place that
   hangs holds up itself only.
4. What it gave is verified, then stored; how far it has come, or why not and when to try again, stands in its row.

A process that dies on the way loses at most an answer, and asks again after the lease.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import Error, connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from provenance import merkle, notes, tree
from provenance.models import Checkpoint, Cosignature, OutsidePlace, TimestampToken
from provenance.outside import copies, places, timestamps, witnesses
from provenance.outside.config import Authority, ConfigError, Copy, Place, Witness
from provenance.outside.errors import LogContradicted, PlaceRefused
from provenance.outside.wire import WireError

log = logging.getLogger(__name__)

LEASE_S: Final = 120
FIRST_RETRY_S: Final = 5
LAST_RETRY_S: Final = 900
#: How long `publish_due` waits for places at most.
PATIENCE_S: Final = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """One visit: the size of the checkpoint that the place has now, or the reason why it does not."""

    name: str
    kind: str
    size: int
    error: str = ""


def publish_due(
    *, force: bool = False, done: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """Visit every place that is due, all at once, and wait for them; with `force` also those whose time has not come.

    Raises ConfigError where the file of the places has a mistake.
    """
    visits = [_Visit(place, force=force) for place in due(force=force)]
    for visit in visits:
        visit.start()
    until = time.monotonic() + PATIENCE_S
    outcomes = []
    for visit in visits:
        visit.join(max(0.0, until - time.monotonic()))
        outcome = visit.outcome
        if visit.is_alive():
            outcome = Outcome(visit.place.name, visit.place.kind, 0, "It is still at it; left behind.")
        if outcome is not None:
            outcomes.append(outcome)
            done(outcome)
    return outcomes


class Publisher:
    """The publisher of a process that goes on: `tick()` often, `close()` at the end. It never waits for a place."""

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}

    def tick(self) -> None:
        """Start what is due. Raises django.db.Error when the database is away."""
        self._visits = {name: visit for name, visit in self._visits.items() if visit.is_alive()}
        try:
            waiting = due()
        except ConfigError:
            return  # told once by places.configured
        for place in waiting:
            if place.name not in self._visits:
                visit = self._visits[place.name] = _Visit(place)
                visit.start()

    def close(self, *, timeout_s: float = 3) -> None:
        """Give visits under way a moment. One that is cut off is made again after its lease."""
        until = time.monotonic() + timeout_s
        for visit in self._visits.values():
            visit.join(max(0.0, until - time.monotonic()))


class _Visit(threading.Thread):
    """One place, once, with a connection of its own."""

    def __init__(self, place: Place, *, force: bool = False) -> None:
        super().__init__(name=f"outside {place.name}", daemon=True)
        self.place, self.force = place, force
        self.outcome: Outcome | None = None

    def run(self) -> None:
        try:
            self.outcome = publish(self.place, force=self.force)
        except Error as error:
            words = str(error).strip().split("\n")[0]
            log.warning("outside %s: database away (%s)", self.place.name, words)
            self.outcome = Outcome(self.place.name, self.place.kind, 0, f"The database is away: {words}")
        finally:
            connection.close()


def newest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def due(*, force: bool = False) -> list[Place]:
    """Places that lack the newest checkpoint and whose time has come."""
    named = places.configured().places
    if not named:
        return []
    head = newest()
    if head is None:
        return []
    ready = OutsidePlace.objects.filter(pk__in=[place.name for place in named])
    rows = {row.name: row for row in ready.annotate(time_has_come=Q(next_at=None) | Q(next_at__lte=Now()))}
    found = []
    for place in named:
        row = rows.get(place.name)
        if row is None or row.kind != place.kind:
            found.append(place)
            continue
        if row.reached_size != head.size and (force or row.time_has_come):
            found.append(place)
    return found


def publish(place: Place, *, force: bool = False) -> Outcome | None:
    """Visit one place with the newest checkpoint; None where there is nothing to do or somebody else is at it."""
    row = _claim(place, force=force)
    head = newest()
    if row is None or head is None:
        return None
    try:
        if row.reached_size > head.size:
            raise LogContradicted(
                f"This place has a checkpoint of {row.reached_size} entries, the log has {head.size}:"
                " its end was cut off."
            )
        _visit(place, row, head)
    except (PlaceRefused, WireError, ConfigError, notes.NoteError, tree.NodeMissing) as error:
        return _failed(place, row, head, str(error), grave=isinstance(error, LogContradicted))
    except Error:
        raise
    except Exception as error:  # a mistake of ours with one place must not end the others
        log.exception("outside %s", place.name)
        return _failed(place, row, head, f"{type(error).__name__}: {error}")
    OutsidePlace.objects.filter(pk=place.name, reached_size__lte=head.size).update(
        reached_size=head.size,
        reached_at=Now(),
        failing_since=None,
        failures=0,
        error="",
        next_at=Now() + dt.timedelta(seconds=place.every_s),
    )
    if row.failures:
        log.info("outside %s: reached again, with %s entries", place.name, head.size)
    return Outcome(place.name, place.kind, head.size)


def _claim(place: Place, *, force: bool) -> OutsidePlace | None:
    OutsidePlace.objects.bulk_create([OutsidePlace(name=place.name, kind=place.kind)], ignore_conflicts=True)
    # A name that was given to another kind of place starts anew.
    OutsidePlace.objects.filter(pk=place.name).exclude(kind=place.kind).update(
        kind=place.kind,
        reached_size=0,
        reached_at=None,
        failing_since=None,
        failures=0,
        error="",
        next_at=None,
    )
    free = OutsidePlace.objects.filter(pk=place.name)
    if not force:
        free = free.filter(Q(next_at=None) | Q(next_at__lte=Now()))
    if not free.update(next_at=Now() + dt.timedelta(seconds=LEASE_S)):
        return None
    return OutsidePlace.objects.get(pk=place.name)


def _visit(place: Place, row: OutsidePlace, head: Checkpoint) -> None:
    note = bytes(head.note)
    match place:
        case Authority():
            _stamp(place, head, note)
        case Witness():
            cosigned = witnesses.add_checkpoint(place, note, known_size=row.reached_size, prove=_prove)
            Cosignature.objects.bulk_create(
                [
                    Cosignature(
                        checkpoint=head,
                        witness=place.key.name,
                        key=str(place.key),
                        line=cosigned.line,
                        at=cosigned.at,
                    )
                ],
                ignore_conflicts=True,
            )
        case Copy():
            copies.publish(place, note, root_at=lambda size: _root_at(size, head.size))


def _stamp(place: Authority, head: Checkpoint, note: bytes) -> None:
    if TimestampToken.objects.filter(checkpoint=head, authority=place.name).exists():
        return
    token = timestamps.ask(place, note)
    TimestampToken.objects.bulk_create(
        [TimestampToken(checkpoint=head, authority=place.name, token=token.der, gen_time=token.gen_time)],
        ignore_conflicts=True,
    )


def _prove(old: int, new: int) -> list[bytes]:
    get = tree.reader_for(lambda get: merkle.consistency_proof(old, new, get))
    return merkle.consistency_proof(old, new, get)


def _root_at(size: int, log_size: int) -> bytes | None:
    if size > log_size:
        return None
    get = tree.reader_for(lambda get: merkle.root(size, get))
    return merkle.root(size, get)


def _failed(
    place: Place, row: OutsidePlace, head: Checkpoint, reason: str, *, grave: bool = False
) -> Outcome:
    reason = "".join(char if char.isprintable() else " " for char in reason)[:400]
    if reason != row.error:
        log.log(logging.ERROR if grave else logging.WARNING, "outside %s: %s", place.name, reason)
    OutsidePlace.objects.filter(pk=place.name).update(
        failures=F("failures") + 1,
        failing_since=Coalesce(F("failing_since"), Now()),
        error=reason,
        next_at=Now() + dt.timedelta(seconds=retry_s(row.failures + 1)),
    )
    return Outcome(place.name, place.kind, head.size, reason)


def retry_s(failures: int) -> float:
    """Seconds until the next try: doubling from 5 s to a quarter of an hour, a little apart from each other."""
    return min(FIRST_RETRY_S * 2.0 ** min(failures - 1, 20), LAST_RETRY_S) * random.uniform(0.8, 1.2)  # noqa: S311
