"""Documents of artists: bytes as assets, names and notes in the vault."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from django.db import transaction

from artists.errors import ArtistsUserFault
from artists.events import roster as happened
from artists.models import Artist, ArtistDocument, User
from artists.services.roster import locked
from provenance import assets
from provenance.blobs import TooLarge
from provenance.events import AssetRef
from provenance.ledger import record
from provenance.models import VaultItem
from provenance.sniff import sniff_bytes

LIMIT_BYTES = 50_000_000
#: What browsers may show; everything else is only downloaded.
_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Filed:
    """A document with the words that may still be read."""

    row: ArtistDocument
    name: str
    note: str


def add_document(
    artist: Artist,
    *,
    file: BinaryIO,
    filename: str,
    kind: str,
    dated: dt.date | None = None,
    note: str = "",
    actor: User,
) -> ArtistDocument:
    """File a document of an artist. Up to 50 MB, of any type; never empty."""
    if kind not in ArtistDocument.Kind.values:
        raise ArtistsUserFault("Choose what kind of document this is.", code="kind")
    head = file.read(16)
    if not head:
        raise ArtistsUserFault("The file is empty. Choose it again.", code="file")
    file.seek(0)
    try:
        staged = assets.ingest(file, limit_bytes=LIMIT_BYTES)
    except TooLarge:
        raise ArtistsUserFault(
            f"The file is larger than {LIMIT_BYTES // 1_000_000} MB. Save it smaller.", code="file"
        ) from None
    with transaction.atomic():
        artist = locked(artist)
        row = ArtistDocument(artist=artist, kind=kind, dated=dated, added_by=actor)
        row.entry = row.added_entry = record(
            happened.DocumentAdded(
                stream=artist.stream,
                subjects=(f"document:{row.pk}",),
                outputs=(AssetRef(role="document", sha256=staged.sha256),),
                artist=str(artist.pk),
                artist_name=artist.name,
                document=str(row.pk),
                document_kind=kind,
                dated=dated.isoformat() if dated else None,
                name=_plain(filename),
                note=note.strip(),
            ),
            actor=actor,
        )
        media_type = _TYPES.get(sniff_bytes(head), "application/octet-stream")
        row.asset = assets.register(staged, entry=row.entry, media_type=media_type)
        row.save(force_insert=True)
    return row


def remove_document(document: ArtistDocument, *, actor: User) -> None:
    """Take a document off the file. Its digest stays in the ledger, its bytes in the store."""
    with transaction.atomic():
        document = (
            ArtistDocument.objects.select_for_update(of=("self",))
            .select_related("artist")
            .get(pk=document.pk)
        )
        if not document.active:
            return
        document.entry = record(
            happened.DocumentRemoved(
                stream=document.artist.stream,
                subjects=(f"document:{document.pk}",),
                artist=str(document.artist_id),
                artist_name=document.artist.name,
                document=str(document.pk),
                document_kind=document.kind,
            ),
            actor=actor,
        )
        document.active = False
        document.save()


def filed(documents: Iterable[ArtistDocument]) -> list[Filed]:
    """The documents with their names and notes, in one query."""
    documents = list(documents)
    words: dict[int, dict[str, str]] = {}
    for item in VaultItem.objects.filter(entry__in=[row.added_entry_id for row in documents]):
        words.setdefault(item.entry_id, {})[item.name] = json.loads(bytes(item.content))
    found = []
    for row in documents:
        said = words.get(row.added_entry_id, {})
        found.append(Filed(row, said.get("name") or row.get_kind_display(), said.get("note", "")))
    return found


def _plain(filename: str) -> str:
    """The last part of a name, without control characters; browsers of old sent whole paths."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    return "".join(char for char in name if char.isprintable())[:160] or "document"
