"""Where the running parts keep their files, and socket folders that are short enough."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from label.supervisor.identity import Identity

SOCKET_PATH_LIMIT_BYTES = 103 if sys.platform == "darwin" else 107
"""`sockaddr_un.sun_path` less its closing NUL."""


class FolderError(Exception):
    """A folder that we need cannot be made or is not safe to use; the message says what to do."""


def data_dir() -> Path:
    """The data folder: DEADWAX_DATA, else `.deadwax` beside manage.py."""
    chosen = os.environ.get("DEADWAX_DATA")
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parents[2] / ".deadwax"


def make(folder: Path, *, mode: int = 0o755) -> Path:
    """The folder, made if need be. Raises FolderError with what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise FolderError(
            f"Cannot make the folder {folder} ({error.strerror}). Give this user the right to write there, "
            "or set DEADWAX_DATA to a folder that it may write."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderError(
            f"The folder {folder} cannot be written by this user. Set DEADWAX_DATA to a folder that it may write."
        )
    return folder


def socket_dir(preferred: Path, *, socket_name: str, identity: Identity | None = None) -> Path:
    """A folder for one unix socket, mode 0700 and owned by the server's account.

    `preferred` if the socket's whole path fits into the kernel's limit, else a folder under the system's temporary
    folder whose name follows from `preferred`, so that every process of this installation finds the same one.
    """
    folder = preferred
    if len(os.fsencode(preferred / socket_name)) > SOCKET_PATH_LIMIT_BYTES:
        digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"deadwax-{digest}"
        if len(os.fsencode(folder / socket_name)) > SOCKET_PATH_LIMIT_BYTES:
            folder = Path("/tmp") / f"deadwax-{digest}"  # noqa: S108 - ownership is checked below
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    owner = identity.uid if identity else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {owner, os.geteuid()}:
        raise FolderError(
            f"{folder} belongs to somebody else; remove it or set DEADWAX_DATA to another folder."
        )
    if identity and status.st_uid != identity.uid:
        os.chown(folder, identity.uid, identity.gid)
    folder.chmod(0o700)
    return folder
