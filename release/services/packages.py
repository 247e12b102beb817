"""Asking for a package. Building it is `release/packaging.py`, in a worker."""

from __future__ import annotations

from django.db import transaction

from artists.models import User
from provenance.ledger import record
from release.errors import GatesClosed
from release.events import PackageRequested
from release.gates import blocking
from release.models import Package, Release
from release.queue import enqueue_package
from release.services.releases import state_digest


def request_package(release: Release, *, actor: User) -> Package:
    """Record the request and enqueue the building. Every gate must be open."""
    closed = blocking(release)
    if closed:
        raise GatesClosed(f"{closed[0].sentence} Clear the gates first ({len(closed)} open).")
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        package = Package(release=release, requested_by=actor)
        package.entry = record(
            PackageRequested(
                stream=release.stream,
                release=str(release.pk),
                package=str(package.pk),
                title=release.title,
                state_digest=state_digest(release),
            ),
            actor=actor,
        )
        package.job = enqueue_package(release, str(package.pk), actor=actor)
        package.save(force_insert=True)
    return package
