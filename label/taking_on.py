"""Taking on what was sent in: the artists' part and the first project, all of it or nothing."""

from __future__ import annotations

from django.db import transaction

from artists.models import Artist, Submission, User
from artists.services.taking_on import TakenOn, keep_taken_on, take_on
from generation.models import Project
from generation.services import create_project


def begin(
    submission: Submission,
    *,
    artist: Artist | None = None,
    name: str = "",
    credit_name: str = "",
    title: str = "",
    reason: str = "",
    actor: User,
) -> tuple[TakenOn, Project | None]:
    """`take_on`, and a project called `title`, empty for none. Raises `UserFault`."""
    with transaction.atomic():
        taken = take_on(
            submission, artist=artist, name=name, credit_name=credit_name, reason=reason, actor=actor
        )
        project = create_project(title=title, artist=taken.artist, actor=actor) if title.strip() else None
        keep_taken_on(taken, project=str(project.pk) if project else "", actor=actor)
    return taken, project
