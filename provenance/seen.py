"""Which checkpoint to show for an entry: one that somebody outside has seen says more than the newest."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from provenance.models import Checkpoint, Entry, Leaf


def checkpoint_over(entries: Iterable[Entry]) -> Checkpoint | None:
    """The newest checkpoint over all of these with a time stamp or a witness's line; without one, the newest.

    None while one of them waits for its place.
    """
    ids = {entry.pk for entry in entries}
    places = list(Leaf.objects.filter(entry__in=ids).values_list("index", flat=True))
    if not ids or len(places) < len(ids):
        return None
    over = Checkpoint.objects.filter(size__gt=max(places)).order_by("-size")
    seen = over.filter(Q(tokens__isnull=False) | Q(cosignatures__isnull=False)).first()
    return seen or over.first()
