"""Content-addressed storage of bytes: pure, without Django.

    store = blobs.store()                       # the store of this process
    staged = store.stage(stream, limit_bytes=...)
    with store.open(staged.sha256) as file: ...

A blob is durable before `stage` returns, and named by the SHA-256 of what was really stored. Bytes that no
row refers to are harmless: `sweep` removes them once they are old.
"""

from __future__ import annotations

from provenance.blobs.base import (
    BadDigest,
    BadStorageUrl,
    BlobMissing,
    BlobStore,
    SourceBroken,
    Staged,
    StorageFault,
    StorageFull,
    SweepReport,
    TooLarge,
    blob_key,
    check_digest,
)
from provenance.blobs.files import FileStore
from provenance.blobs.stores import configure, store, store_from_url

__all__ = [
    "BadDigest",
    "BadStorageUrl",
    "BlobMissing",
    "BlobStore",
    "FileStore",
    "SourceBroken",
    "Staged",
    "StorageFault",
    "StorageFull",
    "SweepReport",
    "TooLarge",
    "blob_key",
    "check_digest",
    "configure",
    "store",
    "store_from_url",
]
