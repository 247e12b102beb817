"""A package from a real small song: tagged, signed, described, documented, proven, and the same when it is retried."""

from __future__ import annotations

import pytest

from release import services
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def built(house):
    release = house.ready()
    services.approve_release(release, actor=house.cast.rights)
    package = services.request_package(release, actor=house.cast.release)
    run_jobs()
    package.refresh_from_db()
    package.job.refresh_from_db()
    return package


def test_the_job_builds_it(built):
    assert built.job.state == "done", built.job.error_message
