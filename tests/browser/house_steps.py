"""Steps 7 to 11 of the way: proof, declaration, recording, release, gates, package, and the stranger's question."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.guests import Guest


def read_the_proof(guest: Guest) -> None:
    """Stripe, elements, lineage and entries, each also as a table."""
    page = guest.page
    page.get_by_role("link", name="Proof").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Who made "))
    stripe = page.locator("svg.picture-stripe")
    for track in ("Lead vocal", "Pads", "Bass"):
        expect(stripe).to_contain_text(track)
    elements = page.get_by_role("table", name="Elements")
    for element, origin, basis in (
        ("Lyrics", "human", "declared"),
        ("Pads performance", "trained model", "declared"),
        ("Bass performance", "procedural", "observed"),
        ("Arrangement", "human", "observed"),
    ):
        row = elements.get_by_role("row").filter(has=page.get_by_role("rowheader", name=element, exact=True))
        expect(row).to_contain_text(origin)
        expect(row).to_contain_text(basis)
    expect(page.get_by_role("table", name="Labels per receiver")).to_contain_text("Partly")
    expect(page.locator("svg.picture-lineage")).to_contain_text("Master")
    # All that was done on the timeline counts, not only the last save.
    expect(page.locator("svg.picture-lineage")).to_contain_text(re.compile(r"([89]|\d\d) edits"))
    page.get_by_text("The same as a table").last.click()
    lineage = page.get_by_role("table", name="Lineage")
    for thing in ("Voice, pass 3", "Choir pads", "Master"):
        expect(lineage).to_contain_text(thing)
    expect(page.locator("main ol.feed li").first).to_be_visible()
    page.locator("svg.picture-lineage a").first.click()  # a node leads to the entry that made it
    page.wait_for_url("**/ledger/*/")
    expect(page.get_by_role("heading", name="How to check it")).to_be_visible()
    for bytes_of in ("entry.json", "proof.txt", "check.py"):
        expect(page.get_by_role("link", name=bytes_of)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Who made "))


def declare_against_evidence(mara: Guest) -> None:
    """She calls the choir her own; it is recorded, and contradicted on the same page."""
    page = mara.page
    page.get_by_role("link", name="Declaration").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^What you did in "))
    _claim(page, "performance:pads").select_option("human")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("main")).to_contain_text(
        re.compile(r"is declared human, but the ledger says trained model\.")
    )


def declare_honestly(mara: Guest) -> None:
    page = mara.page
    _claim(page, "performance:pads").select_option("trained_model")
    _claim(page, "melody").select_option("mixed")
    page.locator("#words-melody").fill("I sang it over the take.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".notice.good")).to_contain_text("approved")
    expect(page.locator("main")).not_to_contain_text("but the ledger says")
    expect(page.locator("#words-melody")).to_have_value("I sang it over the take.")


def _claim(page: Page, element: str) -> Locator:
    return page.locator(f"[id='claim-{element}']")


def make_recording(remy: Guest, master_path: str, *, title: str, person: str) -> None:
    """The recording with its ISRC, and credits whose shares are first 99, then 100."""
    page = remy.page
    page.goto(master_path)
    page.get_by_role("link", name="Make it a recording").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(title)
    page.get_by_label("Language of the lyrics").select_option("en")
    page.get_by_role("button", name="Make the recording").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Who made {title}")

    for row, (role, share) in enumerate(
        [("Composer", "50"), ("Lyricist", "49"), ("Performer, lead vocal", ""), ("Mixing engineer", "")], 1
    ):
        page.get_by_label(f"Person, row {row}").select_option(label=person)
        page.get_by_label(f"Role, row {row}").select_option(label=role)
        page.get_by_label(f"Share in percent, row {row}").fill(share)
    with remy.refused(422):
        page.get_by_role("button", name="Save the credits").click()
        expect(page.get_by_role("alert")).to_contain_text("99 %")
        expect(page.get_by_role("alert")).to_contain_text("missing")
    expect(page.get_by_label("Share in percent, row 2")).to_have_value("49")
    page.get_by_label("Share in percent, row 2").fill("50")
    page.get_by_role("button", name="Save the credits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("table", name="Contributors")).to_contain_text("Composer")


def plan_release(remy: Guest, *, title: str) -> str:
    """The release with its numbers; its gates say what is missing. Returns its address."""
    page = remy.page
    remy.rail("Releases")
    page.get_by_role("link", name=re.compile("new release", re.IGNORECASE)).first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Kind").select_option("Single")
    artist = page.get_by_label("Artist")
    artist.select_option(
        label=next(name for name in artist.locator("option").all_inner_texts() if "Nightjar" in name)
    )
    page.get_by_role("button", name="Plan it").click()
    page.wait_for_url(re.compile(r"/releases/[0-9a-f-]{36}/$"))
    for closed in ("The genre is missing.", "The release date is missing.", "no tracks"):
        expect(_gate(page, closed)).to_have_attribute("data-state", "blocked")
    return remy.path


def _gate(page: Page, words: str) -> Locator:
    return page.locator("ul.gates > li", has_text=words).first


def fill_in(remy: Guest) -> None:
    """By the link of the gate that asks for it."""
    page = remy.page
    _gate(page, "The genre is missing.").get_by_role("link", name="Fill in").click()
    page.get_by_label("Genre").fill("Ambient")
    page.get_by_label("Release date").fill("2027-03-12")
    barcode = page.get_by_label("Barcode")
    right = barcode.input_value()
    barcode.fill(right[:-1] + str((int(right[-1]) + 1) % 10))
    with remy.refused(422):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("wrong check digit")
    barcode.fill(right)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("ul.gates")).to_be_visible()
    expect(page.locator("ul.gates")).not_to_contain_text("The genre is missing.")


def add_track(remy: Guest) -> None:
    page = remy.page
    recording = page.get_by_label("Recording", exact=True)
    recording.select_option(label=recording.locator("option").all_inner_texts()[-1])
    page.get_by_role("button", name="Add the track").click()
    expect(page.locator("[id^='track-']").first).to_be_visible()
    expect(page.locator("ul.gates")).not_to_contain_text("has no tracks")


def give_cover(remy: Guest, small: Path, good: Path) -> None:
    """A small picture is refused with what to do; the right one is taken."""
    page = remy.page
    page.get_by_role("link", name=re.compile("no cover yet")).first.click()
    page.locator("#id_file").set_input_files(small)
    page.get_by_label("Who or what made it").select_option("human")
    with remy.refused(400, 422):
        page.get_by_role("button", name="Upload").click()
        expect(page.locator(".files .error")).to_contain_text(re.compile("3000"))
    page.locator("#id_file").set_input_files(good)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("img", name=re.compile("^Cover of "))).to_be_visible(timeout=20_000)


def contradiction_closes_gate(remy: Guest) -> None:
    page = remy.page
    page.reload()
    gate = _gate(page, "declared human, but the ledger says trained model")
    expect(gate).to_have_attribute("data-state", "blocked")
    expect(gate.get_by_role("link")).to_have_attribute(
        "href", re.compile(r"/masters/[0-9a-f-]+/declaration/")
    )
    expect(page.get_by_role("button", name="Build the package")).to_have_count(0)


def approve(ria: Guest, release_path: str) -> None:
    page = ria.page
    page.goto(release_path)
    expect(page.locator("ul.gates > li[data-state=blocked]")).to_have_count(1)
    expect(_gate(page, "Nobody approved")).to_be_visible()
    page.get_by_role("button", name="Approve as it stands").click()
    expect(_gate(page, "is not signed")).to_have_attribute("data-state", "blocked")


def build_package(remy: Guest, release_path: str, folder: Path) -> Path:
    """Ask, watch, download; what comes is a whole archive."""
    page = remy.page
    page.goto(release_path)
    page.get_by_role("button", name="Build the package").click()
    page.wait_for_url("**/packages/*/")
    download = page.get_by_role("link", name=re.compile("^Download,"))
    expect(download).to_be_visible(timeout=90_000)
    expect(page.locator("main")).to_contain_text("AI: Partly")
    with page.expect_download() as coming:
        download.click()
    target = folder / "package.zip"
    coming.value.save_as(target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        archive.extractall(folder / "package")
    return folder / "package"


def ask_about(stranger: Guest, file: Path) -> Locator:
    """Drop a file on the public page; returns the page's main part with the answer."""
    page = stranger.page
    page.goto("/check/")
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#answer")).to_be_visible(timeout=30_000)
    return page.locator("main")


def look_state(main: Locator, title: str) -> str:
    """passed, open or blocked: how one way of looking came out."""
    return main.locator("ul.gates > li", has_text=title).get_attribute("data-state") or ""


def convert(source: Path, target: Path, *options: str) -> Path:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)], check=True)
    return target
