"""Derive the whole ledger again from the raw bodies and compare: what `ledger_verify` prints.

Everything is read in one snapshot, so that it may run while people work. Unlike the offline verifier it does not stop
at the first break: an operator wants to see all of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction

from provenance import canonical, guards, keys, merkle, notes
from provenance.errors import BadEvent
from provenance.models import Asset, Checkpoint, Entry, Node, VaultItem

CHUNK: Final = 2000
MAX_TOLD: Final = 5
BACKDATE_LIMIT_S: Final = 3600

VALID: Final = "valid but not witnessed/timestamped"


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

    @property
    def verdict(self) -> str:
        first = next((step for step in self.steps if step.broken), None)
        return VALID if first is None else f"broken at step {first.number} because {first.faults[0]}"

    @property
    def ok(self) -> bool:
        return not any(step.broken for step in self.steps)


def run(
    *,
    kept: bytes | None = None,
    key: notes.VerifierKey | None = None,
    assets: bool = False,
    done: Callable[[Step], None] = lambda step: None,
) -> AuditReport:
    """Check everything; `kept` is a checkpoint from earlier, `assets` reads every blob too. `done` gets each step."""
    audit = _Audit(kept, key or keys.verifier_key(), assets)
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
    return report


class _Audit:
    def __init__(self, kept: bytes | None, key: notes.VerifierKey, assets: bool) -> None:
        self.kept, self.key, self.with_assets = kept, key, assets
        self.notices: list[str] = []
        self.leaves = 0
        self.levels: dict[int, bytearray] = {}
        self.kept_head: notes.TreeHead | None = None
        self.kept_root: bytes | None = None
        self.kept_fault = ""
        self.heads = self.last_head = 0
        self.head_faults: list[str] = []

    # 1. Which protection this installation really has.
    def protection(self, step: Step) -> str:
        for sentence in guards.missing():
            step.fault(sentence)
        role = guards.role()
        self.notices.append(role.in_words())
        return f"{guards.count()} triggers are live and unchanged; connected as {role.name}"

    # 2. Every body is canonical, hashes to its leaf hash, and the columns repeat it.
    def entries(self, step: Step) -> str:
        count = 0
        for rows in _chunks(
            'SELECT id, kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash, xid, recorded_at'
            " FROM provenance_entry WHERE id > %s ORDER BY id LIMIT %s"
        ):
            for row in rows:
                count += 1
                for sentence in _entry_faults(*row):
                    step.fault(f"entry {row[0]} {sentence}")
        return f"{count} entries"

    # 3. The vault opens every commitment, and what is gone was erased on the record.
    def vault(self, step: Step) -> str:
        erased: dict[str, set[str]] = {}
        for body in Entry.objects.filter(kind="vault.erased").values_list("body", flat=True).iterator(CHUNK):
            public = json.loads(bytes(body))["public"]
            erased.setdefault(public["entry_leaf"], set()).update(public["names"])
        opened = gone = 0
        for rows in _chunks(
            "SELECT id, kind, body, leaf_hash FROM provenance_entry WHERE id > %s ORDER BY id LIMIT %s"
        ):
            held: dict[int, dict[str, tuple[bytes, bytes]]] = {}
            ids = [row[0] for row in rows]
            for item in VaultItem.objects.filter(entry_id__gte=ids[0], entry_id__lte=ids[-1]):
                held.setdefault(item.entry_id, {})[item.name] = (bytes(item.salt), bytes(item.content))
            for key, kind, body, leaf_hash in rows:
                committed = json.loads(bytes(body)).get("private", {})
                kept = held.pop(key, {})
                struck = erased.get(bytes(leaf_hash).hex(), set())
                for name, (salt, content) in kept.items():
                    if committed.get(name) != canonical.commitment(kind, name, content, salt):
                        step.fault(
                            f"the private value {name!r} of entry {key} is not what the entry committed to"
                        )
                    elif name in struck:
                        step.fault(
                            f"the private value {name!r} of entry {key} was erased on the record but is there"
                        )
                    opened += 1
                for name in committed.keys() - kept.keys():
                    gone += 1
                    if name not in struck:
                        step.fault(
                            f"the private value {name!r} of entry {key} is gone without an entry of its erasure"
                        )
            for key in held:
                step.fault(f"the vault has content for entry {key}, which does not exist")
        return f"{opened} values open their commitments, {gone} were erased on the record"

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
        ends: dict[str, tuple[int, bytes]] = {}
        frontier = merkle.Frontier()
        points = Checkpoint.objects.order_by("size").values_list("size", "root", "note").iterator(CHUNK)
        point = next(points, None)
        self.kept_head = self._kept()
        if self.kept_head and self.kept_head.size == 0:
            self.kept_root = merkle.EMPTY_ROOT
        for rows in _chunks(
            'SELECT l."index", l.stream, l.stream_seq, l.prev, e.stream, e.body FROM provenance_leaf l'
            ' LEFT JOIN provenance_entry e ON e.id = l.entry_id WHERE l."index" > %s ORDER BY l."index" LIMIT %s',
            start=-1,
        ):
            for index, stream, seq, prev, entry_stream, body in rows:
                if index != frontier.size:
                    step.fault(f"leaf {frontier.size} is missing, leaf {index} comes next")
                    return f"{frontier.size} leaves"
                leaf = merkle.leaf_hash(bytes(body or b""))
                if body is None or entry_stream != stream:
                    step.fault(f"leaf {index} is not in the stream of its entry")
                next_seq, before = ends.get(stream, (0, None))
                if seq != next_seq or (None if prev is None else bytes(prev)) != before:
                    step.fault(f"leaf {index} is not linked to the one before it in {stream}")
                ends[stream] = (seq + 1, leaf)
                for level, _, value in frontier.append(leaf)[1:]:
                    self.levels.setdefault(level, bytearray()).extend(value)
                if self.kept_head and frontier.size == self.kept_head.size:
                    self.kept_root = frontier.root()
                while point is not None and point[0] <= frontier.size:
                    self._check_point(point, frontier)
                    point = next(points, None)
        while point is not None:
            self._check_point(point, frontier)
            point = next(points, None)
        self.leaves = frontier.size
        waiting = Entry.objects.filter(leaf__isnull=True)
        count = waiting.count()
        oldest = waiting.order_by("id").values_list("recorded_at", flat=True).first()
        if oldest is not None:
            age_s = (dt.datetime.now(dt.UTC) - oldest).total_seconds()
            if age_s > 60:
                self.notices.append(
                    f"{count} entries wait for their place, the oldest {age_s:.0f} s: is dispatch running?"
                )
        return f"{self.leaves} leaves in {len(ends)} streams, {count} entries wait"

    def _check_point(self, point: tuple[int, Any, Any], frontier: merkle.Frontier) -> None:
        size, root, note = point[0], bytes(point[1]), bytes(point[2])
        self.heads += 1
        self.last_head = size
        if size > frontier.size or size < frontier.size:
            self.head_faults.append(
                f"a checkpoint of {size} entries is signed, but the log has {frontier.size}"
            )
            return
        if root != frontier.root():
            self.head_faults.append(
                f"the log of {size} entries has root {frontier.root().hex()[:16]}...,"
                f" the checkpoint {root.hex()[:16]}..."
            )
        try:
            head = notes.open_checkpoint(note, self.key)
        except notes.NoteError as error:
            self.head_faults.append(f"the checkpoint of {size} entries does not verify: {error}")
            return
        if (head.size, head.root) != (size, root):
            self.head_faults.append(
                f"the note of the checkpoint of {size} entries states another size or root"
            )

    # 6. The stored nodes are those of the tree over the bodies.
    def nodes(self, step: Step) -> str:
        count, seen = 0, dict.fromkeys(self.levels, 0)
        for level, index, value in (
            Node.objects.order_by("level", "index").values_list("level", "index", "hash").iterator(CHUNK)
        ):
            count += 1
            if index != seen.get(level, 0):
                step.fault(f"node {seen.get(level, 0)} of level {level} is missing")
                return f"{count} nodes"
            expected = bytes(self.levels.get(level, b"")[index * 32 : index * 32 + 32])
            if bytes(value) != expected:
                step.fault(f"node {index} of level {level} is not the hash of what is below it")
            seen[level] = index + 1
        for level, hashes in self.levels.items():
            if seen[level] * 32 != len(hashes):
                step.fault(f"level {level} has {seen[level]} nodes, {len(hashes) // 32} are due")
        return f"{count} nodes"

    # 7. Every checkpoint has the root of its size and the log's signature.
    def checkpoints(self, step: Step) -> str:
        step.faults.extend(self.head_faults)
        if self.leaves and not self.heads:
            step.fault("no checkpoint is signed")
        elif self.leaves and self.last_head != self.leaves and not self.head_faults:
            step.fault(f"the log has {self.leaves} leaves, but {self.last_head} were signed last")
        return f"{self.heads} checkpoints signed by {self.key.name}+{self.key.key_id.hex()}"

    # 8. A checkpoint that somebody kept is the beginning of this log.
    def kept_checkpoint(self, step: Step) -> str:
        if self.kept is None:
            return "none was given (--checkpoint FILE)"
        if self.kept_head is None:
            step.fault(self.kept_fault)
            return "unusable"
        size = self.kept_head.size
        if size > self.leaves:
            step.fault(
                f"the kept checkpoint has {size} entries, the log only {self.leaves}: its end was cut off"
            )
        elif self.kept_root != self.kept_head.root:
            step.fault(
                f"the first {size} entries are not those of the kept checkpoint: the log was rewritten"
            )
        return f"{size} entries"

    def _kept(self) -> notes.TreeHead | None:
        if self.kept is None:
            return None
        try:
            return notes.open_checkpoint(self.kept, self.key)
        except notes.NoteError as error:
            self.kept_fault = f"the kept checkpoint cannot be used: {error}"
            return None

    # 9. The assets' bytes are there.
    def assets(self, step: Step) -> str:
        if not self.with_assets:
            return "not read (--assets)"
        from provenance import blobs

        store = blobs.store()
        count = 0
        for sha256, size in Asset.objects.order_by("sha256").values_list("sha256", "size").iterator(CHUNK):
            count += 1
            try:
                with store.open(sha256) as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            except Exception as error:  # each store has its own errors
                step.fault(f"the bytes of asset {sha256[:16]}... cannot be read: {error}")
                continue
            if found != sha256:
                step.fault(f"the bytes of asset {sha256[:16]}... ({size}) have another digest: restore them")
        return f"{count} assets read"


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
)


def _chunks(sql: str, *, start: int = 0) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by keyset: the first column is the key."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(sql, [start, CHUNK])
            rows = cursor.fetchall()
            if not rows:
                return
            yield rows
            start = rows[-1][0]


def _entry_faults(
    key: int,
    kind: str,
    basis: str,
    at: dt.datetime,
    stream: str,
    actor_type: str,
    actor_id: str,
    refs: list[str],
    body_bytes: Any,
    leaf_hash: Any,
    xid: int | None,
    recorded_at: dt.datetime | None,
) -> Iterator[str]:
    data = bytes(body_bytes)
    if merkle.leaf_hash(data) != bytes(leaf_hash):
        yield "has a leaf hash that is not that of its body"
    try:
        body = json.loads(data)
        if canonical.dumps(canonical.plain(body)) != data:
            yield "has a body that is not canonical JSON"
        said = (body["kind"], body["basis"], body["stream"], body["actor"]["type"], body["actor"]["id"])
        told = dt.datetime.fromisoformat(body["at"])
        assets = [f"asset:{ref['sha256']}" for ref in (*body["inputs"], *body["outputs"])]
        wanted = list(dict.fromkeys([*body["subjects"], *assets]))
    except (ValueError, KeyError, TypeError, RecursionError, BadEvent):
        yield "has a body that is not that of an entry"
        return
    if said != (kind, basis, stream, actor_type, actor_id) or told != at or wanted != list(refs):
        yield "has columns that do not repeat its body"
    if xid is None or recorded_at is None:
        yield "was written around the trigger"
    elif basis != "backfilled" and abs((recorded_at - at).total_seconds()) > BACKDATE_LIMIT_S:
        yield f"is dated {at:%Y-%m-%d %H:%M} but was written {recorded_at:%Y-%m-%d %H:%M}"
