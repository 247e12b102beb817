"""The roster in a browser: long selects, board, search, many at once, doubles, files with broken lines, numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cast import Cast, make_cast
from tests.conftest import flush_everything
from tests.fixtures_stack import LiveStack
from tests.support import needs

# Not `transaction=True`: the roster is committed once for all tests here, and emptied away at the end.
pytestmark = [needs("chromium"), pytest.mark.django_db]

SCRIPTS = ("久石ノ海 (fictional)", "Тихий Порт (fictional)", "صدى البحر (fictional)", "Åsa Ögren (fictional)")


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


@dataclass(frozen=True)
class Town:
    """A label with more artists than a select is read through, and something due."""

    url: str
    cast: Cast
    artists: dict[str, Any]
    late: Any
    of_the_double: Any


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    from artists import services as people
    from generation import services as studio
    from release import services as house

    with django_db_blocker.unblock():
        stack = LiveStack()
        try:
            cast = make_cast(fast=False)
            names = [*SCRIPTS, *(f"Harbour Choir {number:02d} (fictional)" for number in range(1, 26))]
            artists = {
                name: people.create_artist(name=name, status="prospect", actor=cast.owner) for name in names
            }
            people.create_artist(
                name="Fernweh (fictional)", kind="alias", alias_of=artists[SCRIPTS[3]], actor=cast.owner
            )
            imprint = house.create_imprint(
                name="Lock Groove (fictional)", p_line_owner="Lock Groove (fictional)",
                c_line_owner="Lock Groove (fictional)", isrc_prefix="QZDWX", gtin_prefix="2000000",
                catalogue_prefix="LGR", dpid="PADPIDAFICTIONAL1W", is_fictional=True, actor=cast.owner,
            )  # fmt: skip
            late = house.create_release(
                imprint=imprint, artist=cast.artist, title="Third Signal", kind="Single", actor=cast.owner
            )
            house.change_release(late, release_date=_today() - dt.timedelta(days=3), actor=cast.owner)
            project = studio.create_project(
                title="Of the double", artist=artists["Harbour Choir 21 (fictional)"], actor=cast.owner
            )
            url = stack.start_web().replace("127.0.0.1", "localhost")
            yield Town(url, cast, artists, late, project)
        finally:
            stack.stop()
            flush_everything()


@pytest.fixture(scope="module")
def come(browser: Any, town: Town) -> Iterator[Callable[..., Any]]:
    """`come("owner")`: the browser of one person, logged in once for all tests here."""
    from tests.browser.guests import Guest

    guests: dict[str, Guest] = {}

    def arrive(name: str) -> Guest:
        if name not in guests:
            guests[name] = Guest.arrive(browser, town.url)
            guests[name].log_in(getattr(town.cast, name).email)
        guests[name].problems.clear()
        return guests[name]

    yield arrive
    for guest in guests.values():
        guest.leave()


def test_a_long_select_is_searched_by_keys_and_sends_what_was_chosen(
    town: Town, come: Callable[..., Any]
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    from generation.models import Project

    guest = come("owner")
    page = guest.page
    page.goto("/projects/new/")
    page.get_by_label("Title").fill("Quiet Harbour")
    field = page.get_by_role("combobox", name="Artist")
    field.click()
    expect(page.get_by_role("listbox")).to_contain_text("in all")
    page.keyboard.type("nobody is called so")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    field.fill("choir 17")
    expect(page.get_by_role("option")).to_have_count(1)
    field.fill("fernweh")  # an alias: only the house knows who is behind it
    behind = page.get_by_role("option").filter(has_text="also Fernweh (fictional)")
    expect(behind).to_have_count(1)
    assert field.get_attribute("aria-expanded") == "true"
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    while page.locator("[role=option][aria-selected=true]", has_text="also Fernweh").count() == 0:
        page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == behind.get_attribute("id")
    page.keyboard.press("Enter")
    expect(field).to_have_value(SCRIPTS[3])
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")  # sends the form
    expect(page.get_by_role("heading", level=1)).to_have_text("What should it be?")
    assert Project.objects.get(title="Quiet Harbour").artist.name == SCRIPTS[3]
    assert guest.problems == []


def test_without_scripts_it_is_a_select(town: Town, browser: Any, come: Callable[..., Any]) -> None:
    from generation.models import Project
    from tests.browser.guests import Guest

    state = come("owner").page.context.storage_state()
    plain = Guest.arrive(browser, town.url, java_script_enabled=False, storage_state=state)
    try:
        plain.page.goto("/projects/new/")
        plain.page.get_by_label("Title").fill("Plain Harbour")
        plain.page.get_by_label("Artist").select_option(label=SCRIPTS[0])
        plain.page.locator("main form button.p").click()
        assert Project.objects.get(title="Plain Harbour").artist.name == SCRIPTS[0]
    finally:
        plain.leave()


def test_the_board_is_filtered_and_what_is_late_moves(town: Town, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    guest = come("owner")
    page = guest.page
    page.goto("/board/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 thing late")
    page.get_by_role("link", name="Show what is late").click()
    draft = page.get_by_role("region", name="Release in draft")
    expect(draft.locator("li.late")).to_contain_text("Third Signal")
    page.get_by_label("Name of this filter").fill("what is late")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".bar").get_by_role("link", name="what is late")).to_be_visible()
    draft.get_by_role("link", name="Third Signal", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Third Signal")
    page.goto(f"/releases/{town.late.pk}/edit/")
    page.get_by_label("Release date").fill((_today() + dt.timedelta(days=60)).isoformat())
    page.locator("main form button.p").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Third Signal: ")
    page.goto("/board/")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("late")
    page.locator(".bar").get_by_role("link", name="what is late").click()
    expect(page.get_by_role("heading", level=2, name="Nothing fits")).to_be_visible()
    page.get_by_role("link", name="Show all").first.click()
    expect(page.get_by_role("region", name="Release in draft")).to_be_visible()
    field = page.get_by_role("combobox", name="Artist")
    field.fill("nightjar")
    field.press("Enter")
    expect(field).to_have_value(town.cast.artist.name)
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(f"**artist={town.cast.artist.pk}**")
    expect(page.get_by_role("region", name="Release in draft")).to_contain_text("Third Signal")
    expect(page.get_by_role("region", name="Idea")).to_contain_text("nothing here")
    assert guest.problems == []


def test_the_search_marks_what_it_found_and_is_walked_by_arrows(town: Town, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    guest = come("anr")
    page = guest.page
    page.goto("/search/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("asa ogr")
    box.press("Enter")
    hit = page.locator("a[data-hit]").first
    expect(hit).to_have_text(SCRIPTS[3])
    assert hit.locator("mark").all_inner_texts() == ["Åsa", "Ögren"]
    box.focus()
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(SCRIPTS[3])
    for name in SCRIPTS[:3]:
        page.goto(f"/search/?words={name.split()[0]}")
        expect(page.locator("a[data-hit] mark").first).to_be_visible()
    assert guest.problems == []


def test_many_are_changed_at_once_after_it_was_said_what_happens(
    town: Town, come: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    from artists.models import Artist

    guest = come("anr")
    page = guest.page
    page.goto("/roster/?words=harbour+choir+1")
    page.get_by_label("Name of this filter").fill("the tens")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".bar").get_by_role("link", name="the tens")).to_be_visible()
    page.get_by_label("Choose all on this page").check()
    bar = page.locator(".bulk summary")
    expect(bar).to_have_text("10 chosen: do something with them")
    page.get_by_label("Choose Harbour Choir 12 (fictional)").uncheck()
    expect(bar).to_have_text("9 chosen: do something with them")
    bar.click()
    page.get_by_label("Action").select_option("tag")
    expect(page.get_by_label("Status").last).to_be_hidden()
    page.locator(".bulk").get_by_label("Tag").fill("winter")
    page.get_by_role("button", name="Look at what happens").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("9 artists will change")
    assert not Artist.objects.filter(tags__contains=["winter"]).exists()
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("10 of")
    assert Artist.objects.filter(tags__contains=["winter"]).count() == 9
    page.get_by_role("link", name="Show all").first.click()
    page.locator(".bar").get_by_role("link", name="the tens").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("10 of")
    assert guest.problems == []


def test_a_double_is_merged_and_its_links_and_history_stay(town: Town, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    kept, double = (town.artists[f"Harbour Choir {number} (fictional)"] for number in ("20", "21"))
    guest = come("owner")
    page = guest.page
    page.goto(f"/roster/{double.pk}/merge/")
    field = page.get_by_role("combobox", name="Into")
    field.fill("choir 20")
    page.keyboard.press("Enter")
    expect(field).to_have_value(kept.name)
    page.get_by_role("button", name="Look at what happens").click()
    expect(page.get_by_role("status").filter(has_text="Moved")).to_contain_text("1 project")
    page.get_by_role("button", name="Merge them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(kept.name)
    expect(page.locator("main")).to_contain_text("Of the double")
    page.goto(f"/roster/{double.pk}/")  # an address that somebody kept
    expect(page.get_by_role("heading", level=1)).to_have_text(kept.name)
    page.goto(f"/projects/{town.of_the_double.pk}/")
    expect(page.locator("main")).to_contain_text(kept.name)
    page.goto(f"/ledger/?about=artist:{double.pk}")
    expect(page.locator("main")).to_contain_text(f"Put {double.name} on the roster")
    assert guest.problems == []


def test_of_a_file_with_broken_lines_the_good_ones_come_in(town: Town, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    from artists.models import Artist

    guest = come("anr")
    page = guest.page
    page.goto("/roster/import/")
    text = (
        "name;kind;isni;contributor;ipi;about\n"
        "Σειρήνα (fictional);person;;;;Sings where ships go by\n"
        '"Never closed (fictional);group;;;;\n'
        "Wrong Number (fictional);group;0000 0001 2103 2682;;;\n"
        "밤바다 (fictional);duo;;;;\n"
        ";group;;;;\n"
    )
    page.get_by_label("CSV file").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 artists would be new")
    assert not Artist.objects.filter(name__startswith="Σειρήνα").exists()
    page.get_by_role("button", name="Take in the good lines").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 artists taken in")
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="bad:")).to_have_count(3)
    expect(page.locator("main")).to_contain_text("0000000121032683")
    expect(page.locator("main")).to_contain_text("never closed")
    assert Artist.objects.get(name__startswith="Σειρήνα").about == "Sings where ships go by"
    page.goto("/roster/?words=밤바다")
    expect(page.get_by_role("link", name="밤바다 (fictional)")).to_be_visible()
    assert guest.problems == []


def test_a_wrong_digit_names_the_right_number(town: Town, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    guest = come("owner")
    page = guest.page
    artist = town.artists["Harbour Choir 05 (fictional)"]
    page.goto(f"/roster/{artist.pk}/edit/")
    page.get_by_label("ISNI").fill("0000 0001 2103 2682")
    with guest.refused(422):
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#id_isni-error")).to_contain_text("0000000121032683")
    page.get_by_label("ISNI").fill("0000 0001 2103 2683")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(artist.name)
    page.goto(f"/roster/{artist.pk}/people/new/")
    page.get_by_label("Credited name").fill("Odd Lindqvist (fictional)")
    page.get_by_label("IPI name number").fill("00014107339")
    with guest.refused(422):
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#id_ipi-error")).to_contain_text("00014107338")
    page.get_by_label("IPI name number").fill("00014107338")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("main")).to_contain_text("Odd Lindqvist (fictional)")
    assert guest.problems == []
