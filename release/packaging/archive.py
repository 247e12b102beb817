"""The archive: the same parts give the same bytes, and each part can be checked with `sha256sum -c`."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKSUMS = "SHA256SUMS"
_TIME = (1980, 1, 1, 0, 0, 0)
#: Kinds that hardly shrink; stored bytes can be read out of the archive in place.
_STORED = frozenset({".wav", ".flac", ".zip", ".jpg", ".png", ".pdf"})


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the package. `path` is its name in the archive, `role` what the ledger calls it."""

    path: str
    sha256: str
    size: int
    media_type: str
    role: str

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "sha256": self.sha256,
            "size": self.size,
            "media_type": self.media_type,
            "role": self.role,
        }


def part_of(folder: Path, path: str, *, media_type: str, role: str) -> Part:
    """The part that lies below `folder`."""
    file = folder / path
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Part(path=path, sha256=digest, size=file.stat().st_size, media_type=media_type, role=role)


def checksums(parts: Iterable[Part]) -> bytes:
    """A line for each part, as `sha256sum -c` reads it."""
    return "".join(
        f"{part.sha256}  {part.path}\n" for part in sorted(parts, key=lambda part: part.path)
    ).encode()


def write_zip(target: Path, folder: Path, paths: Iterable[str]) -> None:
    """Pack the files in the order of their names, with fixed times and modes."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(paths):
            info = zipfile.ZipInfo(path, _TIME)
            stored = Path(path).suffix in _STORED
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            with (folder / path).open("rb") as source, archive.open(info, "w", force_zip64=True) as out:
                shutil.copyfileobj(source, out, 1 << 20)
