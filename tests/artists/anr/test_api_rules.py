"""Kind answers, criteria, questions and days over the API, by the same rules as the pages."""

from __future__ import annotations

from typing import Any

import pytest

from artists.services import review
from tests.artists.anr.conftest import ANSWERS
from tests.artists.anr.test_api import as_

pytestmark = pytest.mark.django_db
OURS = {"title": "Come over", "outcome": "meet", "subject": "For {artist}", "body": "Hello {artist}, {who}"}


def test_answers_are_written_changed_restored_and_looked_at(cast: Any, send: Any) -> None:
    anr = as_(cast.anr)
    made = anr.post("/api/answer-templates/", OURS, format="json")
    assert (made.status_code, made.data["key"], made.data["language"]) == (201, "come-over", "en")
    address = "/api/answer-templates/come-over/"
    changed = anr.patch(address, {"body": "Hi {artist}"}, format="json")
    assert (changed.data["number"], changed.data["subject"], changed.data["language"]) == (
        2,
        OURS["subject"],
        "en",
    )
    refused = anr.patch(address, {"body": "Hi {name}"}, format="json")
    assert (refused.status_code, "{artist}" in refused.content.decode()) == (400, True)
    assert [one["number"] for one in anr.get(f"{address}versions/").data] == [2, 1]
    anr.patch("/api/answer-templates/no/", {"subject": "Ours"}, format="json")
    assert anr.post("/api/answer-templates/no/restore/").data["subject"] == "Your music (submission {number})"
    assert anr.post(f"{address}retire/").data["active"] is False
    assert "come-over" not in [one["key"] for one in anr.get("/api/answer-templates/").data]

    submission = send(playlist="https://a.invalid/1")
    look = {"submission": str(submission.pk)}
    blind = anr.post(f"{address}preview/", look, format="json").data
    assert blind["subject"] == "For there", "a preview unblinds nobody"
    review.score(submission, values={"timbre": 3}, actor=cast.anr)
    assert (
        anr.post(f"{address}preview/", look, format="json").data["subject"] == f"For {ANSWERS['artist_name']}"
    )
    for user, status in ((cast.release, 403), (cast.mara, 403)):
        assert as_(user).get("/api/answer-templates/").status_code == status
        assert as_(user).patch(address, OURS, format="json").status_code == status


def test_criteria_questions_and_days(cast: Any) -> None:
    anr, release = as_(cast.anr), as_(cast.release)
    for name in ("criteria", "questions"):
        made = anr.post(f"/api/{name}/", {"title": "Where next?"}, format="json").data
        anr.patch(f"/api/{name}/{made['id']}/", {"active": False}, format="json")
        (listed,) = release.get(f"/api/{name}/").data["results"]
        assert (listed["title"], listed["active"]) == ("Where next?", False)
        assert release.post(f"/api/{name}/", {"title": "x"}, format="json").status_code == 403
        assert as_(cast.mara).get(f"/api/{name}/").status_code == 403
    assert release.get("/api/inbox-rules/").data["promise_days"] == 14
    assert (
        anr.patch("/api/inbox-rules/", {"keep_declined_days": 30}, format="json").data["keep_declined_days"]
        == 30
    )
    assert release.patch("/api/inbox-rules/", {"promise_days": 3}, format="json").status_code == 403


def test_erasing_needs_the_number_and_somebody_who_may(cast: Any, send: Any) -> None:
    submission = send(playlist="https://a.invalid/1")
    address = f"/api/submissions/{submission.pk}/erase/"
    assert as_(cast.anr).post(address, {"number": submission.number}, format="json").status_code == 403
    assert as_(cast.rights).post(address, {"number": 999}, format="json").status_code == 400
    done = as_(cast.rights).post(address, {"number": submission.number}, format="json")
    assert done.data["cleared_why"] == "asked"
    assert as_(cast.rights).post(address, {"number": submission.number}, format="json").status_code == 400
