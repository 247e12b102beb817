"""Giving a bundle out, which is a fact worth recording: the entry names its digest and what was disclosed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from django.db import transaction
from django.db.models import QuerySet

from provenance import canonical, ledger, queries
from provenance.bundle.assets import AssetSource
from provenance.bundle.build import BundleReport, build
from provenance.bundle.closure import MAX_ENTRIES
from provenance.bundle.disclosure import Disclose, nothing
from provenance.bundle.errors import BundleRefused
from provenance.bundle.events import BundleExported
from provenance.models import Entry

#: Where exports are recorded that belong to no project and no release.
HOUSE_STREAM: Final = "exports"
MAX_RECIPIENT: Final = 500


@dataclass(frozen=True)
class Scope:
    """Which entries, in words, and in whose stream the export is recorded."""

    words: str
    stream: str
    entries: tuple[Entry, ...]
    title: str = ""
    assets: Mapping[str, AssetSource] = field(default_factory=dict)

    def only(self, allowed: Callable[[Entry], bool]) -> Scope:
        """The same without entries that the exporter may not read, and without assets that then nobody names."""
        entries = tuple(entry for entry in self.entries if allowed(entry))
        named = {ref for entry in entries for ref in entry.refs}
        assets = {
            path: source
            for path, source in self.assets.items()
            if not isinstance(source, str) or f"asset:{source}" in named
        }
        return replace(self, entries=entries, assets=assets)


def of_asset(sha256: str, *, stream: str | None = None) -> Scope:
    """Everything that led to an asset."""
    entries = tuple(queries.entries_for_asset(sha256, stream=stream))
    made = [entry.stream for entry in entries if entry.stream.startswith("project:")]
    return Scope(
        f"all that led to the asset {sha256[:12]}", stream or (made[-1] if made else HOUSE_STREAM), entries
    )


def of_stream(stream: str) -> Scope:
    """All entries of a stream, such as a project's."""
    return Scope(f"the stream {stream}", stream, _few(queries.entries_for(streams=[stream])))


def of_subject(ref: str) -> Scope:
    """All entries that concern one thing: `take:<uuid>`, `asset:<sha256>`."""
    return Scope(f"all about {ref}", HOUSE_STREAM, _few(queries.entries_for(refs=[ref])))


def of_period(since: dt.datetime, until: dt.datetime) -> Scope:
    """All entries from `since` up to, not including, `until`."""
    words = f"from {canonical.timestamp(since)[:19]}Z to {canonical.timestamp(until)[:19]}Z"
    return Scope(words, HOUSE_STREAM, _few(queries.entries_for(since=since, until=until)))


def _few(entries: QuerySet[Entry]) -> tuple[Entry, ...]:
    found = tuple(entries[: MAX_ENTRIES + 1])
    if len(found) > MAX_ENTRIES:
        raise BundleRefused(
            f"These are more than {MAX_ENTRIES:,} entries. Choose a project or a shorter time."
        )
    return found


def export(
    scope: Scope,
    *,
    actor: ledger.HasActor,
    out: BinaryIO,
    disclose: Disclose = nothing,
    recipient: str = "",
    kept_sizes: Sequence[int] = (),
) -> BundleReport:
    """Write the bundle to `out` and record that it left the house.

    The entry is committed after the bundle is complete and before anybody gets it, so it is not in the bundle itself.
    """
    if not scope.entries:
        raise BundleRefused("No entry fits: there is nothing to export.")
    shown: set[str] = set()

    def noted(entry: Entry, name: str) -> bool:
        if disclose(entry, name):
            shown.add(f"{entry.kind}/{name}")
            return True
        return False

    report = build(
        entries=scope.entries,
        disclose=noted,
        out=out,
        assets=scope.assets,
        kept_sizes=kept_sizes,
        title=scope.title or f"Evidence: {scope.words}",
    )
    with transaction.atomic():
        ledger.record(
            BundleExported(
                stream=scope.stream,
                scope=scope.words,
                bundle_sha256=report.sha256,
                entries=report.entries,
                log_size=report.size,
                disclosed=tuple(sorted(shown)),
                values=report.disclosed,
                recipient=recipient.strip()[:MAX_RECIPIENT],
            ),
            actor=actor,
        )
    return report
