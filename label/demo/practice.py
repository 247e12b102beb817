"""A short song for each of the three methods, far enough that its master was held against the method."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from artists.models import Artist, User
from artists.services.methods import write_method
from generation import services as studio
from generation.models import Arrangement, Master, MethodCheck, Project, Render, Take, Upload
from label.demo.cast import Cast
from label.demo.methods import PRACTICES, Practice, seed_methods
from label.demo.song import finish, track_of
from label.demo.sounds import choir_pads, sung_lead


@dataclass(frozen=True)
class Piece:
    """What is asked of the machine, what that is for, and how long the piece is."""

    title: str
    prompt: str
    material: str
    seconds: float
    keeps_generated: bool


#: In the order of `methods.PRACTICES`.
PIECES = (
    Piece("Nothing Breaks", "smooth ambient pads, no event, slow", "texture", 14.0, keeps_generated=True),
    Piece("The Frame Is Gone", "cinematic chords in D minor, slow", "scaffold", 16.0, keeps_generated=False),
    Piece("What It Thinks We Are", "lo-fi, our own two bars, bent", "mirror", 18.0, keeps_generated=False),
)


def three_songs(cast: Cast) -> list[MethodCheck]:
    """One master an artist, made once; returns the outcome of each against its artist's newest method.

    The first one is refuted by its artist's first version, who then learns from it.
    """
    found = []
    for artist, practice, piece in zip(seed_methods(cast), PRACTICES, PIECES, strict=True):
        known = Master.objects.filter(render__version__arrangement__project__artist=artist).first()
        master = known or _master(artist, piece, actor=cast.users["artist"])
        check = studio.newest_check(master, done=False)
        assert check is not None
        if not check.done:
            finish(check.job)
        check = _learn(check, artist, practice, actor=cast.users["artist"])
        found.append(MethodCheck.objects.get(pk=check.pk))
    return found


def _learn(check: MethodCheck, artist: Artist, practice: Practice, *, actor: User) -> MethodCheck:
    """The artist rewrites the method and holds the same master against it; the earlier outcome stays."""
    if practice.lesson is None:
        return check
    method = write_method(
        artist,
        statement=practice.statement,
        rules=practice.lesson.rules,
        reason=practice.lesson.reason,
        actor=actor,
    )
    if check.method_id == method.pk:
        return check
    check = studio.request_check(check.master, method=method, actor=actor)
    finish(check.job)
    return check


def told(check: MethodCheck) -> str:
    """One line about what was found."""
    verdicts = ", ".join(f"{one['rule']} {one['verdict']}" for one in check.outcomes)
    return f"{check.master.project.artist}, version {check.method.number} of the method: {verdicts}"


def _master(artist: Artist, piece: Piece, *, actor: User) -> Master:
    project = studio.create_project(title=piece.title, artist=artist, actor=actor)
    run = studio.request_run(
        project, brief=None, engine="sketch", duration_s=piece.seconds, variations=1, prompt=piece.prompt,
        base_seed=7, material=piece.material, actor=actor,
    )  # fmt: skip
    finish(run.job)
    voice = _own(project, sung_lead(piece.seconds), role="lead_vocal", name="Voice", actor=actor)
    choir = _own(project, choir_pads(piece.seconds), role="pads", name="Choir, sung by us", actor=actor)
    arrangement = studio.create_arrangement(project, title=piece.title, takes=[], actor=actor)
    _save(arrangement, [voice, choir], run.takes.get() if piece.keeps_generated else None, actor=actor)
    render = studio.request_render(studio.head_of(arrangement), actor=actor)
    finish(render.job)
    made = studio.request_master(Render.objects.get(pk=render.pk), actor=actor)
    finish(made.job)
    return Master.objects.get(pk=made.pk)


def _own(project: Project, wav: bytes, *, role: str, name: str, actor: User) -> Upload:
    return studio.import_upload(
        project, file=io.BytesIO(wav), filename=f"{role}.wav", name=name, role=role,
        declared=Upload.Declared.OWN_PERFORMANCE, actor=actor,
    )  # fmt: skip


def _save(arrangement: Arrangement, own: list[Upload], kept: Take | None, *, actor: User) -> None:
    """Own parts as they were played; of a kept take only splinters, far under them."""
    version = studio.head_of(arrangement)
    document = version.document
    rate = document["sample_rate_hz"]
    document["tracks"] = [track_of(upload, rate, -300, 20) for upload in own]
    if kept is not None:
        document["tracks"].append(_splinters(kept, rate))
    studio.save_version(
        arrangement, document=document, base_version=version.number, name="as it stands", note="", actor=actor
    )


def _splinters(take: Take, rate: int) -> dict[str, Any]:
    """Half-second pieces of a take, the last first, with gaps."""
    piece = rate // 2
    count = (take.asset.duration_ms or 0) // 1000
    clips = [
        {
            "id": f"s-{place}",
            "asset": take.asset.sha256,
            "name": f"splinter {place + 1}",
            "start_samples": place * 2 * piece,
            "offset_samples": (count - place - 1) * 2 * piece,
            "length_samples": piece,
            "gain_millibel": 0,
            "fade_in_samples": piece // 8,
            "fade_out_samples": piece // 8,
            "mute": False,
        }
        for place in range(count)
    ]
    return {
        "id": "t-splinters", "name": "What broke", "role": "full_mix", "gain_millibel": -1200,
        "pan_percent": 0, "mute": False, "clips": clips,
    }  # fmt: skip
