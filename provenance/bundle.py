"""Evidence bundles: a zip with which a third party checks entries without us. `provenance/verifier.py` is its reader.

    README.txt  summary.txt  verifier.py  bundle.json
    log/checkpoint.txt            signed note (C2SP tlog-checkpoint); witnesses add their signature lines to it
    log/key.txt                   the log's public key
    entries/<index>.json          exact body of each entry
    proofs/<index>.tlog-proof     its inclusion proof (C2SP tlog-proof@v1)
    disclosed/<index>.json        private values with their salts, where disclosed
    assets/...                    files, named by their digests in entries
    timestamps/  signatures/  witnesses/     places for what is added later; absent here

The same entries, disclosures and files give the same bytes: fixed order, fixed times.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, Final

from provenance import canonical, keys, queries, sequencer
from provenance.errors import SystemFault, UserFault
from provenance.events import words
from provenance.models import Checkpoint, Entry, Leaf, VaultItem

FORMAT: Final = "deadwax-bundle"
MAX_ENTRIES: Final = 20_000
MAX_CONSISTENCY: Final = 64
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES: Final = 1 << 20

AssetSource = str | Path | BinaryIO
"""A digest in hex (named only), or the file to put into the bundle."""


class NotInLogYet(SystemFault):
    """Entries wait for their place in the log: commit first, then ask again."""

    code = "not_in_log_yet"


class BundleRefused(UserFault):
    code = "bundle_refused"


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What went into a bundle."""

    entries: int
    disclosed: int
    withheld: int
    files: int
    size: int
    root: str
    origin: str


def build(
    *,
    entries: Sequence[Entry],
    disclose: Callable[[Entry, str], bool],
    out: BinaryIO,
    assets: Mapping[str, AssetSource] | None = None,
    kept_sizes: Sequence[int] = (),
    title: str = "",
) -> BundleReport:
    """Write the bundle of these entries to `out` and say what is in it.

    `disclose(entry, name)` decides for each private value that is still in the vault. `assets` maps a path below
    `assets/` to a digest or a file; each MUST be an asset that one of the entries names. `kept_sizes` are sizes of
    older checkpoints that the receiver may hold; the newest of each recent day are always covered.

    Raises `NotInLogYet` for entries of an open transaction, `BundleRefused` for assets that no entry names.
    """
    rows = _numbered(entries)
    head = queries.latest_checkpoint()
    assert head is not None, "numbered entries stand under a checkpoint"
    bodies = {entry.id: json.loads(bytes(entry.body)) for entry, _ in rows}
    files = _resolve(assets or {}, bodies)
    shown, withheld = _disclosures([entry for entry, _ in rows], disclose)
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
        members[row["body"]] = bytes(entry.body)
        members[row["proof"]] = proofs[entry.id].text().encode()
        if entry.id in shown:
            row["disclosed"] = f"disclosed/{name}.json"
            members[row["disclosed"]] = _json(shown[entry.id])
        listed.append(row)

    members["log/checkpoint.txt"] = bytes(head.note)
    members["log/key.txt"] = f"{keys.verifier_key()}\n".encode()
    members["verifier.py"] = resources.files("provenance").joinpath("verifier.py").read_bytes()
    members["README.txt"] = _README.format(origin=keys.origin(), key=keys.verifier_key()).encode()
    members["summary.txt"] = _summary(title, head, rows, bodies, shown, files).encode()
    members["bundle.json"] = _json(
        {
            "format": FORMAT,
            "v": 1,
            "title": title,
            "log": {"origin": keys.origin(), "size": head.size, "root": bytes(head.root).hex()},
            "checkpoint": "log/checkpoint.txt",
            "key": "log/key.txt",
            "entries": listed,
            "assets": [
                {"path": item.path, "sha256": item.sha256, "included": item.source is not None}
                for item in files
            ],
            "consistency": _consistency(head, kept_sizes),
            "places": {"timestamps": "timestamps/", "signatures": "signatures/", "witnesses": "witnesses/"},
        }
    )
    _write(out, members, files)
    return BundleReport(
        entries=len(rows),
        disclosed=sum(len(values) for values in shown.values()),
        withheld=withheld,
        files=sum(item.source is not None for item in files),
        size=head.size,
        root=bytes(head.root).hex(),
        origin=keys.origin(),
    )


def _numbered(entries: Sequence[Entry]) -> list[tuple[Entry, Leaf]]:
    """The entries with their leaves, in the order of the log. Numbers those that are committed but still wait."""
    chosen = {entry.id: entry for entry in entries}
    if not chosen:
        raise BundleRefused("A bundle needs at least one entry.")
    if len(chosen) > MAX_ENTRIES:
        raise BundleRefused(
            f"A bundle holds at most {MAX_ENTRIES} entries; these are {len(chosen)}. Choose fewer."
        )
    for attempt in range(2):
        leaves = {leaf.entry_id: leaf for leaf in Leaf.objects.filter(entry__in=list(chosen))}
        if len(leaves) == len(chosen):
            return sorted(((chosen[key], leaves[key]) for key in chosen), key=lambda row: row[1].index)
        if not attempt:
            sequencer.drain()
    raise NotInLogYet(
        f"{len(chosen) - len(leaves)} entries have no place in the log yet. Try again in a moment."
    )


def _disclosures(
    entries: Sequence[Entry], disclose: Callable[[Entry, str], bool]
) -> tuple[dict[int, dict[str, dict[str, str]]], int]:
    """Entry id -> name -> salt and content, and how many values stay closed (withheld or erased)."""
    by_id = {entry.id: entry for entry in entries}
    shown: dict[int, dict[str, dict[str, str]]] = {}
    for item in VaultItem.objects.filter(entry__in=list(by_id)).order_by("entry_id", "name"):
        if disclose(by_id[item.entry_id], item.name):
            value = {"salt": bytes(item.salt).hex(), "content": bytes(item.content).decode()}
            shown.setdefault(item.entry_id, {})[item.name] = value
    committed = sum(len(json.loads(bytes(entry.body))["private"]) for entry in entries)
    return shown, committed - sum(len(values) for values in shown.values())


def _consistency(head: Checkpoint, kept_sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Proofs from older checkpoints: those asked for, and the newest of each of the last days."""
    daily = (
        Checkpoint.objects.filter(size__lt=head.size)
        .order_by("at__date", "-size")
        .distinct("at__date")
        .values("size")
    )
    newest = Checkpoint.objects.filter(size__in=daily).order_by("-size").values_list("size", flat=True)
    asked = [size for size in kept_sizes if 0 < size < head.size]
    sizes = sorted({*asked, *newest[:MAX_CONSISTENCY]})
    return [
        {"size": size, "proof": [item.hex() for item in queries.consistency(size, head.size)]}
        for size in sizes
    ]


# -- assets ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asset:
    path: str
    sha256: str
    source: Path | BinaryIO | None

    def open(self) -> AbstractContextManager[BinaryIO]:
        assert self.source is not None
        if isinstance(self.source, Path):
            return self.source.open("rb")
        self.source.seek(0)
        return nullcontext(self.source)


def _resolve(assets: Mapping[str, AssetSource], bodies: Mapping[int, dict[str, Any]]) -> list[_Asset]:
    named = {
        ref["sha256"] for body in bodies.values() for side in ("inputs", "outputs") for ref in body[side]
    }
    found = []
    for name in sorted(assets):
        source = assets[name]
        path = f"assets/{name}"
        if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path or ":" in path:
            raise BundleRefused(f"{name!r} cannot be a path in a bundle.")
        if isinstance(source, str):
            item = _Asset(path, source, None)
        else:
            item = _Asset(path, "", source)
            item = _Asset(path, _digest(item), source)
        if item.sha256 not in named:
            raise BundleRefused(
                f"No entry of the bundle names {name!r} ({item.sha256}); add the entry that made it."
            )
        found.append(item)
    return found


def _digest(item: _Asset) -> str:
    with item.open() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


# -- the zip -----------------------------------------------------------------------------------------------------------


def _write(out: BinaryIO, members: Mapping[str, bytes], files: Sequence[_Asset]) -> None:
    first = ("README.txt", "summary.txt", "verifier.py", "bundle.json")
    with zipfile.ZipFile(out, "w") as archive:
        for name in (*first, *sorted(set(members) - set(first))):
            archive.writestr(_info(name, zipfile.ZIP_DEFLATED), members[name])
        for item in files:
            if item.source is not None:
                # Sound hardly shrinks, and stored bytes can be played out of the archive.
                with archive.open(_info(item.path, zipfile.ZIP_STORED), "w", force_zip64=True) as target:
                    _copy(item, target)


def _info(name: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = compression
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info


def _copy(item: _Asset, target: Any) -> None:
    running = hashlib.sha256()
    with item.open() as source:
        while chunk := source.read(_CHUNK_BYTES):
            running.update(chunk)
            target.write(chunk)
    if running.hexdigest() != item.sha256:
        raise SystemFault(f"The file for {item.path} changed while it was copied.", code="asset_changed")


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _summary(
    title: str,
    head: Checkpoint,
    rows: Sequence[tuple[Entry, Leaf]],
    bodies: Mapping[int, dict[str, Any]],
    shown: Mapping[int, Mapping[str, Mapping[str, str]]],
    files: Sequence[_Asset],
) -> str:
    """The entries in words. It proves nothing: the bodies do."""
    lines = [
        title or "Evidence bundle",
        "",
        f"Log {keys.origin()}, {head.size} entries, signed {canonical.timestamp(head.at)}",
        f"{len(rows)} of its entries are in this bundle. This page only retells them; entries/ is the record.",
        "",
    ]
    for entry, leaf in rows:
        body = bodies[entry.id]
        disclosed = {name: json.loads(item["content"]) for name, item in shown.get(entry.id, {}).items()}
        said = words(body["kind"], body["event_version"], body["public"], disclosed, sealed=body["private"])
        who = (
            body["actor"]["type"]
            if body["actor"]["type"] == "human"
            else f"{body['actor']['type']} {body['actor']['id']}"
        )
        lines.append(f"{leaf.index:>8}  {body['at'][:19]}Z  [{body['basis']}]  {who}: {said}")
    if files:
        lines += ["", "Assets:"]
        lines += [f"  {item.sha256}  {item.path}{'' if item.source else '  (digest only)'}" for item in files]
    return "\n".join(lines) + "\n"


_README = """\
This is an evidence bundle of the log {origin}.

Check it:   python3 verifier.py BUNDLE.zip       (Python 3.9 or newer, package: cryptography)
Better:     take verifier.py from a copy of Deadwax that you trust, and give the log's key as the label publishes it:
            python3 verifier.py BUNDLE.zip --key "{key}"
If you kept a checkpoint of this log from earlier (log/checkpoint.txt of an older bundle will do):
            python3 verifier.py BUNDLE.zip --checkpoint OLDER-CHECKPOINT.txt

entries/      what happened, one file each, exactly the bytes that were recorded (canonical JSON)
proofs/       that each of them stands in the log (c2sp.org/tlog-proof@v1, RFC 9162)
log/          the signed size and root of the log (c2sp.org/tlog-checkpoint), and the key that signed it
disclosed/    private values that are shown to you, each with the salt that opens its commitment
assets/       files that entries name by their SHA-256
summary.txt   the entries in words; it proves nothing by itself

What this proves: these entries were in the log when the checkpoint was signed, and nothing in them was changed since.
What it cannot prove: that what was recorded is true, or that the log was not made up from its start. Cosignatures of
witnesses and timestamps narrow that down; the verifier says whether there are any.
"""
