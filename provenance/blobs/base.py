"""What every blob store promises, its errors, and the two rules that all stores share: keys and hashing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, runtime_checkable

from provenance.errors import SystemFault, UserFault

CHUNK_BYTES: Final = 1 << 20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class StorageFault(SystemFault):
    """The store cannot be reached, or it answered what it must not. The same request may work later."""

    code = "storage_fault"


class StorageFull(StorageFault):
    """No room is left. Nothing of the blob is kept, and what was stored before is untouched."""

    code = "storage_full"


class BlobMissing(StorageFault):
    """No blob with this digest is in the store."""

    code = "blob_missing"


class TooLarge(UserFault):
    """The stream is longer than the caller's limit. Nothing of it is kept."""

    code = "too_large"


class SourceBroken(UserFault):
    """The stream that was to be stored failed while it was read. Nothing of it is kept."""

    code = "source_broken"


class BadDigest(UserFault):
    """Not a SHA-256 in lowercase hexadecimal. Refused before it can become part of a path or a key."""

    code = "bad_digest"


class BadStorageUrl(SystemFault):
    """The storage setting cannot be understood, or what it needs is not installed."""

    code = "bad_storage_url"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """Bytes that are durably in the store."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """What a sweep removed: whole blobs, their bytes, and uploads that somebody left behind."""

    removed: tuple[str, ...] = ()
    freed_bytes: int = 0
    stale_uploads: int = 0


@runtime_checkable
class Readable(Protocol):
    """All that staging needs of a stream: an open file, an upload, a response body."""

    def read(self, size: int, /) -> bytes: ...


class BlobStore(Protocol):
    """Bytes by digest. Blobs are immutable; every method takes the SHA-256 as 64 lowercase hex characters."""

    def stage(self, stream: Readable, *, limit_bytes: int | None = None) -> Staged:
        """Store the stream's bytes, once for equal content. Durable on return, absent on any exception.

        Raises TooLarge (more than `limit_bytes`), StorageFull, StorageFault.
        """
        ...

    def stage_bytes(self, data: bytes) -> Staged:
        """`stage` for bytes that are already in memory."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """A seekable binary reader; a range is read without the rest. Raises BlobMissing, BadDigest."""
        ...

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A file with these bytes, read-only, valid inside the `with`. Raises BlobMissing."""
        ...

    def exists(self, sha256: str) -> bool: ...

    def size(self, sha256: str) -> int:
        """In bytes. Raises BlobMissing."""
        ...

    def delete(self, sha256: str) -> None:
        """Remove the blob; quiet when it is not there. For callers that know that nothing refers to it."""
        ...

    def digests(self) -> Iterator[str]:
        """Every stored digest, in no promised order."""
        ...

    def sweep(self, *, referenced: Callable[[str], bool], older_than_s: float) -> SweepReport:
        """Remove what is older than `older_than_s`: blobs that `referenced` denies, and abandoned uploads.

        The age protects a blob that is staged while its transaction is still open, so it MUST be longer than
        the longest transaction; a day is ample. Staging content that is already there makes it young again.
        """
        ...


def check_digest(sha256: str) -> str:
    """Return `sha256` unchanged, or raise BadDigest."""
    if not isinstance(sha256, str) or _DIGEST.fullmatch(sha256) is None:
        raise BadDigest("A digest is 64 characters of lowercase hexadecimal (SHA-256).")
    return sha256


def blob_key(sha256: str) -> str:
    """The place of a blob in any store: `sha256/ab/cd/<hex>`."""
    check_digest(sha256)
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


class HashingReader:
    """Passes a stream through while hashing and counting it; raises TooLarge once the limit is passed."""

    def __init__(self, stream: Readable, *, limit_bytes: int | None) -> None:
        self._stream = stream
        self._limit_bytes = limit_bytes
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        try:
            chunk = self._stream.read(size if size > 0 else CHUNK_BYTES)
        except OSError as error:  # an upload that breaks off is no fault of the store
            raise SourceBroken(
                "The file broke off before its end, and nothing of it was kept. Send it again."
            ) from error
        self.size += len(chunk)
        if self._limit_bytes is not None and self.size > self._limit_bytes:
            raise TooLarge(
                f"This file is larger than the {_readable(self._limit_bytes)} that are accepted here. "
                "Export it shorter or compressed (FLAC keeps all of the sound) and upload it again."
            )
        self._hash.update(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def hash_stream(stream: Readable) -> Staged:
    """Digest and length of everything that the stream still gives."""
    reader = HashingReader(stream, limit_bytes=None)
    while reader.read(CHUNK_BYTES):
        pass
    return Staged(sha256=reader.sha256, size=reader.size)


def missing(sha256: str) -> BlobMissing:
    return BlobMissing(
        f"The stored file {sha256[:12]}… is not in the storage. "
        "Restore it from the backup, or upload it again."
    )


def full() -> StorageFull:
    return StorageFull(
        "The storage is full, so nothing of this file was kept. Ask whoever runs this installation to free "
        "space or to point the storage setting at a larger volume, then send the file again."
    )


def _readable(size_bytes: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.4g} {unit}"
    return f"{size_bytes} bytes"
