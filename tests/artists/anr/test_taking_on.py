"""From submission to artist: what is made of it, what stays linked, and who may do it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from artists.errors import ArtistsUserFault, NotNow
from artists.models import Artist, Person, Submission
from artists.services import review, taking_on
from generation.models import Project
from provenance.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(cast: Any, send: Any) -> Submission:
    row = send(playlist="https://a.invalid/b")
    for stage in ("more", "offer"):
        row = review.decide(row, stage=stage, actor=cast.anr)
    return row


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_page_makes_artist_contributor_and_project_and_each_finds_the_other(
    cast: Any, offered: Submission
) -> None:
    review.score(offered, values={"mix": 4}, actor=cast.anr)
    client, address = browser(cast.anr), reverse("label:take-on", args=[offered.pk])
    assert 'value="Glass Ferry' in client.get(address).content.decode()
    data = {"artist": "", "name": "Glass Ferry (fictional)", "credit_name": "Finn Ferry (fictional)",
            "title": "Low Tide", "reason": "We want to hear more."}  # fmt: skip
    done = client.post(address, data, follow=True)
    page = done.content.decode()
    assert "Glass Ferry (fictional) is on the roster, with a project" in page
    artist = Artist.objects.get(name=data["name"])
    assert (artist.status, Project.objects.get().artist, Project.objects.get().title) == (
        "signed",
        artist,
        "Low Tide",
    )
    offered.refresh_from_db()
    assert (offered.stage, offered.artist) == ("signed", artist)
    entry = Entry.objects.get(kind="submission.taken_on")
    body = json.loads(bytes(entry.body))
    person = Person.objects.get(credit_name=data["credit_name"])
    assert body["subjects"][1:] == [
        f"artist:{artist.pk}",
        f"person:{person.pk}",
        f"project:{Project.objects.get().pk}",
    ]
    came = reverse("label:how-they-came", args=[artist.pk])
    told = {user: browser(user).get(came) for user in (cast.anr, cast.release, cast.stranger)}
    assert [answer.status_code for answer in told.values()] == [200, 200, 404]
    assert "We want to hear more." in told[cast.release].content.decode()
    again = client.post(address, {**data, "artist": str(artist.pk), "title": ""}, follow=True)
    assert again.status_code == 200
    assert (Artist.objects.filter(name=data["name"]).count(), Person.objects.count()) == (1, 1)
    assert Project.objects.count() == 1


def test_a_prospect_becomes_signed_and_others_stay_as_they_are(cast: Any, offered: Submission) -> None:
    from artists import services as people

    prospect = people.create_artist(name="Glass Ferry (fictional)", status="prospect", actor=cast.anr)
    taken = taking_on.take_on(offered, artist=prospect, actor=cast.anr)
    assert (taken.artist.status, taken.person, taken.submission.artist_id) == ("signed", None, prospect.pk)
    with pytest.raises(NotNow, match="Merge"):
        taking_on.take_on(taken.submission, artist=cast.artist, actor=cast.anr)


def test_before_an_offer_and_without_a_name_nothing_is_made(
    cast: Any, send: Any, offered: Submission
) -> None:
    fresh = send(sender="two", playlist="https://a.invalid/c")
    before = Entry.objects.count()
    with pytest.raises(NotNow, match="Offer first"):
        taking_on.take_on(fresh, name="X (fictional)", actor=cast.anr)
    with pytest.raises(ArtistsUserFault, match="name of a new one"):
        taking_on.take_on(offered, name=" ", actor=cast.anr)
    refused = browser(cast.anr).post(
        reverse("label:take-on", args=[offered.pk]),
        {"name": "Y (fictional)", "credit_name": "y" * 400, "title": "z" * 400},
    )
    assert refused.status_code == 422
    assert Entry.objects.count() == before, "all of it or nothing"
    assert browser(cast.rights).get(reverse("label:take-on", args=[offered.pk])).status_code == 403


def test_the_api_does_what_the_page_does(cast: Any, offered: Submission) -> None:
    address = reverse("api:submission-take-on", args=[offered.pk])
    said = {"name": "Glass Ferry (fictional)", "title": "Low Tide"}
    codes = [
        browser(user).post(address, said, content_type="application/json").status_code
        for user in (cast.stranger, cast.release)
    ]
    assert codes == [404, 403]
    done = browser(cast.anr).post(address, said, content_type="application/json")
    assert done.status_code == 201, done.content
    project = Project.objects.get()
    assert done.json() == {"artist": str(project.artist_id), "person": None, "project": str(project.pk)}
    again = browser(cast.anr).post(
        address, {"artist": str(cast.other_artist.pk)}, content_type="application/json"
    )
    assert (again.status_code, "Merge" in again.content.decode()) == (400, True)
