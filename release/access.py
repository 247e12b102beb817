"""Fetching is the permission check: 404 for strangers, 403 for readers who want to write."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404

from artists.access import acts_for, visible_artists
from artists.models import Artist, Role, User
from generation.access import master_for
from generation.models import Master
from release.models import Approval, Declaration, Imprint, Package, Recording, Release, Track, Work

WRITERS = (Role.OWNER, Role.RELEASE, Role.RIGHTS)
RESOLVERS = (Role.OWNER, Role.RIGHTS)

M = TypeVar("M", bound=Model)


def may_write(user: User) -> bool:
    return user.has_role(*WRITERS)


def may_resolve(user: User) -> bool:
    return user.has_role(*RESOLVERS)


def _one(rows: QuerySet[M], pk: Any, what: str) -> M:
    try:
        found = rows.filter(pk=pk).first()
    except (ValidationError, ValueError):
        found = None
    if found is None:
        raise Http404(f"No such {what}.")
    return found


def _writing(user: User, *, write: bool) -> None:
    if write and not may_write(user):
        raise PermissionDenied("Releases are written by the owner, the release coordinator and rights.")


def visible_releases(user: User) -> QuerySet[Release]:
    """All for label staff, their own for artists."""
    releases = Release.objects.select_related("imprint", "artist")
    return releases if user.is_label_staff else releases.filter(artist__in=visible_artists(user))


def release_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Release:
    release = _one(visible_releases(user), pk, "release")
    _writing(user, write=write)
    return release


def visible_recordings(user: User) -> QuerySet[Recording]:
    recordings = Recording.objects.select_related("imprint", "work", "artist", "master__wav", "master__flac")
    return recordings if user.is_label_staff else recordings.filter(artist__in=visible_artists(user))


def recording_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Recording:
    recording = _one(visible_recordings(user), pk, "recording")
    _writing(user, write=write)
    return recording


def track_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Track:
    track = _one(Track.objects.filter(active=True, release__in=visible_releases(user)), pk, "track")
    _writing(user, write=write)
    return track


def package_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Package:
    packages = Package.objects.select_related(
        "release__imprint", "release__artist", "asset", "job", "requested_by"
    )
    package = _one(packages.filter(release__in=visible_releases(user)), pk, "package")
    _writing(user, write=write)
    return package


def imprints_for(user: User) -> QuerySet[Imprint]:
    """Imprints are the label's; artists read the one on their release, not the list."""
    return Imprint.objects.all() if user.is_label_staff else Imprint.objects.none()


def require_writer(user: User) -> None:
    _writing(user, write=True)


def master_for_declaration(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Master:
    """The master one may read; only somebody who acts as its artist declares."""
    master = master_for(user, pk)
    if write and not may_declare(user, master):
        raise PermissionDenied("The artist declares what the artist did.")
    return master


def may_declare(user: User, master: Master) -> bool:
    return acts_for(user, master.project.artist)


def declaration_for(user: User, pk: uuid.UUID | str, *, resolve: bool = False) -> Declaration:
    declarations = Declaration.objects.select_related("master__render__version__arrangement__project__artist")
    declaration = _one(declarations, pk, "declaration")
    master_for(user, declaration.master_id)
    if resolve and not may_resolve(user):
        raise PermissionDenied("A contradiction is settled by rights or by the owner.")
    return declaration


def declarations_to_sign(user: User) -> list[Declaration]:
    """Approved declarations of this person, the newest of each master, that wait for their signature."""
    rows = Declaration.objects.filter(declared_by=user).order_by("master_id", "-number").distinct("master_id")
    found = Declaration.objects.filter(pk__in=rows.values("pk"), approved=True, entry__signed_by__isnull=True)
    return list(found.select_related("master__render__version__arrangement__project").order_by("entry_id"))


def approvals_to_sign(user: User) -> list[Approval]:
    """Approvals that this person gave to releases that stand as approved, and that wait for their signature."""
    found = Approval.objects.filter(
        approved_by=user, release__state=Release.State.APPROVED, entry__signed_by__isnull=True
    )
    return list(found.select_related("release").order_by("entry_id"))


def release_to_approve(user: User, pk: uuid.UUID | str) -> Release:
    release = release_for(user, pk)
    if not user.has_role(*RESOLVERS):
        raise PermissionDenied("A release is approved by rights or by the owner.")
    return release


def works_of(user: User, artist: Artist) -> QuerySet[Work]:
    """Works that the artist's visible recordings record."""
    recordings = visible_recordings(user).filter(artist=artist)
    return Work.objects.filter(recordings__in=recordings).distinct()


def work_for(user: User, artist: Artist, pk: uuid.UUID | str) -> Work:
    return _one(works_of(user, artist), pk, "work")


def imprint_for(user: User, pk: uuid.UUID | str) -> Imprint:
    return _one(imprints_for(user), pk, "imprint")


def may_publish(user: User, artist: Artist) -> bool:
    """Who puts where everybody reads it how something was made: the artist, rights and the owner."""
    return user.has_role(Role.OWNER, Role.RIGHTS) or acts_for(user, artist)


def require_publisher(user: User, artist: Artist) -> None:
    if not may_publish(user, artist):
        raise PermissionDenied("The artist, rights and the owner publish how something was made.")


def reads_statement(user: User, master: Master) -> bool:
    """Whether somebody reads the words of a method that nobody published: guests of a project do not."""
    return visible_artists(user).filter(pk=master.project.artist_id).exists()
