"""Every page in light and dark: no serious violation that axe can find, usable on a phone and by keys alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cast import make_cast
from tests.conftest import flush_everything
from tests.fixtures_stack import LiveStack
from tests.scenes import Scene, make_scene
from tests.support import needs

# Not `transaction=True`: the scene is committed once for all tests here, and emptied away at the end.
pytestmark = [needs("chromium", "ffmpeg", "fpcalc"), pytest.mark.django_db]

GRAVE = {"serious", "critical"}


@dataclass(frozen=True)
class Gallery:
    """A label with a song at every stage, and its address."""

    url: str
    scene: Scene


@pytest.fixture(scope="module")
def gallery(django_db_setup: None, django_db_blocker: Any, cover: bytes) -> Iterator[Gallery]:
    with django_db_blocker.unblock():
        stack = LiveStack()
        try:
            scene = make_scene(make_cast(fast=False), cover)
            yield Gallery(stack.start_web(), scene)
        finally:
            stack.stop()
            flush_everything()


@pytest.fixture(scope="module")
def come(browser: Any, gallery: Gallery) -> Iterator[Callable[..., Any]]:
    """`come("owner")`: the browser of one person, logged in once for all tests here."""
    from tests.browser.guests import Guest

    guests: dict[str, Guest] = {}

    def arrive(name: str = "") -> Guest:
        if name not in guests:
            guests[name] = Guest.arrive(browser, gallery.url)
            if name:
                guests[name].log_in(getattr(gallery.scene.cast, name).email)
        return guests[name]

    yield arrive
    for guest in guests.values():
        guest.leave()


def addresses(scene: Scene) -> dict[str, list[str]]:
    """Who looks at what: everything has a reader here."""
    project = f"/projects/{scene.project.pk}/"
    artist, demo, terms = scene.cast.artist.pk, scene.anr.submission.pk, scene.anr.agreement.pk
    return {
        "": [
            "/login/", "/check/", f"/invite/{scene.secret}/", "/invite/wrong/", f"/listen/{scene.anr.listen_secret}/",
            "/listen/never-was/", f"/submit/{scene.anr.secret}/", f"/sent/{scene.anr.own_secret}/",
            "/ledger/receipts/check/",
        ],
        "anr": [
            "/inbox/", f"/submissions/{demo}/", f"/submissions/{demo}/take-on/", f"/inbox/compare/?submission={demo}",
            "/inbox/links/", "/agreements/", f"/agreements/{terms}/", f"/agreements/{terms}/edit/",
            f"/roster/{artist}/agreements/new/", "/listening/", f"/listening/?release={scene.release.pk}", "/board/",
            f"/roster/{artist}/method/", f"/roster/{artist}/consents/", f"/roster/{artist}/consents/new/",
            "/roster/import/", "/search/?words=a",
        ],
        "owner": [
            "/", "/roster/", "/roster/new/", f"/roster/{scene.cast.artist.pk}/",
            f"/roster/{scene.cast.artist.pk}/edit/",
            f"/roster/{scene.cast.artist.pk}/people/new/", "/people/", "/account/", "/account/keys/", "/imprints/",
            "/releases/",
            "/releases/new/", f"/releases/{scene.release.pk}/", f"/releases/{scene.draft.pk}/",
            f"/releases/{scene.draft.pk}/edit/", f"/releases/{scene.draft.pk}/artwork/",
            f"/packages/{scene.package.pk}/", f"/recordings/{scene.recording.pk}/",
            f"/recordings/{scene.recording.pk}/contributions/", f"/masters/{scene.unreleased.pk}/recording/",
            f"/masters/{scene.draft.tracks.get().recording.master.pk}/declaration/", "/nothing/",
            "/ledger/health/", "/ledger/?words=take&kind=takes&when=today", "/ledger/?words=nowhere-at-all",
            "/ledger/?who=fictional&thing=",
            "/ledger/receipts/", "/ledger/bundle/", f"/masters/{scene.master.pk}/proof/bundle/",
            f"/releases/{scene.release.pk}/bundle/", "/erasure/", f"/erasure/{scene.cast.mara.pk}/",
        ],
        "mara": [
            "/", "/projects/", "/projects/new/", project, f"{project}brief/", f"{project}runs/new/",
            *(f"{project}runs/new/?mode={mode}" for mode in ("melody_guided", "lyrics_to_song", "stem_separation")),
            f"{project}runs/new/?mode=section_replacement&source=take:{scene.take.pk}&from=500&to=1500",
            f"{project}compare/?run={scene.run.number}",
            f"{project}uploads/new/", f"{project}arrangements/new/", f"/runs/{scene.run.pk}/",
            f"/arrangements/{scene.arrangement.pk}/", f"/renders/{scene.render.pk}/", f"/masters/{scene.master.pk}/",
            f"/masters/{scene.master.pk}/proof/", f"/masters/{scene.unreleased.pk}/declaration/", "/ledger/",
            "/ledger/health/", f"/ledger/{bytes(scene.take.entry.leaf_hash).hex()}/",
            "/people/", "/agreements/", f"/agreements/{terms}/", f"/roster/{artist}/method/new/",
            "/account/keys/", "/account/keys/ssh/",
            "/sign/", f"/sign/session/{scene.project.stream}/", f"/sign/session/{scene.package.pk}/",
        ],
    }  # fmt: skip


def go(guest: Any, path: str) -> None:
    """Open a page; some of them are pages of refusal."""
    with guest.refused(403, 404, 410):
        guest.page.goto(path)


def test_axe_finds_nothing_serious_on_any_page_in_light_and_dark(
    gallery: Gallery, come: Callable[..., Any]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), []
    for name, paths in addresses(gallery.scene).items():
        guest = come(name)
        for theme in ("light", "dark"):
            guest.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            options = (
                None if theme == "light" else {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
            )
            for path in paths:
                go(guest, path)
                for violation in axe.run(guest.page, options=options).response["violations"]:
                    if violation["impact"] in GRAVE:
                        where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
                        found.append(f"{path} ({theme}): {violation['id']}, {violation['help']}: {where}")
        assert guest.problems == []
    assert not found, "\n".join(found)


def test_a_phone_shows_every_page_without_scrolling_sideways(
    gallery: Gallery, come: Callable[..., Any]
) -> None:
    """Listening, voting and signing are done on phones; the timeline scrolls inside of itself."""
    wide = []
    for name, paths in addresses(gallery.scene).items():
        guest = come(name)
        guest.page.set_viewport_size({"width": 320, "height": 700})
        for path in paths:
            go(guest, path)
            width = guest.page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                wide.append(f"{path}: {width} px")
        guest.page.set_viewport_size({"width": 1360, "height": 900})
    assert wide == []


def test_sound_goes_on_while_one_moves_between_pages(gallery: Gallery, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    from tests.browser.studio_steps import clock, plays_on

    guest = come("mara")
    page = guest.page
    page.goto(f"/masters/{gallery.scene.master.pk}/")
    loads = len(guest.visits)
    page.get_by_role("button", name="Play the master").click()
    player = page.locator("dw-transport").element_handle()
    at = plays_on(page, after_s=0.3)
    guest.rail("Ledger")
    expect(page.get_by_role("heading", level=1)).to_have_text("What happened, in order")
    guest.rail("Today")
    expect(page.locator("main h1")).not_to_have_text("What happened, in order")
    expect(page).to_have_url(f"{gallery.url}/")
    assert clock(page) >= at
    assert player is not None
    assert player.evaluate("(element) => element.isConnected"), "another player took its place"
    assert len(guest.visits) == loads, "a page was loaded as a whole"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("What happened, in order")
    page.locator("dw-transport a.t-title").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Master")
    assert guest.problems == []


def test_the_timeline_works_by_keys_alone(gallery: Gallery, come: Callable[..., Any]) -> None:
    """Tab reaches every clip and leaves the editor again; arrows move, Alt trims, M mutes, Ctrl+Z undoes."""
    from playwright.sync_api import expect

    page = come("mara").page
    page.goto(f"/arrangements/{gallery.scene.arrangement.pk}/")
    clips = page.locator(".clip")
    expect(clips.first).to_be_visible()
    wanted = clips.count()
    page.get_by_role("button", name="Play the arrangement").focus()
    reached, outside = set(), False
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => [document.activeElement?.dataset?.clip ?? '', !!document.activeElement?.closest('dw-arrange')]"
        )
        reached |= {focused[0]} - {""}
        if not focused[1]:
            outside = True
            break
    assert len(reached) == wanted
    assert outside, "the editor keeps the focus"

    undo = page.get_by_role("button", name=re.compile("^Undo"))
    clip = clips.first
    clip.focus()
    for key, words in (
        ("ArrowRight", "Undo move"),
        ("Alt+ArrowLeft", "Undo trim the end"),
        ("m", "Undo mute"),
    ):
        page.keyboard.press(key)
        expect(undo).to_have_accessible_name(re.compile(words))
    label = clip.get_attribute("aria-label") or ""
    assert "muted" in label
    assert re.search(r"bar \d", label)
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(undo).to_be_disabled()
    page.get_by_role("button", name="Show the clips as a table").press("Enter")
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.locator(".arr-state")).to_have_attribute("data-state", "saved", timeout=15_000)


def test_keys_are_told_and_the_command_menu_goes_places(gallery: Gallery, come: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = come("mara").page
    page.goto("/projects/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Space")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("Ledger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What happened, in order")


def test_a_page_says_who_may_not_come_in(gallery: Gallery, come: Callable[..., Any]) -> None:
    """A stranger to the project gets the page of nothing; a reader who wants to write is told why not."""
    from playwright.sync_api import expect

    stranger = come("stranger")
    with stranger.refused(404):
        stranger.page.goto(f"/projects/{gallery.scene.project.pk}/")
        expect(stranger.page.get_by_role("heading", level=1)).to_have_text("Nothing is kept here")
    reader = come("collaborator")
    reader.page.goto(f"/projects/{gallery.scene.project.pk}/")
    expect(reader.page.get_by_role("link", name="Generate takes")).to_have_count(0)
    with reader.refused(403):
        reader.page.goto(f"/projects/{gallery.scene.project.pk}/runs/new/")
        expect(reader.page.get_by_role("heading", level=1)).to_have_text("This is not yours to change")


def test_an_outsider_hears_by_a_link_what_was_meant_for_them_until_it_is_taken_back(
    gallery: Gallery, come: Callable[..., Any], browser: Any
) -> None:
    from tests.browser import listening_steps as steps
    from tests.browser.guests import Guest

    anr, release = come("anr"), gallery.scene.release
    outsider = Guest.arrive(browser, gallery.url, viewport=steps.PHONE, has_touch=True)
    try:
        address = steps.make_a_link(anr, release)
        steps.hear_it_on_a_phone(outsider, address, release)
        steps.see_what_was_heard(anr, release)
        steps.take_it_back(anr, outsider, address)
        assert outsider.problems == []
    finally:
        outsider.leave()
    assert anr.problems == []


def test_what_both_sides_signed_stands_in_the_credits_of_a_new_recording(
    gallery: Gallery, come: Callable[..., Any]
) -> None:
    from playwright.sync_api import expect

    from tests.browser import agreement_steps as steps

    path = steps.write_and_offer(come("anr"), gallery.scene)
    steps.sign(come("mara"), path, "artist")
    steps.sign(come("owner"), path, "label")
    come("anr").page.goto(path)
    expect(come("anr").page.locator("main .head")).to_contain_text("Signed")
    steps.shares_are_filled_in(come("release"), gallery.scene)
    assert come("release").problems == []
