"""Papers that back a statement: terms as they read on a day, receipts. Kept as assets, shown to few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from generation.errors import BadValue
from provenance import assets
from provenance.blobs import Staged, TooLarge
from provenance.models import Asset, Entry
from provenance.sniff import sniff_bytes

LIMIT_BYTES: Final = 20_000_000
_TYPES: Final = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Stored bytes of a paper that no entry refers to yet."""

    staged: Staged
    media_type: str

    @property
    def sha256(self) -> str:
        return self.staged.sha256

    def register(self, entry: Entry) -> Asset:
        return assets.register(self.staged, entry=entry, media_type=self.media_type)


def take_paper(file: BinaryIO | None, *, field: str, what: str) -> Paper | None:
    """PDF, PNG, JPEG, or text (a saved page counts as its text). Raises `BadValue` by its field; None for no file."""
    if file is None:
        return None
    try:
        file.seek(0)
        data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise BadValue(f"The {what} could not be read. Choose the file again.", field=field) from error
    if not data:
        raise BadValue(f"The {what} is an empty file. Choose it again.", field=field)
    if len(data) > LIMIT_BYTES:
        raise BadValue(f"The {what} is larger than {LIMIT_BYTES // 10**6} MB. Save it smaller.", field=field)
    media_type = _TYPES.get(sniff_bytes(data[:16]), "")
    if not media_type:
        try:
            if "\0" in data.decode("utf-8"):
                raise ValueError("NUL")
        except ValueError:
            raise BadValue(
                f"Give the {what} as PDF, PNG, JPEG or text; this file is none of them.", field=field
            ) from None
        # A page that was saved is kept as text: nothing in it runs when somebody opens it.
        media_type = "text/plain; charset=utf-8"
    try:
        return Paper(staged=assets.ingest(data, limit_bytes=LIMIT_BYTES), media_type=media_type)
    except TooLarge as error:
        raise BadValue(f"The {what} is too large. Save it smaller.", field=field) from error
