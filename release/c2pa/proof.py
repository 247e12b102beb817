"""Our own assertion in a signed file: the ledger's entries with their proofs, checkable with the file alone.

    v             2
    origin, log_key, size, root                the log, its verifier key, the tree head
    checkpoint                                 the signed note, with the witnesses' lines that are known
    entry, index, proof                        the entry that made the master (also first of `entries`)
    entries       [{what, leaf, index, body, proof}]   body: exact bytes, base64; proof: C2SP tlog-proof@v1
    timestamps    [{authority, token}]         RFC 3161 over the checkpoint's own bytes, DER, base64
    master_sha256, isrc, rules, ingredients

What it shows: that these very entries stood in a log of this name and root, signed with this key, and that they speak
of this master. A person's own signature lies in its entry and is not checked here: the bundle's verifier does that.
That the key is the label's own, a stranger MUST know from elsewhere; `log_keys` is where it is said.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenance import merkle, notes
from provenance.notes import NoteError, TlogProof, VerifierKey

VERSION: Final = 2
_MOST_ENTRIES: Final = 64
WHAT: Final[Mapping[str, str]] = {
    "made": "made the master",
    "declared": "declares who made what",
    "signed": "records a signature over that",
}


@dataclass(frozen=True)
class ProofStep:
    """One thing that was checked, in words."""

    ok: bool
    sentence: str


@dataclass(frozen=True)
class LedgerProof:
    """What the assertion proves. `ok`: everything in it holds; `ours`: under a log key that the asker knows."""

    ok: bool
    ours: bool
    steps: tuple[ProofStep, ...]
    leaves: tuple[str, ...] = ()
    """Leaf hashes of the entries that are proven to be in the log."""
    size: int = 0
    what: tuple[str, ...] = ()
    """What each of those is, as in `WHAT`."""

    @property
    def sentence(self) -> str:
        if not self.ok:
            return next(step.sentence for step in self.steps if not step.ok)
        if not self.ours:
            return (
                "The proof holds, but the log that it leads to is signed with a key that is not known here."
            )
        said = ", ".join(f"one {what}" for what in self.what)
        return f"Its entries stand in the label's log, proven up to {self.size} entries: {said}."


class _Fails(Exception):
    pass


def check_ledger(ledger: Mapping[str, Any], *, log_keys: Collection[str] = ()) -> LedgerProof:
    """Checks the assertion with nothing but itself. `log_keys`: verifier keys of the log that the asker knows.

    Never raises for what it holds.
    """
    steps: list[ProofStep] = []
    leaves: list[str] = []
    told: list[str] = []
    try:
        # 1. The checkpoint is signed by the key that the file names.
        key = _key(ledger)
        head = _head(ledger, key)
        steps.append(ProofStep(True, f"The checkpoint of {head.origin} at {head.size} entries is signed."))
        # 2. That key is one that the asker knows as the log's own.
        ours = str(key) in log_keys
        # 3. Every entry is what its leaf says, and stands where its proof says.
        master = ledger.get("master_sha256")
        for item in _entries(ledger):
            leaf, index, body = _entry(item, head, key)
            leaves.append(leaf.hex())
            what = WHAT.get(str(item.get("what")), "belongs to it")
            told.append(what)
            steps.append(ProofStep(True, f"Entry {index} {what} and stands in the log."))
            # 4. The first made this master; the others speak of it or of one before them.
            if len(leaves) == 1:
                made = {ref.get("sha256") for ref in body.get("outputs", ()) if isinstance(ref, dict)}
                if leaf.hex() != ledger.get("entry") or master not in made:
                    raise _Fails("The entry that the file names did not make the master that it names.")
            elif not _speaks_of(body, str(master), leaves[:-1]):
                raise _Fails(f"Entry {index} speaks of something else than this master.")
    except (_Fails, NoteError, merkle.MerkleError) as error:
        return LedgerProof(False, False, (*steps, ProofStep(False, _sentence(error))), tuple(leaves))
    return LedgerProof(True, ours, tuple(steps), tuple(leaves), head.size, tuple(told))


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, _Fails) else f"The proof in the file does not hold: {error}."


def _key(ledger: Mapping[str, Any]) -> VerifierKey:
    key = VerifierKey.parse(str(ledger.get("log_key")))
    if key.name != ledger.get("origin"):
        raise _Fails("The file names one log and the key of another.")
    return key


def _head(ledger: Mapping[str, Any], key: VerifierKey) -> notes.TreeHead:
    note = ledger.get("checkpoint")
    if not isinstance(note, str):
        raise _Fails("The file carries no checkpoint.")
    head = notes.open_checkpoint(note.encode(), key)
    if (head.size, head.root.hex()) != (ledger.get("size"), ledger.get("root")):
        raise _Fails("The file states another tree than its checkpoint.")
    return head


def _entries(ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = ledger.get("entries")
    if not isinstance(found, list) or not 0 < len(found) <= _MOST_ENTRIES:
        raise _Fails("The file carries no entries of the ledger.")
    if not all(isinstance(item, dict) for item in found):
        raise _Fails("The entries in the file are not in order.")
    return found


def _entry(
    item: Mapping[str, Any], head: notes.TreeHead, key: VerifierKey
) -> tuple[bytes, int, Mapping[str, Any]]:
    """Leaf hash, index and body of an entry that is proven. Raises _Fails, NoteError, MerkleError."""
    try:
        data = base64.b64decode(str(item.get("body")), validate=True)
        body = json.loads(data)
    except (binascii.Error, ValueError, RecursionError):
        raise _Fails("An entry in the file cannot be read.") from None
    leaf = merkle.leaf_hash(data)
    proof = TlogProof.parse(str(item.get("proof")).encode())
    if not isinstance(body, dict) or leaf.hex() != item.get("leaf"):
        raise _Fails("An entry in the file is not the one that its leaf names.")
    stated = notes.open_checkpoint(proof.checkpoint, key)
    if (stated.size, stated.root, proof.index) != (head.size, head.root, item.get("index")):
        raise _Fails("A proof in the file leads to another tree than its checkpoint.")
    merkle.verify_inclusion(proof.index, head.size, leaf, proof.hashes, head.root)
    return leaf, proof.index, body


def _speaks_of(body: Mapping[str, Any], master: str, earlier: Collection[str]) -> bool:
    """Whether an entry names the master, its bytes, or the leaf of an earlier one of the file."""
    subjects = body.get("subjects")
    named = set(map(str, subjects)) if isinstance(subjects, list) else set()
    refs = {str(ref.get("sha256")) for ref in _listed(body.get("inputs")) + _listed(body.get("outputs"))}
    payload = _mapping(_mapping(body.get("public")).get("payload"))
    signed = payload.get("leaves")
    leaves = set(map(str, signed)) if isinstance(signed, list) else set()
    return master in refs or f"asset:{master}" in named or bool(leaves & set(earlier))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
