"""The zip and its seal.

The archive's comment is a signed note over the digest of every byte before it: members, their headers, the directory.
So a receiver can tell the file that the label made from one that was changed anywhere, even where no entry depends
on it (README, summary, padding). Whoever packs the files again loses the seal, not the evidence.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final

from provenance import keys, notes
from provenance.bundle.assets import Asset

SEAL_HEADER: Final = "deadwax/bundle/v2"
_FIRST: Final = ("README.txt", "summary.txt", "verifier.py", "bundle.json")
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def write(out: BinaryIO, members: Mapping[str, bytes], files: Sequence[Asset], *, size: int) -> str:
    """Write the bundle to `out` (readable and seekable, positioned where the zip shall begin); returns its SHA-256."""
    start = out.tell()
    blank = _seal(size, "0" * 64)
    with zipfile.ZipFile(out, "w") as archive:
        for name in (*_FIRST, *sorted(set(members) - set(_FIRST))):
            archive.writestr(_info(name, zipfile.ZIP_DEFLATED), members[name])
        for item in files:
            if item.source is not None:
                # Sound hardly shrinks, and stored bytes can be played out of the archive.
                with archive.open(_info(item.path, zipfile.ZIP_STORED), "w", force_zip64=True) as target:
                    item.copy_to(target)
        archive.comment = blank
    end = out.seek(0, os.SEEK_END)
    running = hashlib.sha256()
    out.seek(start)
    left = end - start - len(blank)
    while left:
        chunk = out.read(min(left, 1 << 20))
        running.update(chunk)
        left -= len(chunk)
    seal = _seal(size, running.hexdigest())
    assert len(seal) == len(blank)
    out.seek(end - len(seal))
    out.write(seal)
    out.flush()
    running.update(seal)
    return running.hexdigest()


def _seal(size: int, sha256: str) -> bytes:
    text = f"{SEAL_HEADER}\n{keys.origin()}\n{size}\n{sha256}\n"
    return bytes(notes.sign(text, name=keys.origin(), private=keys.signing_key()))


def _info(name: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = compression
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info
