"""A link for somebody outside: made as A&R, opened on a phone without an account, heard, read, taken back."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.guests import Guest
from tests.browser.studio_steps import clock, plays_on
from tests.support import wait_until

PHONE = {"width": 390, "height": 844}
RECIPIENT = "Nora Vell, Radio Nine (fictional)"


def make_a_link(anr: Guest, release: Any) -> str:
    """From the release's own page; the address is shown once."""
    page = anr.page
    page.goto(f"/releases/{release.pk}/")
    page.get_by_role("link", name="Let somebody listen").click()
    page.get_by_label("For whom").fill(RECIPIENT)
    page.get_by_label("Ask for notes").check()
    page.get_by_role("button", name="Make the link").click()
    address = page.locator("#made-link").inner_text()
    page.goto("/listening/")
    expect(page.locator("main")).not_to_contain_text(address)
    expect(page.locator("main")).to_contain_text("not opened")
    return address


def hear_it_on_a_phone(outsider: Guest, address: str, release: Any) -> None:
    page = outsider.page
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(release.title)
    expect(page.locator("main")).to_contain_text(RECIPIENT)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    play = page.locator("button.play").first
    box = play.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 36, "a thumb meets it"
    page.get_by_text("Write what you think").first.click()
    page.get_by_label("Note").first.fill("The second voice lifts it.")
    length_s = int(play.get_attribute("data-duration-ms") or 0) / 1000
    assert length_s > 1
    play.click()
    plays_on(page, after_s=0.5)
    page.get_by_role("button", name="Now").first.click()
    page.get_by_role("button", name="Send the note").first.click()
    expect(page.locator("ol.feed").first).to_contain_text("The second voice lifts it.")
    wait_until(lambda: clock(page) > length_s - 0.3, what="the end of what played on meanwhile")
    assert page.get_by_role("button", name="Download").count() == 0
    carried = {cookie["name"] for cookie in page.context.cookies()}
    assert carried <= {"csrftoken"}, "nothing by which an outsider would be known again"


def see_what_was_heard(anr: Guest, release: Any) -> None:
    from artists.models import ListeningLink

    link = ListeningLink.objects.first()
    assert link is not None
    wait_until(lambda: ListeningLink.objects.get(pk=link.pk).heard_ms > 900, what="what was heard")
    row = anr.page.locator(f"#link-{link.pk}")
    anr.page.goto("/listening/")
    expect(row).to_contain_text(RECIPIENT)
    expect(row).to_contain_text("played 0:0")
    expect(row).to_contain_text("1 note")
    master = release.tracks.first().recording.master
    anr.page.goto(f"/masters/{master.pk}/")
    expect(anr.page.locator("main")).to_contain_text("The second voice lifts it.")
    expect(anr.page.locator("main")).to_contain_text(RECIPIENT)


def take_it_back(anr: Guest, outsider: Guest, address: str) -> None:
    anr.page.goto("/listening/")
    anr.page.get_by_role("button", name="Revoke").first.click()
    expect(anr.page.locator("main")).to_contain_text("revoked")
    with outsider.refused(404, 410):
        outsider.page.goto(address)
        _plain(outsider.page, "This link is over")
        outsider.page.goto(f"{address[:-4]}x/")
        _plain(outsider.page, "Nothing is at this address")


def _plain(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("main")).to_contain_text("ask whoever sent it for a new one", ignore_case=True)
    assert page.locator("button.play").count() == 0
