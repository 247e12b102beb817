"""Submissions over the API: as blind as the page, and as closed."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.artists.anr.conftest import ANSWERS

pytestmark = pytest.mark.django_db


def as_(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_api_tells_the_name_after_ones_own_score_and_contacts_to_deciders(cast: Any, send: Any) -> None:
    one = send(playlist="https://a.invalid/1")
    other = send(playlist="https://a.invalid/2")
    anr, release = as_(cast.anr), as_(cast.release)
    assert [row["sender"] for row in anr.get("/api/submissions/").data["results"]] == [None, None]
    scored = anr.post(f"/api/submissions/{one.pk}/score/", {"values": {"timbre": 5}}, format="json")
    assert scored.data["sender"]["contact_email"] == ANSWERS["contact_email"]
    rows = {row["number"]: row["sender"] for row in anr.get("/api/submissions/").data["results"]}
    assert rows[one.number]["artist_name"] == ANSWERS["artist_name"]
    assert rows[other.number] is None
    release.post(f"/api/submissions/{one.pk}/score/", {"values": {"timbre": 1}}, format="json")
    seen = release.get(f"/api/submissions/{one.pk}/").data["sender"]
    assert seen["artist_name"] == ANSWERS["artist_name"]
    assert "contact_email" not in seen
    assert (
        release.post(f"/api/submissions/{one.pk}/decide/", {"stage": "meet"}, format="json").status_code
        == 403
    )
    assert as_(cast.mara).get(f"/api/submissions/{one.pk}/").status_code == 404


def test_a_list_asks_the_database_as_often_for_many_as_for_few(
    cast: Any, send: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        send(playlist="https://a.invalid/1", sender=f"s{number}")
    with django_assert_max_num_queries(8):
        assert len(as_(cast.anr).get("/api/submissions/").data["results"]) == 12
