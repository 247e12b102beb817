"""Receipts: the log's signed promise to a person that entries stand in the log by a certain time.

A receipt covers the human entries that one request committed. It is a signed note, so the person needs nobody to prove
later what was promised: an entry that was withheld, or taken out again, contradicts it. Entries of workers and of the
system get none.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection

from provenance import canonical, keys, merkle, notes, queries
from provenance.errors import BadEvent, UserFault
from provenance.key_history import KeyHistory
from provenance.ledger import collecting
from provenance.models import Entry, Receipt

__all__ = [
    "Answer",
    "Checked",
    "Promise",
    "check",
    "collecting",
    "issue",
    "issue_for",
    "parse",
    "read_file",
    "verify",
]

HEADER: Final = "deadwax/receipt/v1"
MAX_LEAVES: Final = 1000
#: A file of receipts that somebody wants checked.
MAX_RECEIPTS: Final = 2000
MAX_FILE_BYTES: Final = 8 * 1024 * 1024
FILE_VERSION: Final = 1
_LEAF = re.compile(r"[0-9a-f]{64}")
_CHUNK: Final = 500


class NoReceipts(UserFault):
    """What was given is no file of receipts."""

    code = "no_receipts"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a receipt says. Times are RFC 3339 in UTC; leaves are leaf hashes in hex."""

    origin: str
    issued: str
    merge_by: str
    actor_id: str
    leaves: tuple[str, ...]
    revoked: bool = False
    """Whether the key that signed it has been revoked since: it may be forged."""

    @property
    def text(self) -> str:
        head = (
            HEADER,
            self.origin,
            f"issued {self.issued}",
            f"merge by {self.merge_by}",
            f"for {self.actor_id}",
        )
        return "".join(f"{line}\n" for line in (*head, *self.leaves))

    @property
    def issued_at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.issued)

    @property
    def merge_by_at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.merge_by)


# -- issuing -----------------------------------------------------------------------------------------------------------


def issue(actor_id: str, leaves: Sequence[str]) -> list[Receipt]:
    """Sign and keep a receipt for these committed entries of one person; several above 1,000 entries."""
    issued = dt.datetime.now(dt.UTC)
    merge_by = issued + dt.timedelta(seconds=settings.DEADWAX_MERGE_DELAY_S)
    made = []
    for start in range(0, len(leaves), MAX_LEAVES):
        part = tuple(leaves[start : start + MAX_LEAVES])
        promise = Promise(
            keys.origin(), canonical.timestamp(issued), canonical.timestamp(merge_by), actor_id, part
        )
        note = notes.sign(promise.text, name=keys.origin(), private=keys.signing_key())
        made.append(
            Receipt.objects.create(
                actor_id=actor_id, leaves=list(part), note=bytes(note), issued_at=issued, merge_by=merge_by
            )
        )
    return made


def issue_for(committed: Iterable[tuple[str, str]]) -> dict[str, list[Receipt]]:
    """Receipts for all that one request committed: by actor id. `committed` as `collecting` gives it."""
    by_actor: dict[str, list[str]] = {}
    for actor_id, leaf in committed:
        by_actor.setdefault(actor_id, []).append(leaf)
    return {actor_id: issue(actor_id, leaves) for actor_id, leaves in by_actor.items()}


# -- reading -----------------------------------------------------------------------------------------------------------


def parse(data: bytes) -> tuple[Promise, notes.SignedNote]:
    """What a receipt says; its signature is not checked yet. Raises NoteError."""
    note = notes.parse_note(data)
    lines = note.text.split("\n")[:-1]
    if len(lines) < 6 or lines[0] != HEADER:
        raise notes.NoteError(f"a receipt begins with {HEADER}")
    leaves = tuple(lines[5:])
    if len(leaves) > MAX_LEAVES or not all(_LEAF.fullmatch(leaf) for leaf in leaves):
        raise notes.NoteError(f"a receipt names 1 to {MAX_LEAVES} leaf hashes of 64 hex digits")
    found = Promise(
        lines[1],
        lines[2].removeprefix("issued "),
        lines[3].removeprefix("merge by "),
        lines[4].removeprefix("for "),
        leaves,
    )
    for time in (found.issued, found.merge_by):
        try:
            fits = canonical.timestamp(dt.datetime.fromisoformat(time)) == time
        except (ValueError, OverflowError, BadEvent):
            fits = False
        if not fits:
            raise notes.NoteError(f"{time[:40]!r} is no time as receipts write it")
    if found.text != note.text:
        raise notes.NoteError("the receipt is not in its one form")
    return found, note


def verify(data: bytes, chain: KeyHistory) -> Promise:
    """The promise that a key of this log signed. Raises NoteError."""
    found, note = parse(data)
    if found.origin != chain.first.name:
        raise notes.NoteError(f"expected a receipt of {chain.first.name}, got one of {found.origin}")
    ids = {item.key_id for item in note.signatures if item.name == found.origin}
    for key in chain.keys:
        if key.key_id in ids:
            note.verify(key)
            revoked = key in (chain.revoked or {})
            return Promise(
                found.origin, found.issued, found.merge_by, found.actor_id, found.leaves, revoked=revoked
            )
    raise notes.NoteError("no key of this log signed it")


def file_of(rows: Iterable[Receipt]) -> bytes:
    """Receipts as a file that a person keeps and that `read_file` reads."""
    document = {
        "v": FILE_VERSION,
        "log": keys.origin(),
        "keys": [str(key) for key in keys.key_chain().keys],
        "receipts": [bytes(row.note).decode() for row in rows],
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def read_file(data: bytes) -> list[bytes]:
    """The receipts in a file of them, or a single receipt as it is. Raises `NoReceipts` with what to do."""
    if len(data) > MAX_FILE_BYTES:
        raise NoReceipts(
            f"This file is larger than {MAX_FILE_BYTES // 1024**2} MB. Send it in parts.", code="too_large"
        )
    if data.lstrip().startswith(HEADER.encode()):
        return [data.lstrip()]
    try:
        found = json.loads(data)["receipts"]
        receipts = [text.encode() for text in found]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoReceipts(
            "This is no file of receipts. Choose the one that you downloaded, or a single receipt as text."
        ) from None
    if not receipts:
        raise NoReceipts("This file holds no receipts.")
    if len(receipts) > MAX_RECEIPTS:
        raise NoReceipts(f"At most {MAX_RECEIPTS} receipts are checked at once. Send them in parts.")
    return receipts


# -- checking against the log ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one promise. `fault` is set where it is no receipt of this log; then nothing else is known."""

    promise: Promise | None = None
    fault: str = ""
    places: tuple[tuple[str, int], ...] = ()
    """Leaf hash and index of the entries that were proven to stand under the checkpoint."""
    waiting: tuple[str, ...] = ()
    """Not there yet, and the time has not come."""
    missing: tuple[str, ...] = ()
    """Not there, though they were promised: the broken promise."""

    @property
    def state(self) -> str:
        """`kept`, `waits`, `broken` or `unreadable`."""
        if self.fault:
            return "unreadable"
        return "broken" if self.missing else "waits" if self.waiting else "kept"


@dataclass(frozen=True, slots=True)
class Checked:
    """All answers, and the checkpoint (its note) that they hold under."""

    answers: tuple[Answer, ...]
    size: int
    checkpoint: str

    @property
    def states(self) -> Counter[str]:
        """How many answers are `kept`, `waits`, `broken`, `unreadable`."""
        return Counter(answer.state for answer in self.answers)


def check(receipts: Iterable[bytes], *, now: dt.datetime | None = None) -> Checked:
    """Hold receipts against the log: every promised entry is proven under the newest checkpoint, or named."""
    head = queries.latest_checkpoint()
    chain, now = keys.key_chain(), now or dt.datetime.now(dt.UTC)
    promises: list[Promise | str] = []
    for data in receipts:
        try:
            promises.append(verify(data, chain))
        except notes.NoteError as error:
            promises.append(str(error))
    wanted = {leaf for promise in promises if isinstance(promise, Promise) for leaf in promise.leaves}
    standing: dict[str, int] = {}
    if head is not None:
        signed = chain.open_checkpoint(bytes(head.note), revoked_too=True)
        entries = list(Entry.objects.filter(leaf_hash__in=[bytes.fromhex(leaf) for leaf in sorted(wanted)]))
        proofs = queries.proofs_for(entries, checkpoint=head)
        for entry in entries:
            if proof := proofs.get(entry.pk):
                # The leaf as the body says it, not as the row does.
                leaf = merkle.leaf_hash(bytes(entry.body))
                merkle.verify_inclusion(proof.index, proof.size, leaf, proof.hashes, signed.root)
                standing[leaf.hex()] = proof.index
    return Checked(
        tuple(
            Answer(fault=promise) if isinstance(promise, str) else _answer(promise, standing, now)
            for promise in promises
        ),
        head.size if head else 0,
        bytes(head.note).decode() if head else "",
    )


def _answer(promise: Promise, standing: dict[str, int], now: dt.datetime) -> Answer:
    absent = tuple(leaf for leaf in promise.leaves if leaf not in standing)
    due = now > promise.merge_by_at
    return Answer(
        promise=promise,
        places=tuple((leaf, standing[leaf]) for leaf in promise.leaves if leaf in standing),
        waiting=() if due else absent,
        missing=absent if due else (),
    )


# -- the audit ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Audited:
    """Counts over all receipts that were looked at; `late` entries stand, but not by the promised time."""

    receipts: int = 0
    entries: int = 0
    late: int = 0


def audit(found: Audited, *, chain: KeyHistory, size: int, given: Iterable[bytes] = ()) -> Iterator[str]:
    """Every kept or given receipt against the log of `size` leaves, whose rows the caller has derived.

    Yields a sentence for each broken promise, with the promise in its own words.
    """
    now = dt.datetime.now(dt.UTC)
    last = 0
    while rows := list(Receipt.objects.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = rows[-1].pk
        yield from _audit([bytes(row.note) for row in rows], found, chain, size, now)
    batch = list(given)
    for start in range(0, len(batch), _CHUNK):
        yield from _audit(batch[start : start + _CHUNK], found, chain, size, now)


def _audit(
    batch: Sequence[bytes], found: Audited, chain: KeyHistory, size: int, now: dt.datetime
) -> Iterator[str]:
    promises = []
    for data in batch:
        found.receipts += 1
        try:
            promises.append((data, verify(data, chain)))
        except notes.NoteError as error:
            yield f"a receipt cannot be used: {error}"
    merged = _merged({leaf for _, promise in promises for leaf in promise.leaves}, size)
    for data, promise in promises:
        found.entries += len(promise.leaves)
        due = promise.merge_by_at
        absent = [leaf for leaf in promise.leaves if leaf not in merged]
        found.late += sum(
            (at := merged.get(leaf)) is not None and at > due for leaf in promise.leaves if leaf in merged
        )
        if absent and now > due:
            signer = "a key that was revoked since" if promise.revoked else "the log"
            yield (
                f"{len(absent)} of {len(promise.leaves)} entries that {signer} promised on {promise.issued} to"
                f" {promise.actor_id} are not in the log, first {absent[0]}; the promise:"
                f" {json.dumps(data.decode(), ensure_ascii=False)}"
            )


def _merged(leaves: set[str], size: int) -> dict[str, dt.datetime | None]:
    """Leaf hash -> when a checkpoint first covered it, for those that the log of this size holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(e.leaf_hash, 'hex'),"
            ' (SELECT c."at" FROM provenance_checkpoint c WHERE c."size" > l."index" ORDER BY c."size" LIMIT 1)'
            ' FROM provenance_entry e JOIN provenance_leaf l ON l.entry_id = e.id AND l."index" < %s'
            " WHERE e.leaf_hash = ANY(%s)",
            [size, [bytes.fromhex(leaf) for leaf in sorted(leaves)]],
        )
        return dict(cursor.fetchall())


# -- a person's own ----------------------------------------------------------------------------------------------------


def own(actor_id: uuid.UUID | str, *, after: int = 0, limit: int = MAX_RECEIPTS) -> list[Receipt]:
    """A person's receipts in the order of their issue, those after `after` only."""
    return list(Receipt.objects.filter(actor_id=str(actor_id), pk__gt=after).order_by("pk")[:limit])


def newest(actor_id: uuid.UUID | str, *, limit: int) -> list[Receipt]:
    return list(Receipt.objects.filter(actor_id=str(actor_id)).order_by("-pk")[:limit])
