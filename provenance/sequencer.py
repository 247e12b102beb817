"""The sequencer: committed entries become leaves of the log. One works at a time; `record` never waits for it.

Each call is one transaction, so a process that dies leaves nothing half done:

1. take the advisory lock, or leave the work to whoever has it;
2. pick committed entries that have no leaf yet;
3. check that the tree which stands has the root that was signed last - a tampered tree is never signed over;
4. number them without a gap, link each to the one before it in its stream, add the completed subtrees;
5. sign the new size and root.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from provenance import keys, merkle, notes, tree
from provenance.errors import SystemFault

#: Any fixed number: it names the lock among this database's advisory locks.
LOCK = 0x6465_6164_7761_78
BATCH = 10_000


class LogTampered(SystemFault):
    """The stored tree does not have the root that was signed last. Nothing is signed until a person has looked."""

    code = "log_tampered"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where a next look has to start: at what earlier looks can have missed.

    `floor`: everything of older transactions has its place. A snapshot's xmin bounds what it could not see: an entry
    that was invisible at that look is of a transaction with at least this id, however late it commits.
    `upto`, `since`: in a backlog, everything up to this entry id has its place, but for what was invisible meanwhile
    (of a transaction from `since` on). Without it every batch would walk over those before it.
    """

    floor: int = 0
    upto: int = 0
    since: int = 0


class _Floor:
    """What was seen, per database. Kept in memory: a fresh process looks at everything once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], _Seen] = {}

    def get(self, place: tuple[object, ...]) -> _Seen:
        with self._lock:
            return self._known.get(place, _Seen())

    def set(self, place: tuple[object, ...], floor: int, *, upto: int = 0, since: int = 0) -> None:
        with self._lock:
            self._known[place] = _Seen(floor, upto, since)


_floor = _Floor()


def run_once(*, limit: int = BATCH, using: str = DEFAULT_DB_ALIAS) -> int:
    """Give up to `limit` committed entries their place and sign the result; returns how many.

    Returns 0 when nothing waits or another sequencer holds the lock. When `limit` comes back, more may wait: call again
    at once. Raises `LogTampered` where the stored tree is not the one that was signed.
    """
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        place = _place(connection)
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        seen_from = cursor.fetchone()[0]
        seen = _floor.get(place)
        picked = _pick(connection, limit, seen)
        if len(picked) < limit:
            seen = _Seen(floor=seen_from)
        else:
            seen = _Seen(seen.floor, upto=picked[-1][0], since=seen.since or seen_from)
        # Only after the commit: a look that is rolled back has numbered nothing.
        transaction.on_commit(
            lambda: _floor.set(place, seen.floor, upto=seen.upto, since=seen.since), using=using
        )
        if picked:
            _extend(cursor, picked)
        return len(picked)


def drain(*, limit: int = BATCH, using: str = DEFAULT_DB_ALIAS) -> int:
    """Call `run_once` until nothing waits; returns how many entries found their place."""
    total = 0
    while done := run_once(limit=limit, using=using):
        total += done
    return total


def _place(connection: Any) -> tuple[object, ...]:
    settings = connection.settings_dict
    return settings["HOST"], settings["PORT"], settings["NAME"]


def _pick(connection: Any, limit: int, seen: _Seen) -> list[tuple[int, str, bytes]]:
    """Committed entries without a leaf, in the order of their ids: id, stream, leaf hash.

    Never by `id > last` alone: ids commit out of order.
    """
    with psycopg.Cursor(connection.connection) as cursor:
        # Binary rows spare the hex digits of every hash.
        cursor.execute(_PICK, {"limit": limit, **dataclasses.asdict(seen)}, binary=True, prepare=False)
        return cursor.fetchall()


_WAITS = (
    "SELECT e.id, e.stream, e.leaf_hash FROM provenance_entry e WHERE {}"
    " AND NOT EXISTS (SELECT 1 FROM provenance_leaf l WHERE l.entry_id = e.id) ORDER BY e.id LIMIT %(limit)s"
)
_PICK = (
    f"({_WAITS.format('e.id > %(upto)s AND e.xid >= %(floor)s')}) UNION ALL"
    f" ({_WAITS.format('e.id <= %(upto)s AND e.xid >= %(since)s')}) ORDER BY id LIMIT %(limit)s"
)


def _extend(cursor: Any, picked: list[tuple[int, str, bytes]]) -> None:
    size = _standing_size(cursor)
    frontier = merkle.Frontier(size, tree.reader(merkle.frontier_nodes(size)))
    _check_standing(cursor, frontier)

    streams = _stream_ends(cursor, {stream for _, stream, _ in picked})
    leaves = []
    for index, (key, stream, leaf_hash) in enumerate(picked, start=size):
        seq, prev = streams.get(stream, (0, None))
        leaves.append(f"{index}\t{key}\t{_text(stream)}\t{seq}\t{_bytea(prev)}\n")
        streams[stream] = (seq + 1, leaf_hash)
    # Level 0 is not stored: leaf hashes stand in the entries.
    nodes = [
        f"{level}\t{index}\t{_bytea(value)}\n"
        for level, index, value in frontier.extend([leaf_hash for _, _, leaf_hash in picked])
    ]
    _copy(cursor, "provenance_leaf", ("index", "entry_id", "stream", "stream_seq", "prev"), leaves)
    _copy(cursor, "provenance_node", ("level", "index", "hash"), nodes)

    head = notes.TreeHead(keys.origin(), frontier.size, frontier.root())
    # Under the lock, so that no rotation comes in between: the key that the entries name, whatever file it is in.
    note = notes.sign(head.text, name=keys.origin(), private=keys.signing_key())
    cursor.execute(
        'INSERT INTO provenance_checkpoint ("size", root, note, "at") VALUES (%s, %s, %s, %s)',
        [head.size, head.root, bytes(note), dt.datetime.now(dt.UTC)],
    )


def _standing_size(cursor: Any) -> int:
    cursor.execute('SELECT coalesce(max("index") + 1, 0) FROM provenance_leaf')
    size: int = cursor.fetchone()[0]
    return size


def _check_standing(cursor: Any, frontier: merkle.Frontier) -> None:
    cursor.execute('SELECT "size", root FROM provenance_checkpoint ORDER BY "size" DESC LIMIT 1')
    last = cursor.fetchone()
    signed_size, signed_root = (last[0], bytes(last[1])) if last else (0, merkle.EMPTY_ROOT)
    if signed_size != frontier.size:
        raise LogTampered(
            f"The log has {frontier.size} leaves, but {signed_size} were signed last."
            " Run ledger_verify; nothing is signed until then."
        )
    if signed_root != frontier.root():
        raise LogTampered(
            f"The tree of {frontier.size} leaves has root {frontier.root().hex()}, but {signed_root.hex()} was signed."
            " Run ledger_verify; nothing is signed until then."
        )


def _stream_ends(cursor: Any, streams: set[str]) -> dict[str, tuple[int, bytes]]:
    """Stream -> (next seq, leaf hash of its last entry) for streams that have leaves."""
    cursor.execute(
        "SELECT s.stream, l.stream_seq, e.leaf_hash FROM unnest(%s::text[]) AS s(stream)"
        " CROSS JOIN LATERAL (SELECT stream_seq, entry_id FROM provenance_leaf WHERE stream = s.stream"
        "                     ORDER BY stream_seq DESC LIMIT 1) l"
        " JOIN provenance_entry e ON e.id = l.entry_id",
        [sorted(streams)],
    )
    return {stream: (seq + 1, bytes(leaf_hash)) for stream, seq, leaf_hash in cursor.fetchall()}


def _copy(cursor: Any, table: str, columns: tuple[str, ...], lines: list[str]) -> None:
    """COPY of lines in PostgreSQL's text form: ten thousand rows at once are one write."""
    names = ", ".join(f'"{name}"' for name in columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        copy.write("".join(lines).encode())


def _bytea(value: bytes | None) -> str:
    return r"\N" if value is None else rf"\\x{value.hex()}"


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _text(value: str) -> str:
    return value.translate(_ESCAPES) if not value.isprintable() or "\\" in value else value
