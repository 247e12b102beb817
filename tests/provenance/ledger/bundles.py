"""A bundle to attack, and tools to change one as a forger would: every list and digest brought up to date."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance import bundle, keys, notes, sequencer
from provenance.models import Entry
from tests.provenance.ledger.helpers import made, note, sha

SOUND = b"RIFF, as it were" * 64
SOUND_SHA = hashlib.sha256(SOUND).hexdigest()
PROMPT = "a slow song about rain"


def make_entries() -> list[Entry]:
    """Six entries among twenty: two streams, one with a gap, private words, an asset."""
    from provenance.events import AssetRef

    entries = []
    for number in range(20):
        if number in (4, 5, 9, 17):
            entries.append(note(number, stream="project:a", words=PROMPT if number == 5 else ""))
        elif number == 11:
            entries.append(made("take", "prompt", stream="project:a", number=number))
        elif number == 12:
            entries.append(
                note(
                    number,
                    stream="project:b",
                    words="withheld",
                    inputs=(AssetRef(role="take", sha256=sha("take")),),
                    outputs=(AssetRef(role="mix", sha256=SOUND_SHA),),
                )
            )
        else:
            note(number, stream="project:a" if number == 13 else "project:else")
        if number == 7:
            sequencer.run_once()
    sequencer.run_once()
    return entries


def build(entries: list[Entry], **options: Any) -> bytes:
    out = io.BytesIO()
    options.setdefault("disclose", lambda entry, name: entry.stream == "project:a")
    options.setdefault("assets", {"song.wav": io.BytesIO(SOUND), "take.wav": sha("take")})
    bundle.build(entries=entries, out=out, **options)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: dict[str, bytes]) -> bytes:
    """A zip without a seal."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def sealed(data: bytes, *, key: Ed25519PrivateKey | None = None, size: int | None = None) -> bytes:
    """The zip with a seal as whoever holds the log's key could put on it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = size or notes.TreeHead.parse(notes.parse_note(archive.read("log/checkpoint.txt")).text).size

    def seal(sha256: str) -> bytes:
        text = f"deadwax/bundle/v2\n{keys.origin()}\n{size}\n{sha256}\n"
        return bytes(notes.sign(text, name=keys.origin(), private=key or keys.signing_key()))

    bare = data[:-2] + len(seal("0" * 64)).to_bytes(2, "little")
    return bare + seal(hashlib.sha256(bare).hexdigest())


def forge(data: bytes, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> bytes:
    """Apply `change(members, list)`, where the list is bundle.json parsed; write both back, and seal it anew.

    That is what the label itself could do, or a thief of its key: a stranger could not even seal.
    """
    members = unpack(data)
    listed = json.loads(members["bundle.json"])
    change(members, listed)
    members["bundle.json"] = json.dumps(listed).encode()
    try:
        return sealed(pack(members))
    except (KeyError, ValueError):  # what the seal is over was taken away
        return pack(members)


def put(folder: Path, data: bytes, name: str = "bundle.zip") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)
