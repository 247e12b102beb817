"""Asking for a package and keeping what was built. The building itself is `release/packaging`, in a worker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction

from artists.models import User
from generation import attribution
from provenance import assets, jobs
from provenance.blobs import Staged
from provenance.events import AssetRef
from provenance.ledger import Actor, record
from provenance.models import Asset
from release.errors import BadField, GatesClosed
from release.events import AudioSigned, PackageBuilt, PackageRequested
from release.gates import blocking
from release.models import Package, Recording, Release
from release.queue import enqueue_package
from release.reading import cover_of, state_digest
from release.services.states import open_for_changes, set_state

ARCHIVE = "package.zip"
WORKER = Actor.worker("packaging")


@dataclass(frozen=True, kw_only=True)
class MadePart:
    """A finished file of the package, stored. `path` is its place in the archive."""

    path: str
    staged: Staged
    media_type: str
    role: str
    probe: Mapping[str, Any] = field(default_factory=dict)
    recording: str = ""
    """The recording whose sound it is, where it is sound."""

    def to_json(self) -> dict[str, Any]:
        sound = {"recording": self.recording} if self.recording else {}
        return sound | {
            "path": self.path,
            "sha256": self.staged.sha256,
            "size": self.staged.size,
            "media_type": self.media_type,
            "role": self.role,
        }


def request_package(release: Release, *, actor: User) -> Package:
    """Record the request and enqueue the building. Every gate must be open; one building at a time."""
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        open_for_changes(release)
        check_gates(release)
        if running := release.packages.filter(job__state__in=("queued", "running")).first():
            raise BadField(
                f"A package of {release.title} is being built since {running.created_at:%H:%M}."
                " Wait for it, or cancel it."
            )
        package = Package(release=release, requested_by=actor)
        package.entry = record(
            PackageRequested(
                stream=release.stream,
                subjects=(f"package:{package.pk}",),
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


def check_gates(release: Release) -> None:
    """Return when every gate is open. Raises `GatesClosed` with the first that is not."""
    if closed := blocking(release):
        raise GatesClosed(f"{closed[0].sentence} Clear the gates first ({len(closed)} closed).")


def package_to_build(package_id: str) -> Package:
    packages = Package.objects.select_related("release__imprint", "release__artist", "job")
    return packages.get(pk=uuid.UUID(package_id))


def signed_parts(package: Package) -> list[dict[str, Any]]:
    """Signed audio that an earlier run kept, as long as the release is still what was signed."""
    if package.checks.get("signed_state") != state_digest(package.release):
        return []
    return list(package.parts)


def keep_signed(package: Package, recording: Recording, *, made: Sequence[MadePart]) -> None:
    """Write a track's signed files. Called inside the worker's fenced transaction."""
    package = Package.objects.select_for_update().select_related("release").get(pk=package.pk)
    master = recording.master
    assert master.wav is not None
    assert master.flac is not None
    digest = state_digest(package.release)
    kept = package.parts if package.checks.get("signed_state") == digest else []
    audio = {part.role: part.staged.sha256 for part in made}
    package.entry = record(
        AudioSigned(
            stream=package.release.stream,
            subjects=(f"package:{package.pk}", f"recording:{recording.pk}", f"master:{master.pk}"),
            inputs=(
                AssetRef(role="wav", sha256=master.wav.sha256),
                AssetRef(role="flac", sha256=master.flac.sha256),
            ),
            outputs=tuple(AssetRef(role=part.role, sha256=part.staged.sha256) for part in made),
            authorship=attribution.merge(
                attribution.transcode(audio["signed_wav"], master.wav.sha256),
                attribution.transcode(audio["signed_flac"], master.flac.sha256),
            ),
            release=str(package.release_id),
            package=str(package.pk),
            recording=str(recording.pk),
            title=recording.title,
            isrc=recording.isrc,
        ),
        actor=WORKER,
    )
    _register(package, made)
    fresh = {part.path for part in made}
    package.parts = [part for part in kept if part["path"] not in fresh] + [part.to_json() for part in made]
    package.checks = {"signed_state": digest}
    package.save()


def finish_package(
    package: Package,
    *,
    made: Sequence[MadePart],
    archive: Staged,
    checks: Mapping[str, Any],
    ern_verdict: str,
    checkpoint_size: int,
) -> Package:
    """Write what was built. Called inside the worker's fenced transaction; the signed audio is there already."""
    package = Package.objects.select_for_update().get(pk=package.pk)
    release = Release.objects.select_for_update().select_related("imprint").get(pk=package.release_id)
    open_for_changes(release)
    signed = list(package.parts)
    cover = cover_of(release)
    known = {part["sha256"] for part in signed} | ({cover.asset.sha256} if cover else set())
    outputs = {part.staged.sha256: part.role for part in made if part.staged.sha256 not in known}
    package.entry = record(
        PackageBuilt(
            stream=release.stream,
            subjects=(f"package:{package.pk}",),
            inputs=(
                *(AssetRef(role=part["role"], sha256=part["sha256"]) for part in signed),
                *((AssetRef(role="artwork", sha256=cover.asset.sha256),) if cover else ()),
            ),
            outputs=(
                *(AssetRef(role=role, sha256=sha256) for sha256, role in outputs.items()),
                AssetRef(role="package", sha256=archive.sha256),
            ),
            release=str(release.pk),
            package=str(package.pk),
            title=release.title,
            parts=len(signed) + len(made),
            ern_verdict=ern_verdict,
            checkpoint_size=checkpoint_size,
        ),
        actor=WORKER,
    )
    _register(package, made)
    package.asset = assets.register(archive, entry=package.entry, media_type="application/zip")
    package.parts = sorted([*signed, *(part.to_json() for part in made)], key=lambda part: part["path"])
    package.checks = dict(checks)
    package.save()
    set_state(release, Release.State.PACKAGED, actor=WORKER)
    return package


def _register(package: Package, made: Sequence[MadePart]) -> None:
    for part in made:
        assets.register(part.staged, entry=package.entry, media_type=part.media_type, probe=part.probe)


def steer_package(package: Package, *, action: str, actor: User) -> None:
    """Cancel the building, or start it again after it failed. Raises `NotRetriable`, `BadField`."""
    match action:
        case "cancel":
            jobs.request_cancel(package.job, actor=actor)
        case "retry":
            jobs.retry(package.job, actor=actor)
        case _:
            raise BadField("Choose cancel or retry.", field="action")


def package_part(package: Package, path: str) -> tuple[Asset | None, str]:
    """A part by its path, or the whole archive as `package.zip`, with the name it is saved under."""
    number = package.release.catalogue_number
    if package.asset is None:
        return None, ""
    if path == ARCHIVE:
        return package.asset, f"{number}.zip"
    for part in package.parts:
        if part["path"] == path:
            return Asset.objects.filter(sha256=part["sha256"]).first(), f"{number}-{PurePosixPath(path).name}"
    return None, ""
