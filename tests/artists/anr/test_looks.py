"""A look at a file that fails for good is told on the submission's page, and can be begun again from there."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from artists.models import SubmissionFile
from provenance import blobs
from provenance.jobs import MAX_ATTEMPTS
from provenance.models import Entry, Job
from tests.artists.anr.conftest import encoded, tune
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("by_page", [True, False])
def test_bytes_that_cannot_be_read_are_told_and_looked_at_again_when_they_can(
    by_page: bool, cast: Any, send: Any, client: Any
) -> None:
    submission = send([encoded(tune(1, seconds=3)), encoded(tune(2, seconds=3))])
    _, bad = submission.files.order_by("position")
    page = reverse("artists:submission", args=[submission.pk])
    again = reverse("artists:submission-look", args=[submission.pk])
    client.force_login(cast.anr)
    assert client.get(page).content.decode().count("being looked at") == 2
    assert "Every file was looked at" in client.post(again, follow=True).content.decode()
    over_api = f"/api/submissions/{submission.pk}/look/"
    refused = client.post(over_api)
    assert (refused.status_code, "Every file was looked at" in refused.content.decode()) == (400, True)

    Job.objects.filter(stream=submission.stream).update(attempts=MAX_ATTEMPTS - 1)
    with blobs.store().local_path(bad.asset.sha256) as stored:
        away = stored.rename(stored.with_suffix(".away"))
    run_jobs()
    html = client.get(page).content.decode()
    assert "could not be looked at" in html
    assert "being looked at" not in html
    assert html.count("no match in the catalogue") == 1, "the other one is in order"
    assert again in html

    away.rename(stored)
    if by_page:
        assert "1 file is looked at again." in client.post(again, follow=True).content.decode()
    else:
        assert client.post(over_api).json()["number"] == submission.number
    entry = Entry.objects.filter(stream=submission.stream, kind="job.retried").latest("id")
    assert entry.actor_id == str(cast.anr.pk)
    run_jobs()
    bad.refresh_from_db()
    assert bad.state == SubmissionFile.State.READY
    html = client.get(page).content.decode()
    assert again not in html
    assert html.count("no match in the catalogue") == 2
