"""A prompt run as the worker does it: made, stored, measured, drawn and recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator

from generation import services as studio
from generation.offering import refresh_offers
from label.benchmarks.table import Beside, Figure, Goal
from label.demo import song as demo
from label.demo.cast import seed_cast


def run(*, quick: bool) -> Iterator[Figure]:
    """From the request to the last take, in one worker; beside it the wait for the first take."""
    takes, duration_s = (2, 4.0) if quick else (10, 30.0)
    cast = seed_cast()
    refresh_offers()
    artist = cast.users["artist"]
    project = studio.create_project(title=demo.TITLE, artist=cast.artist, actor=artist)
    brief = studio.save_brief(project, values=demo.brief_values(), actor=artist)
    asked = studio.request_run(
        project,
        brief=brief,
        engine="sketch",
        duration_s=duration_s,
        variations=takes,
        prompt=brief.words["prompt"],
        base_seed=1,
        actor=artist,
    )
    cpu_s, begun, at = time.process_time(), time.perf_counter(), time.time()
    demo.finish(asked.job)
    spent_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu_s
    first = asked.takes.order_by("created_at")[0]
    yield Figure(
        name=f"prompt run of {takes} x {duration_s:g} s, stored and measured",
        value=spent_s,
        unit="s",
        goal=Goal("<=", 30.0),
        beside=Beside("its first take", first.created_at.timestamp() - at),
        note=f"{cpu_s:.1f} s of processor time, one worker",
    )
