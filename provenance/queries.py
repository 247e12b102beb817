"""Reading the ledger: entries by what they concern, the lineage of an asset, and the log over them.

Pages for readers: `provenance/finding.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import QuerySet

from provenance import merkle, notes, tree
from provenance.authorship import EntryBody, parse_entry
from provenance.models import Checkpoint, Entry, Leaf

#: Subjects that one song was made of. Others (a project, a person, a tool) concern much else, so a lineage that
#: followed them would tell one artist's readers about another's work.
_THINGS: Final = (
    "brief:",
    "run:",
    "take:",
    "stem:",
    "upload:",
    "arrangement:",
    "version:",
    "render:",
    "master:",
    "declaration:",
)


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry stands at `index` of the log whose `size` and root the checkpoint signs."""

    index: int
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def text(self) -> str:
        """The proof as C2SP tlog-proof@v1."""
        return bytes(notes.TlogProof(self.index, self.hashes, self.checkpoint)).decode()


@dataclass(frozen=True, slots=True)
class LedgerHealth:
    """How the log stands. `oldest_waiting_s` is None when nothing waits for its place."""

    entries: int
    leaves: int
    waiting: int
    oldest_waiting_s: float | None
    checkpoint_size: int
    checkpoint_at: dt.datetime | None


# -- entries -----------------------------------------------------------------------------------------------------------


def entries_for(
    *,
    refs: Iterable[str] = (),
    streams: Iterable[str] = (),
    kinds: Iterable[str] = (),
    actor_id: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> QuerySet[Entry]:
    """Entries that concern any of `refs` or lie in any of `streams`, and match the rest; newest first.

    `refs` are subjects and assets as entries name them: `take:<uuid>`, `asset:<sha256>`. Nothing given means all.
    """
    found = Entry.objects.order_by("-id")
    if wanted := sorted(set(refs)):
        found = found.filter(refs__overlap=wanted)
    if wanted := sorted(set(streams)):
        found = found.filter(stream=wanted[0]) if len(wanted) == 1 else found.filter(stream__in=wanted)
    if wanted := sorted(set(kinds)):
        found = found.filter(kind=wanted[0]) if len(wanted) == 1 else found.filter(kind__in=wanted)
    if actor_id is not None:
        found = found.filter(actor_id=actor_id)
    if since is not None:
        found = found.filter(at__gte=since)
    if until is not None:
        found = found.filter(at__lt=until)
    return found


def entry_by_leaf(leaf_hash: str) -> Entry | None:
    """The entry with this leaf hash in hex, None if there is none (or the text is no digest)."""
    try:
        digest = bytes.fromhex(leaf_hash)
    except ValueError:
        return None
    return (
        Entry.objects.filter(leaf_hash=digest).select_related("leaf").first() if len(digest) == 32 else None
    )


def parsed(entry: Entry) -> EntryBody:
    """The entry as the authorship fold and the lineage read it."""
    leaf: Leaf | None = getattr(entry, "leaf", None)
    return parse_entry(
        bytes(entry.body), leaf_hash=bytes(entry.leaf_hash).hex(), index=leaf.index if leaf else None
    )


# -- lineage -----------------------------------------------------------------------------------------------------------


def entries_for_asset(sha256: str, *, decisions: bool = True, stream: str | None = None) -> list[Entry]:
    """Everything that the ledger knows about how this asset came to be, oldest first, leaves loaded.

    Entries whose outputs hold the asset, then those that made their inputs, and so on: one query per step back. With
    `decisions` also the entries that concern what those steps were about (a take kept, a declaration signed).

    The same bytes may have been made in another project too. With `stream` that project's entries are left out where
    they say the same as our own, and its decisions always: they are nobody's business here. Where they say something
    else they stay, because the fold has to weigh them.
    """
    (walk,) = _walk([(sha256, stream)])
    found = {key: entry for key, (entry, _) in walk.found.items()}
    if decisions and (things := sorted(ref for ref in walk.subjects if ref.startswith(_THINGS))):
        about = Entry.objects.filter(refs__overlap=things).exclude(id__in=found)
        found |= {entry.id: entry for entry in about.select_related("leaf")}
    return [found[key] for key in sorted(found)]


@dataclass(slots=True)
class _Walk:
    """One walk back from an asset: what is found, what is still to be looked for, what our own entries were about."""

    stream: str | None
    known: set[str]
    wanted: set[str]
    found: dict[int, tuple[Entry, EntryBody]] = field(default_factory=dict)
    subjects: set[str] = field(default_factory=set)

    def step(self, makers: Mapping[str, Sequence[tuple[Entry, EntryBody]]]) -> None:
        """Take in what made the wanted assets; then their sources are wanted."""
        fresh = {
            entry.id: (entry, body)
            for sha256 in self.wanted
            for entry, body in makers.get(sha256, ())
            if entry.id not in self.found
        }
        own = [body for entry, body in fresh.values() if entry.stream == self.stream]
        sources: set[str] = set()
        for entry, body in fresh.values():
            foreign = self.stream is not None and entry.stream != self.stream
            if foreign and _says_the_same(body, own, self.wanted):
                continue
            self.found[entry.id] = entry, body
            sources.update(_sources(body))
            if not foreign or not entry.stream.startswith("project:"):
                self.subjects.update(body.subjects)
        self.wanted = sources - self.known
        self.known |= self.wanted

    @property
    def bodies(self) -> list[EntryBody]:
        return [self.found[key][1] for key in sorted(self.found)]


def _walk(targets: Iterable[tuple[str, str | None]]) -> list[_Walk]:
    """The entries that made each asset and what it was made from: one query per step back, for all of them."""
    walks = [_Walk(stream, {sha256}, {sha256}) for sha256, stream in targets]
    while wanted := set().union(*(walk.wanted for walk in walks)):
        makers: dict[str, list[tuple[Entry, EntryBody]]] = {}
        made = Entry.objects.filter(refs__overlap=sorted(f"asset:{sha256}" for sha256 in wanted))
        for entry in made.select_related("leaf"):
            body = parsed(entry)
            for sha256 in {output.sha256 for output in body.outputs} & wanted:
                makers.setdefault(sha256, []).append((entry, body))
        for walk in walks:
            walk.step(makers)
    return walks


def _says_the_same(body: EntryBody, own: Sequence[EntryBody], wanted: set[str]) -> bool:
    """Whether our own entries account for all that this one made of what we look for, in the same words."""
    made = {output.sha256 for output in body.outputs} & wanted
    return all(
        any(
            sha256 in mine.authorship and mine.authorship[sha256] == body.authorship.get(sha256)
            for mine in own
        )
        for sha256 in made
    )


def bodies_for_asset(sha256: str, *, decisions: bool = True, stream: str | None = None) -> list[EntryBody]:
    """`entries_for_asset` as the fold reads them. It weighs what the makers say: decisions are for showing."""
    if not decisions:
        return bodies_for_assets([(sha256, stream)])[0]
    return [parsed(entry) for entry in entries_for_asset(sha256, decisions=decisions, stream=stream)]


def bodies_for_assets(targets: Iterable[tuple[str, str | None]]) -> list[list[EntryBody]]:
    """For each asset and its stream what made it and what it was made from, in as many queries as for one."""
    return [walk.bodies for walk in _walk(targets)]


def _sources(body: EntryBody) -> set[str]:
    """All assets that an entry names as what its outputs were made from."""
    sources = {ref.sha256 for ref in body.inputs}
    for output in body.authorship.values():
        sources.update(*(claim.from_assets for claim in output.claims))
        sources.update(region.asset for region in output.regions)
    return sources


# -- the log -----------------------------------------------------------------------------------------------------------


def latest_checkpoint() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def proof_for(entry: Entry, *, checkpoint: Checkpoint | None = None) -> InclusionProof | None:
    """Proof of inclusion in the newest (or the given) checkpoint; None while the entry waits for its place."""
    return proofs_for([entry], checkpoint=checkpoint).get(entry.id)


def proofs_for(
    entries: Iterable[Entry], *, checkpoint: Checkpoint | None = None
) -> dict[int, InclusionProof]:
    """Entry id -> proof, for the entries that the checkpoint covers: three queries for any number of them."""
    head = checkpoint or latest_checkpoint()
    if head is None:
        return {}
    size = head.size
    places = dict(
        Leaf.objects.filter(entry__in=[entry.id for entry in entries], index__lt=size).values_list(
            "entry_id", "index"
        )
    )
    get = tree.reader_for(lambda get: [merkle.inclusion_proof(index, size, get) for index in places.values()])
    return {
        entry_id: InclusionProof(
            index, size, tuple(merkle.inclusion_proof(index, size, get)), bytes(head.note)
        )
        for entry_id, index in places.items()
    }


def consistency(old_size: int, new_size: int) -> list[bytes]:
    """Hashes that show the log of `old_size` leaves to be the beginning of that of `new_size` (RFC 9162, 2.1.4)."""
    get = tree.reader_for(lambda get: merkle.consistency_proof(old_size, new_size, get))
    return merkle.consistency_proof(old_size, new_size, get)


def unsequenced_count() -> int:
    """How many committed entries have no place in the log yet."""
    return Entry.objects.filter(leaf__isnull=True).count()


def health() -> LedgerHealth:
    """The log's figures for the health page."""
    head = latest_checkpoint()
    last = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    leaves = 0 if last is None else last + 1
    entries = Entry.objects.count()
    waiting = max(0, entries - leaves)
    oldest_waiting_s = None
    if waiting:
        oldest = (
            Entry.objects.filter(leaf__isnull=True)
            .order_by("id")
            .values_list("recorded_at", flat=True)
            .first()
        )
        if oldest is not None:
            oldest_waiting_s = max(0.0, (dt.datetime.now(dt.UTC) - oldest).total_seconds())
    return LedgerHealth(
        entries, leaves, waiting, oldest_waiting_s, head.size if head else 0, head.at if head else None
    )
