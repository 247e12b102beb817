"""Projects and who works on them."""

from __future__ import annotations

from django.db import transaction

from artists.models import Artist, User
from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import Project, ProjectMember
from generation.services.common import locked, ref, text
from provenance.ledger import record


def create_project(*, title: str, artist: Artist, actor: User) -> Project:
    """Start a song. The caller has fetched *artist* by `access.artist_for_new_project`."""
    title = text(title, field="title", what="title", most=160, required=True)
    with transaction.atomic():
        project = Project(title=title, artist=artist)
        project.entry = record(
            events.ProjectCreated(
                stream=project.stream, subjects=(ref("artist", artist),), title=title, artist=str(artist.pk)
            ),
            actor=actor,
        )
        project.save(force_insert=True)
    return project


def add_member(project: Project, *, user: User, can_edit: bool, actor: User) -> ProjectMember:
    """Let somebody from outside the artist see the project, and perhaps change it. Again: changes what they may."""
    if not user.is_active or not user.role:
        raise BadValue("This account is closed; choose somebody who can log in.", field="user")
    if project.artist.memberships.filter(user=user, active=True).exists():
        raise BadValue("This person acts as the artist and may change the project already.", field="user")
    with transaction.atomic():
        locked(project)
        member = ProjectMember.objects.filter(project=project, user=user).first()
        if member is not None and member.active and member.can_edit == can_edit:
            return member
        entry = record(
            events.MemberAdded(
                stream=project.stream,
                subjects=(ref("user", user),),
                user=str(user.pk),
                access="may edit" if can_edit else "may look",
            ),
            actor=actor,
        )
        if member is None:
            return ProjectMember.objects.create(project=project, user=user, can_edit=can_edit, entry=entry)
        member.can_edit, member.active, member.entry = can_edit, True, entry
        member.save()
        return member


def remove_member(project: Project, *, user: User, actor: User) -> None:
    with transaction.atomic():
        locked(project)
        member = ProjectMember.objects.filter(project=project, user=user, active=True).first()
        if member is None:
            raise NotPossible("This person does not work on the project.")
        member.entry = record(
            events.MemberRemoved(stream=project.stream, subjects=(ref("user", user),), user=str(user.pk)),
            actor=actor,
        )
        member.active = False
        member.save()
