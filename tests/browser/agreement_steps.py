"""An agreement from its terms to the credits of a new recording: written, offered, signed by both, filled in."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.guests import Guest

_PDF = {"name": "agreement.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n% fictional\n%%EOF\n"}


def write_and_offer(anr: Guest, scene: Any) -> str:
    """Returns the agreement's path."""
    page = anr.page
    page.goto(f"/roster/{scene.cast.artist.pk}/agreements/new/")
    page.get_by_label("Title").fill("Static Bloom EP")
    page.get_by_label("Document (PDF)").set_input_files(_PDF)
    for row, (role, share) in enumerate((("composer", "60"), ("producer", "25")), start=1):
        page.get_by_label(f"Person, row {row}").select_option(str(scene.house.writer.pk))
        page.get_by_label(f"As, row {row}").select_option(role)
        page.get_by_label(f"Share in percent, row {row}").fill(share)
    page.get_by_role("button", name="Keep the terms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Static Bloom EP")
    page.get_by_label("Offered").check(force=True)
    page.get_by_role("button", name="Move").click()
    expect(page.locator("main .head")).to_contain_text("Offered")
    return anr.path


def sign(guest: Guest, path: str, side: str) -> None:
    guest.page.goto(path)
    name = guest.page.get_by_label(f"Sign for the {side} with your name")
    name.fill("A Name (fictional)")
    guest.page.get_by_role("button", name="Sign", exact=True).click()
    expect(name).to_have_count(0)


def shares_are_filled_in(release: Guest, scene: Any) -> None:
    """A new recording of that artist begins with what was agreed; nothing is saved before somebody looks."""
    page = release.page
    page.goto(f"/masters/{scene.unreleased.pk}/recording/")
    page.get_by_role("button", name="Make the recording").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Who made "))
    expect(page.locator("main")).to_contain_text("recording agreement of")
    expect(page.locator("main")).to_contain_text("Nothing is saved yet")
    shares = [page.get_by_label(f"Share in percent, row {row}").input_value() for row in (1, 2)]
    assert shares == ["60", "25"]
    page.get_by_label("Share in percent, row 1").fill("100")
    page.get_by_label("Share in percent, row 2").fill("0")
    page.get_by_role("button", name="Save the credits").click()
    table = page.get_by_role("table", name="Contributors")
    expect(table).to_contain_text("100 %")
    expect(table).to_contain_text("Mara Lindqvist (fictional)")
