"""The one door to the ledger.

`record` only inserts, in the caller's transaction, and takes no lock: committed entries get their place in the log
from the sequencer afterwards. If the process dies before the commit, neither the row nor its entry exists; after it,
both do.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, transaction

from provenance import canonical
from provenance.authorship import check_authorship
from provenance.elements import Basis
from provenance.errors import NotInTransaction
from provenance.events import Event, event, words
from provenance.models import Entry, VaultItem

BODY_VERSION = 1
#: Names the advisory locks of erasures. The second number is the entry's; 0 is held by all, by one of many alone.
_SHRED_LOCK = 0x6465_6164
_SHRED_AT_ONCE = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `name_commitment` is set for people whose enrolment sealed their name."""

    type: str
    id: str
    name_commitment: str | None = None

    @classmethod
    def worker(cls, name: str) -> Actor:
        return cls("worker", name)

    @classmethod
    def system(cls, name: str) -> Actor:
        return cls("system", name)

    def ledger_actor(self) -> Actor:
        return self


class HasActor(Protocol):
    def ledger_actor(self) -> Actor: ...


#: Where the request that is being answered collects what it committed. None in workers, commands and tests.
_committed: contextvars.ContextVar[list[tuple[str, str]] | None] = contextvars.ContextVar(
    "committed", default=None
)


@contextlib.contextmanager
def collecting() -> Iterator[list[tuple[str, str]]]:
    """Collect (actor id, leaf hash in hex) of the human entries that are committed inside, for a receipt."""
    token = _committed.set([])
    try:
        found = _committed.get()
        assert found is not None
        yield found
    finally:
        _committed.reset(token)


def record(happened: Event, *, actor: HasActor) -> Entry:
    """Write one event as an entry of the current transaction and return it.

    Raises `NotInTransaction` outside one, `BadEvent` for what canonical JSON cannot hold.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction("A ledger entry is written in the transaction of the change that it records.")
    who = actor.ledger_actor()
    kind = type(happened).kind
    vault: dict[str, tuple[str, str]] = {}
    commitments: dict[str, str] = {}
    for name, value in happened.private().items():
        content, salt = canonical.encode(value), canonical.new_salt()
        commitments[name] = canonical.commitment(kind, name, content, salt)
        vault[name] = (salt.hex(), content.decode())

    if happened.authorship is not None:
        # Malformed claims would stand in the log for good and break every fold over them.
        check_authorship(happened.authorship, outputs=[ref.sha256 for ref in happened.outputs])
    at = dt.datetime.now(dt.UTC)
    subjects = tuple(dict.fromkeys((happened.stream, *happened.subjects)))
    actor_body = {"type": who.type, "id": who.id}
    if who.name_commitment:
        actor_body["name"] = who.name_commitment
    body = canonical.encode(
        {
            "v": BODY_VERSION,
            "kind": kind,
            "event_version": type(happened).version,
            "at": at,
            "basis": happened.basis,
            "actor": actor_body,
            "stream": happened.stream,
            "subjects": subjects,
            "inputs": [{"role": ref.role, "sha256": ref.sha256} for ref in happened.inputs],
            "outputs": [{"role": ref.role, "sha256": ref.sha256} for ref in happened.outputs],
            "public": happened.public(),
            "private": commitments,
            "authorship": happened.authorship,
        }
    )
    assets = dict.fromkeys(f"asset:{ref.sha256}" for ref in (*happened.inputs, *happened.outputs))
    leaf_hash = canonical.leaf_hash(body)
    with transaction.get_connection().cursor() as cursor:
        # One statement for entry and vault (migration 0006): a second round trip would cost as much again.
        cursor.execute(
            "SELECT o_id, o_xid, o_recorded_at FROM deadwax_record(%s, %s, %s::jsonb)",
            [body.decode(), leaf_hash.hex(), json.dumps(vault) if vault else None],
        )
        key, xid, recorded_at = cursor.fetchone()
    if who.type == "human" and (committed := _committed.get()) is not None:
        transaction.on_commit(functools.partial(committed.append, (who.id, leaf_hash.hex())))
    return Entry.from_db(
        DEFAULT_DB_ALIAS,
        _COLUMNS,
        (
            key,
            kind,
            str(happened.basis),
            at,
            happened.stream,
            who.type,
            who.id,
            [*subjects, *assets],
            body,
            leaf_hash,
            xid,
            recorded_at,
        ),
    )


_COLUMNS = (
    "id",
    "kind",
    "basis",
    "at",
    "stream",
    "actor_type",
    "actor_id",
    "refs",
    "body",
    "leaf_hash",
    "xid",
    "recorded_at",
)


def body_of(entry: Entry) -> dict[str, Any]:
    """The entry's body, parsed from the exact bytes that were hashed."""
    body: dict[str, Any] = json.loads(bytes(entry.body))
    return body


def disclose(entry: Entry) -> dict[str, Any]:
    """Private values that are still in the vault, by name."""
    return {item.name: json.loads(bytes(item.content)) for item in entry.vault.all()}


def in_words(entry: Entry, *, disclosed: bool = False) -> str:
    """The entry as a sentence, with private values only where the reader may see them."""
    body = body_of(entry)
    said = disclose(entry) if disclosed else {}
    return words(body["kind"], body["event_version"], body["public"], said, sealed=body["private"])


@event
class PrivateContentErased(Event):
    kind = "vault.erased"
    sentence = "erased the private content of an entry of kind {erased_kind}: {names}"

    entry_leaf: str
    erased_kind: str
    names: tuple[str, ...]


def shred(entry: Entry, *, actor: HasActor, names: Iterable[str] | None = None) -> Entry:
    """Erase private values (content and salt) of *entry*; the erasure is an entry itself. Proofs stay intact."""
    with transaction.atomic():
        with transaction.get_connection().cursor() as cursor:
            # Two erasures of one entry, one after the other. The vault's rows cannot be locked: nobody may update them.
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(%s, 0), pg_advisory_xact_lock(%s, (%s %% 2147483647)::int)",
                [_SHRED_LOCK, _SHRED_LOCK, entry.pk],
            )
        items = entry.vault.all()
        if names is not None:
            items = items.filter(name__in=list(names))
        found = list(items)
        done = _say_erased(entry, found, actor)
        VaultItem.objects.filter(pk__in=[item.pk for item in found]).delete()
        return done


def shred_many(entries: Sequence[Entry], *, actor: HasActor) -> int:
    """Erase all private values of these entries, each on an entry of its own; returns how many values went.

    Other erasures wait until this transaction ends: a lock for each entry would fill the server's table of locks.
    """
    erased = 0
    with transaction.atomic():
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_SHRED_LOCK])
        for start in range(0, len(entries), _SHRED_AT_ONCE):
            some = {entry.pk: entry for entry in entries[start : start + _SHRED_AT_ONCE]}
            held: dict[int, list[VaultItem]] = {key: [] for key in some}
            for item in VaultItem.objects.filter(entry__in=list(some)).defer("content", "salt"):
                held[item.entry_id].append(item)
                erased += 1
            for key, items in held.items():
                _say_erased(some[key], items, actor)
            VaultItem.objects.filter(pk__in=[item.pk for items in held.values() for item in items]).delete()
    return erased


def _say_erased(entry: Entry, items: Iterable[VaultItem], actor: HasActor) -> Entry:
    return record(
        PrivateContentErased(
            stream=entry.stream,
            subjects=tuple(ref for ref in entry.refs if not ref.startswith("asset:")),
            basis=Basis.OBSERVED,
            entry_leaf=bytes(entry.leaf_hash).hex(),
            erased_kind=entry.kind,
            names=tuple(sorted(item.name for item in items)),
        ),
        actor=actor,
    )
