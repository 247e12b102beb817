"""Prompt runs: what was asked of which engine, under which terms. The prompt is recorded when asked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from artists.method_rules import MATERIALS
from artists.models import User
from artists.services import consents
from generation import events, queue
from generation.errors import BadValue, NotPossible, StyleWarned
from generation.facts import BadParameter, checked_parameters, ledger_value
from generation.models import Brief, EngineOffer, Project, PromptRun
from generation.prompting import style_warnings
from generation.services.briefs import MAX_PROMPT
from generation.services.catalogue import terms_in_force
from generation.services.common import MAX_EXACT_INT, locked, next_number, ref, text, whole
from generation.services.methods import mark_material
from provenance.ledger import record
from provenance.models import Job

MAX_VARIATIONS = 30


def request_run(
    project: Project,
    *,
    brief: Brief | None,
    engine: str,
    duration_s: float,
    variations: int,
    prompt: str,
    base_seed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    acknowledge_warnings: bool = False,
    material: str = "",
    actor: User,
) -> PromptRun:
    """Ask an engine for variations. Raises `BadValue` with what to change, `StyleWarned` until acknowledged.

    `material`: what the takes are for, in the words of methods. Raises `ConsentMissing` where the mode needs a consent.
    """
    if material and material not in MATERIALS:
        raise BadValue("Choose one of the kinds of material.", field="material")
    offer = _offer(engine)
    prompt = text(prompt, field="prompt", what="prompt", most=MAX_PROMPT, required=brief is None)
    if brief is not None and brief.project_id != project.pk:
        raise BadValue("This brief belongs to another project.", field="brief")
    _check_variations(variations, offer)
    duration_ms = _duration_ms(duration_s, offer)
    chosen = _parameters(parameters or {}, offer)
    seeds = _seeds(base_seed, variations)
    warnings = style_warnings(prompt, own_names=(project.artist.name,))
    if warnings and not acknowledge_warnings:
        raise StyleWarned(" ".join(warning.reason for warning in warnings), warnings=tuple(warnings))
    terms = terms_in_force(offer.tool_key)
    modes = [mode["name"] for mode in offer.capabilities.get("modes", [])] or ["text_to_music"]
    mode = "text_to_music" if "text_to_music" in modes else modes[0]
    agreed = consents.require(project.artist, mode, engine=offer.name, project=project.pk)

    with transaction.atomic():
        locked(project)
        run_id = uuid.uuid4()
        number = next_number(project.runs.all())
        entry = record(
            events.RunRequested(
                stream=project.stream,
                subjects=(ref("run", run_id), *((ref("brief", brief),) if brief else ())),
                number=number,
                engine=offer.name,
                engine_version=offer.version,
                mode=mode,
                variations=variations,
                seeds=tuple(seeds),
                duration_ms=duration_ms,
                parameters={name: ledger_value(value) for name, value in chosen.items()},
                tool=offer.tool_key,
                terms_version=terms.version,
                licence=terms.licence,
                style_warnings=len(warnings),
                warnings_acknowledged=bool(warnings and acknowledge_warnings),
                brief=str(brief.pk) if brief else "",
                prompt=prompt,
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
            model=str(chosen.get("model") or ""),
            duration_ms=duration_ms,
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
            terms=terms,
            job=job,
            requested_by=actor,
        )
        consents.note_use(agreed, ref=ref("run", run), stream=project.stream, actor=actor)
        if material:
            mark_material(run, kind=material, actor=actor)
    return run


def cancel_job(job: Job, *, actor: User) -> Job:
    """Ask for a job's end. What is finished stays."""
    if job.finished:
        raise NotPossible(f"“{job.title}” has ended already.")
    return queue.request_cancel(job, actor=actor)


def retry_job(job: Job, *, actor: User) -> Job:
    """Start a failed or cancelled job again; what is finished is not made twice."""
    return queue.retry(job, actor=actor)


def _offer(engine: str) -> EngineOffer:
    offer = EngineOffer.objects.filter(name=text(engine, field="engine", what="engine", most=50)).first()
    if offer is None:
        names = ", ".join(EngineOffer.objects.filter(available=True).values_list("name", flat=True))
        raise BadValue(
            f"There is no engine {engine!r} here. Choose one of: {names}."
            if names
            else "No engine is offered yet: a worker says what it can run when it starts. Try again in a moment.",
            field="engine",
        )
    if not offer.available:
        raise BadValue(f"{offer.title} is not offered here: {offer.unavailable_reason}", field="engine")
    return offer


def _check_variations(variations: int, offer: EngineOffer) -> None:
    most = min(MAX_VARIATIONS, int(offer.capabilities.get("max_variations") or MAX_VARIATIONS))
    if isinstance(variations, bool) or not isinstance(variations, int) or variations < 1:
        raise BadValue(f"Ask for 1 to {most} variations.", field="variations")
    if variations > most:
        raise BadValue(f"{variations} variations: ask for {most} at most.", field="variations")


def _duration_ms(duration_s: float, offer: EngineOffer) -> int:
    low = float(offer.capabilities.get("min_duration_s") or 1)
    high = float(offer.capabilities.get("max_duration_s") or 600)
    number = isinstance(duration_s, int | float) and not isinstance(duration_s, bool)
    if not number or not low <= duration_s <= high:  # NaN fails both comparisons
        raise BadValue(
            f"{offer.title} makes {low:g} to {high:g} seconds; choose within that.", field="duration_s"
        )
    return round(duration_s * 1000)


def _parameters(values: Mapping[str, Any], offer: EngineOffer) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise BadValue("Give the parameters as an object of names and values.", field="parameters")
    try:
        return checked_parameters(values, offer.capabilities.get("parameters", []))
    except BadParameter as error:
        raise BadValue(str(error), field="parameters") from error


def _seeds(base_seed: int | None, variations: int) -> list[int]:
    """One seed per variation: counted up from the one given, else by chance; never two alike."""
    if base_seed is None:
        return secrets.SystemRandom().sample(range(2**31), variations)
    first = whole(base_seed, field="base_seed", what="seed", low=0, high=MAX_EXACT_INT - MAX_VARIATIONS)
    return [first + place for place in range(variations)]
