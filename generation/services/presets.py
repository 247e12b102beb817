"""Presets: named settings of an engine for a mode, a person's own or a project's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from artists.models import User
from generation import access
from generation.errors import BadValue
from generation.models import Preset, Project, PromptRun, Take
from generation.services import requests
from generation.services.common import text

MOST_PRESETS: Final = 100
MOST_SUGGESTIONS: Final = 12
#: So many runs back suggestions are looked for.
LOOKED_BACK: Final = 200


def save_preset(
    *,
    name: str,
    engine: str,
    mode: str,
    parameters: Mapping[str, Any] | None = None,
    targets: Iterable[str] = (),
    language: str = "",
    duration_s: float | None = None,
    variations: int | None = None,
    project: Project | None = None,
    actor: User,
) -> Preset:
    """Keep settings under a name; the same name of the same engine and mode is written over. Raises `BadValue`.

    With `project` it is everybody's who works on it: the caller has checked that *actor* may change the project.
    """
    name = text(name, field="name", what="name", most=60, required=True)
    choice = requests.choose(engine, mode)
    values: dict[str, Any] = {
        "parameters": requests.check_parameters(choice, parameters or {}),
        "targets": list(requests.check_targets(choice, targets)),
        "language": requests.check_language(choice, language),
        "variations": variations,
        "duration_s": None,
    }
    if duration_s is not None:
        values["duration_s"] = requests.duration_ms(choice, duration_s, ()) / 1000
    if variations is not None:
        requests.check_variations(choice, variations)
    mine = Q(project=project) if project is not None else Q(project=None, owner=actor)
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=actor.pk)
        if project is not None:
            Project.objects.select_for_update().get(pk=project.pk)
        row = Preset.objects.filter(mine, engine=choice.offer.name, mode=mode, name=name).first()
        if row is None:
            if Preset.objects.filter(mine).count() >= MOST_PRESETS:
                raise BadValue(
                    f"There are {MOST_PRESETS} presets here already. Delete one first.", field="name"
                )
            row = Preset(owner=actor, project=project, engine=choice.offer.name, mode=mode, name=name)
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
    return row


def delete_preset(preset: Preset, *, actor: User) -> None:
    """Forget a preset. The caller has checked that *actor* may."""
    Preset.objects.filter(pk=preset.pk).delete()


def presets_of(
    user: User, *, project: Project | None = None, engine: str = "", mode: str = ""
) -> QuerySet[Preset]:
    """The user's own presets and those of the project, by name."""
    rows = Preset.objects.filter(
        Q(project=None, owner=user) | (Q(project=project) if project else Q(pk=None))
    )
    if engine:
        rows = rows.filter(engine=engine)
    return rows.filter(mode=mode) if mode else rows


def may_delete(preset: Preset, user: User) -> bool:
    """Their own; of a project's, who may change the project."""
    return preset.owner_id == user.pk if preset.project is None else access.may_write(user, preset.project)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A prompt from the artist's own history: what it made, and how many takes of it were kept."""

    prompt: str
    run: PromptRun
    kept: int


def suggestions(project: Project, *, user: User, mode: str = "") -> list[Suggestion]:
    """Prompts that the artist has used, those whose takes were kept first, then the newest; each once.

    Only of projects that *user* may read, and only while the vault still holds them.
    """
    rows = PromptRun.objects.filter(project__in=access.visible_projects(user).filter(artist=project.artist))
    if mode:
        rows = rows.filter(mode=mode)
    kept = Count("takes", filter=Q(takes__state=Take.State.SHORTLISTED))
    rows = rows.annotate(kept=kept).select_related("entry", "project").prefetch_related("entry__vault")
    found: dict[str, Suggestion] = {}
    for run in rows.order_by("-created_at")[:LOOKED_BACK]:
        prompt = run.prompt.strip()
        before = found.get(prompt.casefold())
        if prompt and (before is None or before.kept < run.kept):
            found[prompt.casefold()] = Suggestion(prompt=prompt, run=run, kept=run.kept)
    ranked = sorted(found.values(), key=lambda one: (-one.kept, -one.run.created_at.timestamp()))
    return ranked[:MOST_SUGGESTIONS]
