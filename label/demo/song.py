"""The demo song, from its brief to its package, by the services alone. Each step is one function."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from generation import services as studio
from generation.models import Arrangement, Master, Project, PromptRun, Render, Take, ToolTerms, Upload
from generation.prompting import BriefValues
from label.demo.cast import Cast
from label.demo.sounds import BPM, choir_pads, sung_lead
from provenance.elements import Origin
from provenance.errors import SystemFault
from provenance.jobs import worker
from provenance.services import Job
from release import services as house
from release.demo_cover import demo_cover
from release.evidence import evidence_for
from release.models import Package, Recording, Release

TITLE = "Slow Harbour"
DURATION_S = 30.0
PATIENCE_S = 600.0
Say = Callable[[str], None]


@dataclass
class Song:
    """What the path has made so far."""

    cast: Cast
    project: Project
    run: PromptRun
    takes: list[Take] = field(default_factory=list)


def brief_values() -> BriefValues:
    return BriefValues(
        purpose="Opening track of the EP",
        mood="a tide going out",
        genre="cinematic ambient",
        tempo_bpm=float(BPM),
        key="D minor",
        metre="4/4",
        instruments=("keys", "bass", "drums"),
        structure=("intro", "A", "A'", "B", "tail"),
        energy=(0.2, 0.5, 0.6, 0.9, 0.3),
        avoid=("piano",),
    )


def start(cast: Cast, *, variations: int) -> Song:
    """Project, brief, and a prompt run that waits for a worker."""
    artist = cast.users["artist"]
    project = studio.create_project(title=TITLE, artist=cast.artist, actor=artist)
    brief = studio.save_brief(project, values=brief_values(), actor=artist)
    run = studio.request_run(
        project,
        brief=brief,
        engine="sketch",
        duration_s=DURATION_S,
        variations=variations,
        prompt=brief.words["prompt"],
        base_seed=11,
        actor=artist,
    )
    return Song(cast, project, run)


def finish(job: Job) -> None:
    """See a job through: do it here, or wait for the worker that has it. Raises `SystemFault` when it fails."""
    worker.load_handlers()
    until = time.monotonic() + PATIENCE_S
    while True:
        job.refresh_from_db()
        if job.state == Job.State.DONE:
            return
        if job.finished:
            raise SystemFault(f"{job.title}: {job.state}. {job.error_message}")
        if time.monotonic() > until:
            raise SystemFault(f"{job.title} did not end within {PATIENCE_S:.0f} s.")
        if not worker.run_job(job.pk):
            time.sleep(0.2)


def audition(song: Song) -> Take:
    """Hear the takes blind, keep one with a reason, let one go."""
    artist = song.cast.users["artist"]
    song.takes = list(song.run.takes.order_by("number"))
    for take in song.takes:
        studio.record_heard(take, spans_ms=[[0, take.asset.duration_ms or 0]], blind=True, actor=artist)
    kept = song.takes[0]
    studio.shortlist_take(kept, reason="The only one that breathes.", blind=True, actor=artist)
    for take in song.takes[1:]:
        studio.reject_take(take, reason="Nothing happens after the second bar.", blind=True, actor=artist)
    return kept


def bring_in(song: Song) -> tuple[Upload, Upload]:
    """The artist's own voice, and pads that a fictional tool made elsewhere."""
    artist = song.cast.users["artist"]
    lead = studio.import_upload(
        song.project,
        file=io.BytesIO(sung_lead(DURATION_S)),
        filename="voice pass 3.wav",
        name="Voice, pass 3",
        role="lead_vocal",
        declared=Upload.Declared.OWN_PERFORMANCE,
        actor=artist,
    )
    terms = ToolTerms.objects.filter(tool__key="fabelton-choir").order_by("-version").first()
    pads = studio.import_upload(
        song.project,
        file=io.BytesIO(choir_pads(DURATION_S)),
        filename="choir.wav",
        name="Choir pads",
        role="pads",
        declared=Upload.Declared.EXTERNAL_TOOL,
        terms=terms,
        prompt="slow choir, D minor, no words",
        actor=artist,
    )
    return lead, pads


def arrange(song: Song, kept: Take, lead: Upload, pads: Upload) -> Arrangement:
    """Stems of the kept take, its lead taken out for the voice, the pads under it; then a mix by hand."""
    artist = song.cast.users["artist"]
    arrangement = studio.create_arrangement(song.project, title=TITLE, takes=[kept], actor=artist)
    version = studio.head_of(arrangement)
    document = version.document
    document["tracks"] = [track for track in document["tracks"] if track["role"] != "lead"]
    gains = {"bass": (-400, 0), "drums": (-700, 0), "keys": (-600, -20)}
    for track in document["tracks"]:
        track["gain_millibel"], track["pan_percent"] = gains.get(track["role"], (-600, 0))
    for upload, gain, fade_ms in ((lead, -300, 20), (pads, -900, 1500)):
        document["tracks"].append(track_of(upload, document["sample_rate_hz"], gain, fade_ms))
    studio.save_version(
        arrangement,
        document=document,
        base_version=version.number,
        name="voice over the tide",
        note="took the lead out, sang it",
        actor=artist,
    )
    return arrangement


def track_of(upload: Upload, rate_hz: int, gain_millibel: int, fade_ms: int) -> dict[str, Any]:
    length = (upload.asset.duration_ms or 0) * rate_hz // 1000
    fade = fade_ms * rate_hz // 1000
    return {
        "id": f"t-{upload.role}",
        "name": upload.name,
        "role": upload.role,
        "gain_millibel": gain_millibel,
        "pan_percent": 0,
        "mute": False,
        "clips": [
            {
                "id": f"c-{upload.role}",
                "asset": upload.asset.sha256,
                "name": upload.name,
                "start_samples": 0,
                "offset_samples": 0,
                "length_samples": length,
                "gain_millibel": 0,
                "fade_in_samples": fade,
                "fade_out_samples": fade,
                "mute": False,
            }
        ],
    }


def master(song: Song, arrangement: Arrangement) -> Master:
    """Render the newest version and master the render."""
    artist = song.cast.users["artist"]
    render = studio.request_render(studio.head_of(arrangement), actor=artist)
    finish(render.job)
    render = Render.objects.select_related("asset").get(pk=render.pk)
    made = studio.request_master(render, actor=artist)
    finish(made.job)
    return Master.objects.select_related("wav", "flac").get(pk=made.pk)


def declare(song: Song, made: Master) -> None:
    """The artist states what the evidence shows, in their own words, approves it, and signs the whole session."""
    evidence = evidence_for(made)
    stated = {
        element: finding.origin.value
        for element, finding in evidence.map.elements.items()
        if finding.origin != Origin.UNKNOWN
    }
    words = {
        "melody": "I sang it over the take; nothing of the generated lead is left.",
        "arrangement": "I took the lead out and built the song around the voice.",
    }
    house.declare(
        made,
        claims=stated,
        statements={element: text for element, text in words.items() if element in evidence.map.elements},
        approve=True,
        actor=song.cast.users["artist"],
    )
    song.cast.signers.sign(song.cast.users["artist"], song.project.stream)


def release(song: Song, made: Master) -> tuple[Recording, Release]:
    """Recording, work, credited, and the release with its cover, approved and signed."""
    cast = song.cast
    coordinator, rights = cast.users["release"], cast.users["rights"]
    recording = house.create_recording(
        made, imprint=cast.imprint, title=TITLE, language="en", actor=coordinator
    )
    credited = [
        ("composer", 5000),
        ("lyricist", 5000),
        ("arranger", 0),
        ("performer:lead_vocal", 0),
        ("producer", 0),
        ("mixer", 0),
    ]
    present = evidence_for(made).map.elements
    if "lyrics" not in present:
        credited = [("composer", 10_000), *credited[2:]]
    house.set_contributions(
        recording,
        rows=[
            house.ContributionRow(person=cast.person, role=role, share_bp=share) for role, share in credited
        ],
        actor=coordinator,
    )
    planned = house.create_release(
        imprint=cast.imprint, artist=cast.artist, title=TITLE, kind=Release.Kind.SINGLE, actor=coordinator
    )
    house.change_release(
        planned,
        actor=coordinator,
        genre="Ambient",
        release_date=timezone.now().date() + dt.timedelta(days=28),
    )
    house.add_track(planned, recording=recording, actor=coordinator)
    house.upload_artwork(
        planned,
        file=io.BytesIO(demo_cover(TITLE, 11, artist=cast.artist.name)),
        filename="cover.jpg",
        origin=Origin.PROCEDURAL.value,
        actor=coordinator,
    )
    planned.refresh_from_db()
    house.approve_release(planned, actor=rights)
    cast.signers.sign(rights, planned.stream, purpose="approval")
    return recording, Release.objects.get(pk=planned.pk)


def package(song: Song, planned: Release) -> Package:
    asked = house.request_package(planned, actor=song.cast.users["release"])
    finish(asked.job)
    return Package.objects.select_related("asset").get(pk=asked.pk)
