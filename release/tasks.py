"""What workers do for releases."""

from __future__ import annotations

from provenance import jobs
from release.packaging.build import build_package


@jobs.handler("release.package")
def package(claim: jobs.Claim) -> None:
    build_package(claim)
