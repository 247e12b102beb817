"""Lists that grow without end are shown in pages: nothing is left out silently, and every row stands on one page."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.urls import reverse

from artists import services as people
from artists.services import agreements, clearing, listening, submissions, upload_links
from artists.views import agreements as agreement_views
from artists.views import artist_parts
from artists.views.inbox import links as upload_link_views
from generation.services import create_project
from generation.views import projects as project_views
from label.views import erasure as erasure_views
from label.views import listening as listening_views
from tests.artists.anr.conftest import AI, ANSWERS
from tests.cast import Cast
from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db
ROWS = 5


def _agreement(scene: Scene, name: str) -> None:
    agreements.draft_agreement(scene.cast.artist, title=name, actor=scene.cast.anr)


def _upload_link(scene: Scene, name: str) -> None:
    upload_links.make_upload_link(name=name, actor=scene.cast.anr)


def _listening_link(scene: Scene, name: str) -> None:
    things = [{"kind": "master", "id": str(scene.master.pk)}]
    listening.make_listening_link(recipient=name, things=things, actor=scene.cast.anr)


def _project(scene: Scene, name: str) -> None:
    create_project(title=name, artist=scene.cast.artist, actor=scene.cast.mara)


#: Address, who reads, the view's module, what makes a row, the words around its name in the page.
LISTS: dict[str, tuple[str, str, ModuleType, Callable[[Scene, str], None]]] = {
    "agreements": ("artists:agreements", "anr", agreement_views, _agreement),
    "upload links": ("artists:upload-links", "anr", upload_link_views, _upload_link),
    "listening links": ("label:listening-links", "anr", listening_views, _listening_link),
    "projects": ("generation:projects", "mara", project_views, _project),
}


def _pages(user: Any, address: str) -> list[str]:
    """The pages of a list as one reads on from the first."""
    client, found = as_(user), []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        found.append(answer.content.decode().partition("<h1")[2])  # the rail has lists of its own
        following = re.search(r'href="(\?[^"]*page=\d+)">(?:Older|Later)</a>', found[-1])
        address = address.partition("?")[0] + following[1].replace("&amp;", "&") if following else ""
    return found


@pytest.mark.parametrize("name", LISTS)
def test_every_row_stands_on_exactly_one_page(
    scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, reader, views, make = LISTS[name]
    for number in range(ROWS):
        make(scene, f"Row {number} (fictional)")
    user = getattr(scene.cast, reader)
    assert len(_pages(user, reverse(address))) == 1
    monkeypatch.setattr(views, "PAGE", 2)
    pages = _pages(user, reverse(address))
    assert len(pages) >= 3
    for number in range(ROWS):
        assert sum(f"Row {number} (fictional)" in page for page in pages) == 1
    assert f"page 2 of {len(pages)}" in pages[1]


def test_who_asked_to_be_erased_stands_on_pages(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    link, _ = upload_links.make_upload_link(name="Call (fictional)", actor=scene.cast.anr)
    asked = []
    for number in range(ROWS):
        answers = {**ANSWERS, "playlist": f"https://music.invalid/{number}"}
        row, _ = submissions.submit(link, files=[], sender=f"s{number}", ai=AI, **answers)
        asked.append(clearing.ask_erasure(row).number)
    monkeypatch.setattr(erasure_views, "PAGE", 2)
    pages = _pages(scene.cast.rights, reverse("label:erasures"))
    for number in asked:
        assert sum(f">Submission {number}</a>" in page for page in pages) == 1


def test_the_address_of_a_page_keeps_what_else_is_asked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(ROWS):
        _project(scene, f"Row {number} (fictional)")
    monkeypatch.setattr(project_views, "PAGE", 2)
    cast: Cast = scene.cast
    first = as_(cast.owner).get(reverse("generation:projects"), {"artist": str(cast.artist.pk)})
    assert f'href="?artist={cast.artist.pk}&amp;page=2"' in first.content.decode()


def test_counts_of_takes_are_those_of_each_project(scene: Scene) -> None:
    page = as_(scene.cast.mara).get(reverse("generation:projects")).content.decode()
    rows = re.findall(r'<a class="title" href="[^"]*/([0-9a-f-]{36})/">.*?(\d+) take', page, re.DOTALL)
    from generation.models import Take

    assert {key: int(count) for key, count in rows} == {
        key: Take.objects.filter(run__project=key).count() for key, _ in rows
    }
    assert any(int(count) for _, count in rows)


def test_a_contributor_beyond_the_first_is_found_by_name(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast: Cast = scene.cast
    rows = [
        people.create_person(
            credit_name=f"Person {number} (fictional)", artist=cast.other_artist, actor=cast.owner
        )
        for number in range(ROWS)
    ]
    address = reverse("artists:person-new", args=[cast.artist.pk])
    client = as_(cast.owner)
    assert " total=" not in client.get(address).content.decode()
    monkeypatch.setattr(artist_parts, "MOST_OPTIONS", 2)
    page = client.get(address).content.decode()
    total = int(re.search(r' total="(\d+)"', page)[1])  # type: ignore[index]
    assert f"The first 2 of {total} by name are in the list below." in page
    last = rows[-1]
    assert str(last.pk) not in page
    # With scripts the field asks the house, without them the page does.
    found = client.get(reverse("artists:choose", args=["people"]), {"words": "person 4"}).json()["found"]
    assert [one["id"] for one in found] == [str(last.pk)]
    narrowed = client.get(address, {"words": "person 4"}).content.decode()
    assert f'<option value="{last.pk}">' in narrowed
    assert client.post(address, {"person": str(last.pk)}).status_code == 302
    assert last in people.people_behind(cast.artist)
