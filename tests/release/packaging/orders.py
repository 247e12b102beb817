"""A package is ordered, built and unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from provenance import blobs
from release import services
from release.models import Package
from tests.support import run_jobs


def order(house: Any, release: Any) -> Package:
    house.approve(release)
    return services.request_package(release, actor=house.cast.release)


def finished(package: Package) -> Package:
    run_jobs()
    package = Package.objects.select_related("job", "asset", "release").get(pk=package.pk)
    assert package.job.state == "done", package.job.error_message
    return package


def unpacked(package: Package, folder: Path) -> Path:
    with blobs.store().open(package.asset.sha256) as stream, zipfile.ZipFile(stream) as zipped:
        zipped.extractall(folder)
    return folder
