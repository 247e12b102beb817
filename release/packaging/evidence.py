"""The log's part in a package: entries in their place, proofs, and the bundle that a third party can check."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generation.models import Master
from provenance import bundle, keys, queries, sequencer
from provenance.bundle import BundleReport
from provenance.seen import checkpoint_over
from provenance.services import Entry
from provenance.signatures import signature_of
from release.c2pa.proof import VERSION
from release.errors import SystemFault
from release.packaging.facts import PackageFacts, TrackFacts

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
    target: Path, facts: PackageFacts, entries: Sequence[Entry], *, named: Mapping[str, str | Path]
) -> BundleReport:
    """The evidence bundle. Nothing private is disclosed; `named`: delivered files by path, as digest or as file."""
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


def key_entries(track: TrackFacts, made: Entry) -> tuple[tuple[str, Entry], ...]:
    """The entries that a signed file carries, each with what it is (`c2pa.proof.WHAT`): the one that made the master,
    the approved declaration, and the person's signature over that."""
    found = [("made", made)]
    declaration = track.evidence.declaration
    if declaration is not None and declaration.approved:
        found.append(("declared", declaration.entry))
        if signature := signature_of(declaration.entry):
            found.append(("signed", signature))
    return tuple(found)


def ledger_assertion(
    entries: Sequence[tuple[str, Entry]], *, master_sha256: str, isrc: str, rules: str
) -> dict[str, Any]:
    """What a signed file says about the ledger, so that it can be checked with the file alone (`release.c2pa.proof`).

    `entries` as `key_entries` gives them, all in their place. Private values are not in it: a body has commitments.
    """
    head = checkpoint_over(entry for _, entry in entries)
    if head is None:
        raise LogBehind("The master's entries have no proof yet. Trying again.")
    proofs = queries.proofs_for([entry for _, entry in entries], checkpoint=head)
    made = entries[0][1]
    return {
        "v": VERSION,
        "origin": keys.origin(),
        "log_key": str(keys.key_chain().key_for(head.size)),
        "size": head.size,
        "root": bytes(head.root).hex(),
        "checkpoint": bytes(head.note).decode() + "".join(f"{row.line}\n" for row in head.cosignatures.all()),
        "timestamps": [
            {"authority": row.authority, "token": base64.b64encode(bytes(row.token)).decode()}
            for row in head.tokens.all()
        ],
        "entry": bytes(made.leaf_hash).hex(),
        "index": proofs[made.pk].index,
        "proof": proofs[made.pk].text(),
        "entries": [
            {
                "what": what,
                "leaf": bytes(entry.leaf_hash).hex(),
                "index": proofs[entry.pk].index,
                "body": base64.b64encode(bytes(entry.body)).decode(),
                "proof": proofs[entry.pk].text(),
            }
            for what, entry in entries
        ],
        "master_sha256": master_sha256,
        "isrc": isrc,
        "rules": rules,
    }
