"""Prompt runs: what was asked of which engine, out of what, under which terms. The words are recorded when asked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from artists.method_rules import MATERIALS
from artists.models import User
from artists.services import consents
from generation import events, queue
from generation.errors import BadValue, NotPossible, StyleWarned
from generation.facts import ledger_value
from generation.models import Brief, Project, PromptRun, RunInput, Sweep, Take
from generation.modes import MODES, TEXT_TO_MUSIC
from generation.prompting import style_warnings
from generation.services import givens, permits, requests
from generation.services.catalogue import terms_in_force
from generation.services.common import locked, next_number, ref, text
from generation.services.givens import Resolved, RunGiven
from generation.services.licences import require_accepted
from generation.services.methods import mark_material
from generation.services.model_origins import require_origin
from generation.services.requests import MAX_VARIATIONS, Words
from provenance.events import AssetRef
from provenance.ledger import record
from provenance.models import Job

__all__ = ["MAX_VARIATIONS", "cancel_job", "request_again", "request_run", "request_sweep", "retry_job"]

#: So many values of a parameter are compared at once.
SWEEP_VALUES: Final = (2, 8)
#: What of a request may be changed when it is asked again.
CHANGEABLE: Final = frozenset(
    ("prompt", "negative_prompt", "lyrics", "language", "chords", "targets", "section_ms", "duration_s", "variations",
     "base_seed", "parameters", "acknowledge_warnings", "overnight")
)  # fmt: skip


def request_run(
    project: Project,
    *,
    brief: Brief | None,
    engine: str,
    mode: str = TEXT_TO_MUSIC,
    duration_s: float | None,
    variations: int,
    prompt: str = "",
    negative_prompt: str = "",
    lyrics: str = "",
    language: str = "",
    chords: str = "",
    targets: Iterable[str] = (),
    section_ms: Sequence[int] | None = None,
    inputs: Sequence[RunGiven] = (),
    base_seed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    acknowledge_warnings: bool = False,
    material: str = "",
    again_of: Take | None = None,
    sweep: Sweep | None = None,
    overnight: bool = False,
    actor: User,
) -> PromptRun:
    """Ask an engine for variations. Raises `BadValue` with what to change, `StyleWarned` until acknowledged.

    `duration_s` is None where the result is as long as what is given. `section_ms` counts from the beginning of what
    is given. `material`: what the takes are for, in the words of methods. Raises `ConsentMissing` where the mode, or
    a voice or likeness that is given, needs a consent, and `NotPossible` while nobody accepted the model's licence.
    """
    if material and material not in MATERIALS:
        raise BadValue("Choose one of the kinds of material.", field="material")
    if brief is not None and brief.project_id != project.pk:
        raise BadValue("This brief belongs to another project.", field="brief")
    if again_of is not None and again_of.run.project.artist_id != project.artist_id:
        raise BadValue("That take belongs to another artist.", field="again_of")
    choice = requests.choose(engine, mode)
    words = requests.check_words(
        choice,
        Words(prompt=prompt, negative_prompt=negative_prompt, lyrics=lyrics, chords=chords),
        has_brief=brief is not None,
    )
    language = requests.check_language(choice, language)
    parts = requests.check_targets(choice, targets)
    given = givens.resolve(project, inputs, choice.mode, choice.way.reads, actor=actor)
    requests.check_variations(choice, variations)
    duration_ms = requests.duration_ms(choice, duration_s, given)
    section = requests.check_section(choice, section_ms, given)
    chosen = requests.check_parameters(choice, parameters or {})
    seeds = requests.seeds_for(base_seed, variations)
    # Lyrics may name whom they like; a prompt that does asks for an imitation.
    warnings = style_warnings(words.prompt, own_names=(project.artist.name,))
    if warnings and not acknowledge_warnings:
        raise StyleWarned(" ".join(warning.reason for warning in warnings), warnings=tuple(warnings))
    offer, model = choice.offer, requests.model_of(choice, chosen)
    tool = choice.way.tool_of(model)
    terms = terms_in_force(tool)
    require_accepted(tool)
    tools = tuple(filter(None, (offer.name, tool, model)))
    learned = require_origin(offer, model)
    uses = list(givens.references(project, given))
    if terms.trained_model:
        foreign = permits.foreign_inside(project, given)
        learned += permits.check_licences(given, foreign, tools=tools)
        uses += permits.consents_for(choice.mode, given, foreign)
    agreed = consents.require(project.artist, mode, *uses, engine=tools, project=project.pk)

    with transaction.atomic():
        locked(project)
        run_id = uuid.uuid4()
        number = next_number(project.runs.all())
        entry = record(
            events.RunAsked(
                stream=project.stream,
                subjects=(
                    ref("run", run_id),
                    *((ref("brief", brief),) if brief else ()),
                    *((ref("take", again_of),) if again_of else ()),
                    *((ref("sweep", sweep),) if sweep else ()),
                    *dict.fromkeys(one.thing.ref for one in given),
                ),
                inputs=tuple(AssetRef(role=one.role, sha256=one.asset.sha256) for one in given),
                number=number,
                engine=offer.name,
                engine_version=offer.version,
                mode=mode,
                mode_words=choice.mode.title.lower(),
                variations=variations,
                seeds=tuple(seeds),
                duration_ms=duration_ms,
                section_from_ms=section[0] if section else None,
                section_to_ms=section[1] if section else None,
                given=tuple(_public(one) for one in given),
                targets=parts,
                language=language,
                parameters={name: ledger_value(value) for name, value in chosen.items()},
                tool=tool,
                terms_version=terms.version,
                licence=terms.licence,
                style_warnings=len(warnings),
                warnings_acknowledged=bool(warnings and acknowledge_warnings),
                brief=str(brief.pk) if brief else "",
                again_of=str(again_of.pk) if again_of else "",
                sweep=str(sweep.pk) if sweep else "",
                prompt=words.prompt,
                negative_prompt=words.negative_prompt,
                lyrics=words.lyrics,
                chords=words.chords,
                warnings=tuple(warning.name for warning in warnings),
            ),
            actor=actor,
        )
        job = queue.enqueue_run(
            project,
            run_id=str(run_id),
            offer=offer,
            variations=variations,
            mode=mode,
            model=model,
            duration_ms=duration_ms,
            overnight=overnight,
            actor=actor,
        )
        run = PromptRun.objects.create(
            id=run_id,
            entry=entry,
            project=project,
            brief=brief,
            number=number,
            engine=offer.name,
            mode=mode,
            parameters=chosen,
            seeds=seeds,
            duration_ms=duration_ms,
            section_from_ms=section[0] if section else None,
            section_to_ms=section[1] if section else None,
            targets=list(parts),
            language=language,
            again_of=again_of,
            sweep=sweep,
            terms=terms,
            job=job,
            requested_by=actor,
        )
        for one in given:
            RunInput.objects.create(
                run=run,
                role=one.role,
                ref=one.thing.ref,
                asset=one.asset,
                title=one.thing.title,
                kind=one.kind,
                part=one.thing.sounds_like,
                from_ms=one.from_ms,
                to_ms=one.to_ms,
                entry=entry,
            )
        consents.note_use((*agreed, *learned), ref=ref("run", run), stream=project.stream, actor=actor)
        if material:
            mark_material(run, kind=material, actor=actor)
    return run


def request_again(take: Take, *, changes: Mapping[str, Any] | None = None, actor: User) -> PromptRun:
    """The take's request once more: with other seeds, or with what is changed and the take's own seed.

    `changes` are arguments of `request_run`; parameters are merged, None takes one back to the engine's choice.
    Raises `NotPossible` once words of the request are erased, and all that `request_run` raises.
    """
    values = asked(take.run)
    changed = dict(changes or {})
    if strange := sorted(set(changed) - CHANGEABLE):
        raise BadValue(f"This cannot be changed when asking again: {', '.join(strange)}.", field="changes")
    if changed.keys() - {"variations", "acknowledge_warnings", "overnight"}:
        # One thing changed and the same seed: what differs is the change and nothing else.
        values |= {"base_seed": take.seed, "variations": 1}
    if "parameters" in changed:
        if not isinstance(changed["parameters"], Mapping):
            raise BadValue("Give the parameters as an object of names and values.", field="parameters")
        merged = values["parameters"] | dict(changed.pop("parameters"))
        values["parameters"] = {name: value for name, value in merged.items() if value is not None}
    # Whoever asked first has seen the warnings.
    values["acknowledge_warnings"] = "prompt" not in changed
    return request_run(take.run.project, **values | changed, again_of=take, actor=actor)


def request_sweep(
    project: Project, *, parameter: str, values: Sequence[Any], actor: User, **request: Any
) -> Sweep:
    """The same request once per value of one parameter, with the same seeds. Raises all that `request_run` does.

    Either all runs are asked for or none. `request` are the arguments of `request_run`.
    """
    parameter = text(parameter, field="parameter", what="parameter", most=60, required=True)
    low, high = SWEEP_VALUES
    if isinstance(values, str) or not isinstance(values, Sequence) or not low <= len(values) <= high:
        raise BadValue(f"Give {low} to {high} values to compare.", field="values")
    if len({repr(value) for value in values}) < len(values):
        raise BadValue("Give every value once: the same value makes the same takes.", field="values")
    common = dict(request)
    settings = common.pop("parameters", None) or {}
    if common.get("base_seed") is None:
        common["base_seed"] = secrets.randbelow(2**31)
    choice = requests.choose(common.get("engine", ""), common.get("mode", TEXT_TO_MUSIC))
    try:
        for value in values:
            requests.check_parameters(choice, settings | {parameter: value})
    except BadValue as fault:
        raise BadValue(fault.message, field="values") from fault
    with transaction.atomic():
        locked(project)
        sweep = Sweep(
            project=project,
            number=next_number(project.sweeps.all()),
            parameter=parameter,
            values=list(values),
        )
        sweep.entry = record(
            events.SweepRequested(
                stream=project.stream,
                subjects=(ref("sweep", sweep),),
                number=sweep.number,
                engine=choice.offer.name,
                mode=choice.mode.key,
                parameter=parameter,
                values=tuple(ledger_value(value) for value in values),
                runs=len(values),
            ),
            actor=actor,
        )
        sweep.save(force_insert=True)
        for value in values:
            request_run(project, **common, parameters=settings | {parameter: value}, sweep=sweep, actor=actor)
    return sweep


def asked(run: PromptRun) -> dict[str, Any]:
    """A run's request as arguments of `request_run`. Raises `NotPossible` once words of it are erased."""
    if run.words_erased:
        raise NotPossible(
            f"The {_listed(run.words_erased)} of this run {'was' if len(run.words_erased) == 1 else 'were'} erased, "
            "so it cannot be asked again."
        )
    made_from_source = MODES[run.mode].length == "source"
    return {
        "brief": run.brief,
        "engine": run.engine,
        "mode": run.mode,
        "duration_s": None if made_from_source else run.duration_ms / 1000,
        "variations": run.variations,
        **{name: run.words.get(name, "") for name in ("prompt", "negative_prompt", "lyrics", "chords")},
        "language": run.language,
        "targets": tuple(run.targets),
        "section_ms": run.section_ms,
        "inputs": tuple(
            RunGiven(role=one.role, ref=one.ref, kind=one.kind, from_ms=one.from_ms, to_ms=one.to_ms)
            for one in run.inputs.all()
        ),
        "parameters": dict(run.parameters),
    }


def cancel_job(job: Job, *, actor: User) -> Job:
    """Ask for a job's end. What is finished stays."""
    if job.finished:
        raise NotPossible(f"“{job.title}” has ended already.")
    return queue.request_cancel(job, actor=actor)


def retry_job(job: Job, *, actor: User) -> Job:
    """Start a failed or cancelled job again; what is finished is not made twice."""
    return queue.retry(job, actor=actor)


def _public(one: Resolved) -> dict[str, str | int | None]:
    return {
        "role": one.role,
        "ref": one.thing.ref,
        "kind": one.kind,
        "sha256": one.asset.sha256,
        "from_ms": one.from_ms,
        "to_ms": one.to_ms,
    }


def _listed(names: Sequence[str]) -> str:
    said = [name.replace("_", " ") for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
