"""Blobs that nothing refers to go once they are old: uploads that broke off, work that was cancelled.

A blob is referred to when an asset's row or any entry names its digest. What is being made is not yet, so only old ones
go: `AGE_S` is far longer than any job. Storing the same content again makes it young (provenance/blobs).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Final

from django.utils import timezone

from provenance.blobs import SweepReport, store
from provenance.jobs.services import enqueue
from provenance.ledger import Actor
from provenance.models import Asset, Entry, Job

log = logging.getLogger(__name__)
KIND: Final = "provenance.sweep"
AGE_S: Final = 7 * 86_400
EVERY: Final = dt.timedelta(days=1)


def unreferenced(digests: Iterable[str]) -> set[str]:
    """Those of the digests that neither an asset nor an entry names."""
    left = set(digests)
    left -= set(Asset.objects.filter(sha256__in=left).values_list("sha256", flat=True))
    if left:
        for refs in Entry.objects.filter(refs__overlap=[f"asset:{one}" for one in left]).values_list(
            "refs", flat=True
        ):
            left -= {ref.removeprefix("asset:") for ref in refs}
    return left


def sweep(*, older_than_s: float = AGE_S) -> SweepReport:
    """Remove old blobs that nothing refers to, and abandoned uploads."""
    report = store().sweep(referenced=lambda sha256: not unreferenced([sha256]), older_than_s=older_than_s)
    if report.removed or report.stale_uploads:
        log.info(
            "sweep: %d unreferenced files (%.1f MB) and %d broken uploads removed",
            len(report.removed),
            report.freed_bytes / 1e6,
            report.stale_uploads,
        )
    return report


def sweep_daily() -> Job | None:
    """Ask a worker for a sweep unless one was asked for within the last day."""
    if Job.objects.filter(kind=KIND, created_at__gt=timezone.now() - EVERY).exists():
        return None
    return enqueue(
        KIND, {}, actor=Actor.system("dispatch"), subject="storage", stream="label", title="Sweep of unused files",
        priority=-10,
    )  # fmt: skip
