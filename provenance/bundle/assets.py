"""Files of a bundle: each MUST be an asset that one of its entries names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from provenance.bundle.errors import BundleRefused
from provenance.errors import SystemFault

AssetSource = str | Path | BinaryIO
"""A digest in hex (named only), or the file to put into the bundle."""

CREDENTIALS: Final = "c2pa/"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Asset:
    path: str
    sha256: str
    source: Path | BinaryIO | None

    def open(self) -> AbstractContextManager[BinaryIO]:
        assert self.source is not None
        if isinstance(self.source, Path):
            return self.source.open("rb")
        self.source.seek(0)
        return nullcontext(self.source)

    def copy_to(self, target: Any) -> None:
        """Raises `SystemFault` where the file is no longer the one that was looked at."""
        running = hashlib.sha256()
        with self.open() as source:
            while chunk := source.read(_CHUNK_BYTES):
                running.update(chunk)
                target.write(chunk)
        if running.hexdigest() != self.sha256:
            raise SystemFault(f"The file for {self.path} changed while it was copied.", code="asset_changed")


def resolve(assets: Mapping[str, AssetSource], bodies: Iterable[Mapping[str, Any]]) -> list[Asset]:
    """The files by path: below `c2pa/` where they say so, else below `assets/`. Raises `BundleRefused`."""
    named = {ref["sha256"] for body in bodies for side in ("inputs", "outputs") for ref in body[side]}
    found = []
    for name in sorted(assets):
        source = assets[name]
        path = name if name.startswith(CREDENTIALS) else f"assets/{name}"
        if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path or ":" in path:
            raise BundleRefused(f"{name!r} cannot be a path in a bundle.")
        if isinstance(source, str):
            item = Asset(path, source, None)
        else:
            with Asset(path, "", source).open() as file:
                item = Asset(path, hashlib.file_digest(file, "sha256").hexdigest(), source)  # type: ignore[arg-type]
        if item.sha256 not in named:
            raise BundleRefused(
                f"No entry of the bundle names {name!r} ({item.sha256}); add the entry that made it."
            )
        found.append(item)
    return found
