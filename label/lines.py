"""Ledger entries as pages show them: a sentence, who, when, how it is known, and the origin's colour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from artists.models import User
from provenance.elements import Origin, combine
from provenance.queries import parsed
from provenance.services import Entry, in_words


@dataclass(frozen=True)
class Line:
    """One entry for a page. `origin` is empty where the entry made nothing that sounds or reads."""

    leaf: str
    sentence: str
    at: dt.datetime
    basis: str
    who: str
    origin: str
    index: int | None
    kind: str


def lines(entries: Iterable[Entry]) -> list[Line]:
    """Entries in words. The caller has checked that the reader may see their streams."""
    entries = list(entries)
    prefetch_related_objects(entries, "vault")
    humans = {entry.actor_id for entry in entries if entry.actor_type == "human"}
    names = {str(user.pk): user.full_name for user in User.objects.filter(pk__in=humans)}
    return [_line(entry, names) for entry in entries]


def _line(entry: Entry, names: dict[str, str]) -> Line:
    sentence = in_words(entry, disclosed=True)
    leaf = getattr(entry, "leaf", None)
    return Line(
        leaf=bytes(entry.leaf_hash).hex(),
        sentence=sentence[:1].upper() + sentence[1:],
        at=entry.at,
        basis=entry.basis,
        who=names.get(entry.actor_id, "somebody") if entry.actor_type == "human" else entry.actor_id,
        origin=_origin(entry),
        index=leaf.index if leaf else None,
        kind=entry.kind,
    )


def _origin(entry: Entry) -> str:
    if entry.actor_type == "human":
        return Origin.HUMAN.value
    made = parsed(entry).authorship.values()
    origins = {claim.origin for output in made for claim in output.claims if claim.origin is not None}
    return combine(origins).value if origins else ""
