"""Which entries a bundle holds: those that were chosen, and what a reader needs to judge who signed them.

Added: the stream of the log's own keys; the signatures over chosen entries; the whole stream of keys of the people who
signed. Whole, because the verifier takes no key of a stream of which entries are held back: a revocation may be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from provenance import key_events, sequencer
from provenance.bundle.errors import BundleRefused, NotInLogYet
from provenance.models import Entry, Leaf

MAX_ENTRIES: Final = 20_000
SIGNED: Final = "session.signed"
PERSON_KEY: Final = "person_key."
LOG_KEY: Final = "log_key."


def close(entries: Sequence[Entry]) -> tuple[list[tuple[Entry, Leaf]], frozenset[int]]:
    """The entries with their leaves in the order of the log, and the ids of those that were added.

    Numbers those that are committed but still wait. Raises `NotInLogYet` for entries of an open transaction.
    """
    found = {entry.id: entry for entry in entries}
    if not found:
        raise BundleRefused("A bundle needs at least one entry.")
    asked = frozenset(found)
    _refuse_too_many(found)
    _add(found, Entry.objects.filter(stream=key_events.STREAM))
    _add(found, Entry.objects.filter(kind__startswith=LOG_KEY))
    _add(found, Entry.objects.filter(kind=SIGNED, signs__entry__in=list(asked)).distinct())
    people = {
        f"person:{entry.actor_id}"
        for entry in found.values()
        if entry.kind == SIGNED or entry.kind.startswith(PERSON_KEY)
    }
    people |= {entry.stream for entry in found.values() if entry.kind.startswith(PERSON_KEY)}
    if people:
        _add(found, Entry.objects.filter(stream__in=sorted(people)))
    _refuse_too_many(found)
    return _numbered(found), frozenset(found) - asked


def _add(found: dict[int, Entry], more: Iterable[Entry]) -> None:
    found |= {entry.id: entry for entry in more if entry.id not in found}


def _refuse_too_many(found: dict[int, Entry]) -> None:
    if len(found) > MAX_ENTRIES:
        raise BundleRefused(
            f"A bundle holds at most {MAX_ENTRIES} entries; these are {len(found)}. Choose fewer."
        )


def _numbered(found: dict[int, Entry]) -> list[tuple[Entry, Leaf]]:
    for attempt in range(2):
        leaves = {leaf.entry_id: leaf for leaf in Leaf.objects.filter(entry__in=list(found))}
        if len(leaves) == len(found):
            return sorted(((found[key], leaves[key]) for key in found), key=lambda row: row[1].index)
        if not attempt:
            sequencer.drain()
    raise NotInLogYet(
        f"{len(found) - len(leaves)} entries have no place in the log yet. Try again in a moment."
    )
