"""Steps 1 to 6 of the way: from the log-in to a master, each as somebody does it with mouse and keys."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.guests import Guest

SECONDS = 10.0
_CLOCK = re.compile(r"(\d+):(\d+(?:\.\d)?)")


def start_project(mara: Guest, title: str) -> None:
    page = mara.page
    mara.rail("Projects")
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What should it be?")


def write_brief(mara: Guest) -> None:
    page = mara.page
    page.get_by_label("Purpose").fill("Opening track of the EP")
    page.get_by_label("Mood").fill("a tide going out")
    page.get_by_label("Genre").fill("cinematic ambient")
    page.get_by_label("Key").fill("D minor")
    page.get_by_label("Tempo").fill("92")
    page.get_by_label("Instruments").fill("keys, bass, drums")
    page.get_by_label("Avoid").fill("piano")
    page.get_by_label("Structure").fill("intro, A, drop out, B")
    sections = page.locator("dw-energy input[type=range]")
    expect(sections).to_have_count(4)  # a section may be called by two words
    third = page.get_by_label("Energy of section 3, drop out")
    before = page.locator("#id_energy").input_value()
    third.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#id_energy").input_value() != before
    page.get_by_role("button", name="Save the brief").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How many ideas?")
    expect(page.get_by_role("button", name="Generate")).to_be_visible(
        timeout=30_000
    )  # workers may still be starting
    expect(page.get_by_label("Prompt")).to_have_value(re.compile("a tide going out.*D minor", re.DOTALL))


def ask_for_takes(mara: Guest, *, variations: int) -> None:
    """First in a living artist's style, which draws the warning; then in words of one's own."""
    page = mara.page
    page.get_by_label("Variations").fill(str(variations))
    page.get_by_label("Length").fill(f"{SECONDS:g}")
    page.get_by_label("First seed").fill("11")
    built = page.get_by_label("Prompt").input_value()
    page.get_by_label("Prompt").fill(f"{built} In the style of Hans Zimmer.")
    with mara.refused(422):
        page.get_by_role("button", name="Generate").click()
        warning = page.get_by_role("alert")
        expect(warning).to_contain_text("“Hans Zimmer” reads like the name of an artist")
    page.get_by_label("Prompt").fill(built)
    expect(page.get_by_label("Variations")).to_have_value(str(variations))  # nothing typed is lost
    page.get_by_role("button", name="Generate").click()


def watch_them_come(mara: Guest, *, variations: int) -> None:
    """Progress is seen, and takes arrive on the page that is open."""
    page = mara.page
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{variations} takes of")
    loaded = len(mara.visits)
    expect(page.locator(".job[data-state=running]")).to_be_visible(timeout=30_000)
    expect(page.locator("#takes article.take")).to_have_count(variations, timeout=60_000)
    expect(page.locator(".job")).to_have_count(0)
    assert len(mara.visits) == loaded, "the page was loaded again"


def clock(page: Page) -> float:
    """The player's position, as it is written."""
    written = page.locator("dw-transport .t-time")
    expect(written).to_have_text(_CLOCK)
    found = _CLOCK.search(written.inner_text())
    assert found is not None
    return int(found[1]) * 60 + float(found[2])


def plays_on(page: Page, *, after_s: float = 0.4) -> float:
    """The position, once that much was played in one go; a jump in between begins anew."""
    start = last = clock(page)
    looked = time.monotonic()
    until = looked + 20
    while last < start + after_s:
        assert time.monotonic() < until, "the sound does not move"
        page.wait_for_timeout(50)
        now, asked = clock(page), time.monotonic()
        if not 0 <= now - last < 1 + asked - looked:  # a busy machine looks seldom
            start = now
        last, looked = now, asked
    return last


def take(page: Page, number: int) -> Locator:
    return page.locator(f"article.take[data-number='{number}']")


def compare_takes(mara: Guest) -> None:
    """Play by a click, switch by keys at the same place, the louder one turned down."""
    page = mara.page
    take(page, 1).locator("> .play").click()
    expect(take(page, 1).get_by_role("button", name="Pause take 1")).to_be_visible()
    plays_on(page, after_s=1.0)
    at = clock(page)
    page.keyboard.press("2")
    expect(take(page, 2).get_by_role("button", name="Pause take 2")).to_be_visible()
    assert clock(page) >= at, "the other take began anew"
    assert clock(page) < at + 2
    expect(page.locator("dw-transport")).to_contain_text("A/B matched")
    plays_on(page)
    page.keyboard.press("1")
    expect(take(page, 1).get_by_role("button", name="Pause take 1")).to_be_visible()
    page.keyboard.press("ArrowRight")
    assert clock(page) > at + 2, "the arrow did not seek"
    page.locator("article.take", has=page.locator(".play[aria-pressed=true]")).locator("> .play").press(" ")
    expect(page.locator("article.take .play[aria-pressed=true]")).to_have_count(0)


def decide_blind(mara: Guest) -> int:
    """Blind, keep one with a reason and let one go. Returns the number of the take that was kept."""
    page = mara.page
    for _ in range(3):
        page.keyboard.press("ArrowLeft")  # to the beginning
    page.keyboard.press("b")
    expect(page.locator(".blind-note")).to_be_visible()
    expect(page.locator("article.take .meta").first).to_be_hidden()  # neither loudness nor seed gives it away
    page.keyboard.press("1")
    expect(page.locator("dw-transport")).to_contain_text("blind 1")
    plays_on(page, after_s=0.8)
    page.keyboard.press("k")
    page.get_by_role("button", name="it breathes").click()
    page.get_by_label("Keep: the reason").fill("The only one that breathes.")
    page.keyboard.press("Enter")
    kept = page.locator("article.take[data-state=kept]")
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text("“The only one that breathes.”")
    number = int(kept.get_attribute("data-number") or 0)
    page.keyboard.press("2")
    expect(page.locator("dw-transport")).to_contain_text("blind 2")
    plays_on(page)
    page.keyboard.press("x")
    page.get_by_label("Let go: the reason").press("Enter")
    expect(page.locator("article.take[data-state=let_go]")).to_have_count(1)
    page.keyboard.press(" ")
    page.keyboard.press("b")
    expect(page.locator(".blind-note")).to_be_hidden()
    expect(page.locator("#kept-chip")).to_have_text("1 kept")
    page.reload()
    expect(take(page, number)).to_contain_text(re.compile(r"heard [1-9]\d* %"))
    return number


def upload_own(mara: Guest, file: Path) -> None:
    """Her own voice, with what was written in it."""
    page = mara.page
    page.get_by_role("link", name="Upload a recording").click()
    page.locator("#id_file").set_input_files(file)
    page.get_by_label("Name").fill("Voice, pass 3")
    page.get_by_label("What it plays").select_option("lead_vocal")
    page.get_by_label("Lyrics").select_option("mine")
    page.get_by_label("Melody").select_option("mine")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("button", name="Play Voice, pass 3")).to_be_visible()
    expect(page.locator(".toast", has_text="Voice, pass 3 is in.")).to_be_visible()


def upload_from_tool(mara: Guest, file: Path) -> None:
    page = mara.page
    page.get_by_role("link", name="Upload a recording").click()
    page.locator("#id_file").set_input_files(file)
    page.get_by_label("Name").fill("Choir pads")
    page.get_by_label("What it plays").select_option("pads")
    page.get_by_label("Made with an AI tool elsewhere").check()
    page.locator("summary", has_text="Made with an AI tool elsewhere").click()
    tool = page.get_by_role("combobox", name="Tool")
    offered = tool.locator("option").all_text_contents()
    tool.select_option(label=next(words for words in offered if "choir" in words.lower()))
    page.get_by_label("Prompt").fill("slow choir, D minor, no words")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("button", name="Play Choir pads")).to_be_visible()


def upload_refused(mara: Guest, file: Path) -> None:
    """What is no sound is refused with what to do, and nothing of it stays."""
    page = mara.page
    page.get_by_role("link", name="Upload a recording").click()
    page.locator("#id_file").set_input_files(file)
    with mara.refused(400, 422):
        page.get_by_role("button", name="Upload").click()
        expect(page.locator(".files .error")).to_contain_text("export your sound as WAV or FLAC")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("Nothing brought in yet.")).to_be_visible()


def arrange(mara: Guest, *, title: str) -> None:
    """From the kept take, stem by stem; then the voice and the choir beside them."""
    page = mara.page
    page.get_by_role("link", name="New arrangement").click()
    page.get_by_label("Title").fill(title)
    expect(page.get_by_label("“The only one that breathes.”", exact=False)).to_be_checked()
    page.get_by_role("button", name="Arrange").click()
    expect(page.locator(".tl-row[data-track] .clip").first).to_be_visible()
    for name in ("Voice, pass 3", "Choir pads"):
        page.get_by_role("button", name=f"Add {name} at the playhead").click()
        expect(page.locator(".clip .tag", has_text=name)).to_be_visible()
    saved(page)


def saved(page: Page) -> int:
    """Wait for the autosave; the number of the version that the server holds."""
    state = page.locator(".arr-state")
    expect(state).to_have_attribute("data-state", "saved", timeout=15_000)
    found = re.search(r"version (\d+)", state.inner_text())
    assert found is not None
    return int(found[1])


def clip(page: Page, name: str) -> Locator:
    return page.locator(".clip", has=page.locator(".tag", has_text=name))


def edit_by_hand(mara: Guest) -> None:
    """Drag, trim, fade by the corner, gain, pan, mute, reorder by keys, undo; each with its name."""
    page = mara.page
    before = saved(page)
    choir = clip(page, "Choir pads")
    choir.scroll_into_view_if_needed()

    _drag(page, choir.locator(".tag"), 120)  # move
    undo = page.get_by_role("button", name=re.compile("^Undo"))
    expect(undo).to_have_accessible_name(re.compile("Undo move Choir pads to bar"))
    expect(page.locator(".arr-state")).to_have_text("Changed; saving in a moment")
    assert saved(page) == before + 1

    _drag(page, choir.locator(".edge.end"), -160)
    expect(undo).to_have_accessible_name("Undo trim the end of Choir pads")
    _drag(page, choir.locator(".fade.in"), 40)
    expect(undo).to_have_accessible_name("Undo fade in of Choir pads")

    page.get_by_role("button", name=re.compile("^Track Bass")).click()
    gain = page.get_by_role("slider", name="Gain")
    gain.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(undo).to_have_accessible_name("Undo gain of Bass")
    assert gain.get_attribute("aria-valuetext") != "0.0 dB"
    page.get_by_role("slider", name="Pan").press("ArrowLeft")
    expect(page.get_by_role("button", name=re.compile(r"^Track Bass, .*L 1"))).to_be_visible()

    page.get_by_role("button", name="Mute Drums", exact=True).click()
    expect(page.get_by_role("button", name="Mute Drums", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )

    order = _order(page)
    page.get_by_role("region", name="Selection").get_by_role("button", name="Down").press("Enter")
    assert _order(page) != order
    page.keyboard.press("Control+z")
    assert _order(page) == order
    page.get_by_role("region", name="Selection").get_by_role("button", name="Up").press("Enter")
    moved = _order(page)
    assert moved != order
    assert sorted(moved) == sorted(order)

    clip(page, "Voice, pass 3").focus()
    page.keyboard.press("ArrowRight")  # a beat later, by the keys alone
    expect(undo).to_have_accessible_name(re.compile("Undo move Voice, pass 3 to bar 1.2"))


def _order(page: Page) -> list[str]:
    return page.locator(".tl-row[data-track] .t-name").all_inner_texts()


def _drag(page: Page, handle: Locator, by_px: int) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px / 2, y, steps=4)
    page.mouse.move(x + by_px, y, steps=4)
    page.mouse.up()


def name_version(mara: Guest, name: str) -> int:
    page = mara.page
    page.get_by_role("button", name="Save this as a named version").click()
    page.get_by_label("What is this version called?").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator(".arr-state")).to_contain_text(f"“{name}”")
    return saved(page)


def hear_the_arrangement(mara: Guest) -> None:
    page = mara.page
    position = page.locator(".arr-clock")
    before = position.inner_text()
    page.get_by_role("button", name="Play the arrangement").click()
    expect(page.get_by_role("button", name="Stop the arrangement")).to_be_visible()
    expect(position).not_to_have_text(before)
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Stop the arrangement").click()


def save_at_the_same_time(mara: Guest, other: Guest, *, who: str) -> tuple[int, int]:
    """Somebody saves in between: Mara is told, and both keep what they did. Returns both versions' numbers."""
    base = saved(mara.page)
    other.page.goto(mara.path)
    other.page.get_by_role("button", name="Mute Keys", exact=True).click()
    theirs = saved(other.page)
    assert theirs == base + 1

    page = mara.page
    with mara.refused(409):
        page.get_by_role("button", name="Mute Bass", exact=True).click()
        banner = page.get_by_role("alert").filter(has_text="saved version")
        expect(banner).to_contain_text(
            f"{who} saved version {theirs} meanwhile. Yours is kept here.", timeout=15_000
        )
    expect(page.get_by_role("button", name="Mute Bass", exact=True)).to_have_attribute("aria-pressed", "true")
    banner.get_by_role("button", name="Save mine as a new branch").click()
    page.wait_for_url("**/arrangements/*/?version=*")
    expect(page.get_by_role("button", name="Mute Bass", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Mute Keys", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    mine = saved(page)
    assert mine == theirs + 1
    page.get_by_role("button", name="Mute Bass", exact=True).click()  # and goes on working there
    return theirs, saved(page)


def render_and_master(mara: Guest) -> None:
    page = mara.page
    page.get_by_role("button", name="Render").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(", rendered")
    expect(page.get_by_role("button", name="Play the render")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Loudness")).to_have_value("-14.0")
    expect(page.get_by_label("True peak ceiling")).to_have_value("-1.0")
    page.get_by_role("button", name="Master it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Master \d of "))
    expect(page.get_by_role("button", name="Play the master")).to_be_visible(timeout=60_000)
    rows = page.locator(".meter-row")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text(re.compile(r"Loudness before\s*−\d+\.\d LUFS"))
    expect(rows.nth(1)).to_contain_text(re.compile(r"Loudness after\s*−1[45]\.\d LUFS"))
    expect(rows.nth(3)).to_contain_text(re.compile(r"True peak after\s*−\d\.\d dBTP"))
    page.get_by_role("button", name="Play the render before mastering").click()
    plays_on(page)
    page.get_by_role("button", name=re.compile(r"^Play (the )?master")).first.click()
    plays_on(page)
    page.get_by_role("button", name=re.compile("^Pause master")).first.click()
