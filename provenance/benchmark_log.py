"""A long log for the benchmark: filled fast, by rows that pass every trigger and every check, and then measured.

`fill` copies entries in with COPY, which fires the same triggers as an insert does: each body is the canonical body of
a real `record()` with its own stream, subjects, time, salt and commitment. The sequencer numbers them as ever.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import connection, transaction

from provenance import audit, canonical, keys, merkle, notes, queries, sequencer
from provenance.benchmark_bundle import bundles
from provenance.benchmarks import Measure
from provenance.models import Entry

#: Entries of one song.
SONG: Final = 300
_ROWS: Final = 10_000
#: Entries a checkpoint, on average, in the long log.
_BATCH: Final = 1_000
_COLUMNS: Final = 'id, kind, basis, "at", stream, actor_type, actor_id, refs, body, leaf_hash'


def fill(entries: int, like: Entry) -> float:
    """Add that many entries like the given one, `SONG` a stream, streams mixed as they are in a house at work.

    Returns entries per second, the sequencing left out: `drain` it.
    """
    begun = time.perf_counter()
    streams = max(1, entries // SONG)
    for start in range(0, entries, _ROWS):
        _copy(like, range(start, min(start + _ROWS, entries)), streams)
    return entries / (time.perf_counter() - begun)


def stream_name(number: int) -> str:
    return f"project:00000000-0000-4000-8000-{number:012d}"


def _copy(like: Entry, numbers: range, streams: int) -> None:
    write = _writer(like)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('provenance_entry', 'id')) FROM generate_series(1, %s)",
            [len(numbers)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        rows = [write(number, stream_name(number % streams)) for number in numbers]
        with cursor.copy(f"COPY provenance_entry ({_COLUMNS}) FROM STDIN") as copy:
            for key, (row, _) in zip(ids, rows, strict=True):
                copy.write_row((key, *row))
        with cursor.copy("COPY provenance_vaultitem (entry_id, name, salt, content) FROM STDIN") as copy:
            for key, (_, sealed) in zip(ids, rows, strict=True):
                copy.write_row((key, *sealed))


def _writer(like: Entry) -> Callable[[int, str], tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """How a row of entry and vault is made from a real entry: only what differs from entry to entry is put in."""
    body = json.loads(bytes(like.body))
    item = like.vault.get()
    take = next(ref for ref in body["subjects"] if ref.startswith("take:"))
    at = dt.datetime.now(dt.UTC)
    marks = {"S": "\x01s", "T": "\x01t", "C": "\x01c"}
    body |= {
        "at": canonical.timestamp(at),
        "stream": marks["S"],
        "subjects": [marks["S"] if ref == like.stream else marks["T"] for ref in body["subjects"]],
        "private": {item.name: marks["C"]},
    }
    # Canonical JSON escapes the marks in one way; order and everything else stay as they are.
    template = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    template = template.replace("%", "%%")
    for name, mark in marks.items():
        template = template.replace(json.dumps(mark)[1:-1], f"%({name})s")
    content, take_lead = bytes(item.content), take.split(":")[0]
    assets = [f"asset:{ref['sha256']}" for ref in (*body["inputs"], *body["outputs"])]

    def write(number: int, stream: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        salt = os.urandom(canonical.SALT_BYTES)
        subject = f"{take_lead}:00000000-0000-4000-9000-{number:012d}"
        data = (
            template
            % {"S": stream, "T": subject, "C": canonical.commitment(like.kind, item.name, content, salt)}
        ).encode()
        row = (
            like.kind,
            like.basis,
            at,
            stream,
            like.actor_type,
            like.actor_id,
            [stream, subject, *assets],
            data,
            canonical.leaf_hash(data),
        )
        return row, (item.name, salt, content)

    return write


# -- what is measured on it --------------------------------------------------------------------------------------------


def on_a_long_log(entries: int, like: Entry) -> Iterator[Measure]:
    """Fill a log of that many entries, then verify all of it, prove a song, and bundle a work of it."""
    filled = fill(entries, like)
    begun = time.perf_counter()
    while sequencer.run_once(limit=_BATCH):
        pass
    numbered = entries / (time.perf_counter() - begun)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    size = queries.health().leaves
    name = f"a log of {size:,} entries"
    yield Measure(
        f"{name}: filled",
        filled,
        "entries/s",
        note=f"COPY through all triggers; numbered at {numbered:.0f}/s",
    )
    yield from verification(name, size)
    yield from proofs(name, size)
    yield from bundles()


def verification(name: str, size: int) -> Iterator[Measure]:
    """All steps of `ledger_verify`, beside reading and hashing the same bodies and doing nothing with them."""
    reading_s = _read_bodies()
    begun, cpu = time.perf_counter(), time.process_time()
    report = audit.run()
    spent_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    if not report.ok:
        raise RuntimeError(report.verdict)
    yield Measure(f"{name}: bodies read and hashed", reading_s, "s")
    limit_s = 20 * size / 1_000_000
    yield Measure(
        f"{name}: verified whole",
        cpu_s,
        "s",
        f"<= {limit_s:g}",
        cpu_s <= limit_s,
        f"of one core; {spent_s:.1f} s by the clock with PostgreSQL's reading and whatever else runs here",
        beside=("bodies read and hashed", reading_s),
    )


def _read_bodies() -> float:
    begun = time.perf_counter()
    for body, leaf_hash in Entry.objects.order_by("pk").values_list("body", "leaf_hash").iterator(4000):
        if hashlib.sha256(b"\x00" + bytes(body)).digest() != bytes(leaf_hash):
            raise RuntimeError("a body has another hash")
    return time.perf_counter() - begun


def proofs(name: str, size: int, *, rounds: int = 9) -> Iterator[Measure]:
    """Proofs of one song out of all, each checked as a stranger would; beside fetching the entries alone."""
    streams = max(1, size // SONG)
    fetch, prove, check = [], [], []
    head = queries.latest_checkpoint()
    assert head is not None
    root = notes.open_checkpoint(bytes(head.note), keys.verifier_key()).root
    for number in range(rounds):
        begun = time.perf_counter()
        entries = list(queries.entries_for(streams=[stream_name(number * 7 % streams)]))
        fetched = time.perf_counter()
        found = queries.proofs_for(entries, checkpoint=head)
        proven = time.perf_counter()
        for entry in entries:
            proof = found[entry.pk]
            merkle.verify_inclusion(
                proof.index, proof.size, canonical.leaf_hash(bytes(entry.body)), proof.hashes, root
            )
        checked = time.perf_counter()
        if len(entries) < min(SONG, size):
            raise RuntimeError(f"a song of {len(entries)} entries")
        fetch.append((fetched - begun) / len(entries) * 1000)
        prove.append((proven - fetched) / len(entries) * 1000)
        check.append((checked - proven) / len(entries) * 1000)
    reading, proving = statistics.median(fetch), statistics.median(prove)
    yield Measure(
        f"{name}: proof of an entry of a song of {SONG}",
        proving,
        "ms",
        "<= 2",
        proving <= 2,
        f"worst song {max(prove):.3f}; checking it {statistics.median(check):.3f} ms",
        beside=("reading the entry", reading),
    )
