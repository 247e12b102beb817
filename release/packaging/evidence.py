"""The log's part in a package: entries in their place, proofs, and the bundle that a third party can check."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from generation.models import Master
from provenance import bundle, keys, queries, sequencer
from provenance.bundle import BundleReport
from provenance.services import Entry
from release.errors import SystemFault
from release.packaging.facts import PackageFacts

PATIENCE_S = 30.0


class LogBehind(SystemFault):
    """The sequencer did not get to the entries in time; the job is tried again."""

    code = "log_behind"


def wait_for_places(entries: Iterable[Entry]) -> None:
    """Return when every entry has its place in the log: number them here, or wait for whoever holds the lock."""
    waiting = {entry.pk for entry in entries}
    until = time.monotonic() + PATIENCE_S
    while True:
        sequencer.drain()
        waiting -= set(Entry.objects.filter(pk__in=waiting, leaf__isnull=False).values_list("pk", flat=True))
        if not waiting:
            return
        if time.monotonic() > until:
            raise LogBehind(f"{len(waiting)} entries have no place in the log yet. Trying again.")
        time.sleep(0.05)


def entries_of(facts: PackageFacts) -> list[Entry]:
    """All that a stranger needs: the masters' lineages with every decision, the recordings, and the release."""
    found: dict[int, Entry] = {}
    refs = [facts.release.stream, f"package:{facts.package.pk}"]
    for track in facts.tracks:
        assert track.master.wav is not None
        for entry in queries.entries_for_asset(track.master.wav.sha256, stream=track.master.project.stream):
            found[entry.pk] = entry
        refs += [
            f"recording:{track.recording.pk}",
            f"work:{track.recording.work_id}",
            f"master:{track.master.pk}",
        ]
    for entry in queries.entries_for(refs=refs).select_related("leaf"):
        found[entry.pk] = entry
    return [found[key] for key in sorted(found)]


def write_bundle(
    target: Path, facts: PackageFacts, entries: Sequence[Entry], *, named: dict[str, str]
) -> BundleReport:
    """The evidence bundle. Nothing private is disclosed; `named` gives digests of delivered files by path."""
    with target.open("w+b") as out:
        return bundle.build(
            entries=entries,
            disclose=lambda entry, name: False,
            out=out,
            assets=named,
            title=f"{facts.release.title} by {facts.release.artist.name}, {facts.release.catalogue_number}",
        )


def master_entry(master: Master, produced_by: str) -> Entry:
    """The entry that made a master. Raises `SystemFault` where the ledger has lost it."""
    entry = queries.entry_by_leaf(produced_by)
    if entry is None:
        raise SystemFault(f"No entry says how {master} was made.", code="entry_missing")
    return entry


def ledger_assertion(entry: Entry, *, master_sha256: str, isrc: str, rules: str) -> dict[str, Any]:
    """What a signed file says about the ledger: where the master's entry stands, with the proof itself."""
    head = queries.latest_checkpoint()
    proof = queries.proof_for(entry, checkpoint=head) if head else None
    if proof is None or head is None:
        raise LogBehind("The master's entry has no proof yet. Trying again.")
    return {
        "origin": keys.origin(),
        "log_key": str(keys.verifier_key()),
        "size": proof.size,
        "root": bytes(head.root).hex(),
        "entry": bytes(entry.leaf_hash).hex(),
        "index": proof.index,
        "proof": proof.text(),
        "master_sha256": master_sha256,
        "isrc": isrc,
        "rules": rules,
    }
