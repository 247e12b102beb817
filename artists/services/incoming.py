"""Files on their way in from people without an account: resumable, in the manner of tus 1.0 (tus.io/protocols).

Creation answers with an address that nobody can guess; HEAD says how much is here; PATCH appends at exactly that
offset. What survives a cut: every byte of a PATCH that was answered. One that broke off counts for nothing, so
senders cut a file into pieces of a few MB and repeat at most one of them.

The bytes lie in `DEADWAX_DATA/incoming/<id>.part`; the file's own length is the truth about the offset. A lock on that
file lets one PATCH in at a time (423 for the other). Nothing refers to these bytes until they are submitted, and the
sweep removes what nobody touched for `KEPT`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from artists import clamd
from artists.errors import LinkOver, TooMany, UploadRefused
from artists.models import Incoming, UploadLink
from artists.services.upload_links import digest, room_left
from provenance import audiofile
from provenance.blobs.base import full

State = Incoming.State
MAX_FILE_BYTES: Final = 1_000_000_000
KEPT: Final = dt.timedelta(hours=48)
#: So many files an hour may one address begin, and so many may be open at once.
BEGUN_AN_HOUR: Final = 60
OPEN_AT_ONCE: Final = 24
_BLOCK: Final = 256 * 1024


class Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def sender_of(address: str) -> str:
    """A keyed digest of an address: enough to count by, and nobody's address."""
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]


def begin(link: UploadLink, *, filename: str, length: int, sender: str) -> tuple[Incoming, str]:
    """A place for a file of `length` bytes. Raises `UploadRefused` and `TooMany`, both before anything is kept."""
    filename = filename.replace("\\", "/").rpartition("/")[2].replace("\x00", "").strip()[:255]
    if not filename:
        raise UploadRefused("The file has no name. Give it one that says what it is.")
    if length <= 0:
        raise UploadRefused("This file is empty. Export it again and choose the new one.")
    limit = min(MAX_FILE_BYTES, settings.DEADWAX_UPLOAD_LIMIT_BYTES)
    if length > limit:
        raise UploadRefused(
            f"This file is larger than {limit // 10**6} MB. Send it as FLAC, or as two files.", status=413
        )
    ending = Path(filename).suffix.lower()
    if ending not in audiofile.EXTENSIONS:
        raise UploadRefused(
            "Only sound can be sent: WAV, AIFF, FLAC, MP3, Ogg, Opus, AAC or M4A.", status=415
        )
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    own = Incoming.objects.filter(sender=sender)
    if own.filter(created_at__gt=hour_ago).count() >= BEGUN_AN_HOUR:
        raise TooMany(
            f"That is more than {BEGUN_AN_HOUR} files within an hour. Go on in an hour; nothing is lost."
        )
    if own.filter(state__in=[State.OPEN, State.WHOLE]).count() >= OPEN_AT_ONCE:
        raise TooMany("Too many files are open at once. Submit or remove some of them first.")
    submissions, room = room_left(link)
    waiting = link.incoming.filter(state__in=[State.OPEN, State.WHOLE]).aggregate(n=Sum("length"))["n"] or 0
    if not submissions or waiting + length > room:
        raise TooMany("This link has taken all that it was made for. Ask the label for a new one.")
    secret = secrets.token_urlsafe(24)
    row = Incoming(link=link, secret_sha256=digest(secret), filename=filename, length=length, sender=sender)
    path = _path(row)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    row.save(force_insert=True)
    return row, secret


def incoming_by_secret(secret: str) -> Incoming:
    row = Incoming.objects.select_related("link").filter(secret_sha256=digest(secret)).first()
    if row is None:
        raise UploadRefused("There is no such upload. Begin it anew.", status=404, code="not_found")
    if not row.link.open:
        raise LinkOver("This link has ended or was withdrawn. Ask the label for a new one.")
    return row


def offset_of(row: Incoming) -> int:
    """Bytes that are here."""
    if row.state in (State.WHOLE, State.TAKEN):
        return row.length
    try:
        return _path(row).stat().st_size
    except FileNotFoundError:
        raise UploadRefused("This upload was given up. Begin it anew.", status=410) from None


def append(row: Incoming, *, offset: int, stream: Stream, length: int) -> Incoming:
    """Put `length` bytes at `offset`, which must be where the file ends. The last piece is checked at once.

    What broke off within is cut back, so that the offset never lies. Raises `UploadRefused`: 409 for another offset,
    413 for more than was announced, 423 while another request writes, 422 for a file that cannot be used.
    """
    if row.state == State.REFUSED:
        raise UploadRefused(row.says, status=422)
    if row.state != State.OPEN:
        raise UploadRefused("This file is all here already.", status=403)
    with _locked(row) as file:
        row.refresh_from_db(fields=["state"])  # the last piece may have come in meanwhile
        if row.state != State.OPEN:
            raise UploadRefused("This file is all here already.", status=403)
        here = os.fstat(file.fileno()).st_size
        if offset != here:
            raise UploadRefused(f"Go on at byte {here}; {offset} is not where the file ends.", status=409)
        if length < 0 or here + length > row.length:
            raise UploadRefused(f"That is more than the {row.length} bytes that were announced.", status=413)
        try:
            written = _copy(stream, file, length)
            if written != length:
                raise UploadRefused("The piece broke off. Send it again from the last offset.", status=400)
        except BaseException as error:
            file.truncate(here)
            if isinstance(error, OSError):
                raise full() from error
            raise
        os.fsync(file.fileno())
        Incoming.objects.filter(pk=row.pk).update(touched_at=timezone.now())
        if here + length == row.length:
            _close(row)
    row.refresh_from_db()
    return row


def drop(row: Incoming) -> None:
    """The sender takes a file back before submitting it."""
    if row.state == State.TAKEN:
        raise UploadRefused("This file is submitted already.", status=403)
    _path(row).unlink(missing_ok=True)
    row.delete()


def taken(row: Incoming) -> None:
    """The file stands in the store now: its part goes, and its name; the row counts for the limits until the sweep."""
    _path(row).unlink(missing_ok=True)
    Incoming.objects.filter(pk=row.pk).update(state=State.TAKEN, filename="", probe={})


def count_sent(link: UploadLink, sender: str) -> None:
    """Remember for the limits that somebody submitted."""
    Incoming.objects.create(
        link=link, secret_sha256=digest(secrets.token_urlsafe(24)), filename="", length=0, sender=sender,
        state=State.TAKEN,
    )  # fmt: skip


def sent_since(sender: str, since: dt.datetime) -> int:
    return Incoming.objects.filter(sender=sender, created_at__gt=since, state=State.TAKEN, length=0).count()


@contextlib.contextmanager
def opened_part(row: Incoming) -> Iterator[BinaryIO]:
    with _path(row).open("rb") as file:
        yield file


def sweep_incoming(*, older_than: dt.timedelta = KEPT) -> int:
    """Forget what nobody touched for so long, and files without a row. Returns how many files went."""
    gone = 0
    limit = timezone.now() - older_than
    for row in Incoming.objects.filter(touched_at__lt=limit)[:1000]:
        _path(row).unlink(missing_ok=True)
        row.delete()
        gone += 1
    folder = _folder()
    known = {str(pk) for pk in Incoming.objects.values_list("pk", flat=True)} if folder.is_dir() else set()
    for path in folder.glob("*.part"):
        if path.stem not in known and path.stat().st_mtime < limit.timestamp():
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _close(row: Incoming) -> None:
    """All there: may it be used at all? A scanner that is away is asked again before anybody listens."""
    path = _path(row)
    with path.open("rb") as file:
        verdict = clamd.scan(file)
    says, probe = "", {}
    if verdict.state == "infected":
        says = f"The scanner found malware in this file ({verdict.name}). It was deleted. Export it from the session."
    else:
        try:
            probe = audiofile.check_upload(path, row.filename).to_json()
        except audiofile.BadAudio as error:
            says = error.message
    state = State.REFUSED if says else State.WHOLE
    Incoming.objects.filter(pk=row.pk).update(
        state=state, says=says[:400], probe=probe, scan=verdict.state, touched_at=timezone.now()
    )
    if says:
        path.unlink(missing_ok=True)


def _copy(stream: Stream, file: BinaryIO, length: int) -> int:
    file.seek(0, os.SEEK_END)
    left = length
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        file.write(block)
        left -= len(block)
    file.flush()
    return length - left


@contextlib.contextmanager
def _locked(row: Incoming) -> Iterator[BinaryIO]:
    try:
        file = _path(row).open("r+b")
    except FileNotFoundError:
        raise UploadRefused("This upload was given up. Begin it anew.", status=410) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadRefused(
                "Another request is writing this file. Ask for the offset, then go on.", status=423
            ) from None
        yield file


def _folder() -> Path:
    return Path(settings.DEADWAX_DATA) / "incoming"


def _path(row: Incoming) -> Path:
    return _folder() / f"{row.pk}.part"
