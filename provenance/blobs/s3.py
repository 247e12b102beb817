"""Blobs in an S3-compatible bucket, by boto3 (the `s3` extra)."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from provenance.blobs.base import (
    BadStorageUrl,
    HashingReader,
    Readable,
    Staged,
    StorageFault,
    SweepReport,
    blob_key,
    check_digest,
    full,
    hash_stream,
    missing,
)
from provenance.blobs.files import FileStore

#: One copy request moves at most this much (S3 CopyObject); audio stays far below.
MAX_BLOB_BYTES: Final = 5 * 1024**3
_FULL_CODES: Final = frozenset({"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "507"})
_ABSENT_CODES: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_REFRESH_AFTER_S: Final = 3600.0
_READ_AHEAD_BYTES: Final = 256 * 1024


class S3Store:
    """`bucket/prefix/sha256/ab/cd/<hex>`, written by way of `prefix/incoming/`.

    The service's own checksum is not trusted: what it stored is read back and hashed before it gets its name.
    """

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str | None = None,
        cache: Path,
    ) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise BadStorageUrl(
                "S3 storage needs boto3: start by `python3 manage.py` with DEADWAX_STORAGE set, which installs it, "
                "or use a file:/// storage setting."
            ) from error
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region,
            config=Config(retries={"max_attempts": 4, "mode": "standard"}, connect_timeout=10),
        )
        self._cache = _Cache(cache)

    def __repr__(self) -> str:
        return f"S3Store(bucket={self.bucket!r}, prefix={self.prefix!r})"

    def stage(self, stream: Readable, *, limit_bytes: int | None = None) -> Staged:
        limit = MAX_BLOB_BYTES if limit_bytes is None else min(limit_bytes, MAX_BLOB_BYTES)
        reader = HashingReader(stream, limit_bytes=limit)
        incoming = f"{self.prefix}incoming/{uuid.uuid4().hex}"
        try:
            # 1. Upload under a name of our own, hashing on the way (in parts above 8 MB).
            with _service_errors():
                self._client.upload_fileobj(reader, self.bucket, incoming)
            staged = Staged(sha256=reader.sha256, size=reader.size)
            # 2. Read back what is stored there.
            if self._hash_of(incoming) != staged:
                raise StorageFault(
                    "The storage service kept other bytes than were sent. Send the file again."
                )
            # 3. Copy it to its name, unless equal content is there already.
            self._publish(incoming, staged)
        finally:
            with contextlib.suppress(StorageFault), _service_errors():
                self._client.delete_object(Bucket=self.bucket, Key=incoming)
        return staged

    def stage_bytes(self, data: bytes) -> Staged:
        return self.stage(io.BytesIO(data))

    def open(self, sha256: str) -> BinaryIO:
        raw = _RangedReader(self._client, self.bucket, self._key(sha256), self.size(sha256))
        return cast(BinaryIO, io.BufferedReader(raw, _READ_AHEAD_BYTES))

    @contextlib.contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        check_digest(sha256)
        with self._cache.path(sha256, fetch=lambda: self.open(sha256)) as path:
            yield path

    def exists(self, sha256: str) -> bool:
        return self._head(sha256) is not None

    def size(self, sha256: str) -> int:
        head = self._head(sha256)
        if head is None:
            raise missing(sha256)
        return int(head["ContentLength"])

    def delete(self, sha256: str) -> None:
        with _service_errors():
            self._client.delete_object(Bucket=self.bucket, Key=self._key(sha256))

    def digests(self) -> Iterator[str]:
        for item in self._objects("sha256/"):
            yield item["Key"].rpartition("/")[2]

    def sweep(self, *, referenced: Callable[[str], bool], older_than_s: float) -> SweepReport:
        removed: list[str] = []
        freed_bytes = 0
        stale_uploads = 0
        for item in self._objects("sha256/"):
            sha256 = item["Key"].rpartition("/")[2]
            if _age_s(item) <= older_than_s or referenced(sha256):
                continue
            # Looked at again: staging the same content makes the object young.
            head = self._head(sha256)
            if head is not None and _age_s(head) > older_than_s:
                self.delete(sha256)
                removed.append(sha256)
                freed_bytes += int(head["ContentLength"])
        for item in self._objects("incoming/"):
            if _age_s(item) > older_than_s:
                with _service_errors():
                    self._client.delete_object(Bucket=self.bucket, Key=item["Key"])
                stale_uploads += 1
        self._cache.sweep(older_than_s=older_than_s)
        return SweepReport(removed=tuple(removed), freed_bytes=freed_bytes, stale_uploads=stale_uploads)

    def _key(self, sha256: str) -> str:
        return self.prefix + blob_key(sha256)

    def _objects(self, under: str) -> Iterator[dict[str, Any]]:
        with _service_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + under
            )
            for page in pages:
                yield from page.get("Contents", ())

    def _head(self, sha256: str) -> dict[str, Any] | None:
        with _service_errors(absent_is_none=True):
            head: dict[str, Any] = self._client.head_object(Bucket=self.bucket, Key=self._key(sha256))
            return head
        return None

    def _hash_of(self, key: str) -> Staged:
        with _service_errors():
            body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
            with contextlib.closing(body):
                return hash_stream(body)

    def _publish(self, incoming: str, staged: Staged) -> None:
        key = self._key(staged.sha256)
        source = {"Bucket": self.bucket, "Key": incoming}
        head = self._head(staged.sha256)
        if head is None:
            with _service_errors(ignore="PreconditionFailed"):  # somebody else published it just now
                self._client.copy_object(Bucket=self.bucket, Key=key, CopySource=source, IfNoneMatch="*")
        elif int(head["ContentLength"]) != staged.size or _age_s(head) > _REFRESH_AFTER_S:
            # Damaged, or old enough to be swept: our verified copy takes its place, which makes it young.
            with _service_errors():
                self._client.copy_object(Bucket=self.bucket, Key=key, CopySource=source)


class _RangedReader(io.RawIOBase):
    """Reads an object from the current position on; a seek costs one new request and no download."""

    def __init__(self, client: Any, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        position = base + offset
        if position < 0:
            raise ValueError("cannot seek before the start")
        if position != self._position:
            self._drop()
            self._position = position
        return position

    def readinto(self, buffer: Any, /) -> int:
        if self._position >= self._size:
            return 0
        with _service_errors():
            if self._body is None:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self._key, Range=f"bytes={self._position}-"
                )
                self._body = answer["Body"]
            chunk = self._body.read(len(buffer))
        if not chunk:
            raise StorageFault("The storage service sent less than the whole file. Try again.")
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


class _Cache:
    """Local copies of blobs. Each user gets a hard link of their own, so removing a copy disturbs nobody."""

    def __init__(self, root: Path) -> None:
        self._store = FileStore(root)
        self._in_use = root / "in-use"

    @contextlib.contextmanager
    def path(self, sha256: str, *, fetch: Callable[[], BinaryIO]) -> Iterator[Path]:
        if not self._store.exists(sha256):
            with fetch() as stream:
                staged = self._store.stage(stream)
            if staged.sha256 != sha256:
                self._store.delete(staged.sha256)
                raise StorageFault(f"The stored file {sha256[:12]}… is damaged. Restore it from the backup.")
        self._in_use.mkdir(parents=True, exist_ok=True)
        own = self._in_use / uuid.uuid4().hex
        with self._store.local_path(sha256) as shared:
            os.utime(shared)
            os.link(shared, own)
        try:
            yield own
        finally:
            own.unlink(missing_ok=True)

    def sweep(self, *, older_than_s: float) -> None:
        if self._store.root.is_dir():
            self._store.sweep(referenced=lambda _: False, older_than_s=older_than_s)


@contextlib.contextmanager
def _service_errors(*, absent_is_none: bool = False, ignore: str = "") -> Iterator[None]:
    """Turn boto3's errors into ours."""
    import boto3.exceptions
    import botocore.exceptions

    try:
        yield
    except botocore.exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if (absent_is_none and code in _ABSENT_CODES) or (ignore and code == ignore):
            return
        if code in _FULL_CODES:
            raise full() from error
        raise StorageFault(
            f"The storage service refused ({code}). Check the bucket, the key and its rights."
        ) from error
    except boto3.exceptions.S3UploadFailedError as error:
        if any(code in str(error) for code in _FULL_CODES):
            raise full() from error
        raise StorageFault("The upload to the storage service failed. Send the file again.") from error
    except (botocore.exceptions.BotoCoreError, OSError) as error:
        raise StorageFault(
            "The storage service cannot be reached. Check its address, the network and the credentials."
        ) from error


def _age_s(item: dict[str, Any]) -> float:
    modified: dt.datetime = item["LastModified"]
    return (dt.datetime.now(dt.UTC) - modified).total_seconds()
