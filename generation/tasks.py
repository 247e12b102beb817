"""What the worker does for this package: ids in, nothing out. Everything may be run twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from artists.services import submissions
from generation import arrangement as doc
from generation import comparing, giving, measuring, offering, packing, queue, replaying
from generation.attribution_modes import Untouched
from generation.audio.loudness import Loudness
from generation.audio.master import MasterReport
from generation.audio.master import master as make_master
from generation.audio.render import render as make_render
from generation.engine import registry
from generation.engine.base import FailedTake, GenerationOutput, GenerationRequest, generate
from generation.errors import ScannerAway
from generation.models import PromptRun, Upload
from generation.services import datasets, making, methods, permits, replays, uploads
from generation.services.method_material import material_for
from generation.spooling import Spool
from provenance import assets, blobs, credential, jobs, trusted_roots
from provenance.jobs import Claim, JobFailed

#: Progress is written at most so often; cancelling is noticed as fast.
PROGRESS_EVERY_S = 0.2


@jobs.handler(queue.RUN)
def run_engine(claim: Claim) -> None:
    """Make the takes that are missing, each written as soon as it is finished.

    1. What an earlier attempt finished stays: only the other seeds are asked for.
    2. Bytes are stored before the transaction that refers to them; the claim's fence guards that transaction.
    3. Cancelling or a death between two takes loses the one in the making and no other.
    4. Somebody may have revoked while it waited: then nothing is made.
    5. What an engine hands out of a take on the way can be heard meanwhile; it is no take and in no ledger.
    6. A take that cannot be made is written as such; its siblings stay, and the run ends with what came.
    """
    run = making.run_to_make(claim.payload["run"])
    stated = permits.require_still(run)
    made = making.takes_made(run)
    missing = [(number, seed) for number, seed in enumerate(run.seeds, start=1) if number not in made]
    if missing:
        request = giving.request_of(run, tuple(seed for _, seed in missing))
        engine = registry.engine(run.engine)
        report = _progress(claim, finished=len(made), of=run.variations, asked=len(missing))
        with Spool(claim, [number for number, _ in missing]) as spool:
            for output in generate(engine, request, report, spool):
                number = missing[output.index][0]
                if isinstance(output, FailedTake):
                    with claim.commit():
                        making.add_failure(
                            run, number=number, seed=output.seed, code=output.code, message=output.message
                        )
                    continue
                if stated and output.facts.get("weights_sha256") not in (stated, None):
                    raise JobFailed(permits.OTHER_WEIGHTS, code="other_weights")
                spool.finish(output)
                if note := _smaller_batch(output.facts):
                    claim.say(note)
                take = _stored_take(run, number, output, request)
                if take.facts.get("tempo_agrees") == 0:
                    claim.say(f"The new section of take {number} goes at another tempo than the piece")
                with claim.commit():
                    making.add_take(run, take)
    if none := making.none_came(run):
        raise JobFailed(none, code="no_take")
    with claim.commit(done=True):
        making.finish_run(run)


@jobs.handler(queue.REPLAY)
def replay_take(claim: Claim) -> None:
    """A take made once more from its entry, and how close it came."""
    replay = replays.replay_to_make(claim.payload["replay"])
    if replay.verdict:
        return
    found = replaying.replayed(replay.take, _throttled(claim))
    with claim.commit(done=True):
        replays.finish_replay(replay, found)


@jobs.handler(queue.RENDER)
def render_version(claim: Claim) -> None:
    """The audio of a version: a pure function of its document and assets."""
    render = making.render_to_make(claim.payload["render"])
    if render.asset_id is None:
        document = doc.parse(render.version.document)
        audio = make_render(document, measuring.decoded, _throttled(claim))
        made = measuring.stored(
            audio,
            document.sample_rate_hz,
            role="full_mix",
            name=f"version {render.version.number}",
            fingerprint=True,
        )
        with claim.commit(done=True):
            making.finish_render(render, made)


@jobs.handler(queue.MASTER)
def master_render(claim: Claim) -> None:
    """A render at its loudness target, as WAV and FLAC of the same samples."""
    master = making.master_to_make(claim.payload["master"])
    if master.wav_id is not None:
        return
    source = master.render.asset
    if source is None:
        raise JobFailed("The render behind this master is not finished. Render it, then master it again.")
    mix, rate = measuring.decoded(source.sha256)
    audio, report = make_master(
        mix,
        rate,
        target_lufs=master.target_lufs_milli / 1000,
        ceiling_dbtp=master.ceiling_millibel / 100,
        progress=_throttled(claim),
    )
    name = f"master {master.number}"
    after = report.after
    wav = measuring.stored(audio, rate, role="full_mix", name=name, loudness=after, fingerprint=True)
    flac = measuring.stored(audio, rate, role="full_mix", name=name, loudness=after, media_type="audio/flac")
    with claim.commit(done=True):
        making.finish_master(master, wav=wav, flac=flac, report=flat_report(report))


@jobs.handler(queue.DATASET)
def pack_dataset(claim: Claim) -> None:
    """A frozen version of a dataset as one archive; somebody may have revoked since it was asked for."""
    version = datasets.version_to_pack(claim.payload["version"])
    if version.asset_id is not None:
        return
    datasets.require_exportable(version)
    packed = packing.pack(version, claim)
    with claim.commit(done=True):
        datasets.finish_export(
            version,
            archive=packed.archive,
            manifest_sha256=packed.manifest_sha256,
            captions=packed.captions,
        )


@jobs.handler(queue.ANALYSE)
def analyse_upload(claim: Claim) -> None:
    """Waveform, loudness, tempo, key and fingerprint of an upload, and a copy for browsers where one is needed."""
    upload = Upload.objects.select_related("asset", "project").get(pk=claim.payload["upload"])
    claim.progress(0, 2, "measuring")
    measuring.analyse_asset(upload.asset, partial(claim.progress, 0, 2))
    if uploads.needs_playback(upload):
        claim.progress(1, 2, "making a copy that browsers play")
        made = measuring.flac_copy(
            upload.asset.sha256, role=upload.role, name=upload.name, step=partial(claim.progress, 1, 2)
        )
        with claim.commit(done=True):
            uploads.add_playback(upload, flac=made.staged, probe=dict(made.probe))


@jobs.handler(queue.SUBMITTED)
def look_at_submission(claim: Claim) -> None:
    """A submitted file: malware first, then its credential, its sound, and what sounds like it.

    While a configured scanner cannot be asked the job waits: nobody hears a file that it has not seen.
    """
    file = submissions.file_to_look_at(claim.payload["file"])
    if file is None:
        return
    verdict = submissions.scan_again(file)
    if verdict.state == "waiting":
        raise ScannerAway()
    if verdict.state == "infected":
        with claim.commit(done=True):
            submissions.finish_look(file, scan="infected", report={}, matches=[], credential=None)
        return
    claim.progress(1, 4, "measuring")
    with blobs.store().local_path(file.asset.sha256) as path:
        found = credential.read(path, file.asset.media_type, trust=trusted_roots.believed())
    analysis, quality = measuring.analyse_asset(file.asset, partial(claim.progress, 1, 4))
    claim.progress(2, 4, "comparing")
    matches = submissions.matches_of(file, assets.fingerprint_of(file.asset))
    made = None
    if file.asset.media_type not in uploads.PLAYABLE:
        claim.progress(3, 4, "making a copy that browsers play")
        made = measuring.flac_copy(
            file.asset.sha256, role="full_mix", name="submission", step=partial(claim.progress, 3, 4)
        )
    report = {**analysis.facts(), **quality.facts()}
    with claim.commit(done=True):
        submissions.finish_look(
            file,
            scan=verdict.state,
            report=report,
            matches=matches,
            credential=found.to_json() if found else None,
            playback=made.staged if made else None,
            playback_probe=dict(made.probe) if made else None,
        )


@jobs.handler(queue.METHOD)
def check_method(claim: Claim) -> None:
    """A master against its artist's method: the lineage, and the sound of everything generated for it."""
    found = methods.check_to_make(claim.payload["check"])
    if found.done:
        return
    material = material_for(found)
    hearing = comparing.compare(
        material.sources, material.targets, _throttled(claim), watched=material.watched
    )
    with claim.commit(done=True):
        outcomes = methods.judge(found, material, hearing)
        comparisons = len(hearing.comparisons)
        methods.finish_check(found, outcomes, comparisons=comparisons, marks_seen=material.marks_seen)


@jobs.handler(queue.OFFERS, at_worker_start="What this installation's engines offer")
def refresh_offers_job(claim: Claim) -> None:
    offering.refresh_offers()


def flat_report(report: MasterReport) -> dict[str, Any]:
    """The report as an entry holds it: whole numbers with their units in the name."""
    facts = report.facts()
    del facts["before"], facts["after"]
    return {**_measures("before", report.before), **_measures("after", report.after), **facts}


def _measures(when: str, loudness: Loudness) -> dict[str, int | None]:
    def scaled(value: float | None, factor: int) -> int | None:
        return None if value is None else round(value * factor)

    return {
        f"{when}_lufs_milli": scaled(loudness.integrated_lufs, 1000),
        f"{when}_true_peak_millibel": scaled(loudness.true_peak_dbtp, 100),
        f"{when}_sample_peak_millibel": scaled(loudness.sample_peak_dbfs, 100),
    }


def _stored_take(
    run: PromptRun, number: int, output: GenerationOutput, request: GenerationRequest
) -> making.MadeTake:
    rate = output.sample_rate_hz
    tempo_bpm, key = measuring.heard(output.audio, rate, output.facts)
    return making.MadeTake(
        number=number,
        seed=output.seed,
        mix=measuring.stored(
            output.audio, rate, role="full_mix", name=f"take {number}", tempo_bpm=tempo_bpm, key=key
        ),
        stems=[
            measuring.stored(stem.audio, rate, role=stem.role, name=stem.name, measured=False)
            for stem in output.stems
        ],
        midi=assets.ingest(output.midi) if output.midi else None,
        facts={**output.facts, **giving.tempo_of_section(output, request)},
        kept=tuple(
            Untouched(role=one.role, from_ms=one.from_ms, to_ms=one.to_ms, at_ms=one.at_ms)
            for one in giving.really_kept(output, request)
        ),
    )


def _smaller_batch(facts: Mapping[str, Any]) -> str:
    """What the job's row says where an engine's memory ran out and it went on with fewer takes at a time."""
    made, asked = facts.get("batch"), facts.get("batch_asked")
    if not isinstance(made, int) or not isinstance(asked, int) or made >= asked:
        return ""
    return f"Memory was short: made {made} at a time instead of {asked}"


def _progress(claim: Claim, *, finished: int, of: int, asked: int) -> Callable[[int, int], None]:
    """The engine's steps for what is asked now, as steps of the whole run."""
    report = _throttled(claim)

    def progress(done: int, total: int) -> None:
        each = max(1, total // asked)
        report(finished * each + done, of * each)

    return progress


def _throttled(claim: Claim) -> Callable[[int, int], None]:
    """`claim.progress`, not more often than is of use."""
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_EVERY_S or done >= total:
            last = now
            claim.progress(done, total)

    return progress
