"""Which stored sounds are like this one: an index names the likely ones, the fingerprints themselves decide.

The index holds each fingerprint's `terms`. PostgreSQL's GIN finds the rows that share any, their number ranks them,
and only the best few are aligned: the work does not grow with the catalogue.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from provenance.audiofile import MATCH_THRESHOLD, align, terms
from provenance.models import Asset, AssetAnalysis

#: So many of the likeliest are compared in full.
COMPARED: Final = 24
#: Fewer shared terms than this are chance; short sounds have few terms.
_LEAST_SHARED: Final = 2
_MOST_TERMS: Final = 4000


@dataclass(frozen=True, kw_only=True)
class Soundalike:
    """One stored sound that matches.

    `similarity` goes from `MATCH_THRESHOLD` to 1. `offset_s`, in seconds, is where the sound asked about begins in
    `asset`, below 0 where `asset` begins later; `overlap_s` is how many informative seconds were compared.
    """

    asset: Asset
    similarity: float
    offset_s: float
    overlap_s: float


def soundalikes(
    fingerprint: str, *, among: QuerySet[Asset] | None = None, without: Iterable[str] = ()
) -> list[Soundalike]:
    """Stored sounds that match, the likest first; empty where none does or the sound has too little to be found by.

    `fingerprint` is Chromaprint's compressed one, as `audiofile.fingerprint` gives it; what is none matches nothing.
    `among` restricts to some assets, `without` leaves digests (SHA-256, hex) out; the sound itself, where it is stored,
    is found like any other. A match agrees to at least `MATCH_THRESHOLD` over at least four seconds; how often that
    errs is measured in `generation/audio/matching_measured.json`. Re-encoded, cut and quieter copies are found. What
    was transposed, played at another speed or mixed under something louder is not: `generation.audio.matching` looks
    for that, in pairs. No more than the `COMPARED` likeliest by the index are compared. Asks the database, writes
    nothing.
    """
    wanted = terms(fingerprint)[:_MOST_TERMS]
    if not wanted:
        return []
    likely = _likely(wanted, among=among, without=frozenset(without))
    found = []
    for analysis in AssetAnalysis.objects.filter(pk__in=likely).select_related("asset"):
        place = align(analysis.fingerprint, fingerprint)
        if place.similarity >= MATCH_THRESHOLD:
            found.append(
                Soundalike(
                    asset=analysis.asset,
                    similarity=place.similarity,
                    offset_s=place.offset_s,
                    overlap_s=place.overlap_s,
                )
            )
    return sorted(found, key=lambda one: -one.similarity)


def _likely(wanted: list[int], *, among: QuerySet[Asset] | None, without: frozenset[str]) -> list[uuid.UUID]:
    rows = AssetAnalysis.objects.filter(fingerprint_terms__overlap=wanted)
    if among is not None:
        rows = rows.filter(asset__in=among)
    if without:
        rows = rows.exclude(asset__sha256__in=without)
    inner, parameters = rows.order_by().values("asset_id", "fingerprint_terms").query.sql_with_params()
    with connection.cursor() as cursor:
        # The names of the inner columns: the primary key is the asset.
        cursor.execute(
            f"SELECT found.asset_id FROM ({inner}) AS found,"  # noqa: S608 - Django's own SQL, values apart
            " LATERAL (SELECT count(*) AS shared FROM unnest(found.fingerprint_terms) AS term"
            " WHERE term = ANY(%s)) AS counted WHERE counted.shared >= %s"
            " ORDER BY counted.shared DESC LIMIT %s",
            [*parameters, wanted, _LEAST_SHARED, COMPARED],
        )
        return [row[0] for row in cursor.fetchall()]
