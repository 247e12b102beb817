"""A small real song for the tests of releases: own singing, sketched bass, a fictional model's choir, a real master."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cast import Cast, make_cast
from tests.support import accept_licences, run_jobs

RATE = 44_100
SECONDS = 2.0

DPID = "PADPIDA2007050901U"


def tone(hz: float, *, seconds: float = SECONDS) -> bytes:
    """A WAV file with a swelling sine in it, 24 bit, stereo."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = 0.25 * np.sin(2 * np.pi * hz * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    file = io.BytesIO()
    soundfile.write(file, np.stack([wave, wave * 0.9], axis=1), RATE, format="WAV", subtype="PCM_24")
    return file.getvalue()


@dataclass
class House:
    """The cast, an imprint, and verbs that make what a test needs, by the real services and the real worker code."""

    cast: Cast
    imprint: Any
    cover: bytes
    songs: int = 0
    signers: Any = None

    @property
    def writer(self) -> Any:
        from artists import services as people
        from artists.models import Person

        found = Person.objects.filter(credit_name="Mara Lindqvist (fictional)").first()
        return found or people.create_person(
            credit_name="Mara Lindqvist (fictional)", legal_name="Mara Sealed Lindqvist", ipi="00014107338",
            country="SE", artist=self.cast.artist, actor=self.cast.owner,
        )  # fmt: skip

    def master(
        self,
        *,
        parts: tuple[str, ...] = ("voice", "sketch", "choir"),
        tool: str = "fabelton-choir",
        elements: Any = None,
        real: bool = False,
    ) -> Any:
        """A finished master of a new project with these parts: voice, sketch, model_take, choir, licensed, borrowed.

        `real`: rendered and mastered by the worker; else its sound is a tone, and only its entries are real.
        """
        from generation import services
        from generation.models import Master

        self.songs += 1
        mara = self.cast.mara
        project = services.create_project(
            title=f"Slow Harbour {self.songs}", artist=self.cast.artist, actor=mara
        )
        clips = []
        for place, part in enumerate(parts):
            role, asset = self._part(project, part, place=place, tool=tool, elements=elements)
            clips.append((part, role, asset))
        arrangement = services.create_arrangement(project, title="First arrangement", actor=mara)
        tracks = [
            {
                "id": f"t{n}", "name": name.title(), "role": role, "gain_millibel": -300, "pan_percent": 0,
                "mute": False,
                "clips": [
                    {"id": f"c{n}", "asset": asset.sha256, "name": name, "start_samples": 0, "offset_samples": 0,
                     "length_samples": round(SECONDS * RATE), "gain_millibel": 0, "fade_in_samples": 400,
                     "fade_out_samples": 400, "mute": False}
                ],
            }
            for n, (name, role, asset) in enumerate(clips, 1)
        ]  # fmt: skip
        version = services.save_version(
            arrangement,
            document={
                "v": 1,
                "sample_rate_hz": RATE,
                "tempo_milli_bpm": 92000,
                "metre": "4/4",
                "tracks": tracks,
            },
            base_version=1,
            actor=mara,
        )
        render = services.request_render(version, actor=mara)
        if real:
            run_jobs()
        else:
            self._finish_render(render)
        render.refresh_from_db()
        master = services.request_master(render, actor=mara)
        if real:
            run_jobs()
        else:
            self._finish_master(master)
        return Master.objects.get(pk=master.pk)

    def _finish_render(self, render: Any) -> None:
        from django.db import transaction

        from generation.services import making

        with transaction.atomic():
            made = _made(tone(60 + self.songs), role="full_mix")
            making.finish_render(making.render_to_make(str(render.pk)), made)
        _no_job_waits()

    def _finish_master(self, master: Any) -> None:
        from django.db import transaction

        from generation.services import making

        sound = tone(70 + self.songs)
        with transaction.atomic():
            making.finish_master(
                making.master_to_make(str(master.pk)),
                wav=_made(sound, role="full_mix"),
                flac=_made(_flac(sound), role="full_mix", media_type="audio/flac"),
                report={"after_lufs_milli": -14000},
            )
        _no_job_waits()

    def _part(self, project: Any, part: str, *, place: int, tool: str, elements: Any) -> tuple[str, Any]:
        from generation import services

        hz = 110.0 * (self.songs + 1) + 55 * place
        if part in ("sketch", "model_take"):
            return "bass", self._take_stem(project, "sketch" if part == "sketch" else "musicgen", hz)
        role, facts = {
            "voice": ("lead_vocal", {"declared": "own_performance", "elements": elements}),
            "choir": (
                "pads",
                {
                    "declared": "external_tool",
                    "terms": services.terms_in_force(tool) if part == "choir" else None,
                },
            ),
            "licensed": (
                "drums",
                {
                    "declared": "third_party",
                    "licence": "From Ilse Ahorn (fictional), all uses",
                    "may_be_sold": True,
                },
            ),
            "borrowed": (
                "drums",
                {"declared": "third_party", "licence": "Heard on the radio", "may_be_sold": False},
            ),
        }[part]
        upload = services.import_upload(
            project, file=io.BytesIO(tone(hz)), filename=f"{part}.wav", name=f"{part} {place}", role=role,
            actor=self.cast.mara, **facts,
        )  # fmt: skip
        return role, upload.asset

    def _take_stem(self, project: Any, tool: str, hz: float) -> Any:
        """A take as the worker writes it, from tones instead of an engine's sound."""
        from django.db import transaction

        from generation import services
        from generation.services import making
        from provenance.models import Job

        run = services.request_run(
            project, brief=None, engine="sketch" if tool == "sketch" else "audiocraft", duration_s=8, variations=1,
            prompt="slow, warm", actor=self.cast.mara,
        )  # fmt: skip

        made = making.MadeTake(
            number=1, seed=run.seeds[0], mix=_made(tone(hz), role="full_mix", name="mix"),
            stems=[_made(tone(hz / 2), role="bass", name="bass")], facts={"engine": run.engine},
        )  # fmt: skip
        with transaction.atomic():
            take = making.add_take(making.run_to_make(str(run.pk)), made)
            making.finish_run(making.run_to_make(str(run.pk)))
        Job.objects.filter(pk=run.job_id).update(state=Job.State.DONE)
        services.shortlist_take(take, reason="It breathes.", actor=self.cast.mara)
        return take.stems.get().asset

    def __post_init__(self) -> None:
        from label.demo.signers import Signers

        self.signers = Signers(self.cast.owner)

    def declare(self, master: Any, *, approve: bool = True, sign: bool = True, **claims: str) -> Any:
        from release import services

        stated = {name.replace("__", ":"): origin for name, origin in claims.items()}
        declaration = services.declare(
            master, claims=stated, statements=dict.fromkeys(stated, "As I said."), approve=approve,
            actor=self.cast.mara,
        )  # fmt: skip
        if approve and sign:
            self.signers.sign(self.cast.mara, master.project.stream, purpose="declaration")
        return declaration

    def approve(self, release: Any, *, by: Any = None) -> Any:
        """Approve the release as it stands, and sign that; by rights where nobody is named."""
        from release import services

        actor = by or self.cast.rights
        approval = services.approve_release(release, actor=actor)
        self.signers.sign(actor, release.stream, purpose="approval")
        return approval

    def recording(self, master: Any, *, title: str = "Slow Harbour", credit: bool = True) -> Any:
        from release import services
        from release.services import ContributionRow

        recording = services.create_recording(
            master, imprint=self.imprint, title=title, language="en", actor=self.cast.release
        )
        if credit:
            present = {finding.element for finding in _evidence(master).findings}
            rows = [ContributionRow(person=self.writer, role="composer", share_bp=5000)]
            rows.append(ContributionRow(person=self.writer, role="lyricist", share_bp=5000))
            rows.append(ContributionRow(person=self.writer, role="arranger", share_bp=0))
            if "performance:lead_vocal" in present:
                rows.append(ContributionRow(person=self.writer, role="performer:lead_vocal"))
            services.set_contributions(recording, rows=rows, actor=self.cast.release)
        return recording

    def release(
        self, *recordings: Any, title: str = "Slow Harbour", cover: str | None = "human", **fields: Any
    ) -> Any:
        """A release with these recordings, its data filled in; `cover` is its origin, None for no cover."""
        from release import services

        release = services.create_release(
            imprint=self.imprint, artist=self.cast.artist, title=title, kind="Single" if len(recordings) == 1 else "EP",
            actor=self.cast.release,
        )  # fmt: skip
        values = {"genre": "Ambient", "release_date": dt.date(2027, 1, 15), "territories": ["Worldwide"]}
        release = services.change_release(release, actor=self.cast.release, **values | fields)
        for recording in recordings:
            services.add_track(release, recording=recording, actor=self.cast.release)
        if cover:
            self.release_cover(release, origin=cover)
        release.refresh_from_db()
        return release

    def release_cover(self, release: Any, *, origin: str) -> None:
        from release import services

        services.upload_artwork(
            release, file=io.BytesIO(self.cover), filename="cover.jpg", origin=origin, actor=self.cast.release
        )

    def ready(self, **what: Any) -> Any:
        """A release whose only closed gate is the approval."""
        master = self.master(**what)
        self.declare(master)
        return self.release(self.recording(master))


def _made(data: bytes, *, role: str, name: str = "", media_type: str = "audio/wav") -> Any:
    """Stored sound as the worker hands it to the services."""
    from generation.services import making
    from provenance import assets

    return making.MadeAudio(
        staged=assets.ingest(data), role=role, name=name or role, media_type=media_type, peaks=b"", lufs=-20.0,
        true_peak_dbtp=-9.0,
        probe={"samples": round(SECONDS * RATE), "sample_rate_hz": RATE, "channels": 2, "bit_depth": 24,
               "duration_ms": round(SECONDS * 1000)},
    )  # fmt: skip


def _flac(wav: bytes) -> bytes:
    sound, rate = soundfile.read(io.BytesIO(wav), always_2d=True)
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="FLAC", subtype="PCM_24")
    return file.getvalue()


def _no_job_waits() -> None:
    """What was finished by hand must not be done again by `run_jobs`."""
    from provenance.models import Job

    Job.objects.filter(state=Job.State.QUEUED).update(state=Job.State.DONE)


def _evidence(master: Any) -> Any:
    from release.evidence import evidence_for

    return evidence_for(master)


@pytest.fixture(scope="session")
def cover() -> bytes:
    from release.demo_cover import demo_cover

    return demo_cover("Runout", 7, artist="Nula Quark (fictional)", etching="DWX-001-A")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def house(cast: Cast, cover: bytes) -> House:
    return make_house(cast, cover)


def make_house(cast: Cast, cover: bytes) -> House:
    """The label with its tool catalogue, offered engines and an imprint."""
    from generation import services as studio
    from release import services

    studio.seed_catalogue(actor=cast.rights)
    accept_licences(cast.rights, "musicgen")
    base = {
        "version": "1", "modes": [{"name": "text_to_music"}], "min_duration_s": 1.0, "max_duration_s": 360.0,
        "max_variations": 30, "needs_gpu": False, "available": True, "unavailable_reason": "", "parameters": [],
    }  # fmt: skip
    studio.save_offers(
        [
            base | {"name": "sketch", "title": "Sketch", "tool": "sketch"},
            base | {"name": "audiocraft", "title": "MusicGen", "tool": "musicgen"},
        ]
    )
    imprint = services.create_imprint(
        name="Runout Grooves (fictional)", p_line_owner="Runout Grooves (fictional)",
        c_line_owner="Runout Grooves (fictional)", isrc_prefix="QZDWX", gtin_prefix="4012345", catalogue_prefix="DWX",
        dpid=DPID, is_fictional=True, actor=cast.owner,
    )  # fmt: skip
    return House(cast=cast, imprint=imprint, cover=cover)
