"""Stored bytes that go on purpose: first an entry says so, then they go, unless anything still relies on them.

The asset's row, its digest and every entry about it stay. `ledger_verify --assets` counts such bytes as removed, not as
lost. When the same bytes come in again they are stored again, and nothing else has to be done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from django.db import models, transaction

from provenance import blobs
from provenance.events import AssetRef, Event, event
from provenance.ledger import HasActor, record
from provenance.models import Asset, AssetAnalysis, Entry

KIND: Final = "asset.removed"


@event
class BytesRemoved(Event):
    kind = "asset.removed"
    sentence = "removed the stored bytes of {count} files: {reason}"

    count: int
    reason: str


def held_by(asset: Asset) -> list[str]:
    """The kinds of rows that still rely on the bytes, by name. A model's `LETS_GO` says which of its rows do not."""
    found = []
    for field in Asset._meta.get_fields(include_hidden=True):
        if not isinstance(field, models.ForeignObjectRel) or field.related_model is AssetAnalysis:
            continue
        model = field.related_model
        rows = model._base_manager.filter(**{field.field.name: asset})
        gone: models.Q | None = getattr(model, "LETS_GO", None)
        if gone is not None:
            rows = rows.exclude(gone)
        if rows.exists():
            found.append(model._meta.label)
    return sorted(set(found))


def say_removed(
    wanted: Iterable[Asset], *, stream: str, reason: str, actor: HasActor, keep_fingerprint: bool = False
) -> list[str]:
    """Record that these bytes go, and forget what was measured from them. Returns the digests that may go now.

    What something relies on, and what is not stored, is left out. Delete with `delete_bytes` once this is committed.
    """
    store = blobs.store()
    loose = [asset for asset in wanted if not held_by(asset)]
    assets = [asset for asset in loose if store.exists(asset.sha256)]
    with transaction.atomic():
        measured = AssetAnalysis.objects.filter(asset__in=loose)
        if keep_fingerprint:
            measured.update(peaks=None)
        else:
            measured.delete()
        if not assets:
            return []
        record(
            BytesRemoved(
                stream=stream,
                inputs=tuple(AssetRef(role="removed", sha256=asset.sha256) for asset in assets),
                count=len(assets),
                reason=reason,
            ),
            actor=actor,
        )
    return [asset.sha256 for asset in assets]


def delete_bytes(digests: Iterable[str]) -> None:
    """Delete what `say_removed` named. Whoever brings bytes in must be kept out meanwhile: see `submissions`."""
    for sha256 in digests:
        asset = Asset.objects.filter(sha256=sha256).first()
        if asset is not None and not held_by(asset):
            blobs.store().delete(sha256)


def removed_among(digests: Collection[str]) -> set[str]:
    """Those of the digests whose bytes an entry says are removed."""
    wanted = {f"asset:{sha256}" for sha256 in digests}
    found: set[str] = set()
    if wanted:
        for refs in Entry.objects.filter(kind=KIND, refs__overlap=sorted(wanted)).values_list(
            "refs", flat=True
        ):
            found |= wanted.intersection(refs)
    return {ref.removeprefix("asset:") for ref in found}
