"""What pages and the API read of a project, in few queries."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Count, Q, QuerySet

from artists.models import User
from generation import services
from generation.models import (
    Arrangement,
    ArrangementVersion,
    Brief,
    EngineOffer,
    Listen,
    Master,
    Project,
    PromptRun,
    Render,
    Take,
    TakeStem,
    ToolTerms,
    Upload,
)
from provenance.elements import Origin
from provenance.services import Asset


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
        take.heard = min(100, round(100 * listen.heard_ms / duration_ms)) if listen and duration_ms else 0  # type: ignore[attr-defined]
    return takes


def arrangement_sources(arrangement: Arrangement, document: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be laid on the timeline: kept takes with their stems, and uploads.

    Everything that the document uses is in the list; what is not offered anew is `hidden`.
    """
    from django.urls import reverse

    used = {clip["asset"] for track in document["tracks"] for clip in track["clips"]}
    found: list[dict[str, Any]] = []

    def offer(
        asset: Asset, *, name: str, group: str, role: str, origin: str, kind: str, pk: Any, hidden: bool
    ) -> None:
        if hidden and asset.sha256 not in used:
            return
        found.append(
            {
                "asset": asset.sha256,
                "name": name,
                "group": group,
                "role": role,
                "origin": origin,
                "duration_ms": asset.duration_ms or 0,
                "audio_url": reverse(f"generation:{kind}-audio", args=[pk]),
                "peaks_url": reverse(f"generation:{kind}-peaks", args=[pk]),
                "hidden": hidden,
            }
        )

    project = arrangement.project
    takes = (
        Take.objects.filter(run__project=project)
        .filter(
            Q(state=Take.State.SHORTLISTED) | Q(asset__sha256__in=used) | Q(stems__asset__sha256__in=used)
        )
        .select_related("run__terms", "asset")
        .distinct()
    )
    stems_by_take: dict[Any, list[TakeStem]] = {}
    for stem in TakeStem.objects.filter(take__in=takes).select_related("asset"):
        stems_by_take.setdefault(stem.take_id, []).append(stem)
    for take in takes:
        hidden = take.state != Take.State.SHORTLISTED
        group = f"Run {take.run.number}, take {take.number}"
        origin = (Origin.TRAINED_MODEL if take.run.terms.trained_model else Origin.PROCEDURAL).value
        common = {"group": group, "origin": origin, "hidden": hidden}
        offer(take.asset, name=f"take {take.number}", role="full_mix", kind="take", pk=take.pk, **common)
        for stem in stems_by_take.get(take.pk, ()):
            offer(
                stem.asset,
                name=f"take {take.number}, {stem.name.lower()}",
                role=stem.role,
                kind="stem",
                pk=stem.pk,
                **common,
            )
    for upload in project.uploads.select_related("asset", "playback"):
        offer(
            upload.asset,
            name=upload.name,
            group="Uploads",
            role=upload.role,
            origin=UPLOAD_ORIGINS[upload.declared],
            kind="upload",
            pk=upload.pk,
            hidden=False,
        )
    return found


UPLOAD_ORIGINS = {
    Upload.Declared.OWN_PERFORMANCE: Origin.HUMAN.value,
    Upload.Declared.THIRD_PARTY: Origin.THIRD_PARTY.value,
    Upload.Declared.EXTERNAL_TOOL: Origin.TRAINED_MODEL.value,
}


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


def head_of(arrangement: Arrangement) -> ArrangementVersion:
    return arrangement.versions.select_related("saved_by").order_by("-number")[0]


def renders_of(arrangement: Arrangement) -> QuerySet[Render]:
    return (
        Render.objects.filter(version__arrangement=arrangement)
        .select_related("version", "job", "asset__analysis")
        .prefetch_related("masters")
        .order_by("-created_at")
    )
