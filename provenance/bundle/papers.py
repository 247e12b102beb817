"""What people read first in a bundle: how to check it, and its entries in words. Neither proves anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provenance import canonical, keys
from provenance.bundle.assets import Asset
from provenance.bundle.closure import SIGNED
from provenance.bundle.points import Outside
from provenance.events import words
from provenance.models import Checkpoint, Entry, Leaf
from provenance.words import count


def summary(
    title: str,
    head: Checkpoint,
    rows: Sequence[tuple[Entry, Leaf]],
    bodies: Mapping[int, Mapping[str, Any]],
    shown: Mapping[int, Mapping[str, Mapping[str, str]]],
    *,
    added: frozenset[int],
    files: Sequence[Asset],
    seen: Outside,
    withheld: int,
) -> str:
    """The entries in words, with what outsiders saw and who signed."""
    disclosed = Counter(f"{bodies[key]['kind']}/{name}" for key, values in shown.items() for name in values)
    signed = _signed(bodies.values())
    lines = [
        title or "Evidence bundle",
        "=" * len(title or "Evidence bundle"),
        "",
        f"Log       {keys.origin()}, {count(head.size, 'entry', 'entries')}, signed {canonical.timestamp(head.at)}",
        f"Here      {count(len(rows), 'of its entries', 'of its entries')}"
        + (f", {len(added)} of them about keys and signatures" if added else ""),
        f"Private   {count(sum(disclosed.values()), 'value')} disclosed, {withheld} withheld or erased",
        *(f"            {name}: {number}" for name, number in sorted(disclosed.items())),
        *_outside_lines(seen),
        f"Signed    {count(len(signed), 'entry', 'entries')} by the person who made them",
        "",
        "This page only retells. entries/ is the record, and verifier.py says whether it holds.",
        "",
    ]
    day = ""
    for entry, leaf in rows:
        body = bodies[entry.id]
        if body["at"][:10] != day:
            day = body["at"][:10]
            lines += ["", day, ""]
        open_values = {name: json.loads(item["content"]) for name, item in shown.get(entry.id, {}).items()}
        said = words(
            body["kind"], body["event_version"], body["public"], open_values, sealed=body["private"]
        ).replace("\n", " ")
        actor = body["actor"]
        who = f"person {actor['id'][:8]}" if actor["type"] == "human" else f"{actor['type']} {actor['id']}"
        mark = "signed" if bytes(entry.leaf_hash).hex() in signed else ""
        lines.append(f"{leaf.index:>8}  {body['at'][11:19]}Z  {body['basis']:<10} {mark:<6}  {who}: {said}")
    if files:
        lines += ["", "Files", ""]
        lines += [f"  {item.sha256}  {item.path}{'' if item.source else '  (digest only)'}" for item in files]
    return "\n".join(lines) + "\n"


def _signed(bodies: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(
        leaf for body in bodies if body["kind"] == SIGNED for leaf in body["public"]["payload"]["leaves"]
    )


def _outside_lines(seen: Outside) -> list[str]:
    authorities: dict[str, list[str]] = {}
    for token in seen.tokens:
        authorities.setdefault(token.authority, []).append(canonical.timestamp(token.gen_time)[:19] + "Z")
    lines = [
        f"Time      {name}: {count(len(times), 'timestamp')}, {min(times)} to {max(times)}"
        for name, times in sorted(authorities.items())
    ]
    lines += [f"Witness   {key.split('+')[0]}" for key in seen.witnesses]
    return lines or ["Outside   no timestamp and no witness"]


def readme() -> str:
    return _README.format(origin=keys.origin(), key=keys.verifier_key())


_README = """\
This is an evidence bundle of the log {origin}.

Check it:   python3 verifier.py BUNDLE.zip       (Python 3.9 or newer, package: cryptography)
Better:     take verifier.py from a copy of Deadwax that you trust, and say whom you trust:
            python3 verifier.py BUNDLE.zip --key "{key}"
              --witness KEY              a witness's key, as the witness publishes it; may be repeated
              --timestamp-root FILE.pem  root certificate of a time-stamping authority; may be repeated
                                         (needs the package rfc3161-client)
              --checkpoint FILE          a checkpoint of this log that you kept from earlier; log/checkpoint.txt of an
                                         older bundle will do
              --list                     every entry, and who signed it

entries/      what happened, one file each, exactly the bytes that were recorded (canonical JSON)
proofs/       that each of them stands in the log (c2sp.org/tlog-proof@v1, RFC 9162)
log/          the signed size and root of the log (c2sp.org/tlog-checkpoint), the key that signed it and how that key
              was handed over, how many entries each stream has, and older checkpoints that outsiders saw
timestamps/   what time-stamping authorities signed (RFC 3161): these checkpoints existed before then
disclosed/    private values that are shown to you, each with the salt that opens its commitment
assets/       files that entries name by their SHA-256
c2pa/         content credentials of such files
provenance.json  the same as W3C PROV-JSON, for programs
summary.txt   the entries in words

The zip's comment is the log's seal over every byte of the file. If you packed the files again yourself, say --repacked:
everything is checked but the seal. With openssl alone a timestamp is checked like this; NOTE is the checkpoint's text,
the empty line and the log's own signature line:
            openssl ts -verify -token_in -in timestamps/SIZE-NAME.tst -data NOTE -CAfile ROOT.pem

What this proves: these entries were in the log when the checkpoint was signed, and nothing in them was changed since.
Timestamps prove that they existed before a date, witnesses that everybody is shown the same log, a person's signature
that the holder of a key agreed. What no file can prove: that what was recorded is true.
"""
