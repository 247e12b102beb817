"""Long work of this app, enqueued by name; services never import tasks."""

from __future__ import annotations

from artists.models import User
from provenance import jobs
from provenance.jobs import Job
from release.models import Release

PACKAGE = "release.package"


def enqueue_package(release: Release, package_id: str, *, actor: User) -> Job:
    return jobs.enqueue(
        PACKAGE,
        {"package": package_id},
        actor=actor,
        subject=release.stream,
        stream=release.stream,
        title=f"Package of {release.title}",
    )
