"""What the worker makes with the real sketch engine: takes, renders, masters, uploads; killed, cancelled, retried."""

from __future__ import annotations

import copy
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest

from generation import services
from generation.models import Master, PromptRun, Render, Take, Upload
from provenance import authorship, blobs, ledger, queries
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.generation.conftest import tone_wav
from tests.support import needs, run_jobs


@pytest.fixture
def engines(cast: Cast) -> None:
    services.refresh_offers()


@pytest.fixture
def run(project: Any, engines: None, cast: Cast) -> PromptRun:
    values = services.BriefValues(genre="ambient", tempo_bpm=90, key="D minor", structure=("intro", "A"))
    brief = services.save_brief(project, values=values, actor=cast.mara)
    return services.request_run(
        project, brief=brief, engine="sketch", duration_s=6, variations=2, prompt="slow pads", base_seed=11,
        actor=cast.mara,
    )  # fmt: skip


@pytest.fixture
def take(run: PromptRun, cast: Cast) -> Take:
    run_jobs()
    return services.shortlist_take(run.takes.get(number=1), reason="it breathes", actor=cast.mara)


def test_asking_the_engines_offers_sketch_with_its_terms(engines: None) -> None:
    offer = services.catalogue.EngineOffer.objects.get(name="sketch")
    assert offer.available
    assert services.terms_in_force(offer.tool_key).commercial == "yes"


def test_a_run_becomes_takes_that_can_be_heard_and_proven(run: PromptRun) -> None:
    run_jobs()
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.error_message) == ("done", "")
    takes = list(run.takes.order_by("number"))
    assert [(take.number, take.seed) for take in takes] == [(1, 11), (2, 12)]
    for take in takes:
        assert take.asset.media_type == "audio/wav"
        assert abs(take.asset.duration_ms - 6000) < 50
        assert take.asset.probe["bit_depth"] == 24
        assert take.asset.analysis.peaks
        assert -40 < take.asset.analysis.lufs < -5
        assert take.asset.analysis.key == "D minor"
        assert take.midi is not None
        assert blobs.store().open(take.midi.sha256).read(4) == b"MThd"
        assert len(take.stems.all()) >= 3
    found = authorship.fold(queries.bodies_for_asset(takes[0].asset.sha256), takes[0].asset.sha256)
    assert {o.value for finding in found.elements.values() for o in finding.origins} == {"procedural"}
    assert Entry.objects.filter(kind="run.finished").count() == 1


def test_the_same_seed_makes_the_same_take_in_another_run(run: PromptRun, cast: Cast) -> None:
    again = services.request_run(
        run.project, brief=run.brief, engine="sketch", duration_s=6, variations=1, prompt="slow pads", base_seed=12,
        actor=cast.mara,
    )  # fmt: skip
    run_jobs()
    assert again.takes.get().asset == run.takes.get(number=2).asset


def test_a_worker_that_died_between_takes_makes_only_the_missing_one(
    run: PromptRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation import tasks

    stored, real = [], tasks._stored_take

    def die_at_the_second(*args: Any) -> Any:
        if stored:
            raise RuntimeError("the machine lost power")
        stored.append(1)
        return real(*args)

    with monkeypatch.context() as dying:
        dying.setattr(tasks, "_stored_take", die_at_the_second)
        run_jobs(limit=1)
    first = run.takes.get()
    assert Job.objects.get(pk=run.job_id).state == "queued"
    Job.objects.filter(pk=run.job_id).update(not_before=None)
    run_jobs()
    assert Job.objects.get(pk=run.job_id).state == "done"
    assert [take.seed for take in run.takes.order_by("number")] == [11, 12]
    assert run.takes.get(number=1) == first
    assert Entry.objects.filter(kind="take.generated").count() == 2


def test_cancelling_keeps_the_takes_that_are_finished(
    run: PromptRun, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation import tasks

    real = tasks.making.add_take

    def add_then_cancel(*args: Any) -> Any:
        take = real(*args)
        Job.objects.filter(pk=run.job_id).update(cancel_requested=True)
        return take

    with monkeypatch.context() as during:
        during.setattr(tasks.making, "add_take", add_then_cancel)
        run_jobs()
    job = Job.objects.get(pk=run.job_id)
    assert job.state == "cancelled"
    assert run.takes.count() == 1
    services.retry_job(job, actor=cast.mara)
    run_jobs()
    assert run.takes.count() == 2


def test_a_run_whose_prompt_was_erased_says_so(project: Any, engines: None, cast: Cast) -> None:
    run = services.request_run(
        project, brief=None, engine="sketch", duration_s=4, variations=1, prompt="soon gone", actor=cast.mara
    )
    ledger.shred(run.entry, actor=cast.owner)
    run_jobs()
    job = Job.objects.get(pk=run.job_id)
    assert job.state == "failed"
    assert "was erased" in job.error_message


def test_a_version_renders_to_the_same_bytes_each_time(take: Take, cast: Cast) -> None:
    arrangement = services.create_arrangement(take.run.project, title="A", takes=[take], actor=cast.mara)
    version = services.head_of(arrangement)
    renders = [services.request_render(version, actor=cast.mara) for _ in range(2)]
    run_jobs()
    first, second = (Render.objects.get(pk=render.pk) for render in renders)
    assert first.asset is not None
    assert first.asset == second.asset
    assert first.asset.analysis.peaks
    body = ledger.body_of(first.entry)
    claims = body["authorship"]["outputs"][first.asset.sha256]
    assert {region["asset"] for region in claims["regions"]} == {
        stem.asset.sha256 for stem in take.stems.all()
    }
    assert body["public"]["arranged_by_hand"] is False, "the untouched stems of one take are no arrangement"
    assert body["public"]["mixed_by_hand"] is False


def test_editing_by_hand_shows_in_the_render(take: Take, cast: Cast) -> None:
    project = take.run.project
    upload = services.import_upload(
        project, file=io.BytesIO(tone_wav(seconds=3)), filename="v.wav", name="voice", role="lead_vocal",
        declared="own_performance", actor=cast.mara,
    )  # fmt: skip
    arrangement = services.create_arrangement(project, title="A", takes=[take], actor=cast.mara)
    document = copy.deepcopy(services.head_of(arrangement).document)
    document["tracks"][0]["gain_millibel"] = -300
    document["tracks"].append(
        {"id": "v", "name": "Voice", "role": "lead_vocal", "gain_millibel": 0, "pan_percent": 0, "mute": False,
         "clips": [{"id": "cv", "asset": upload.asset.sha256, "name": "voice", "start_samples": 44_100,
                    "offset_samples": 0, "length_samples": 88_200, "gain_millibel": 0, "fade_in_samples": 0,
                    "fade_out_samples": 441, "mute": False}]}
    )  # fmt: skip
    version = services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    render = services.request_render(version, actor=cast.mara)
    run_jobs()
    render = Render.objects.get(pk=render.pk)
    assert render.asset is not None
    public = ledger.body_of(render.entry)["public"]
    assert (public["arranged_by_hand"], public["mixed_by_hand"]) == (True, True)

    master = services.request_master(render, actor=cast.mara)
    run_jobs()
    master = Master.objects.get(pk=master.pk)
    assert Job.objects.get(pk=master.job_id).state == "done"
    assert master.wav is not None
    found = authorship.fold(queries.bodies_for_asset(master.wav.sha256), master.wav.sha256)
    origins = {name: {origin.value for origin in finding.origins} for name, finding in found.elements.items()}
    assert origins["performance:lead_vocal"] == {"human"}
    assert origins["performance:bass"] == {"procedural"}
    assert origins["arrangement"] == {"human"} or origins["arrangement"] == {"human", "procedural"}
    assert origins["mix"] == {"human"}
    assert origins["mastering"] == {"procedural"}
    assert "human" in origins["lyrics"]


def test_a_master_meets_its_target_and_shows_both_measures(take: Take, cast: Cast) -> None:
    arrangement = services.create_arrangement(take.run.project, title="A", takes=[take], actor=cast.mara)
    render = services.request_render(services.head_of(arrangement), actor=cast.mara)
    run_jobs()
    render = Render.objects.get(pk=render.pk)
    master = services.request_master(render, target_lufs=-16.0, ceiling_dbtp=-1.5, actor=cast.mara)
    run_jobs()
    master = Master.objects.get(pk=master.pk)
    assert abs(master.report["after_lufs_milli"] + 16_000) <= 100
    assert master.report["after_true_peak_millibel"] <= -150
    assert master.report["before_lufs_milli"] == pytest.approx(render.asset.analysis.lufs * 1000, abs=30)  # type: ignore[union-attr]
    assert master.report["reached"] is True
    assert master.wav
    assert master.flac
    assert (master.wav.media_type, master.flac.media_type) == ("audio/wav", "audio/flac")
    import soundfile

    with (
        blobs.store().local_path(master.wav.sha256) as wav,
        blobs.store().local_path(master.flac.sha256) as flac,
    ):
        assert soundfile.info(str(wav)).subtype == soundfile.info(str(flac)).subtype == "PCM_24"
        assert (
            soundfile.read(str(wav), dtype="int32")[0] == soundfile.read(str(flac), dtype="int32")[0]
        ).all()


def test_the_terms_of_everything_inside_a_master_are_found(take: Take, cast: Cast) -> None:
    project = take.run.project
    tool = services.import_upload(
        project, file=io.BytesIO(tone_wav(hz=500, seconds=2)), filename="c.wav", name="choir", role="backing_vocal",
        declared="external_tool", terms=services.terms_in_force("suno-free"), actor=cast.mara,
    )  # fmt: skip
    lent = services.import_upload(
        project, file=io.BytesIO(tone_wav(hz=600, seconds=2)), filename="s.wav", name="sample", role="effects",
        declared="third_party", licence="L-7", may_be_sold=False, actor=cast.mara,
    )  # fmt: skip
    own = services.import_upload(
        project, file=io.BytesIO(tone_wav(hz=700, seconds=2)), filename="o.wav", name="own", role="lead_vocal",
        declared="own_performance", actor=cast.mara,
    )  # fmt: skip
    arrangement = services.create_arrangement(project, title="A", takes=[take], actor=cast.mara)
    document = copy.deepcopy(services.head_of(arrangement).document)
    for number, upload in enumerate((tool, lent, own)):
        document["tracks"].append(
            {"id": f"x{number}", "name": "x", "role": upload.role, "gain_millibel": 0, "pan_percent": 0, "mute": False,
             "clips": [{"id": f"cx{number}", "asset": upload.asset.sha256, "name": "x", "start_samples": 0,
                        "offset_samples": 0, "length_samples": 88_200, "gain_millibel": 0, "fade_in_samples": 0,
                        "fade_out_samples": 0, "mute": False}]}
        )  # fmt: skip
    version = services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    render = services.request_render(version, actor=cast.mara)
    run_jobs()
    master = services.request_master(Render.objects.get(pk=render.pk), actor=cast.mara)
    assert services.lineage_terms(master) == [], "nothing is known before it is made"
    run_jobs()
    uses = services.lineage_terms(Master.objects.get(pk=master.pk))
    assert {(use.terms.tool.key if use.terms else "", use.allowance.verdict) for use in uses} == {
        ("sketch", "may"),
        ("suno-free", "may_not"),
        ("", "may_not"),
    }


def test_an_upload_is_measured(project: Any, cast: Cast) -> None:
    upload = services.import_upload(
        project, file=io.BytesIO(tone_wav(seconds=4, gain=0.5)), filename="v.wav", name="voice", role="lead_vocal",
        declared="own_performance", actor=cast.mara,
    )  # fmt: skip
    run_jobs()
    upload = Upload.objects.select_related("asset__analysis").get(pk=upload.pk)
    assert upload.asset.analysis.peaks
    assert upload.asset.analysis.true_peak_dbtp == pytest.approx(-6.02, abs=0.1)
    assert upload.playback is None


@needs("ffmpeg")
@pytest.mark.parametrize(("ending", "codec"), [("aiff", "pcm_s16be"), ("m4a", "aac")])
def test_what_browsers_cannot_play_gets_a_copy_and_the_original_stays(
    project: Any, cast: Cast, tmp_path: Path, ending: str, codec: str
) -> None:
    source, path = tmp_path / "in.wav", tmp_path / f"in.{ending}"
    source.write_bytes(tone_wav(seconds=2))
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-c:a", codec, path], check=True)
    with path.open("rb") as file:
        upload = services.import_upload(
            project, file=file, filename=path.name, name="voice", role="lead_vocal", declared="own_performance",
            actor=cast.mara,
        )  # fmt: skip
    original = upload.asset.sha256
    run_jobs()
    upload = Upload.objects.get(pk=upload.pk)
    assert upload.asset.sha256 == original
    assert upload.playback is not None
    assert upload.playback.media_type == "audio/flac"
    found = authorship.fold(queries.bodies_for_asset(upload.playback.sha256), upload.playback.sha256)
    assert {o.value for finding in found.elements.values() for o in finding.origins} == {"human"}
