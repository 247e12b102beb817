"""Numbers from the label's ranges: gapless, unique under concurrency, never given out twice."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import Max

from provenance.ledger import HasActor, record
from release import identifiers
from release.events import NumberAllocated
from release.models import Imprint, NumberAllocation

Kind = NumberAllocation.Kind


def allocate_isrc(imprint: Imprint, *, year: int, actor: HasActor) -> str:
    series = f"{imprint.isrc_prefix}{year % 100:02d}"
    return _allocate(
        imprint, Kind.ISRC, series, lambda n: identifiers.next_isrc(imprint.isrc_prefix, year, n), actor
    )


def allocate_gtin(imprint: Imprint, *, actor: HasActor) -> str:
    prefix = imprint.gtin_prefix
    return _allocate(imprint, Kind.GTIN, prefix, lambda n: identifiers.next_gtin(prefix, n), actor)


def allocate_catalogue_number(imprint: Imprint, *, actor: HasActor) -> str:
    prefix = imprint.catalogue_prefix
    return _allocate(imprint, Kind.CATALOGUE, prefix, lambda n: f"{prefix}-{n:03d}", actor)


def _allocate(
    imprint: Imprint, kind: NumberAllocation.Kind, series: str, build: Callable[[int], str], actor: HasActor
) -> str:
    """The next number of a series. Writers of a series queue, whatever their imprint; who rolls back leaves no gap.

    Several series in one transaction MUST be asked in the order ISRC, GTIN, catalogue number, or two writers deadlock.
    """
    with transaction.atomic():
        _queue_for(f"{kind.value}:{series}")
        rows = NumberAllocation.objects.filter(kind=kind, series=series)
        n = (rows.aggregate(last=Max("n"))["last"] or 0) + 1
        value = build(n)
        entry = record(
            NumberAllocated(
                stream=f"imprint:{imprint.pk}", number_kind=kind.value, series=series, n=n, value=value
            ),
            actor=actor,
        )
        NumberAllocation.objects.create(
            imprint=imprint, kind=kind, series=series, n=n, value=value, entry=entry
        )
    return value


def _queue_for(series: str) -> None:
    """Hold a series until the transaction ends. Two imprints may share a prefix, so no row of one of them will do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"deadwax/number/{series}"])
