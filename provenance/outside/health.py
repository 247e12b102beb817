"""How far each outside place has come, for pages and commands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from provenance.models import Checkpoint, OutsidePlace
from provenance.outside import places
from provenance.outside.config import ConfigError


@dataclass(frozen=True, slots=True)
class PlaceHealth:
    """`behind` = entries of the log that the place has not seen; negative where it has seen more than there are.

    `failing_since` is None while it works; `error` is its last refusal in words. A place that is no longer named in
    the settings stays here with `configured` False: what it has seen still counts.
    """

    name: str
    kind: str
    reached_size: int
    reached_at: dt.datetime | None
    behind: int
    failing_since: dt.datetime | None
    error: str
    configured: bool


def outside_health() -> tuple[PlaceHealth, ...]:
    """All places, by kind and name. A mistake in their file comes first, as a place of kind `settings`."""
    problem = ""
    try:
        named = {place.name: place.kind for place in places.configured().places}
    except ConfigError as error:
        named, problem = {}, str(error)
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    rows = {row.name: row for row in OutsidePlace.objects.all()}
    found = [
        PlaceHealth(
            name=row.name,
            kind=row.kind,
            reached_size=row.reached_size,
            reached_at=row.reached_at,
            behind=size - row.reached_size,
            failing_since=row.failing_since,
            error=row.error,
            configured=named.get(row.name) == row.kind,
        )
        for row in rows.values()
        if named.get(row.name, row.kind) == row.kind
    ]
    known = {item.name for item in found}
    found += [
        PlaceHealth(name, kind, 0, None, size, None, "", configured=True)
        for name, kind in named.items()
        if name not in known
    ]
    found.sort(key=lambda item: (not item.configured, item.kind, item.name))
    if problem:
        found.insert(
            0, PlaceHealth(places.FILE_NAME, "settings", 0, None, size, None, problem, configured=True)
        )
    return tuple(found)
