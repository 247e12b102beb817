"""The log's signing key: made once, kept in the data folder, readable by its owner alone; and its rotation on disk.

`DEADWAX_LOG_KEY_FILE` names another PEM file (a mounted secret). Losing the key does not harm older checkpoints;
whoever has it can sign a forged log, which checkpoints kept outside show.

Which key is in force is said by the entries (`log_key.rotated`); the files follow. A rotation writes the new key as
`log-ed25519.next.pem`, then commits the entry, then moves the files. Killed before the commit, the old key goes on and
the next rotation replaces the leftover; killed after it, whoever signs next - in whatever process - moves the files.
"""

from __future__ import annotations

import contextlib
import functools
import json
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
from django.db import connection

from provenance import key_history, notes
from provenance.errors import SystemFault
from provenance.key_history import KeyHistory

FILE_NAME = "log-ed25519.pem"
NEXT_NAME = "log-ed25519.next.pem"


class LogKeyUnusable(SystemFault):
    code = "log_key_unusable"


def origin() -> str:
    """The log's name: first line of its checkpoints and name of its key."""
    return notes.check_name(settings.DEADWAX_LOG_ORIGIN)


def key_path() -> Path:
    given = mounted()
    return given or Path(settings.DEADWAX_DATA) / "keys" / FILE_NAME


def mounted() -> Path | None:
    """The file that DEADWAX_LOG_KEY_FILE names."""
    given = os.environ.get("DEADWAX_LOG_KEY_FILE", "").strip()
    return Path(given) if given else None


def signing_key() -> Ed25519PrivateKey:
    """The log's private key in force. Finishes a rotation that was cut short. Raises `LogKeyUnusable`."""
    path = key_path()
    key = _on_disk(path)
    statements, _ = _entries()
    if not statements:
        return key
    wanted = _chain(statements, _public(key)).current
    if _public(key) == wanted:
        return key
    return _switch(path, wanted)


def verifier_key() -> notes.VerifierKey:
    """The public half in force, under the log's name: what a third party needs to check a checkpoint."""
    return _public(signing_key())


def history() -> tuple[str, ...]:
    """The rotation statements that count, as signed notes, oldest first."""
    links = {rotation.text for rotation in key_chain().rotations}
    return tuple(
        statement for statement in _entries()[0] if notes.parse_note(statement.encode()).text in links
    )


def key_chain() -> KeyHistory:
    """Every key that the log ever had, with the sizes they sign for and what was revoked."""
    statements, revocations = _entries()
    return _chain(statements, verifier_key(), revocations)


def _public(key: Ed25519PrivateKey) -> notes.VerifierKey:
    return notes.public_key(origin(), key)


# -- what the entries say ----------------------------------------------------------------------------------------------


def _entries() -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Rotation statements and revocations, in the order of the entries. Nearly always there are none: one look-up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, convert_from(body, 'UTF8') FROM provenance_entry"
            " WHERE kind IN ('log_key.rotated', 'log_key.revoked') ORDER BY id"
        )
        rows = cursor.fetchall()
    said = [(kind, json.loads(body)["public"]) for kind, body in rows]
    return (
        tuple(public["statement"] for kind, public in said if kind == "log_key.rotated"),
        tuple((public["key"], public["from_size"]) for kind, public in said if kind == "log_key.revoked"),
    )


@functools.lru_cache(maxsize=16)
def _chain(
    statements: tuple[str, ...], trusted: notes.VerifierKey, revocations: tuple[tuple[str, int], ...] = ()
) -> KeyHistory:
    return key_history.history_of(
        trusted, [statement.encode() for statement in statements], revocations=revocations
    )


# -- the files ---------------------------------------------------------------------------------------------------------


def prepare_next() -> Ed25519PrivateKey:
    """Write a new key beside the one in force. The caller holds the sequencer's lock, and `signing_key()` has run."""
    path = key_path()
    _write(path.with_name(NEXT_NAME), replace=True)
    return _read(path.with_name(NEXT_NAME))


def load_from(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key from a PEM file. Raises `LogKeyUnusable`."""
    return _read(path)


def _switch(path: Path, wanted: notes.VerifierKey) -> Ed25519PrivateKey:
    """Put the key that the entries name in force, and the older one aside. Any number of processes may try at once."""
    if mounted():
        raise LogKeyUnusable(
            f"The log's key was rotated to {wanted}, but DEADWAX_LOG_KEY_FILE names {path}, an older one."
            " Point it at the new key's file and restart."
        )
    pending = path.with_name(NEXT_NAME)
    with contextlib.suppress(LogKeyUnusable):
        if _public(_read(pending)) == wanted:
            before = _public(_read(path))
            if before != wanted:
                with contextlib.suppress(FileExistsError):
                    os.link(path, path.with_name(f"log-ed25519-{before.key_id.hex()}.pem"))
                with contextlib.suppress(FileNotFoundError):  # somebody else was faster
                    os.replace(pending, path)
                _sync_folder(path.parent)
    key = _on_disk(path)
    if _public(key) != wanted:
        raise LogKeyUnusable(
            f"The log's key was rotated to {wanted}, but neither {path} nor {pending.name} beside it holds that key."
            " Restore it from the backup, or from the machine on which the rotation ran."
        )
    return key


def _on_disk(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        if mounted():
            raise LogKeyUnusable(f"DEADWAX_LOG_KEY_FILE names {path}, which does not exist.")
        _write(path, replace=False)
    stamp = path.stat()
    return _load(path, (stamp.st_ino, stamp.st_mtime_ns, stamp.st_size))


@functools.lru_cache(maxsize=8)
def _load(path: Path, stamp: tuple[int, ...]) -> Ed25519PrivateKey:
    """The key in a file as it stands; `stamp` changes with it, so that a rotation elsewhere is noticed."""
    return _read(path)


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise LogKeyUnusable(
            f"The log key in {path} cannot be read: {error}. Restore it from the backup."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyUnusable(f"The log key in {path} is not an Ed25519 key.")
    return key


def _write(path: Path, *, replace: bool) -> None:
    """Write a new key so that it appears whole or not at all. Without `replace` another process may win."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".log-key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(name, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        _sync_folder(path.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
