"""Takes as sound while they are made: what the pages read of what the worker spools (`spooling.py`).

A take in the making is a file under DEADWAX_DATA, outside the asset store: no asset, in no ledger, gone when the job
ends. Its folder carries the claim's fence, so that nobody hears a run that is void. It is a WAV file (RIFF, PCM of 16
bits) whose header states the whole take's length from the start. Where worker and pages share no disk, there is
nothing to hear before a take is finished.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import struct
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from provenance.jobs import Job

HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
SAMPLE_BYTES = 2
POLL_S = 0.1
CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


@dataclass(frozen=True, kw_only=True)
class Growing:
    """A take that can be heard already. `made_ms` of `duration_ms` are there; `fence` tells attempts apart."""

    number: int
    fence: int
    made_ms: int
    duration_ms: int


def folder(job_id: uuid.UUID, fence: int) -> Path:
    """Where one run of a job spools."""
    return _root() / str(job_id) / str(fence)


def file_name(number: int) -> str:
    return f"{number}.wav"


def header(*, channels: int, sample_rate_hz: int, samples: int) -> bytes:
    """The head of a WAV file of so many samples a channel."""
    frame = channels * SAMPLE_BYTES
    size = samples * frame
    return HEADER.pack(
        b"RIFF", HEADER.size - 8 + size, b"WAVE", b"fmt ", 16, 1, channels, sample_rate_hz, sample_rate_hz * frame,
        frame, 8 * SAMPLE_BYTES, b"data", size,
    )  # fmt: skip


def growing(job: Job, *, finished: Iterable[int] = ()) -> list[Growing]:
    """The takes of a running job that can be heard and are not finished, by number."""
    if job.state != Job.State.RUNNING:
        return []
    found = []
    for path in folder(job.pk, job.fence).glob("*.wav"):
        try:
            number, size = int(path.stem), path.stat().st_size
            with path.open("rb") as file:
                head = HEADER.unpack(file.read(HEADER.size))
        except (OSError, ValueError, struct.error):  # it has just gone, or has just begun
            continue
        bytes_per_s, whole = head[8], head[12]
        if number not in finished and bytes_per_s:
            found.append(
                Growing(
                    number=number,
                    fence=job.fence,
                    made_ms=(size - HEADER.size) * 1000 // bytes_per_s,
                    duration_ms=whole * 1000 // bytes_per_s,
                )
            )
    return sorted(found, key=lambda one: one.number)


def response(request: HttpRequest, job: Job, number: int) -> HttpResponseBase:
    """The take as a WAV file that waits for what is not made yet: 200, 206, 404 or 416.

    It ends early when the run does.
    """
    file = _opened(job, number)
    if file is None:
        return HttpResponse(
            "This take is not being made now. Look for it among the finished ones.",
            status=404,
            content_type="text/plain; charset=utf-8",
        )
    total = HEADER.size + int(HEADER.unpack(file.read(HEADER.size))[12])
    start, end, status = 0, total - 1, 200
    if match := _RANGE.fullmatch(request.headers.get("Range", "").strip()):
        start, end, status = int(match[1]), min(int(match[2] or end), end), 206
        if start > end:
            file.close()
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{total}"
            return refused
    file.seek(start)
    length = end - start + 1
    if request.method == "HEAD":
        file.close()
        answer: HttpResponseBase = HttpResponse(status=status, content_type="audio/wav")
    else:
        chunks = (
            _arriving_async(file, length) if isinstance(request, ASGIRequest) else _arriving(file, length)
        )
        answer = StreamingHttpResponse(chunks, status=status, content_type="audio/wav")
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Length"] = str(length)
    answer["ETag"] = f'"{job.pk}-{job.fence}-{number}"'
    answer["Cache-Control"] = "private, no-store"
    if status == 206:
        answer["Content-Range"] = f"bytes {start}-{end}/{total}"
    return answer


def sweep() -> int:
    """Remove what dead or fenced workers left behind. Returns how many runs' folders went."""
    if not _root().is_dir():
        return 0
    gone = 0
    for of_job in _root().iterdir():
        try:
            job = Job.objects.filter(pk=uuid.UUID(of_job.name), state=Job.State.RUNNING).first()
        except ValueError:
            continue
        for of_run in of_job.iterdir():
            if job is None or of_run.name != str(job.fence):
                shutil.rmtree(of_run, ignore_errors=True)
                gone += 1
        if job is None:
            shutil.rmtree(of_job, ignore_errors=True)
    return gone


def _root() -> Path:
    return Path(settings.DEADWAX_DATA) / "listening"


def _opened(job: Job, number: int) -> BinaryIO | None:
    if job.state != Job.State.RUNNING:
        return None
    try:
        return (folder(job.pk, job.fence) / file_name(number)).open("rb", buffering=0)
    except OSError:
        return None


def _next(file: BinaryIO, length: int) -> bytes | None:
    """What is there, empty when there is nothing yet, None when there never will be."""
    removed = os.fstat(file.fileno()).st_nlink == 0  # asked first: it is whole before it is removed
    found = file.read(min(CHUNK_BYTES, length))
    return None if removed and not found else found


def _arriving(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length > 0 and (chunk := _next(file, length)) is not None:
            if not chunk:
                time.sleep(POLL_S)
                continue
            length -= len(chunk)
            yield chunk


async def _arriving_async(file: BinaryIO, length: int) -> AsyncIterator[bytes]:
    # Reads of a local file that was just written: they come from memory and hold nobody up.
    try:
        while length > 0 and (chunk := _next(file, length)) is not None:
            if not chunk:
                await asyncio.sleep(POLL_S)
                continue
            length -= len(chunk)
            yield chunk
    finally:
        file.close()
