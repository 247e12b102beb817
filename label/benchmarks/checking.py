"""How long it takes to hold a finished master against its artist's method, by the worker's own job."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from typing import Final

import numpy as np
import soundfile as sf

from artists import services as people
from artists.services.methods import write_method
from generation import services as studio
from generation.measuring import decoded
from generation.models import Master, MethodCheck, Project, Render, Upload
from generation.offering import refresh_offers
from label.benchmarks.sound import timed
from label.benchmarks.table import Beside, Figure, Goal
from label.demo.cast import Cast, seed_cast
from label.demo.song import finish, track_of
from provenance.jobs import worker

GOAL_S: Final = 20.0
STEMS: Final = ("lead_vocal", "backing_vocal", "keys", "bass", "drums", "strings")
RULES: Final = {"material": {"scaffold": "never", "full_take": "never"}, "human": ["melody", "harmony"]}
RATE_HZ: Final = 44_100


def method(*, quick: bool) -> Iterator[Figure]:
    """A master of three minutes with six stems of people's, against a method that watches three generated pieces."""
    seconds, pieces = (20.0, 1) if quick else (180.0, 3)
    cast = seed_cast()
    refresh_offers()
    master = _master(cast, seconds, pieces)
    waiting = studio.newest_check(master, done=False)
    assert waiting is not None
    cpu_s = os.times()
    begun = time.monotonic()
    worker.run_job(waiting.job_id)
    spent_s = time.monotonic() - begun
    after = os.times()
    found = MethodCheck.objects.get(pk=waiting.pk)
    if not found.done:
        raise RuntimeError("the check did not come to its end")
    beside_s = timed(lambda: [decoded(sha256) for sha256 in _sounds(master)])
    verdicts = ", ".join(f"{one['rule']} {one['verdict']}" for one in found.outcomes)
    yield Figure(
        name=f"method check of a master of {seconds:g} s, {len(STEMS)} stems, {pieces} watched pieces",
        value=spent_s,
        unit="s",
        goal=Goal("<=", GOAL_S),
        beside=Beside("decoding the same sounds", beside_s),
        note=f"{found.comparisons} comparisons, {after.user + after.system - cpu_s.user - cpu_s.system:.1f} s of "
        f"processor time here, {verdicts}",
    )


def _master(cast: Cast, seconds: float, pieces: int) -> Master:
    """Six recordings of people's over nothing generated; the generated scaffolds lie beside them in the project."""
    owner, member = cast.users["owner"], cast.users["artist"]
    artist = people.create_artist(name="Frame Gone (fictional)", actor=owner)
    people.add_artist_member(artist, user=member, actor=owner)
    write_method(artist, statement="The frame is taken away.", rules=RULES, actor=member)
    project = studio.create_project(title="Three minutes", artist=artist, actor=member)
    for seed in range(pieces):
        run = studio.request_run(
            project, brief=None, engine="sketch", duration_s=seconds, variations=1, base_seed=seed,
            prompt="cinematic chords in D minor for keys, strings, bass and drums", material="scaffold", actor=member,
        )  # fmt: skip
        finish(run.job)
    own = [_stem(project, role, place, seconds, cast) for place, role in enumerate(STEMS)]
    worker.run_waiting()
    arrangement = studio.create_arrangement(project, title="Three minutes", takes=[], actor=member)
    version = studio.head_of(arrangement)
    document = version.document
    document["tracks"] = [track_of(upload, document["sample_rate_hz"], -600, 20) for upload in own]
    studio.save_version(
        arrangement,
        document=document,
        base_version=version.number,
        name="as it stands",
        note="",
        actor=member,
    )
    render = studio.request_render(studio.head_of(arrangement), actor=member)
    finish(render.job)
    made = studio.request_master(Render.objects.get(pk=render.pk), actor=member)
    finish(made.job)
    return Master.objects.get(pk=made.pk)


def _stem(project: Project, role: str, place: int, seconds: float, cast: Cast) -> Upload:
    file = io.BytesIO()
    sf.write(file, played(place, seconds).T, RATE_HZ, format="WAV", subtype="PCM_16")
    file.seek(0)
    return studio.import_upload(
        project, file=file, filename=f"{role}.wav", name=role.replace("_", " "), role=role,
        declared=Upload.Declared.OWN_PERFORMANCE, actor=cast.users["artist"],
    )  # fmt: skip


def played(seed: int, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Notes of changing length and pitch with overtones and a little noise [2, samples]; another tune a seed."""
    rng = np.random.default_rng(seed)
    total = round(seconds * rate_hz)
    out = np.zeros(total)
    at = 0
    while at < total:
        length = int(rng.uniform(0.15, 0.9) * rate_hz)
        t = np.arange(min(length, total - at)) / rate_hz
        pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
        fall = np.exp(-t * rng.uniform(1, 6)) * np.minimum(1, t / 0.01)
        out[at : at + t.size] += fall * sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 7))
        at += length
    out += rng.standard_normal(total) * 0.003
    stereo: np.ndarray = (np.stack([out, np.roll(out, 200)]) * 0.2).astype(np.float32)
    return stereo


def _sounds(master: Master) -> list[str]:
    project = master.project
    uploads = Upload.objects.filter(project=project).values_list("asset__sha256", flat=True)
    takes = project.runs.values_list("takes__asset__sha256", flat=True)
    assert master.wav is not None
    return [master.wav.sha256, *uploads, *takes]
