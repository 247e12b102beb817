"""From the storage setting to a store, and the one store of this process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from provenance.blobs.base import BadStorageUrl, BlobStore
from provenance.blobs.files import FileStore

_HELP = (
    "Use file:///absolute/folder or s3://bucket/prefix?endpoint=https://host&region=name "
    "(credentials come from the usual AWS environment variables)."
)


def store_from_url(url: str) -> BlobStore:
    """The store that a setting names. Opens no connection. Raises BadStorageUrl."""
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            path = Path(unquote(parts.path))
            if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or path == Path("/"):
                raise BadStorageUrl(f"The storage setting {url!r} names no absolute folder. {_HELP}")
            return FileStore(path)
        case "s3":
            return _s3(url)
        case _:
            raise BadStorageUrl(f"The storage setting {url!r} is not understood. {_HELP}")


def _s3(url: str) -> BlobStore:
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = set(options) - {"endpoint", "region", "cache"}
    if not parts.netloc or unknown:
        odd = ", ".join(sorted(unknown)) or "no bucket"
        raise BadStorageUrl(f"The storage setting {url!r} is not understood ({odd}). {_HELP}")
    from provenance.blobs.s3 import S3Store  # imported only where S3 is configured: boto3 is an extra

    return S3Store(
        bucket=parts.netloc,
        prefix=unquote(parts.path).strip("/"),
        endpoint_url=options.get("endpoint"),
        region=options.get("region"),
        cache=Path(options["cache"]) if "cache" in options else _data_folder() / "cache",
    )


def _url_from_environment() -> str:
    if url := os.environ.get("DEADWAX_STORAGE"):
        return url
    return (_data_folder() / "blobs").as_uri()


def _data_folder() -> Path:
    data = os.environ.get("DEADWAX_DATA")
    return Path(data).absolute() if data else Path(__file__).resolve().parents[2] / ".deadwax"


_configured: str | None = None


def configure(url: str | None) -> None:
    """Set the storage of this process; None returns to the environment (DEADWAX_STORAGE, DEADWAX_DATA)."""
    global _configured
    _configured = url


def store() -> BlobStore:
    """The store of this process: what `configure` was given, else what the environment says."""
    return _cached(_configured or _url_from_environment())


@lru_cache(maxsize=8)
def _cached(url: str) -> BlobStore:
    return store_from_url(url)
