"""How a package is built: changes meanwhile, failures, cancelling, a second run; nothing half-built, ever."""

from __future__ import annotations

import hashlib
import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from provenance.models import Entry
from provenance.services import Job
from release import ddex, services
from release.models import Package
from release.packaging import archive
from release.packaging.build import build_package
from tests.release.packaging.orders import finished, order
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


def test_a_change_while_the_job_waits_stops_it_with_the_reason(house):
    release = house.ready(parts=("voice",))
    package = order(house, release)
    services.change_release(release, actor=house.cast.release, genre="Drone")
    run_jobs()
    job = Job.objects.get(pk=package.job_id)
    assert (job.state, job.error_code) == ("failed", "gates_closed")
    assert "Nobody approved the release as it stands now" in job.error_message
    assert Package.objects.get(pk=package.pk).asset is None


def test_after_the_cure_the_same_job_is_tried_again_and_succeeds(house):
    release = house.ready(parts=("voice",))
    package = order(house, release)
    release = services.change_release(release, actor=house.cast.release, genre="Drone")
    run_jobs()
    house.approve(release)
    services.steer_package(Package.objects.get(pk=package.pk), action="retry", actor=house.cast.release)
    assert finished(package).asset is not None


def test_a_second_run_reuses_what_the_first_one_signed(house, monkeypatch):
    package = order(house, house.ready(parts=("voice",)))
    from release.packaging import evidence, papers

    def broken(*args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(papers, "label_copy", broken)
    run_jobs(limit=1)
    job = Job.objects.get(pk=package.job_id)
    assert job.state == "queued", "our fault: tried again later"
    kept = Package.objects.get(pk=package.pk)
    assert kept.asset is None
    assert {part["role"] for part in kept.parts} == {
        "signed_wav", "signed_flac", "credential_wav", "credential_flac",
    }  # fmt: skip
    assert services.package_part(kept, kept.parts[0]["path"]) == (None, ""), (
        "nothing half-built is handed out"
    )
    monkeypatch.undo()
    monkeypatch.setattr(
        evidence, "ledger_assertion", lambda *args, **kwargs: pytest.fail("it was signed already")
    )
    Job.objects.filter(pk=package.job_id).update(not_before=None)
    done = finished(package)
    signed = {part["path"]: part["sha256"] for part in kept.parts}
    assert {part["path"]: part["sha256"] for part in done.parts if part["path"] in signed} == signed
    assert Entry.objects.filter(kind="package.audio_signed").count() == 1


def test_a_package_that_is_built_is_left_alone_by_another_run(house):
    package = finished(order(house, house.ready(parts=("voice",))))
    entries = Entry.objects.count()

    class Again:
        payload = {"package": str(package.pk)}

    build_package(Again())  # type: ignore[arg-type]
    assert Entry.objects.count() == entries


def test_a_cancelled_building_leaves_no_package(house):
    package = order(house, house.ready(parts=("voice",)))
    services.steer_package(package, action="cancel", actor=house.cast.release)
    run_jobs()
    package = Package.objects.select_related("job", "release").get(pk=package.pk)
    assert (package.job.state, package.asset) == ("cancelled", None)
    assert package.release.state == "approved"


def test_what_a_killed_build_left_behind_is_swept_and_a_running_one_is_left_alone(house, settings):
    run = Path(settings.DEADWAX_DATA) / "run"
    for name, age_s in (("package-dead", 2 * 24 * 3600), ("package-busy", 60)):
        (run / name).mkdir(parents=True, exist_ok=True)
        os.utime(run / name, (time.time() - age_s,) * 2)
    finished(order(house, house.ready(parts=("voice",))))
    assert [path.name for path in run.glob("package-*")] == ["package-busy"]
    (run / "package-busy").rmdir()


def test_one_package_is_built_at_a_time(house):
    release = house.ready(parts=("voice",))
    order(house, release)
    with pytest.raises(Exception, match="is being built since"):
        services.request_package(release, actor=house.cast.release)


def test_a_message_that_a_distributor_would_bounce_fails_the_job_in_words(house, monkeypatch):
    from release.packaging import message

    finding = ddex.Finding(code="no_deal", sentence="The release has no deal.", cure="Add one.")
    monkeypatch.setattr(message.ddex, "check_message", lambda *args, **kwargs: (finding,))
    package = order(house, house.ready(parts=("voice",)))
    run_jobs()
    job = Job.objects.get(pk=package.job_id)
    assert (job.state, job.error_code) == ("failed", "message_refused")
    assert "The release has no deal. Add one." in job.error_message


def test_the_same_files_give_the_same_archive_whatever_their_times(tmp_path):
    digests = []
    for name in ("one", "two"):
        folder = tmp_path / name
        for path in ("b/second.txt", "a.wav", "evidence.zip"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(path.encode() * 100)
        target = tmp_path / f"{name}.zip"
        order_of_listing = ["b/second.txt", "a.wav", "evidence.zip"]
        archive.write_zip(target, folder, order_of_listing if name == "one" else reversed(order_of_listing))
        digests.append(hashlib.sha256(target.read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    with zipfile.ZipFile(io.BytesIO((tmp_path / "one.zip").read_bytes())) as zipped:
        assert zipped.namelist() == ["a.wav", "b/second.txt", "evidence.zip"]
