"""The pages about the label's people for everybody: axe in light and dark, on a phone, and with names of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.test_roster import Town, come, town  # noqa: F401 - fixtures
from tests.support import needs

pytestmark = [needs("chromium"), pytest.mark.django_db]

LONG = "Rindfleischetikettierung" * 5
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def endless(town: Town, django_db_blocker: Any) -> Iterator[Any]:  # noqa: F811
    """An artist whose name has 120 letters and no space, with a release of that name."""
    from artists import services as people
    from release import services as house
    from release.models import Imprint

    with django_db_blocker.unblock():
        owner = town.cast.owner
        artist = people.create_artist(name=LONG, status="signed", actor=owner)
        people.create_person(credit_name=LONG, artist=artist, actor=owner)
        house.create_release(
            imprint=Imprint.objects.get(), artist=artist, title=LONG, kind="Single", actor=owner
        )
        yield artist


def previews(page: Any, town: Town) -> Iterator[str]:  # noqa: F811
    """Pages that a form leads to: what a merge, a change of many and a file would do."""
    double, kept = (town.artists[f"Harbour Choir {number} (fictional)"] for number in ("03", "04"))
    page.goto(f"/roster/{double.pk}/merge/?into={kept.pk}")
    page.get_by_role("button", name="Look at what happens").click()
    page.get_by_role("button", name="Merge them").wait_for()
    yield "merge"
    page.goto("/roster/?words=harbour+choir+1")
    page.get_by_label("Choose all on this page").check()
    page.locator(".bulk summary").click()
    page.get_by_label("Action").select_option("tag")
    page.locator(".bulk").get_by_label("Tag").fill("seen")
    page.get_by_role("button", name="Look at what happens").click()
    page.get_by_role("button", name="Do it").wait_for()
    yield "bulk"
    page.goto("/roster/import/")
    text = f"name;kind;isni\nNew One (fictional);person;\nWrong (fictional);person;0000000121032684\n{LONG};wizard;\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Take in the good lines").wait_for()
    yield "import"


def addresses(artist: Any) -> list[str]:
    own = f"/roster/{artist.pk}/"
    parts = (
        "", "edit/", "status/", "merge/", "picture/", "people/new/", "team/new/", "documents/new/", "members/new/",
        "method/", "consents/", "consents/new/", "agreements/new/",
    )  # fmt: skip
    return [
        *(own + part for part in parts), "/roster/", "/board/", f"/board/?artist={artist.pk}", "/agreements/",
        f"/search/?words={LONG[:12]}", "/inbox/", "/inbox/compare/", "/inbox/answers/", "/inbox/answers/no/",
        "/inbox/rules/", "/inbox/links/", "/listening/",
    ]  # fmt: skip


def grave(page: Any, *, contrast_only: bool) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "rule", "values": ["color-contrast"]}} if contrast_only else None
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['target']}: {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
    ]


def test_axe_finds_nothing_serious_and_nothing_is_wider_than_its_window(
    town: Town,  # noqa: F811
    come: Callable[..., Any],  # noqa: F811
    endless: Any,
) -> None:
    guest = come("owner")
    page = guest.page
    wide: list[str] = []
    found: list[str] = []

    def narrow(where: str) -> None:
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            needed = page.evaluate("document.documentElement.scrollWidth")
            if needed > width:
                wide.append(f"{where}: {needed} px of {width}")

    # The theme is set before a page comes: links that inherit their colour keep the old one for a moment.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    every = addresses(endless)
    for address in every:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        narrow(address)
        found += [f"{address}: {one}" for one in grave(page, contrast_only=False)]
    for where in previews(page, town):
        narrow(where)
        found += [f"{where}: {one}" for one in grave(page, contrast_only=False)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for address in every[:1] + every[9:]:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found += [f"{address}, dark: {one}" for one in grave(page, contrast_only=True)]
    for where in previews(page, town):
        found += [f"{where}, dark: {one}" for one in grave(page, contrast_only=True)]
    page.emulate_media(color_scheme="light")
    assert not wide, "\n".join(wide)
    assert not found, "\n".join(found)
    assert guest.problems == []
