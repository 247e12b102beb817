"""The log's signing key: made once, kept in the data folder, readable by its owner alone.

`DEADWAX_LOG_KEY_FILE` names another PEM file (a mounted secret). Losing the key does not harm older checkpoints;
whoever has it can sign a forged log, which checkpoints kept outside show.
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from provenance import notes
from provenance.errors import SystemFault

FILE_NAME = "log-ed25519.pem"


class LogKeyUnusable(SystemFault):
    code = "log_key_unusable"


def origin() -> str:
    """The log's name: first line of its checkpoints and name of its key."""
    return notes.check_name(settings.DEADWAX_LOG_ORIGIN)


def key_path() -> Path:
    given = os.environ.get("DEADWAX_LOG_KEY_FILE", "").strip()
    return Path(given) if given else Path(settings.DEADWAX_DATA) / "keys" / FILE_NAME


def signing_key() -> Ed25519PrivateKey:
    """The log's private key. Raises `LogKeyUnusable` with what to do."""
    return _load(key_path())


def verifier_key() -> notes.VerifierKey:
    """The public half under the log's name: what a third party needs to check a checkpoint."""
    return notes.public_key(origin(), signing_key())


@functools.lru_cache(maxsize=8)
def _load(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        if os.environ.get("DEADWAX_LOG_KEY_FILE", "").strip():
            raise LogKeyUnusable(f"DEADWAX_LOG_KEY_FILE names {path}, which does not exist.")
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise LogKeyUnusable(
            f"The log key in {path} cannot be read: {error}. Restore it from the backup."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyUnusable(f"The log key in {path} is not an Ed25519 key.")
    return key


def _make(path: Path) -> None:
    """Write a new key so that it appears whole or not at all; another process may win."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".log-key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        os.unlink(name)
