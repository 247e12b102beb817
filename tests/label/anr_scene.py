"""What A&R adds to the scene: a link, a submission with a file, an agreement, a listening link."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from tests.cast import Cast

WORDS = (
    "Glass Ferry (fictional)",
    "ferry@sender.invalid",
    "Spring call (fictional)",
    "Radio Nine (fictional)",
)


@dataclass(frozen=True)
class AnrScene:
    link: Any
    secret: str
    submission: Any
    own_secret: str
    file: Any
    incoming_secret: str
    agreement: Any
    option: Any
    listening: Any
    listen_secret: str


def make_anr_scene(cast: Cast, master: Any) -> AnrScene:
    from artists.services import agreements, incoming, listening, submissions, upload_links
    from tests.artists.anr.conftest import AI, ANSWERS, encoded, tune

    link, secret = upload_links.make_upload_link(name=WORDS[2], actor=cast.anr)
    data = encoded(tune(1, seconds=2))
    row, _ = incoming.begin(link, filename="a.wav", length=len(data), sender="s")
    row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    submission, own = submissions.submit(link, files=[row], sender="s", ai=AI, **ANSWERS)
    _, incoming_secret = incoming.begin(link, filename="b.wav", length=10, sender="s")
    agreement = agreements.draft_agreement(
        cast.artist,
        title="An EP",
        advance="EUR 1",
        options=[(dt.date(2031, 1, 31), "a second EP")],
        document=io.BytesIO(b"%PDF-1.4 fictional"),
        actor=cast.anr,
    )
    agreements.move_agreement(agreement, status="offered", actor=cast.anr)
    made, listen_secret = listening.make_listening_link(
        recipient=WORDS[3], things=[{"kind": "master", "id": str(master.pk)}], actor=cast.anr
    )
    return AnrScene(
        link=link, secret=secret, submission=submission, own_secret=own, file=submission.files.get(),
        incoming_secret=incoming_secret, agreement=agreement, listening=made, listen_secret=listen_secret,
        option=agreement.option_rows.get(),
    )  # fmt: skip
