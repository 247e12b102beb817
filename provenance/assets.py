"""Assets as a service: take bytes in, register them under an entry, keep what was measured, hand them out in ranges.

Order of an intake: `ingest` (bytes are durable, nothing refers to them yet), then in one transaction the entry and
`register`. If the process dies in between, the bytes are unreferenced and the sweep removes them.
"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, BinaryIO

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from provenance import blobs
from provenance.audiofile.fingerprints import terms
from provenance.blobs import Staged
from provenance.models import Asset, AssetAnalysis, Entry

CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def ingest(file: BinaryIO | bytes, *, limit_bytes: int | None = None) -> Staged:
    """Store bytes by their digest. Raises `TooLarge` for the user's file, `StorageFull` when the disk is."""
    limit = settings.DEADWAX_UPLOAD_LIMIT_BYTES if limit_bytes is None else limit_bytes
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    return blobs.store().stage(stream, limit_bytes=limit)


def register(
    staged: Staged, *, entry: Entry, media_type: str, probe: Mapping[str, Any] | None = None
) -> Asset:
    """The asset row of stored bytes; bytes that are known already keep their first row."""
    asset, _ = Asset.objects.get_or_create(
        sha256=staged.sha256,
        defaults={"entry": entry, "size": staged.size, "media_type": media_type, "probe": dict(probe or {})},
    )
    return asset


def by_digest(sha256: str) -> Asset | None:
    return Asset.objects.select_related("analysis").filter(sha256=sha256).first()


def save_analysis(
    asset: Asset,
    *,
    peaks: bytes | None = None,
    lufs: float | None = None,
    true_peak_dbtp: float | None = None,
    tempo_bpm: float | None = None,
    key: str = "",
    fingerprint: str = "",
) -> AssetAnalysis:
    """Keep what was measured. None means that there is no such value (silence has no loudness)."""
    analysis, _ = AssetAnalysis.objects.update_or_create(
        asset=asset,
        defaults={
            "peaks": peaks,
            "lufs_milli": None if lufs is None else round(lufs * 1000),
            "true_peak_millibel": None if true_peak_dbtp is None else round(true_peak_dbtp * 100),
            "tempo_milli_bpm": None if tempo_bpm is None else round(tempo_bpm * 1000),
            "key": key,
            "fingerprint": fingerprint,
            "fingerprint_terms": terms(fingerprint) if fingerprint else [],
        },
    )
    return analysis


def fingerprint_of(asset: Asset) -> str:
    """The fingerprint that was kept; empty where there is none."""
    return AssetAnalysis.objects.filter(asset=asset).values_list("fingerprint", flat=True).first() or ""


def read(asset: Asset) -> bytes:
    """All bytes of a small asset (MIDI, manifests, PDF)."""
    with blobs.store().open(asset.sha256) as file:
        return file.read()


def peaks_response(request: HttpRequest, asset: Asset) -> HttpResponse:
    """Stored peaks as audiowaveform .dat; 202 with a sentence while they are not there yet: ask again."""
    analysis = AssetAnalysis.objects.filter(asset=asset).first()
    if analysis is None or analysis.peaks is None:
        soon = HttpResponse("The waveform is not drawn yet.", status=202, content_type="text/plain")
        soon["Retry-After"], soon["Cache-Control"] = "4", "no-store"
        return soon
    etag = f'"{asset.sha256[:32]}-peaks"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    response = HttpResponse(bytes(analysis.peaks), content_type="application/octet-stream")
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=86400"
    return response


def serve(
    request: HttpRequest, asset: Asset, *, filename: str | None = None, as_attachment: bool = False
) -> HttpResponseBase:
    """The asset's bytes with HTTP ranges (RFC 9110, section 14): 200, 206, 304 or 416.

    The digest is the ETag, so a resumed download never mixes two files.
    """
    etag = f'"{asset.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    start, end, status = 0, asset.size - 1, 200
    wanted = request.headers.get("Range")
    if wanted and request.headers.get("If-Range", etag) == etag:
        span = _span(wanted, asset.size)
        if span == "unsatisfiable":
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{asset.size}"
            return refused
        if isinstance(span, tuple):
            (start, end), status = span, 206
    length = end - start + 1
    file = blobs.store().open(asset.sha256)
    file.seek(start)
    chunks = _async_chunks(file, length) if isinstance(request, ASGIRequest) else _chunks(file, length)
    response = StreamingHttpResponse(chunks, status=status, content_type=asset.media_type)
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(length)
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=86400"
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{end}/{asset.size}"
    if filename and (disposition := content_disposition_header(as_attachment, filename)):
        response["Content-Disposition"] = disposition
    return response


def _span(header: str, size: int) -> tuple[int, int] | str | None:
    """First and last byte asked for; None for what may be ignored (several ranges, other units)."""
    match = _RANGE.match(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        suffix = min(int(last), size)
        return (size - suffix, size - 1) if suffix else "unsatisfiable"
    start = int(first)
    if start >= size:
        return "unsatisfiable"
    end = min(int(last), size - 1) if last else size - 1
    return (start, end) if end >= start else None


def _chunks(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk


async def _async_chunks(file: BinaryIO, length: int) -> AsyncIterator[bytes]:
    # Under ASGI a plain iterator would be read to its end before the first byte leaves.
    read_chunk = sync_to_async(file.read, thread_sensitive=False)
    try:
        while length > 0 and (chunk := await read_chunk(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
    finally:
        file.close()
