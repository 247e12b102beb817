"""Blobs in a folder of a local or shared POSIX file system."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from provenance.blobs.base import (
    CHUNK_BYTES,
    HashingReader,
    Readable,
    Staged,
    StorageFault,
    SweepReport,
    blob_key,
    check_digest,
    full,
    missing,
)

#: Disk full, quota reached, file larger than this process may write.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: File systems without hard links answer one of these; a rename does as well there.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class FileStore:
    """`root/sha256/ab/cd/<hex>`, written by way of `root/incoming/`.

    What survives a crash: before the link, at most a file in `incoming/` that a sweep removes; after it, the
    whole blob. The folder is flushed before `stage` returns, so a returned digest outlives a power cut.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self._incoming = self.root / "incoming"

    def __repr__(self) -> str:
        return f"FileStore({str(self.root)!r})"

    def stage(self, stream: Readable, *, limit_bytes: int | None = None) -> Staged:
        reader = HashingReader(stream, limit_bytes=limit_bytes)
        with _disk_errors():
            self._incoming.mkdir(parents=True, exist_ok=True)
            temporary = self._incoming / f"{uuid.uuid4().hex}.part"
            try:
                # 1. Write under a name of our own, hashing on the way, and flush: the bytes are on the disk.
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
                with open(descriptor, "wb", buffering=0) as file:
                    while chunk := reader.read(CHUNK_BYTES):
                        _write_all(file, chunk)
                    os.fsync(file.fileno())
                staged = Staged(sha256=reader.sha256, size=reader.size)
                # 2. Give them their name. Everybody who stores the same content ends at the same file.
                self._publish(temporary, self._path(staged.sha256), size=staged.size)
            finally:
                temporary.unlink(missing_ok=True)
        return staged

    def stage_bytes(self, data: bytes) -> Staged:
        return self.stage(io.BytesIO(data))

    def open(self, sha256: str) -> BinaryIO:
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise missing(sha256) from None

    @contextlib.contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        path = self._path(sha256)
        if not path.is_file():
            raise missing(sha256)
        yield path

    def exists(self, sha256: str) -> bool:
        return self._path(sha256).is_file()

    def size(self, sha256: str) -> int:
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            raise missing(sha256) from None

    def delete(self, sha256: str) -> None:
        with _disk_errors():
            self._path(sha256).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        for path in self.root.glob("sha256/??/??/*"):
            yield path.name

    def sweep(self, *, referenced: Callable[[str], bool], older_than_s: float) -> SweepReport:
        removed: list[str] = []
        freed_bytes = 0
        stale_uploads = 0
        for sha256 in self.digests():
            path = self._path(sha256)
            if not _older(path, older_than_s) or referenced(sha256):
                continue
            # Looked at again under the lock: somebody may have stored the same content since.
            with self._lock(exclusive=True):
                if _older(path, older_than_s):
                    freed_bytes += path.stat().st_size
                    path.unlink()
                    removed.append(sha256)
        for temporary in self._incoming.glob("*.part"):
            if _older(temporary, older_than_s):
                temporary.unlink(missing_ok=True)
                stale_uploads += 1
        return SweepReport(removed=tuple(removed), freed_bytes=freed_bytes, stale_uploads=stale_uploads)

    def _path(self, sha256: str) -> Path:
        return self.root / blob_key(check_digest(sha256))

    def _publish(self, temporary: Path, final: Path, *, size: int) -> None:
        _make_folders(final.parent, root=self.root)
        with self._lock(exclusive=False):
            try:
                os.link(temporary, final)
            except FileExistsError:
                if final.stat().st_size == size:
                    os.utime(final)  # young again, so that a sweep in progress leaves it alone
                else:
                    os.replace(temporary, final)  # the older copy was damaged on the disk; ours is whole
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                os.replace(temporary, final)
        _flush_folder(final.parent)

    @contextlib.contextmanager
    def _lock(self, *, exclusive: bool) -> Iterator[None]:
        """Publishers share it, a sweep holds it alone for one unlink: what a publisher found stays."""
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full() from error
        raise StorageFault(
            f"The storage folder cannot be used ({error.strerror or error}). Check that it exists and that "
            "this process may write to it."
        ) from error


def _write_all(file: io.RawIOBase | BinaryIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        # A disk that is nearly full takes a part of the chunk; the next write says why.
        written = file.write(view)
        view = view[written or 0 :]


def _make_folders(folder: Path, *, root: Path) -> None:
    """Create the fan-out folders and flush their parents: the way to a blob is as durable as the blob."""
    if folder.is_dir():
        return
    if folder != root:
        _make_folders(folder.parent, root=root)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _older(path: Path, age_s: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > age_s
    except FileNotFoundError:
        return False
