"""Putting a bundle together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, BinaryIO, Final

from cryptography.hazmat.primitives.serialization import Encoding
from django.db.models import Count, Max

from provenance import keys, notes, prov_export, queries
from provenance.bundle import archive, closure, papers
from provenance.bundle.assets import AssetSource, resolve
from provenance.bundle.disclosure import Disclose, shown_values
from provenance.bundle.errors import NotInLogYet
from provenance.bundle.points import Outside, outside
from provenance.models import Entry, Leaf
from provenance.outside.config import ConfigError
from provenance.outside.places import configured

FORMAT: Final = "deadwax-bundle"
VERSION: Final = 2
STREAMS_HEADER: Final = "deadwax/streams/v1"


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What went into a bundle. `added`: entries about keys and signatures, beyond those that were asked for."""

    entries: int
    disclosed: int
    withheld: int
    files: int
    size: int
    root: str
    origin: str
    added: int = 0
    points: int = 0
    timestamps: int = 0
    signatures: int = 0
    sha256: str = ""


def build(
    *,
    entries: Sequence[Entry],
    disclose: Disclose,
    out: BinaryIO,
    assets: Mapping[str, AssetSource] | None = None,
    kept_sizes: Sequence[int] = (),
    title: str = "",
) -> BundleReport:
    """Write the bundle of these entries to `out`, which MUST be readable and seekable, and say what is in it.

    `disclose(entry, name)` decides for each private value that is still in the vault. `assets` maps a path to a digest
    or a file; each MUST be an asset that one of the entries names. It lies below `assets/`, or below `c2pa/` where the
    path begins so. `kept_sizes` are sizes of older checkpoints that the receiver may hold; the newest of each recent
    day are always covered.

    Raises `NotInLogYet` for entries of an open transaction, `BundleRefused` for assets that no entry names.
    """
    rows, added = closure.close(entries)
    head = queries.latest_checkpoint()
    assert head is not None, "numbered entries stand under a checkpoint"
    if keys.key_chain().key_for(head.size) != keys.verifier_key():
        raise NotInLogYet("The log's key has just been handed over. Try again in a moment.")
    bodies = {entry.id: json.loads(bytes(entry.body)) for entry, _ in rows}
    files = resolve(assets or {}, bodies.values())
    shown, withheld = shown_values([entry for entry, _ in rows], disclose)
    seen = outside(
        head,
        indexes=[leaf.index for _, leaf in rows],
        named_tokens=_named_tokens(bodies.values()),
        kept_sizes=kept_sizes,
    )
    proofs = queries.proofs_for([entry for entry, _ in rows], checkpoint=head)

    listed: list[dict[str, Any]] = []
    members: dict[str, bytes] = {}
    for entry, leaf in rows:
        name = f"{leaf.index:012d}"
        row: dict[str, Any] = {
            "index": leaf.index,
            "leaf": bytes(entry.leaf_hash).hex(),
            "stream": leaf.stream,
            "stream_seq": leaf.stream_seq,
            "prev": None if leaf.prev is None else bytes(leaf.prev).hex(),
            "body": f"entries/{name}.json",
            "proof": f"proofs/{name}.tlog-proof",
        }
        if entry.id in added:
            row["added"] = True
        proof = proofs[entry.id]
        members[row["body"]] = bytes(entry.body)
        members[row["proof"]] = bytes(notes.TlogProof(proof.index, proof.hashes, seen.head))
        if entry.id in shown:
            row["disclosed"] = f"disclosed/{name}.json"
            members[row["disclosed"]] = _json(shown[entry.id])
        listed.append(row)

    members["log/checkpoint.txt"] = seen.head
    members["log/key.txt"] = f"{keys.verifier_key()}\n".encode()
    members["log/keys.json"] = _json({"rotations": list(keys.history()), "witnesses": list(seen.witnesses)})
    members["log/streams.txt"] = _streams({leaf.stream for _, leaf in rows}, head.size)
    outside_rows = _outside(seen, members)
    members["verifier.py"] = resources.files("provenance").joinpath("verifier.py").read_bytes()
    members["provenance.json"] = prov_export.prov_json(
        [(leaf.index, bytes(entry.leaf_hash).hex(), bodies[entry.id]) for entry, leaf in rows],
        origin=keys.origin(),
    )
    members["README.txt"] = papers.readme().encode()
    members["summary.txt"] = papers.summary(
        title, head, rows, bodies, shown, added=added, files=files, seen=seen, withheld=withheld
    ).encode()
    members["bundle.json"] = _json(
        {
            "format": FORMAT,
            "v": VERSION,
            "title": title,
            "log": {"origin": keys.origin(), "size": head.size, "root": bytes(head.root).hex()},
            "checkpoint": "log/checkpoint.txt",
            "key": "log/key.txt",
            "keys": "log/keys.json",
            "streams": "log/streams.txt",
            "entries": listed,
            "assets": [
                {"path": item.path, "sha256": item.sha256, "included": item.source is not None}
                for item in files
            ],
            "provenance": "provenance.json",
            **outside_rows,
        }
    )
    return BundleReport(
        entries=len(rows),
        disclosed=sum(len(values) for values in shown.values()),
        withheld=withheld,
        files=sum(item.source is not None for item in files),
        size=head.size,
        root=bytes(head.root).hex(),
        origin=keys.origin(),
        added=len(added),
        points=len(seen.notes),
        timestamps=len(seen.tokens),
        signatures=sum(entry.kind == closure.SIGNED for entry, _ in rows),
        sha256=archive.write(out, members, files, size=head.size),
    )


def _named_tokens(bodies: Iterable[Mapping[str, Any]]) -> list[tuple[str, dt.datetime]]:
    """Digests of the tokens that people's signatures name: they were made after those."""
    return [
        (body["public"]["payload"]["timestamp"], dt.datetime.fromisoformat(body["at"]))
        for body in bodies
        if body["kind"] == closure.SIGNED and body["public"]["payload"]["timestamp"]
    ]


def _streams(streams: set[str], size: int) -> bytes:
    """How many entries each stream has below that size, and which is its last: signed, so that a lie would be kept."""
    rows = (
        Leaf.objects.filter(stream__in=sorted(streams), index__lt=size)
        .values("stream")
        .annotate(count=Count("index"), last=Max("index"))
        .order_by("stream")
    )
    counts = {row["last"]: (row["stream"], row["count"]) for row in rows}
    hashes = Leaf.objects.filter(index__in=list(counts)).values_list("index", "entry__leaf_hash")
    lines = sorted(
        f"{stream} {count} {bytes(leaf_hash).hex()}\n"
        for index, leaf_hash in hashes
        for stream, count in [counts[index]]
    )
    text = f"{STREAMS_HEADER}\n{keys.origin()}\n{size}\n{''.join(lines)}"
    return bytes(notes.sign(text, name=keys.origin(), private=keys.signing_key()))


def _outside(seen: Outside, members: dict[str, bytes]) -> dict[str, Any]:
    """Puts points, tokens and roots among the members; returns what bundle.json says about them."""
    points, timestamps = [], []
    for size, note in seen.notes.items():
        path = f"log/points/{size}.txt"
        members[path] = note
        points.append({"size": size, "checkpoint": path, "consistency": seen.consistency[size]})
    for token in seen.tokens:
        path = f"timestamps/{token.size}-{token.authority}.tst"
        members[path] = token.der
        timestamps.append({"size": token.size, "authority": token.authority, "token": path})
    roots = []
    used = {token.authority for token in seen.tokens}
    for authority, pem in configured_roots().items():
        if authority in used:
            path = f"timestamps/{authority}.pem"
            members[path] = pem
            roots.append({"authority": authority, "roots": path})
    kept = [{"size": size, "proof": proof} for size, proof in seen.consistency.items()]
    return {"points": points, "timestamps": timestamps, "roots": roots, "consistency": kept}


def configured_roots() -> dict[str, bytes]:
    """The roots of the time-stamping authorities as this installation trusts them, by name; none where its file of
    outside places cannot be read, which a system check tells."""
    try:
        authorities = configured().authorities
        found = {item.name: item.roots() for item in authorities}
    except ConfigError:
        return {}
    return {
        name: b"".join(item.public_bytes(Encoding.PEM) for item in (*held.roots, *held.intermediates))
        for name, held in found.items()
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
