"""Derive the whole ledger again from the raw bodies and compare: what `ledger_verify` prints.

Everything is read in one snapshot, so that it may run while people work. Unlike the offline verifier it does not stop
at the first break: an operator wants to see all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import connection, transaction

from provenance import blobcheck, derivation, guards, keys, notes
from provenance import receipts as receipt_books
from provenance.key_history import KeyHistory, history_of
from provenance.models import Checkpoint, Entry
from provenance.outside import audit as outside_audit

MAX_TOLD: Final = 5

VALID: Final = "valid but not witnessed/timestamped"
VOUCHED: Final = "valid"


@dataclass
class Step:
    number: int
    title: str
    result: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return bool(self.faults)

    def fault(self, sentence: str) -> None:
        self.faults.append(sentence)


@dataclass
class AuditReport:
    steps: list[Step] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    #: A trusted authority or witness has seen a checkpoint of the whole log as it is now.
    vouched: bool = False

    @property
    def verdict(self) -> str:
        first = next((step for step in self.steps if step.broken), None)
        if first is None:
            return VOUCHED if self.vouched else VALID
        return f"broken at step {first.number} because {first.faults[0]}"

    @property
    def ok(self) -> bool:
        return not any(step.broken for step in self.steps)


def run(
    *,
    kept: bytes | None = None,
    key: notes.VerifierKey | None = None,
    assets: bool = False,
    receipts: Sequence[bytes] = (),
    done: Callable[[Step], None] = lambda step: None,
) -> AuditReport:
    """Check everything; `kept` is a checkpoint from earlier, `assets` reads every blob too. `done` gets each step.

    `receipts` are looked at beside those that this installation kept a copy of.
    """
    audit = _Audit(kept, key or keys.verifier_key(), assets, receipts)
    report = AuditReport(notices=audit.notices)
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for number, (title, check) in enumerate(_STEPS, start=1):
            step = Step(number, title)
            step.result = check(audit, step)
            report.steps.append(step)
            done(step)
    report.vouched = audit.vouched
    return report


class _Audit:
    def __init__(
        self, kept: bytes | None, key: notes.VerifierKey, assets: bool, receipts: Sequence[bytes]
    ) -> None:
        self.kept, self.key, self.with_assets, self.given = kept, key, assets, receipts
        self.notices: list[str] = []
        self.log = derivation.Derivation()
        self.chain = KeyHistory(key)
        self.vouched = False

    # 1. Which protection this installation really has.
    def protection(self, step: Step) -> str:
        for sentence in guards.missing():
            step.fault(sentence)
        role = guards.role()
        self.notices.append(role.in_words())
        return f"{guards.count()} triggers are live and unchanged; connected as {role.name}"

    # 2. Every body is canonical, hashes to its leaf hash, and the columns repeat it.
    def entries(self, step: Step) -> str:
        derivation.read_entries(self.log)
        step.faults.extend(self.log.entry_faults)
        self.chain = history_of(self.key, self._said("log_key.rotated", "statement"), self._revocations())
        return f"{len(self.log.ids)} entries"

    def _said(self, kind: str, name: str) -> list[bytes]:
        texts = [body.get("public", {}).get(name) for _, body in self.log.kept.get(kind, ())]
        return [text.encode() for text in texts if isinstance(text, str)]

    def _revocations(self) -> list[tuple[str, int]]:
        said = [body.get("public", {}) for _, body in self.log.kept.get("log_key.revoked", ())]
        return [(public.get("key", ""), public.get("from_size")) for public in said]

    # 3. The vault opens every commitment, and what is gone was erased on the record.
    def vault(self, step: Step) -> str:
        step.faults.extend(self.log.vault_faults)
        return f"{self.log.opened} values open their commitments, {self.log.erased} were erased on the record"

    # 4. Recorded rows stand on entries.
    def recorded_rows(self, step: Step) -> str:
        total = 0
        tables = guards.recorded_tables()
        quote = connection.ops.quote_name
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(
                    f"SELECT count(*), count(*) FILTER (WHERE e.id IS NULL) FROM {quote(table)} r"  # noqa: S608
                    " LEFT JOIN provenance_entry e ON e.id = r.entry_id"
                )
                rows, orphans = cursor.fetchone()
                total += rows
                if orphans:
                    step.fault(f"{orphans} rows of {table} name an entry that does not exist")
        return f"{total} rows in {len(tables)} tables"

    # 5. Leaves are contiguous, every entry has one or waits for it, and each stream is linked in the order of the log.
    def order(self, step: Step) -> str:
        derivation.read_leaves(self.log)
        step.faults.extend(self.log.leaf_faults)
        waiting = self.log.waiting()
        if waiting:
            oldest = Entry.objects.filter(pk=waiting[0]).values_list("recorded_at", flat=True).first()
            age_s = (dt.datetime.now(dt.UTC) - oldest).total_seconds() if oldest else 0
            if age_s > 60:
                self.notices.append(
                    f"{len(waiting)} entries wait for their place, the oldest {age_s:.0f} s: is dispatch running?"
                )
        return f"{self.log.size} leaves in {len(self.log.ends)} streams, {len(waiting)} entries wait"

    # 6. The stored nodes are those of the tree over the bodies.
    def nodes(self, step: Step) -> str:
        derivation.build_tree(self.log)
        step.faults.extend(derivation.node_faults(self.log))
        return f"{sum(len(level) // 32 for level in self.log.levels[1:])} nodes"

    # 7. Every checkpoint has the root of its size and the log's signature.
    def checkpoints(self, step: Step) -> str:
        count = last = revoked = 0
        points = Checkpoint.objects.order_by("size").values_list("size", "root", "note")
        for size, root, note in points.iterator(derivation.CHUNK):
            count, last = count + 1, size
            revoked += self.chain.is_revoked(self.chain.key_for(size), size)
            if sentence := self._point_fault(size, bytes(root), bytes(note)):
                step.fault(sentence)
        if revoked:
            self.notices.append(
                f"{revoked} checkpoints carry the signature of a key that was revoked: they count for nothing outside"
            )
        if self.log.size and not count:
            step.fault("no checkpoint is signed")
        elif self.log.size and last != self.log.size and not step.broken:
            step.fault(f"the log has {self.log.size} leaves, but {last} were signed last")
        for rotation in self.chain.rotations:
            if rotation.after > self.log.size:
                step.fault(
                    f"a rotation of the log's key holds above {rotation.after} entries, which are not there"
                )
        signers = " then ".join(key.key_id.hex() for key in self.chain.keys)
        return f"{count} checkpoints signed by {self.key.name}+{signers}"

    def _point_fault(self, size: int, root: bytes, note: bytes) -> str:
        if not 0 <= size <= self.log.size:
            return f"a checkpoint of {size} entries is signed, but the log has {self.log.size}"
        derived = self.log.root(size)
        if root != derived:
            return f"the log of {size} entries has root {derived.hex()[:16]}..., the checkpoint {root.hex()[:16]}..."
        try:
            head = self.chain.open_checkpoint(note, revoked_too=True)
        except notes.NoteError as error:
            return f"the checkpoint of {size} entries does not verify: {error}"
        if (head.size, head.root) != (size, root):
            return f"the note of the checkpoint of {size} entries states another size or root"
        return ""

    # 8. A checkpoint that somebody kept is the beginning of this log.
    def kept_checkpoint(self, step: Step) -> str:
        if self.kept is None:
            return "none was given (--checkpoint FILE)"
        try:
            head = self.chain.open_checkpoint(self.kept)
        except notes.NoteError as error:
            step.fault(f"the kept checkpoint cannot be used: {error}")
            return "unusable"
        if head.size > self.log.size:
            step.fault(
                f"the kept checkpoint has {head.size} entries, the log only {self.log.size}: its end was cut off"
            )
        elif self.log.root(head.size) != head.root:
            step.fault(
                f"the first {head.size} entries are not those of the kept checkpoint: the log was rewritten"
            )
        return f"{head.size} entries"

    # 9. The assets' bytes are there.
    def assets(self, step: Step) -> str:
        if not self.with_assets:
            return "not read (--assets)"
        plan = blobcheck.Plan()
        return blobcheck.read(plan, fault=step.fault).in_words(plan)

    # 10. What authorities and witnesses gave us holds, and how much of the log it covers.
    def outside(self, step: Step) -> str:
        covered = outside_audit.check(fault=step.fault, notice=self.notices.append)
        self.vouched = covered.whole
        return covered.result

    # 11. What the log promised to people is in it.
    def receipts(self, step: Step) -> str:
        found = receipt_books.Audited()
        for sentence in receipt_books.audit(found, chain=self.chain, size=self.log.size, given=self.given):
            step.fault(sentence)
        if found.late:
            self.notices.append(f"{found.late} entries came into the log later than their receipts promised")
        return f"{found.receipts} receipts over {found.entries} entries"


_STEPS: Final[tuple[tuple[str, Callable[[_Audit, Step], str]], ...]] = (
    ("The guards are on", _Audit.protection),
    ("Every entry is canonical, and its columns repeat its body", _Audit.entries),
    ("The vault opens every commitment", _Audit.vault),
    ("Recorded rows stand on entries", _Audit.recorded_rows),
    ("Leaves are contiguous and streams are linked", _Audit.order),
    ("The tree is that of the bodies", _Audit.nodes),
    ("Every checkpoint is signed and has the root of its size", _Audit.checkpoints),
    ("A checkpoint kept outside", _Audit.kept_checkpoint),
    ("The bytes of the assets", _Audit.assets),
    ("Timestamps and cosignatures from outside", _Audit.outside),
    ("Receipts are kept", _Audit.receipts),
)
