"""How soon the inbox comes with years of submissions in it, and how many a night the way in takes."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from artists.models import Submission
from artists.services import submissions as way_in
from artists.services import upload_links
from artists.services.upload_links import digest
from label.benchmarks.pages import GOAL_S, reader_for
from label.benchmarks.server import serving
from label.benchmarks.table import Figure, Goal, p95
from label.demo.cast import seed_cast
from provenance import sequencer

FULL, QUICK = 20_000, 500
_AI = dict.fromkeys(("lyrics", "composition", "vocals", "instruments", "production"), "no")


def inbox(*, quick: bool, log: Path) -> Iterator[Figure]:
    """Pages of the inbox for A&R, over the real server."""
    count = QUICK if quick else FULL
    cast = seed_cast()
    actor = cast.users["anr"]
    link, _ = upload_links.make_upload_link(name="Benchmark", max_submissions=100_000, days=400, actor=actor)
    begun, sent = time.monotonic(), 50 if quick else 500
    for number in range(sent):
        first, _ = _submit(link, number)
    yield Figure(
        name="submissions taken in, one after the other", value=sent / (time.monotonic() - begun), unit="a second",
        note="without files; a night of 2,000 is one every 14 s",
    )  # fmt: skip
    _copies(first, count - sent)
    sequencer.drain()
    middle = Submission.objects.filter(stage="heard").order_by("number")[count // 10]
    asked = {
        "inbox": reverse("artists:inbox"),
        "inbox, unheard": reverse("artists:inbox") + "?view=unheard",
        "inbox, late": reverse("artists:inbox") + "?view=late",
        "inbox, page 100": reverse("artists:inbox") + "?page=100",
        "inbox, done": reverse("artists:inbox") + "?view=done",
        "a submission": reverse("artists:submission", args=[middle.pk]),
        "today": "/",
        "API submissions": "/api/submissions/",
    }
    spent: dict[str, list[float]] = {}
    with serving(log) as server:
        reader = reader_for(server, "anr")
        for number in range(3 if quick else 26):
            for name, path in asked.items():
                took = reader.page(path).spent_s
                if number:
                    spent.setdefault(name, []).append(took)
    every = [one for values in spent.values() for one in values]
    yield Figure(
        name=f"inbox with {count} submissions, p95 over all",
        value=p95(every),
        unit="s",
        goal=Goal("<=", GOAL_S),
    )
    for name, values in sorted(spent.items(), key=lambda item: -p95(item[1])):
        yield Figure(name=f"  {name}", value=p95(values), unit="s", goal=Goal("<=", GOAL_S))


def _submit(link: object, number: int) -> tuple[Submission, str]:
    return way_in.submit(
        link,  # type: ignore[arg-type]
        files=[], sender=f"sender {number}", ai=_AI, rights="own", consent=True,
        artist_name=f"Sender {number} (fictional)", contact_email=f"s{number}@sender.invalid",
        playlist="https://music.invalid/list",
    )  # fmt: skip


def _copies(first: Submission, count: int) -> None:
    """Rows like the first, over three years; the guards are content with one entry of the same transaction."""
    now, stages = timezone.now(), ("declined", "declined", "heard", "unheard", "more")
    with transaction.atomic():
        link = upload_links.make_upload_link(name="Copies", actor=first.link.made_by)[0]
        rows = []
        for number in range(count):
            age = dt.timedelta(minutes=number * 80)
            stage = stages[number % 5] if number > count // 50 else "unheard"
            done = stage == "declined" or number > count // 10
            rows.append(
                Submission(
                    number=first.number + 1 + number, link=link, secret_sha256=digest(uuid.uuid4().hex), stage=stage,
                    ai=_AI, rights="own", sent_entry=first.sent_entry, entry=link.entry, sent_at=now - age,
                    promised_by=now - age + dt.timedelta(days=14), answered_at=now - age if done else None,
                )
            )  # fmt: skip
        Submission.objects.bulk_create(rows, batch_size=1000)
