"""From the roster one comes to everything about the label's people, and an artist's page says what is due to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lxml.html
import pytest
from django.utils import timezone

from artists.services import agreements, methods
from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db

STAFF = ["/roster/", "/board/", "/inbox/", "/agreements/"]


def rooms(user: Any, page: str) -> dict[str, str]:
    """Address to title of the tabs of a page."""
    tree = lxml.html.fromstring(as_(user).get(page).content)
    return {one.get("href"): one.text for one in tree.xpath("//nav[@aria-label='People']//a")}


@pytest.mark.parametrize(
    ("person", "wanted"),
    [
        ("owner", [*STAFF, "/listening/", "/people/"]),
        ("anr", [*STAFF, "/listening/"]),
        ("release", [*STAFF, "/listening/"]),
        ("rights", STAFF),
        ("mara", ["/roster/", "/board/", "/agreements/"]),
    ],
)
def test_the_rooms_of_the_labels_people_lead_to_each_other(
    scene: Scene, person: str, wanted: list[str]
) -> None:
    user = getattr(scene.cast, person)
    for page in ("/roster/", "/board/", "/agreements/"):
        assert list(rooms(user, page)) == wanted, page
    for address in wanted:
        assert as_(user).get(address).status_code == 200, address


def test_what_an_agreement_brings_is_due_on_the_artists_page(scene: Scene) -> None:
    artist, day = scene.cast.artist, timezone.now().date() + dt.timedelta(days=9)
    row = agreements.draft_agreement(artist, title="Two records", answer_due=day, actor=scene.cast.anr)
    agreements.move_agreement(row, status="offered", actor=scene.cast.anr)
    for person, words in (
        ("anr", f"{artist.name}'s answer to an agreement"),
        ("mara", "Your answer to an agreement"),
    ):
        tree = lxml.html.fromstring(
            as_(getattr(scene.cast, person)).get(f"/board/artists/{artist.pk}/").content
        )
        link = tree.xpath(f"//ul[@class='todo']//a[@href='/agreements/{row.pk}/'][text()=\"{words}\"]")
        assert len(link) == 1, person
    tree = lxml.html.fromstring(as_(scene.cast.rights).get(f"/board/artists/{artist.pk}/").content)
    assert tree.xpath("//b[starts-with(text(), 'Next on') or contains(text(), 'late')]")


def test_the_methods_page_says_how_each_master_stands(scene: Scene) -> None:
    artist = scene.cast.artist
    methods.write_method(
        artist, statement="The voice is mine.", rules={"material": {"vocal": "never"}}, actor=scene.cast.mara
    )  # fmt: skip
    page = as_(scene.cast.anr).get(f"/roster/{artist.pk}/method/").content.decode()
    assert f'hx-get="/roster/{artist.pk}/method/masters/"' in page
    held = as_(scene.cast.anr).get(f"/roster/{artist.pk}/method/masters/").content.decode()
    assert f'href="/masters/{scene.master.pk}/method/"' in held
    assert scene.master.project.title in held


def test_a_browser_that_asks_for_an_icon_at_the_root_gets_one(scene: Scene) -> None:
    answer = as_(None).get("/favicon.ico")
    assert answer.status_code == 302
    assert answer["Location"].endswith(".svg")
