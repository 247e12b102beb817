"""Copies of signed checkpoints outside: a folder, a web server, a mailbox.

Where a place can be read, what it already holds is compared first: a checkpoint there that this log contradicts is
never written over, it is what the copy was made for.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.core.mail import EmailMessage

from provenance import notes
from provenance.outside import wire
from provenance.outside.config import Copy
from provenance.outside.errors import LogContradicted, PlaceRefused

LATEST: Final = "latest.txt"
_MAX_NOTE_BYTES: Final = 64 * 1024

#: Size -> root that the log has at that size now; None where it is not that long.
RootAt = Callable[[int], bytes | None]


def publish(copy: Copy, note: bytes, *, root_at: RootAt) -> None:
    """Bring the checkpoint to the place. Raises PlaceRefused, LogContradicted or WireError with the reason."""
    head = notes.TreeHead.parse(notes.parse_note(note).text)
    match copy.kind:
        case "folder":
            _to_folder(copy.folder, note, head, root_at)
        case "http":
            _to_server(copy.to, note, head)
        case "mail":
            _to_mailbox(copy.address, note, head)
        case _:
            raise PlaceRefused(f"Copies of kind {copy.kind} are not known.")


def file_name(size: int) -> str:
    return f"checkpoint-{size}.txt"


def _to_folder(folder: Path, note: bytes, head: notes.TreeHead, root_at: RootAt) -> None:
    # The folder is not made: an unmounted disk would get its copies on the disk that it should protect against.
    if not folder.is_dir():
        raise PlaceRefused(f"The folder {folder} is not there: make it, or mount what it stands on.")
    try:
        _check_latest(folder / LATEST, head.origin, root_at)
        _write_once(folder / file_name(head.size), note)
        _replace(folder / LATEST, note)
    except OSError as error:
        raise PlaceRefused(f"The folder {folder} cannot be written: {error.strerror or error}.") from error


def _check_latest(path: Path, origin: str, root_at: RootAt) -> None:
    """What the folder holds as the newest must be the beginning of the log as it is now."""
    kept = _read(path)
    if kept is None:
        return
    try:
        head = notes.TreeHead.parse(notes.parse_note(kept).text)
    except notes.NoteError as error:
        raise PlaceRefused(f"{path} is no checkpoint ({error}): look at it, then move it away.") from error
    if head.origin != origin:
        raise PlaceRefused(f"{path} is a checkpoint of another log, {head.origin[:80]}: name another folder.")
    now = root_at(head.size)
    if now is None:
        raise LogContradicted(
            f"The folder holds a checkpoint of {head.size} entries, the log has fewer: its end was cut off."
        )
    if now != head.root:
        raise LogContradicted(
            f"The folder holds a checkpoint of {head.size} entries with another root: the log was rewritten."
        )


def _write_once(path: Path, note: bytes) -> None:
    """Create the file whole or not at all; one that is there must have the same bytes."""
    name = _temporary(path.parent, note)
    try:
        os.link(name, path)
    except FileExistsError:
        if _read(path) != note:
            raise LogContradicted(
                f"{path} is there with other bytes: two checkpoints of one size, or a damaged copy."
            ) from None
    except OSError:
        # A file system without hard links (exFAT, some network shares).
        if path.exists():
            if _read(path) != note:
                raise LogContradicted(
                    f"{path} is there with other bytes: two checkpoints of one size, or a damaged copy."
                ) from None
        else:
            os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    _sync(path.parent)


def _replace(path: Path, note: bytes) -> None:
    name = _temporary(path.parent, note)
    try:
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
    _sync(path.parent)


def _temporary(folder: Path, data: bytes) -> str:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".checkpoint-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, 0o644)  # checkpoints are public; others who use the folder read them
    return name


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network shares cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_NOTE_BYTES)
    except FileNotFoundError:
        return None


def _to_server(to: str, note: bytes, head: notes.TreeHead) -> None:
    """PUT to the address; one that ends in a slash is a folder and gets both names."""
    names = (file_name(head.size), LATEST) if to.endswith("/") else ("",)
    for name in names:
        answer = wire.exchange("PUT", to + name, note, headers={"Content-Type": "text/plain; charset=utf-8"})
        if answer.status not in (200, 201, 202, 204):
            raise PlaceRefused(
                f"The server answered {answer.status} to a PUT: {answer.excerpt() or 'nothing'}."
            )


def _to_mailbox(address: str, note: bytes, head: notes.TreeHead) -> None:
    text = note.decode()
    message = EmailMessage(
        subject=f"Checkpoint of {head.origin}: {head.size} entries",
        body=f"Keep this message. It shows later that the log was not rewritten.\n\n{text}",
        to=[address],
    )
    message.attach(file_name(head.size), text, "text/plain")
    try:
        message.send()
    except Exception as error:  # the mail backend's own, smtplib's, the socket's
        raise PlaceRefused(
            f"The mail could not be sent: {str(error)[:160] or type(error).__name__}."
        ) from error
