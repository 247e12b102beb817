"""What finished work writes. Called by the worker inside its fenced transaction, with the bytes already stored."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generation import arrangement as doc
from generation import attribution, events
from generation.attribution_modes import GivenAsset, Made, Untouched, attribute, part_of
from generation.errors import EngineStopped
from generation.facts import ledger_facts
from generation.models import Master, PromptRun, Render, Take, TakeFailure, TakeStem
from generation.services.common import ref
from generation.services.methods import enqueue_check
from provenance import assets
from provenance.blobs import Staged
from provenance.elements import Origin
from provenance.events import AssetRef
from provenance.ledger import Actor, record
from provenance.models import Asset, Entry

#: So much of what an engine says of a failure is kept.
MOST_WORDS: Final = 2000


@dataclass(frozen=True, kw_only=True)
class MadeAudio:
    """Stored audio with what was measured of it. `lufs` and `true_peak_dbtp` are None for silence."""

    staged: Staged
    role: str
    name: str
    media_type: str
    probe: Mapping[str, Any]
    peaks: bytes
    lufs: float | None
    true_peak_dbtp: float | None
    fingerprint: str = ""
    tempo_bpm: float | None = None
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class MadeTake:
    """One output of an engine, stored. `number` is its place among the run's variations, from 1."""

    number: int
    seed: int
    mix: MadeAudio
    stems: Sequence[MadeAudio] = ()
    midi: Staged | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    kept: Sequence[Untouched] = ()


def run_to_make(run_id: str) -> PromptRun:
    rows = PromptRun.objects.select_related("project", "brief__entry", "terms__tool", "entry")
    return rows.prefetch_related("inputs__asset", "entry__vault").get(pk=uuid.UUID(run_id))


def takes_made(run: PromptRun) -> set[int]:
    """Numbers of the takes that exist or cannot be made: a run that starts again leaves them alone."""
    failed = run.failures.values_list("number", flat=True)
    return {*run.takes.values_list("number", flat=True), *failed}


def add_take(run: PromptRun, made: MadeTake) -> Take:
    """Write one take with its stems and notes. A take that exists already is returned as it is."""
    if existing := run.takes.filter(number=made.number).first():
        return existing
    outputs = [AssetRef(role="mix", sha256=made.mix.staged.sha256)]
    outputs += [AssetRef(role=stem.role, sha256=stem.staged.sha256) for stem in made.stems]
    if made.midi:
        outputs.append(AssetRef(role="midi", sha256=made.midi.sha256))
    take = Take(run=run, number=made.number, seed=made.seed)
    facts = ledger_facts(made.facts)
    entry = record(
        events.TakeGenerated(
            stream=run.project.stream,
            subjects=(ref("take", take), ref("run", run)),
            inputs=tuple(AssetRef(role=one.role, sha256=one.asset.sha256) for one in run.inputs.all()),
            outputs=tuple(outputs),
            authorship=_take_authorship(run, made),
            run_number=run.number,
            number=made.number,
            seed=made.seed,
            engine=run.engine,
            duration_ms=int(made.mix.probe["duration_ms"]),
            stems=tuple(stem.role for stem in made.stems),
            facts=facts,
        ),
        actor=Actor.worker(run.engine),
    )
    take.entry = take.made_by = entry
    take.facts = facts
    take.kept = [dataclasses.asdict(one) for one in made.kept]
    take.asset = _register(made.mix, entry)
    if made.midi:
        take.midi = assets.register(made.midi, entry=entry, media_type="audio/midi")
    take.save(force_insert=True)
    for stem in made.stems:
        TakeStem.objects.create(
            take=take, role=stem.role, name=stem.name[:60], asset=_register(stem, entry), entry=entry
        )
    return take


def add_failure(run: PromptRun, *, number: int, seed: int, code: str, message: str) -> TakeFailure:
    """Write that one take could not be made. What was written before stays."""
    if existing := run.failures.filter(number=number).first():
        return existing
    failure = TakeFailure(run=run, number=number, seed=seed, code=code[:64])
    failure.entry = record(
        events.TakeFailed(
            stream=run.project.stream,
            subjects=(ref("run", run),),
            run_number=run.number,
            number=number,
            seed=seed,
            engine=run.engine,
            code=code[:64],
            message=message.replace("\0", "")[:MOST_WORDS],
        ),
        actor=Actor.worker(run.engine),
    )
    failure.save(force_insert=True)
    return failure


def none_came(run: PromptRun) -> str:
    """Why a run ends without a single take, in a sentence; empty while there are some, or some to come."""
    failures = list(run.failures.prefetch_related("entry__vault"))
    if run.takes.exists() or len(failures) < run.variations:
        return ""
    said = next((failure.message for failure in failures if failure.message), "")
    return f"None of the takes could be made. {said}".strip()


def finish_run(run: PromptRun) -> None:
    """Write that a run is finished, with what came of it.

    Raises `EngineStopped` when takes are missing of which nobody said why, so that the job is tried again.
    """
    takes, failed = run.takes.count(), run.failures.count()
    if takes + failed < run.variations:
        raise EngineStopped(
            f"Only {takes} of {run.variations} takes came; they are kept. Try again for the rest."
        )
    record(
        events.RunEnded(
            stream=run.project.stream,
            subjects=(ref("run", run),),
            number=run.number,
            takes=takes,
            failed=failed,
            variations=run.variations,
        ),
        actor=Actor.worker(run.engine),
    )


def render_to_make(render_id: str) -> Render:
    rows = Render.objects.select_related("version__arrangement__project")
    return rows.get(pk=uuid.UUID(render_id))


def finish_render(render: Render, made: MadeAudio) -> Render:
    """Write a render's audio: what sounded where, and what was done by hand."""
    document = doc.parse(render.version.document)
    clips = _placed(render, document)
    arranged, mixed = attribution.is_arranged(clips), _mixed_by_hand(document)
    project = render.version.arrangement.project
    entry = record(
        events.RenderFinished(
            stream=project.stream,
            # The arrangement too: the edits of all versions before this one belong to how it came to be.
            subjects=(
                ref("render", render),
                ref("version", render.version),
                ref("arrangement", render.version.arrangement_id),
            ),
            inputs=tuple(AssetRef(role="clip", sha256=sha256) for sha256 in document.audible_assets),
            outputs=(AssetRef(role="full_mix", sha256=made.staged.sha256),),
            authorship=attribution.render(made.staged.sha256, clips, hand_mixed=mixed, arranged=arranged),
            number=render.version.number,
            digest=render.version.digest,
            duration_ms=int(made.probe["duration_ms"]),
            sample_rate_hz=int(made.probe["sample_rate_hz"]),
            arranged_by_hand=arranged,
            mixed_by_hand=mixed,
        ),
        actor=Actor.worker("render"),
    )
    render.asset = _register(made, entry)
    render.entry = entry
    render.save()
    return render


def master_to_make(master_id: str) -> Master:
    rows = Master.objects.select_related("render__asset", "render__version__arrangement__project")
    return rows.get(pk=uuid.UUID(master_id))


def finish_master(master: Master, *, wav: MadeAudio, flac: MadeAudio, report: Mapping[str, Any]) -> Master:
    """Write a master: WAV and FLAC of the same samples, with the measures before and after."""
    source = master.render.asset
    assert source is not None
    facts: dict[str, str | int | None] = {
        name: value if value is None or isinstance(value, int) else str(value)
        for name, value in report.items()
    }
    entry = record(
        events.MasterFinished(
            stream=master.project.stream,
            subjects=(ref("master", master), ref("render", master.render)),
            inputs=(AssetRef(role="render", sha256=source.sha256),),
            outputs=(
                AssetRef(role="wav", sha256=wav.staged.sha256),
                AssetRef(role="flac", sha256=flac.staged.sha256),
            ),
            authorship=attribution.merge(
                attribution.master(wav.staged.sha256, source.sha256),
                attribution.transcode(flac.staged.sha256, wav.staged.sha256),
            ),
            number=master.number,
            report=facts,
        ),
        actor=Actor.worker("mastering"),
    )
    master.wav, master.flac = _register(wav, entry), _register(flac, entry)
    master.report = dict(facts)
    master.entry = entry
    master.save()
    enqueue_check(master, actor=Actor.worker("mastering"))
    return master


def keep_analysis(asset: Asset, made: MadeAudio) -> None:
    """Keep what was measured of an asset."""
    assets.save_analysis(
        asset,
        peaks=made.peaks,
        lufs=made.lufs,
        true_peak_dbtp=made.true_peak_dbtp,
        tempo_bpm=made.tempo_bpm,
        key=made.key,
        fingerprint=made.fingerprint,
    )


def _register(made: MadeAudio, entry: Entry) -> Asset:
    asset = assets.register(made.staged, entry=entry, media_type=made.media_type, probe=made.probe)
    keep_analysis(asset, made)
    return asset


def given_assets(run: PromptRun) -> list[GivenAsset]:
    return [
        GivenAsset(role=one.role, sha256=one.asset.sha256, part=one.part, from_ms=one.from_ms or 0)
        for one in run.inputs.all()
    ]


def _take_authorship(run: PromptRun, made: MadeTake) -> attribution.Authorship:
    """By the row of the mode. Silent stems may share their bytes: the first role speaks for them."""
    given = given_assets(run)
    part = part_of(run.mode, run.targets, given)
    stems: dict[str, str] = {}
    for stem in made.stems:
        stems.setdefault(stem.staged.sha256, stem.role)
    return attribute(
        Made(
            mode=run.mode,
            by=Origin.TRAINED_MODEL if run.terms.trained_model else Origin.PROCEDURAL,
            sha256=made.mix.staged.sha256,
            part=part,
            length_ms=int(made.mix.probe["duration_ms"]),
            stems=stems,
            notes={made.midi.sha256: part} if made.midi else {},
            given=given,
            kept=made.kept,
            section_ms=run.section_ms,
            lyrics="lyrics" in run.words_said,
            chords="chords" in run.words_said,
        )
    )


def _placed(render: Render, document: doc.Arrangement) -> list[attribution.Placed]:
    """The audible clips as the rules need them: stems of one take share their source; a shortened clip is cut."""
    project = render.version.arrangement.project
    known = {asset.sha256: asset for asset in Asset.objects.filter(sha256__in=document.audible_assets)}
    stems = TakeStem.objects.filter(take__run__project=project, asset__sha256__in=known)
    source = {sha256: f"take:{take}" for sha256, take in stems.values_list("asset__sha256", "take_id")}
    rate = document.sample_rate_hz
    placed = []
    for track in document.tracks:
        for clip in track.audible_clips:
            probe = known[clip.asset].probe
            whole = int(probe["samples"]) * rate // int(probe["sample_rate_hz"])
            placed.append(
                attribution.Placed(
                    track=track.name,
                    role=track.role,
                    from_ms=clip.start_samples * 1000 // rate,
                    to_ms=-(-clip.end_samples * 1000 // rate),
                    asset=clip.asset,
                    source=source.get(clip.asset, ""),
                    source_ms=clip.offset_samples * 1000 // rate,
                    cut=bool(
                        clip.offset_samples
                        or clip.length_samples < whole
                        or clip.fade_in_samples
                        or clip.fade_out_samples
                    ),
                )
            )
    return placed


def _mixed_by_hand(document: doc.Arrangement) -> bool:
    """Whether a fader or a pan of something audible was moved."""
    return any(
        (track.gain_millibel or track.pan_percent or any(clip.gain_millibel for clip in track.audible_clips))
        for track in document.tracks
        if track.audible_clips
    )
