"""The log derived again from the raw bodies, and every place where a stored row says otherwise.

One pass over the entries reads each body once: it is hashed, parsed and compared, and its private values are opened.
One pass over the leaves then puts the hashes into the order of the log, and the tree follows level by level. A row is
compared the quick way first; only one that differs is looked at field by field, for the sentence about it. About 45
bytes an entry are held in memory, and the tree (64 bytes a leaf).
"""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import gc
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import psycopg
from django.db import connection

from provenance import canonical, merkle
from provenance.errors import BadEvent
from provenance.models import Entry
from provenance.shapes import Said, Shapes

CHUNK: Final = 4000
BACKDATE_LIMIT_S: Final = 3600
#: Kinds whose bodies the audit needs by itself; there are few of each.
KEPT_KINDS: Final = frozenset({"log_key.rotated", "log_key.revoked"})
_NODES_A_QUERY: Final = 1 << 14

_ENTRIES: Final = (
    'SELECT id, actor_id, actor_type, to_char("at" AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'),'
    " basis, kind, stream, refs, body, leaf_hash, xid IS NOT NULL AND recorded_at IS NOT NULL AND"
    " (basis = 'backfilled' OR abs(extract(epoch FROM recorded_at - \"at\")) <= 3600)"
    " FROM provenance_entry WHERE id > %s ORDER BY id LIMIT %s"
)
_LEAVES: Final = (
    'SELECT "index", entry_id, stream, stream_seq, prev FROM provenance_leaf WHERE "index" > %s'
    ' ORDER BY "index" LIMIT %s'
)
_VAULT: Final = (
    "SELECT entry_id, name, salt, content FROM provenance_vaultitem WHERE entry_id > %s AND entry_id <= %s"
    " ORDER BY entry_id"
)


@dataclass(slots=True)
class Derivation:
    """What follows from the bodies alone, filled by `read_entries`, `read_leaves` and `build_tree` in this order."""

    entry_faults: list[str] = field(default_factory=list)
    vault_faults: list[str] = field(default_factory=list)
    leaf_faults: list[str] = field(default_factory=list)
    opened: int = 0
    erased: int = 0
    kept: dict[str, list[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    """Kind -> (entry id, body) of the entries of `KEPT_KINDS`."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    hashes: bytearray = field(default_factory=bytearray)
    """Leaf hashes of the bodies, in the order of `ids`."""
    streams: dict[str, int] = field(default_factory=dict)
    stream_of: array[int] = field(default_factory=lambda: array("q"))
    placed: bytearray = field(default_factory=bytearray)
    """One byte an entry: 1 where a leaf names it."""
    ends: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Stream -> (how many leaves, hash of the last)."""
    levels: list[bytearray] = field(default_factory=lambda: [bytearray()])

    @property
    def size(self) -> int:
        """How many leaves the log has, as far as they are contiguous."""
        return len(self.levels[0]) // 32

    def node(self, level: int, index: int) -> bytes:
        return bytes(self.levels[level][index * 32 : index * 32 + 32])

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def waiting(self) -> list[int]:
        """Ids of entries without a leaf."""
        if self.placed.count(1) == len(self.ids):
            return []
        return [key for key, placed in zip(self.ids, self.placed, strict=True) if not placed]


# -- entries and their vault -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows by the million and no cycle among them: looking for one would take a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_collector_paused()
def read_entries(found: Derivation) -> None:
    """Every body is canonical, hashes to its leaf hash, is repeated by its columns, and its vault opens."""
    erased, shapes = _erased(), Shapes()
    streams, ids, hashes, stream_of = found.streams, found.ids, found.hashes, found.stream_of
    for rows in _chunks(_ENTRIES, 0):
        vault = _vault_of(ids[-1] if ids else 0, rows[-1][0])
        for key, *columns, refs, data, leaf_hash, in_time in rows:
            digest = sha256(b"\x00" + data).digest()
            kind, stream = columns[4:]
            ids.append(key)
            hashes += digest
            stream_of.append(streams.setdefault(stream, len(streams)))
            said, committed = shapes.read(kind, data), None
            if said is None:
                said, body = _read(data)
                if said is not None:
                    shapes.learn(kind, body, len(data))
                if isinstance(body, dict):
                    committed = body.get("private")
            else:
                committed = said[2]
            if not (
                said is not None
                and said[0] == columns
                and list(dict.fromkeys(said[1])) == refs
                and digest == leaf_hash
                and in_time
            ):
                found.entry_faults += [f"entry {key} {sentence}" for sentence in _entry_faults(key)]
            if kind in KEPT_KINDS and isinstance(body := _read(data)[1], dict):
                found.kept.setdefault(kind, []).append((key, body))
            if committed or key in vault:
                _open(found, key, kind, committed, vault.pop(key, ()), erased.get(digest))
        for key in sorted(vault):
            found.vault_faults.append(f"the vault has content for entry {key}, which does not exist")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT entry_id FROM provenance_vaultitem WHERE entry_id > %s OR entry_id <= 0",
            [max(0, ids[-1]) if ids else 0],
        )
        for (key,) in cursor.fetchall():
            found.vault_faults.append(f"the vault has content for entry {key}, which does not exist")
    found.placed = bytearray(len(ids))


def _read(data: bytes) -> tuple[Said | None, Any]:
    """What a body says about its columns, None where it is not that of an entry; and the body, {} if not canonical."""
    body: Any = {}
    try:
        body = canonical.decode(data)
        actor = body["actor"]
        columns = [actor["id"], actor["type"], body["at"], body["basis"], body["kind"], body["stream"]]
        assets = [f"asset:{ref['sha256']}" for ref in (*body["inputs"], *body["outputs"])]
        refs = list(dict.fromkeys([*body["subjects"], *assets]))
        return (columns, refs, body["private"]), body
    except (ValueError, KeyError, TypeError, BadEvent):
        return None, body


def _open(
    found: Derivation,
    key: int,
    kind: str,
    committed: Any,
    held: Sequence[tuple[int, str, bytes, bytes]],
    struck: set[str] | None,
) -> None:
    """The vault opens every commitment of one entry, and what is gone was erased on the record."""
    missing = dict(committed) if isinstance(committed, dict) else {}
    for _, name, salt, content in held:
        if missing.pop(name, None) != canonical.commitment(kind, name, content, salt):
            found.vault_faults.append(
                f"the private value {name!r} of entry {key} is not what the entry committed to"
            )
        elif struck and name in struck:
            found.vault_faults.append(
                f"the private value {name!r} of entry {key} was erased on the record but is there"
            )
        found.opened += 1
    for name in missing:
        found.erased += 1
        if not struck or name not in struck:
            found.vault_faults.append(
                f"the private value {name!r} of entry {key} is gone without an entry of its erasure"
            )


def _erased() -> dict[bytes, set[str]]:
    """Leaf hash -> names of private values whose erasure stands on the record."""
    erased: dict[bytes, set[str]] = {}
    for body in Entry.objects.filter(kind="vault.erased").values_list("body", flat=True).iterator(CHUNK):
        try:
            public = json.loads(bytes(body))["public"]
            erased.setdefault(bytes.fromhex(public["entry_leaf"]), set()).update(public["names"])
        except (ValueError, KeyError, TypeError):
            continue  # the pass over the entries says what is wrong with it
    return erased


def _vault_of(above: int, last: int) -> dict[int, list[tuple[int, str, bytes, bytes]]]:
    held: dict[int, list[tuple[int, str, bytes, bytes]]] = {}
    for row in _rows(_VAULT, above, last):
        if (key := row[0]) in held:
            held[key].append(row)
        else:
            held[key] = [row]
    return held


def _entry_faults(key: int) -> Iterator[str]:
    """The long way: what exactly is wrong with an entry. Nothing for one that only looked odd."""
    try:
        kind, basis, at, stream, actor_type, actor_id, refs, data, leaf_hash, xid, recorded_at = (
            Entry.objects.values_list(
                "kind", "basis", "at", "stream", "actor_type", "actor_id", "refs", "body", "leaf_hash", "xid",
                "recorded_at",
            ).get(pk=key)
        )  # fmt: skip
    except psycopg.DataError:
        yield "has a time that cannot be read"
        return
    data = bytes(data)
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


# -- leaves and tree ---------------------------------------------------------------------------------------------------


@_collector_paused()
def read_leaves(found: Derivation) -> None:
    """Leaves are contiguous, each names an entry of its stream, and each stream is linked in the order of the log."""
    ids, hashes, streams, stream_of, ends = (
        found.ids,
        found.hashes,
        found.streams,
        found.stream_of,
        found.ends,
    )
    level, placed = found.levels[0], found.placed
    count, index, place = len(ids), 0, -1
    for rows in _chunks(_LEAVES, -1):
        for at, entry_id, stream, seq, prev in rows:
            if at != index:
                found.leaf_faults.append(f"leaf {index} is missing, leaf {at} comes next")
                return
            place += 1  # ids and indexes mostly go together
            if place >= count or ids[place] != entry_id:
                place = bisect.bisect_left(ids, entry_id)
            here = streams.get(stream, -1)
            if place < count and ids[place] == entry_id:
                leaf = bytes(hashes[place * 32 : place * 32 + 32])
                if placed[place]:
                    found.leaf_faults.append(f"leaf {index} names an entry that has a leaf already")
                placed[place] = 1
                if stream_of[place] != here:
                    found.leaf_faults.append(f"leaf {index} is not in the stream of its entry")
            else:
                leaf = merkle.leaf_hash(b"")
                found.leaf_faults.append(f"leaf {index} is not in the stream of its entry")
            if (seq, prev) != ends.get(here, (0, None)):
                found.leaf_faults.append(f"leaf {index} is not linked to the one before it in {stream}")
            ends[here] = (seq + 1, leaf)
            level += leaf
            index += 1


def build_tree(found: Derivation) -> None:
    """All complete subtrees over the leaves, level by level."""
    while len(found.levels[-1]) >= 64:
        below = bytes(found.levels[-1])
        pairs = range(0, len(below) - 63, 64)
        found.levels.append(
            bytearray(b"".join([sha256(b"\x01" + below[start : start + 64]).digest() for start in pairs]))
        )


def node_faults(found: Derivation) -> Iterator[str]:
    """Where the stored nodes are not those of the tree. Level 0 is not stored."""
    due = 0
    for level, hashes in enumerate(found.levels[1:], start=1):
        count = len(hashes) // 32
        due += count
        for start in range(0, count, _NODES_A_QUERY):
            end = min(start + _NODES_A_QUERY, count)
            ((stored, whole, joined),) = _rows(
                'SELECT count(DISTINCT "index"), coalesce(bool_and(length(hash) = 32), false),'
                " string_agg(hash, ''::bytea ORDER BY \"index\") FROM provenance_node"
                ' WHERE level = %s AND "index" >= %s AND "index" < %s',
                level, start, end,
            )  # fmt: skip
            if stored != end - start or not whole or joined != hashes[start * 32 : end * 32]:
                yield from _node_faults_between(found, level, start, end)
    ((standing,),) = _rows("SELECT count(*) FROM provenance_node")
    if standing != due:
        yield f"{standing} nodes are stored, {due} are due"


def _node_faults_between(found: Derivation, level: int, start: int, end: int) -> Iterator[str]:
    sql = 'SELECT "index", hash FROM provenance_node WHERE level = %s AND "index" >= %s AND "index" < %s'
    stored = dict(_rows(sql, level, start, end))
    for index in range(start, end):
        if index not in stored:
            yield f"node {index} of level {level} is missing"
        elif stored[index] != found.node(level, index):
            yield f"node {index} of level {level} is not the hash of what is below it"


# -- reading -----------------------------------------------------------------------------------------------------------


def _rows(sql: str, *values: Any) -> list[Any]:
    """Rows in PostgreSQL's binary form, which spares both sides the hex digits of every body."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, values, prepare=True, binary=True)
        return cursor.fetchall()


def _chunks(sql: str, start: int) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by keyset: the first column is the key."""
    while rows := _rows(sql, start, CHUNK):
        yield rows
        start = rows[-1][0]
