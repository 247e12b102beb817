"""What pages and the API read of a project, in few queries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from artists.models import User
from generation import access, services
from generation.models import (
    Arrangement,
    Brief,
    EngineOffer,
    Listen,
    Master,
    Project,
    PromptRun,
    Render,
    Take,
    ToolTerms,
)
from generation.modes import AUDIO, NOTES


def latest_brief(project: Project) -> Brief | None:
    return project.briefs.select_related("entry").order_by("-number").first()


def runs_of(project: Project) -> QuerySet[PromptRun]:
    return project.runs.select_related("job").annotate(
        made=Count("takes", distinct=True),
        kept=Count("takes", filter=Q(takes__state=Take.State.SHORTLISTED), distinct=True),
    )


def masters_of(project: Project) -> QuerySet[Master]:
    return (
        Master.objects.filter(render__version__arrangement__project=project)
        .select_related("job", "wav__analysis", "render__version")
        .order_by("-number")
    )


def prompt_of(run: PromptRun) -> str:
    """The prompt while the vault still holds it."""
    return next(
        (json.loads(bytes(item.content)) for item in run.entry.vault.all() if item.name == "prompt"), ""
    )


def takes_of(run: PromptRun, *, listener: User) -> list[Take]:
    """The run's takes in order, each with `heard` (percent, by *listener*)."""
    takes = list(
        Take.objects.filter(run=run)
        .select_related("asset__analysis", "entry", "midi")
        .prefetch_related("entry__vault", "stems")
        .order_by("number")
    )
    listens = {listen.take_id: listen for listen in Listen.objects.filter(take__run=run, user=listener)}
    for take in takes:
        listen, duration_ms = listens.get(take.pk), take.asset.duration_ms or 0
        take.heard = min(100, round(100 * listen.heard_ms / duration_ms)) if listen and duration_ms else 0
    return takes


def arrangement_sources(arrangement: Arrangement, document: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be laid on the timeline, as the editor takes it.

    Everything that the document uses is in the list; takes that are not kept are `hidden` from new use.
    """
    used = {clip["asset"] for track in document["tracks"] for clip in track["clips"]}
    found = []
    for item in services.materials(arrangement.project):
        hidden = item.kind in {"take", "stem", "render"} and not item.kept
        if hidden and item.asset.sha256 not in used:
            continue
        found.append(
            {
                "asset": item.asset.sha256,
                "ref": f"{item.kind}:{item.pk}",
                "name": item.name,
                "group": item.group,
                "role": item.role,
                "origin": item.origin,
                "terms": item.terms,
                "duration_ms": item.asset.duration_ms or 0,
                "audio_url": reverse(f"generation:{item.kind}-audio", args=[item.pk]),
                "peaks_url": reverse(f"generation:{item.kind}-peaks", args=[item.pk]),
                "hidden": hidden,
            }
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something of a project that can be given to a mode: as sound, as notes, or as either. `ref` names it."""

    ref: str
    title: str
    kinds: tuple[str, ...]
    duration_ms: int | None
    url_audio: str


def givens(project: Project, *, kinds: Iterable[str] = (AUDIO, NOTES), user: User) -> list[Thing]:
    """What of a project can be given as one of these kinds; nothing to who may not read it."""
    if not access.visible_projects(user).filter(pk=project.pk).exists():
        return []
    return [
        Thing(
            ref=thing.ref,
            title=thing.name,
            kinds=thing.kinds,
            duration_ms=thing.duration_ms,
            url_audio=_url_audio(thing),
        )
        for thing in services.things(project, kinds=kinds)
    ]


def _url_audio(thing: services.Thing) -> str:
    kind, _, key = thing.ref.partition(":")
    if thing.audio is None:
        return ""
    return reverse(f"generation:{kind}-audio", args=[key])


def made_in_smaller_batches(run: PromptRun) -> list[str]:
    """Where memory was too short for the batch that was asked for, in whole sentences."""
    asked = {
        (facts["batch_asked"], facts.get("batch", 1))
        for facts in run.takes.values_list("facts", flat=True)
        if facts.get("batch_asked", 0) > facts.get("batch", 1)
    }
    return [
        f"Memory was too short for {most} at once: they were made {made} at a time."
        for most, made in sorted(asked)
    ]


def kept_takes(project: Project) -> QuerySet[Take]:
    return Take.objects.filter(run__project=project, state=Take.State.SHORTLISTED).select_related(
        "run", "entry"
    )


def offers() -> list[EngineOffer]:
    """What workers said they can run, and why not where they cannot."""
    return list(EngineOffer.objects.all())


def external_terms() -> QuerySet[ToolTerms]:
    """Terms in force of tools whose output is made elsewhere and imported."""
    rows = [row.pk for row in services.external_terms()]
    return ToolTerms.objects.filter(pk__in=rows).select_related("tool")


def renders_of(arrangement: Arrangement) -> QuerySet[Render]:
    return (
        Render.objects.filter(version__arrangement=arrangement)
        .select_related("version", "job", "asset__analysis")
        .prefetch_related("masters")
        .order_by("-created_at")
    )


def takes_waiting(user: User) -> list[tuple[PromptRun, int]]:
    """Runs of the user's own artists with undecided takes, newest first, and how many."""
    runs = (
        PromptRun.objects.filter(project__archived=False, project__artist__memberships__user=user)
        .filter(project__artist__memberships__active=True)
        .select_related("project")
        .annotate(undecided=Count("takes", filter=Q(takes__state=Take.State.NEW), distinct=True))
        .filter(undecided__gt=0)
        .order_by("-created_at")[:5]
    )
    return [(run, run.undecided) for run in runs]


def masters_to_declare(user: User) -> QuerySet[Master]:
    """Finished masters of the user's own artists, newest first."""
    return (
        Master.objects.filter(wav__isnull=False)
        .filter(render__version__arrangement__project__artist__memberships__user=user)
        .filter(render__version__arrangement__project__artist__memberships__active=True)
        .select_related("render__version__arrangement__project")
        .order_by("-created_at")
    )


def measures_of(master: Master) -> dict[str, Any]:
    """Loudness (LUFS) and true peak (dBTP) before and after, and the report's remarks."""

    def value(name: str, unit: str, factor: int) -> float | None:
        found = master.report.get(f"{name}_{unit}")
        return None if found is None else found / factor

    report = master.report
    return {
        "before_lufs": value("before", "lufs_milli", 1000),
        "after_lufs": value("after", "lufs_milli", 1000),
        "before_dbtp": value("before", "true_peak_millibel", 100),
        "after_dbtp": value("after", "true_peak_millibel", 100),
        "remarks": [report["note"]] if report.get("note") else [],
    }
