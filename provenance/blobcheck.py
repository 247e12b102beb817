"""The stored bytes against the digests that the record names: read in full, streamed, and restored from a second store.

A run may be cut off and taken up again: assets are read in the order of their digests, and `Plan.after` names the last
one that was read. A sample reads a random part, which finds a store that loses or changes things, not a single loss.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from provenance import removal
from provenance.blobs import BlobStore, store
from provenance.errors import ProvenanceError
from provenance.models import Asset

_CHUNK: Final = 500
_READ_BYTES: Final = 1 << 20
MAX_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to read. `percent` of the assets at random; `second`: another store of the same blobs.

    `restore` copies from the second store what the first has lost or spoiled.
    """

    percent: int = 100
    after: str = ""
    second: BlobStore | None = None
    restore: bool = False
    at: Callable[[str], None] = lambda sha256: None
    """Told each digest once its asset was read."""


@dataclass(slots=True)
class Seen:
    assets: int = 0
    size: int = 0
    lost: int = 0
    removed: int = 0
    """Not there because an entry says that they were removed (provenance/removal.py)."""
    restored: int = 0
    second_lost: int = 0

    def in_words(self, plan: Plan) -> str:
        parts = [f"{self.assets} assets read, {self.size / 1e6:.1f} MB"]
        if plan.percent < 100:
            parts[0] += f" (a sample of {plan.percent} %)"
        if plan.after:
            parts[0] += f", those after {plan.after[:16]}..."
        parts.append(f"{self.lost} lost or damaged")
        if self.removed:
            parts.append(f"{self.removed} removed on purpose")
        if plan.second is not None:
            parts.append(
                f"{self.restored} restored, {self.second_lost} missing or damaged in the second store"
            )
        return ", ".join(parts)


def read(
    plan: Plan, *, fault: Callable[[str], None], notice: Callable[[str], None] = lambda said: None
) -> Seen:
    """Hash the stored bytes of the assets. A loss that was restored is a notice, any other one a fault."""
    seen, first = Seen(), store()
    for sha256, size in _picked(plan):
        wrong = _wrong(first, sha256)
        if wrong and not first.exists(sha256) and removal.removed_among([sha256]):
            seen.removed += 1
            plan.at(sha256)
            continue
        seen.assets += 1
        seen.size += size
        name = f"asset {sha256[:16]}... ({size} bytes)"
        second_wrong = _wrong(plan.second, sha256) if plan.second is not None else ""
        if plan.second is not None and second_wrong:
            seen.second_lost += 1
            (notice if not wrong else fault)(f"{name} in the second store: {second_wrong}")
        if wrong:
            seen.lost += 1
            if plan.restore and plan.second is not None and not second_wrong:
                wrong = _restored(first, plan.second, sha256)
                if not wrong:
                    seen.restored += 1
                    notice(f"{name} was restored from the second store")
            if wrong:
                fault(f"{name}: {wrong}")
        plan.at(sha256)
    return seen


def _picked(plan: Plan) -> Iterator[tuple[str, int]]:
    after = plan.after
    while rows := list(
        Asset.objects.filter(sha256__gt=after).order_by("sha256").values_list("sha256", "size")[:_CHUNK]
    ):
        after = rows[-1][0]
        for row in rows:
            if plan.percent >= 100 or secrets.randbelow(100) < plan.percent:
                yield row


def _wrong(where: BlobStore, sha256: str) -> str:
    """What is wrong with a stored blob; empty when it is whole."""
    try:
        with where.open(sha256) as file:
            found = _digest(file)
    except (ProvenanceError, OSError) as error:
        return f"its bytes cannot be read: {error}"
    return "" if found == sha256 else "its bytes have another digest: restore them"


def _digest(file: BinaryIO) -> str:
    made = hashlib.sha256()
    while chunk := file.read(_READ_BYTES):
        made.update(chunk)
    return made.hexdigest()


def _restored(first: BlobStore, second: BlobStore, sha256: str) -> str:
    """Copy a blob back; what is wrong afterwards. A damaged one goes first, or its content would be kept."""
    try:
        with second.open(sha256) as file:
            first.delete(sha256)
            first.stage(file)
    except (ProvenanceError, OSError) as error:
        return f"it could not be restored: {error}"
    return _wrong(first, sha256)


# -- blobs that nothing names ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Orphans:
    count: int
    first: tuple[str, ...]


def orphans() -> Orphans:
    """Blobs in the store that the record does not name. Young ones are uploads under way; the sweep takes the old."""
    from provenance.sweeping import unreferenced

    count = 0
    first: list[str] = []
    batch: list[str] = []

    def look() -> None:
        nonlocal count
        for sha256 in sorted(unreferenced(batch)):
            count += 1
            if len(first) < MAX_NAMED:
                first.append(sha256)
        batch.clear()

    for sha256 in store().digests():
        batch.append(sha256)
        if len(batch) >= _CHUNK:
            look()
    look()
    return Orphans(count, tuple(first))
