"""Files from outside: 300 MB with two cuts, and the submissions of a night, by the way that senders take.

The protocol is the page's own (tus 1.0, pieces of 4 MiB: label/frontend/src/lib/resumable.ts), over the real server.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import os
import re
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import numpy as np
import soundfile as sf

from artists.models import Submission, SubmissionFile
from artists.services import incoming, submissions, upload_links
from label.benchmarks import looking
from label.benchmarks.checking import played
from label.benchmarks.jobs import ended, workers
from label.benchmarks.server import NotServed, Server, serving
from label.benchmarks.table import Beside, Figure, Goal
from label.demo.cast import seed_cast

PIECE: Final = 4 * 1024 * 1024
TUS: Final = {"Tus-Resumable": "1.0.0"}
MB: Final = 1_000_000
A_NIGHT, NIGHT_H = 2000, 8
SENDERS: Final = 4
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Sender:
    """Somebody with an upload link, from an address of their own (all of 127.0.0.0/8 is this machine)."""

    def __init__(self, server: Server, secret: str, number: int) -> None:
        self.port, self.page = server.port, f"/submit/{secret}/"
        self.source = (f"127.0.{1 + number // 200}.{1 + number % 200}" if sys.platform == "linux" else "", 0)
        self.connection = self._connected()
        self.sent = 0

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600, source_address=self.source)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, status: int
    ) -> http.client.HTTPResponse:
        """Raises NotServed for another status."""
        self.connection.request(method, path, body=body or None, headers={**TUS, **(headers or {})})
        response = self.connection.getresponse()
        response.text = response.read().decode(errors="replace")  # type: ignore[attr-defined]
        if response.status != status:
            raise NotServed(f"{method} {path} was answered with {response.status}: {response.text[:300]}")  # type: ignore[attr-defined]
        return response

    def begin(self, name: str, length: int) -> str:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata}
        return self.ask("POST", f"{self.page}files/", headers=headers, status=201).headers["Location"]

    def offset(self, place: str) -> int:
        return int(self.ask("HEAD", place, status=200).headers["Upload-Offset"])

    def pieces(self, place: str, data: memoryview, begin: int, end: int) -> int:
        """Sends whole pieces until `end` is reached; gives the offset that was answered last."""
        at = begin
        while at < end:
            piece = data[at : at + PIECE]
            headers = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
            answer = self.ask("PATCH", place, bytes(piece), headers, status=204)
            self.sent += len(piece)
            at = int(answer.headers["Upload-Offset"])
        return at

    def cut(self, place: str, data: memoryview, at: int) -> int:
        """Breaks the connection in the middle of a piece. Gives how much of that piece went out."""
        piece = data[at : at + PIECE]
        half = len(piece) // 2
        head = (
            f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(piece)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), source_address=self.source) as line:
            line.sendall(head.encode() + bytes(piece[:half]))
            time.sleep(0.1)
        self.sent += half
        self.connection.close()
        self.connection = self._connected()
        return half

    def submit(self, places: list[str], number: int) -> None:
        """The form as the page sends it, once its files are there."""
        page = self.ask("GET", self.page, status=200)
        token = _TOKEN.search(page.text)  # type: ignore[attr-defined]
        if token is None:
            raise NotServed("the submission page has no form")
        cookies = "; ".join(line.split(";")[0] for line in page.headers.get_all("Set-Cookie") or [])
        elements = ("lyrics", "composition", "vocals", "instruments", "production")
        said = [
            ("csrfmiddlewaretoken", token.group(1)),
            ("artist_name", f"Night Sender {number} (fictional)"),
            ("contact_email", f"night{number}@sender.invalid"),
            ("message", "Recorded at night, sent at night."),
            ("rights", "own"),
            ("consent", "yes"),
            *((f"ai_{name}", "no") for name in elements),
            *(("upload", place) for place in places),
        ]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookies,
            "Referer": f"http://127.0.0.1:{self.port}{self.page}",
        }
        self.ask("POST", self.page, urlencode(said).encode(), headers, status=302)


def upload(*, quick: bool, base: Path) -> Iterator[Figure]:
    """A large file with two cuts, then a part of a night's submissions with the workers beside."""
    os.environ.pop("DEADWAX_WORKER_MODULES", None)
    cast = seed_cast()
    _, secret = upload_links.make_upload_link(
        name="Night", max_submissions=100_000, max_gb=1000, days=30, actor=cast.users["anr"]
    )
    with serving(base / "web.log") as server:
        yield from _large(server, secret, size=(20 if quick else 300) * MB)
    yield from looking.at_the_large_file()
    yield from looking.at_the_longest(minutes=10 if quick else 120)
    yield from _night(base, secret, count=4 if quick else 40)


def _large(server: Server, secret: str, *, size: int) -> Iterator[Figure]:
    data = memoryview(_noise(size))
    size = len(data)
    sender = Sender(server, secret, 1)
    before_mb = _peak_mb(server)
    begun = time.monotonic()
    place = sender.begin("a long set.wav", size)
    at, again, flight = 0, 0, 0
    for share in (0.6, 0.95):
        at = sender.pieces(place, data, at, int(size * share))
        flight += sender.cut(place, data, at)
        stands = _settled(sender, place)
        again += max(0, at - stands)
        at = stands
    sender.pieces(place, data, at, size)
    spent_s = time.monotonic() - begun
    after_mb = _peak_mb(server)
    begun = time.monotonic()
    sender.submit([place], 0)
    taken_s = time.monotonic() - begun
    begun = time.monotonic()
    with tempfile.NamedTemporaryFile(dir=os.environ["DEADWAX_DATA"]) as file:
        for first in range(0, size, PIECE):
            file.write(data[first : first + PIECE])
            file.flush()
            os.fsync(file.fileno())
        file.seek(0)
        hashlib.file_digest(file, "sha256")
    plain_s = time.monotonic() - begun
    yield Figure(
        name=f"{size / MB:.0f} MB cut at 60 % and 95 %: bytes sent again that had arrived",
        value=float(again + sender.sent - flight - size - again),
        unit="bytes",
        goal=Goal("<=", 0),
        note=f"{flight / MB:.1f} MB of two pieces were in flight and count for nothing",
    )
    yield Figure(
        name="the same file sent, checked and durable",
        value=size / MB / spent_s,
        unit="MB/s",
        goal=Goal(">=", 20.0),
        beside=Beside("writing and hashing the same pieces, synced", size / MB / plain_s),
        note=f"{spent_s:.1f} s, submitting it {taken_s:.1f} s",
    )
    yield Figure(
        name="the web process at its most, after that file",
        value=after_mb,
        unit="MB",
        goal=Goal("<=", 300.0),
        beside=Beside("before it", before_mb),
    )


def _settled(sender: Sender, place: str) -> int:
    """Where the file stands, once the server has seen that the line is cut."""
    for _ in range(50):
        try:
            return sender.offset(place)
        except NotServed:
            time.sleep(0.1)
    return sender.offset(place)


def _night(base: Path, secret: str, *, count: int) -> Iterator[Figure]:
    """So many submissions from as many addresses, four at a time, and the workers that look at each file."""
    files = [_song(number, 20.0) for number in range(count)]
    begun_with = Submission.objects.count()
    faults: list[BaseException] = []
    with workers(base), serving(base / "web.log") as server:

        def work(first: int) -> None:
            try:
                for number in range(first, count, SENDERS):
                    sender = Sender(server, secret, 10 + number)
                    place = sender.begin(f"night {number}.flac", len(files[number]))
                    sender.pieces(place, memoryview(files[number]), 0, len(files[number]))
                    sender.submit([place], number)
            except BaseException as error:
                faults.append(error)

        begun = time.monotonic()
        threads = [threading.Thread(target=work, args=(first,)) for first in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        taken_s = time.monotonic() - begun
        ended(within_s=1800)
        spent_s = time.monotonic() - begun
    there = Submission.objects.count() - begun_with
    ready = SubmissionFile.objects.filter(state=SubmissionFile.State.READY).count()
    if there != count:
        raise RuntimeError(f"{there} of {count} submissions are there")
    needed = A_NIGHT / NIGHT_H
    yield Figure(
        name=f"{count} submissions of 20 s sent by {SENDERS} at a time, an hour",
        value=3600 * count / taken_s,
        unit="an hour",
        goal=Goal(">=", needed),
        beside=Beside(f"{A_NIGHT} in a night of {NIGHT_H} hours", needed),
        note=f"{taken_s / count:.2f} s each, the workers at work meanwhile",
    )
    yield Figure(
        name="the same until each was measured and compared, an hour",
        value=3600 * count / spent_s,
        unit="an hour",
        goal=Goal(">=", needed),
        beside=Beside(f"{A_NIGHT} in a night of {NIGHT_H} hours", needed),
        note=f"{ready} files looked at, two workers; a usual song: the next line",
    )
    yield from _three_minutes(secret, needed)


def _three_minutes(secret: str, needed: float) -> Iterator[Figure]:
    """What a file of usual length costs a worker: it bounds the night where people send whole songs."""
    data = _song(991, 180.0)
    link = upload_links.upload_link_by_secret(secret)
    row, _ = incoming.begin(link, filename="three minutes.flac", length=len(data), sender="three minutes")
    row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    names = ("lyrics", "composition", "vocals", "instruments", "production")
    submissions.submit(
        link, files=[row], sender="three minutes", artist_name="Three Minutes (fictional)", rights="own", consent=True,
        contact_email="three@sender.invalid", ai=dict.fromkeys(names, "no"),
    )  # fmt: skip
    looked = looking.look()
    yield Figure(
        name="one song of three minutes looked at, by two workers on two cores, an hour",
        value=2 * 3600 / looked.cpu_s,
        unit="an hour",
        goal=Goal(">=", needed),
        beside=Beside(f"{A_NIGHT} in a night of {NIGHT_H} hours", needed),
        note=f"from {looked.cpu_s:.1f} s of processor time for one; it took {looked.spent_s:.1f} s",
    )


def _noise(size: int) -> bytes:
    """A WAV of that size whose bytes do not repeat within a piece."""
    rng = np.random.default_rng(1)
    frames = (size - 44) // 4
    few = (rng.standard_normal((min(frames, 3_000_017), 2)) * 3000).astype("<i2")
    every = np.resize(few, (frames, 2))
    file = io.BytesIO()
    sf.write(file, every, 44_100, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _song(number: int, seconds: float) -> bytes:
    file = io.BytesIO()
    sf.write(file, played(1000 + number, seconds).T, 44_100, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _peak_mb(server: Server) -> float:
    """The most that any of the processes held, as the kernel counted it. Linux only."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in server.pids]
    return max(int(one.group(1)) for one in found if one) * 1024 / MB
