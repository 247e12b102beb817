"""People's keys derived again from the entries, and every signature checked against the key as it stood then.

A key signs from the place of its confirmation in the log to that of its revocation. Rows only repeat what the entries
say; one that says more was changed around them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from artists.models import PersonKey
from provenance.canonical import dumps, plain
from provenance.keys import origin
from provenance.models import Entry, EntrySignature
from provenance.signing import PublicKey, SigningError, challenge, check_assertion, parse_armor
from provenance.signing.assertion import Assertion
from provenance.signing.payload import words_sha256

_KINDS = ("person_key.enrolled", "person_key.confirmed", "person_key.revoked", "session.signed")


@dataclass(slots=True)
class Found:
    keys: int = 0
    revoked: int = 0
    unconfirmed: int = 0
    signatures: int = 0
    leaves: int = 0


@dataclass(slots=True)
class _Key:
    user: str
    public: PublicKey
    state: str = "enrolled"


@dataclass(slots=True)
class _Fold:
    keys: dict[str, _Key] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    found: Found = field(default_factory=Found)


def check(*, fault: Callable[[str], None]) -> Found:
    """Every key and signature, oldest first. `fault` gets a sentence for each break."""
    fold = _Fold()
    entries = Entry.objects.filter(kind__in=_KINDS).select_related("leaf").prefetch_related("vault")
    # Entries that wait for their place come after all that have one.
    placed = entries.filter(leaf__isnull=False).order_by("leaf__index")
    for part in (placed, entries.filter(leaf__isnull=True).order_by("id")):
        for entry in part.iterator(500):
            for sentence in _step(fold, entry, json.loads(bytes(entry.body))):
                fault(sentence)
    for sentence in _rows(fold):
        fault(sentence)
    fold.found.keys = len(fold.keys)
    fold.found.revoked = sum(key.state == "revoked" for key in fold.keys.values())
    fold.found.unconfirmed = sum(key.state == "enrolled" for key in fold.keys.values())
    return fold.found


def _step(fold: _Fold, entry: Entry, body: dict[str, Any]) -> Iterator[str]:
    public, actor = body["public"], body["actor"]["id"]
    fingerprint = str(public.get("fingerprint", ""))
    key = fold.keys.get(fingerprint)
    name = f"key {fingerprint[:16]}..."
    if entry.kind == "person_key.enrolled":
        try:
            made = PublicKey.from_base64(public["algorithm"], public["public_key"])
        except SigningError as error:
            yield f"{name} is no key: {error}"
            return
        if key is not None or made.fingerprint != fingerprint:
            yield f"{name} was enrolled twice, or is another key than its entry says"
            return
        if actor != public["user"]:
            yield f"{name} of {public['user']} was enrolled by {actor}"
        fold.keys[fingerprint] = _Key(public["user"], made)
    elif key is None:
        yield f"entry {entry.pk} ({entry.kind}) is about {name}, which nobody enrolled before"
    elif entry.kind == "person_key.confirmed":
        if key.state != "enrolled":
            yield f"{name} was confirmed when it was {key.state}"
        elif actor != key.user:
            yield f"{name} of {key.user} was confirmed by {actor}"
        else:
            key.state = "confirmed"
    elif entry.kind == "person_key.revoked":
        key.state = "revoked"
    else:
        yield from _signature(fold, entry, body, key, name)


def _signature(fold: _Fold, entry: Entry, body: dict[str, Any], key: _Key, name: str) -> Iterator[str]:
    public, actor = body["public"], body["actor"]["id"]
    payload = public["payload"]
    fold.found.signatures += 1
    what = f"the signature in entry {entry.pk} by {name}"
    if key.state != "confirmed":
        yield f"{what} was made when the key was {'not confirmed' if key.state == 'enrolled' else 'revoked'}"
    if not key.user == payload["person"] == actor:
        yield f"{what} is not by the key's owner"
    if payload["log"] != origin():
        yield f"{what} is of another log"
    if payload["nonce"] in fold.nonces:
        yield f"{what} repeats a nonce: it was used before"
    fold.nonces.add(payload["nonce"])
    try:
        _check_proof(public, key.public, dumps(plain(payload)))
    except (SigningError, KeyError, TypeError) as error:
        yield f"{what} does not verify: {error}"
    for item in entry.vault.all():
        if item.name == "words" and words_sha256(json.loads(bytes(item.content))) != payload["words_sha256"]:
            yield f"{what} is over other words than those that are kept"
    leaves = [bytes.fromhex(leaf) for leaf in payload["leaves"]]
    fold.found.leaves += len(leaves)
    own = Entry.objects.filter(leaf_hash__in=leaves, actor_type="human", actor_id=actor, pk__lt=entry.pk)
    if (count := own.count()) != len(set(leaves)):
        yield f"{what} covers {len(leaves)} entries, {count} of them are the signer's own"
    if (linked := EntrySignature.objects.filter(signature=entry, entry__in=own).count()) != count:
        yield f"{what} covers {count} entries, {linked} say so"


def _check_proof(public: dict[str, Any], key: PublicKey, data: bytes) -> None:
    proof = public["proof"]
    if public["method"] == "ssh":
        signature = parse_armor(proof["signature"])
        if signature.key.fingerprint != key.fingerprint:
            raise SigningError("another key signed")
        signature.check(data)
        return
    names = ("authenticator_data", "client_data", "signature")
    check_assertion(
        Assertion.from_base64url(**{name: proof[name] for name in names}),
        challenge=challenge(data),
        origin=proof["origin"],
        rp_id=proof["rp_id"],
        key=key,
    )


def _rows(fold: _Fold) -> Iterator[str]:
    """The table against what the entries say."""
    rows = {row.fingerprint: row for row in PersonKey.objects.all()}
    for fingerprint in sorted(rows.keys() | fold.keys.keys()):
        row, key, name = rows.get(fingerprint), fold.keys.get(fingerprint), f"key {fingerprint[:16]}..."
        if row is None or key is None:
            yield f"{name} is {'in no row' if row is None else 'in no entry'}"
        elif (str(row.user_id), row.public_key, row.algorithm) != (
            key.user,
            key.public.base64,
            key.public.algorithm,
        ):
            yield f"the row of {name} names another owner or key than its entries"
        elif row.state != key.state:
            yield f"the row of {name} says {row.state}, its entries say {key.state}"
