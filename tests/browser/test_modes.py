"""Every way of making something, by mouse, keys and voice: from where the need arises to takes on the board."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from generation import asking, reading, services
from generation.models import PromptRun, Take, Upload
from tests.browser.guests import Guest
from tests.cast import Cast, make_cast
from tests.conftest import flush_everything
from tests.fixtures_stack import LiveStack
from tests.support import chromium_path, needs, wait_until

# Not `transaction=True`: one stack and one song are committed for all tests here, and emptied away at the end.
pytestmark = [needs("chromium", "ffmpeg"), pytest.mark.django_db]

RATE = 48_000


def _hum(seconds: float = 8.0) -> Any:
    """A voice that hums a rising line, a note a second: overtones, vibrato, breath between the notes."""
    t = np.arange(round(seconds * RATE)) / RATE
    notes = np.array([62, 64, 65, 69, 67, 65, 64, 62])[np.minimum(t.astype(int), 7)]
    hz = 440 * 2 ** ((notes - 69) / 12) * (1 + 0.004 * np.sin(2 * np.pi * 5.2 * t))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    wave = sum(np.sin(k * phase) / k**1.6 for k in range(1, 6))
    part = t % 1.0
    shape = np.clip(np.minimum(part / 0.06, (0.92 - part) / 0.08), 0, 1)
    return (0.25 * wave * shape + 0.001 * np.random.default_rng(3).standard_normal(t.size)).astype(np.float32)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("voices")
    noise = 0.2 * np.random.default_rng(5).standard_normal(4 * RATE)
    found = {}
    for name, wave in (("hum", _hum()), ("silence", np.zeros(2 * RATE)), ("noise", noise)):
        found[name] = folder / f"{name}.wav"
        soundfile.write(found[name], wave, RATE, subtype="PCM_16")
    return found


@pytest.fixture(scope="module")
def listening(voices: dict[str, Path]) -> Iterator[Callable[[str], Any]]:
    """`listening("hum")`: a browser whose microphone hears that file, over and over."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    opened: dict[str, Any] = {}
    with sync_playwright() as playwright:

        def start(voice: str) -> Any:
            if voice not in opened:
                opened[voice] = playwright.chromium.launch(
                    executable_path=chromium_path(),
                    args=[
                        "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                        f"--use-file-for-fake-audio-capture={voices[voice]}",
                    ],
                )  # fmt: skip
            return opened[voice]

        yield start
        for browser in opened.values():
            browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@dataclass(frozen=True)
class Studio:
    """A label at work: its address, Mara's song with a kept take of the sketch engine (stems, notes)."""

    url: str
    cast: Cast
    song: Any
    take: Take


@pytest.fixture(scope="module")
def studio(django_db_setup: None, django_db_blocker: Any) -> Iterator[Studio]:
    with django_db_blocker.unblock():
        stack = LiveStack()
        try:
            cast = make_cast(fast=False)
            services.seed_catalogue(actor=cast.rights)
            stack.start_broker()
            stack.start_dispatch()
            stack.start_worker(concurrency=1)
            # By its name: a page has a microphone where it is secure, and this name counts as that.
            url = stack.start_web().replace("127.0.0.1", "localhost")
            wait_until(
                lambda: "text_to_music" in asking.ready(reading.offers()), timeout_s=120, what="an offer"
            )
            song = services.create_project(title="Slow Harbour", artist=cast.artist, actor=cast.mara)
            run = services.request_run(
                song, brief=None, engine="sketch", duration_s=8, variations=1, prompt="slow ambient pads, D minor",
                base_seed=4, actor=cast.mara,
            )  # fmt: skip
            wait_until(lambda: Take.objects.filter(run=run).exists(), timeout_s=120, what="the take")
            take = Take.objects.get(run=run)
            services.shortlist_take(take, reason="", blind=False, actor=cast.mara)
            yield Studio(url, cast, song, take)
        finally:
            stack.stop()
            flush_everything()


@pytest.fixture(scope="module")
def arrive(listening: Callable[[str], Any], studio: Studio) -> Iterator[Callable[..., Guest]]:
    """`arrive("mara", voice="noise")`: a browser with that voice at its microphone, logged in once."""
    guests: dict[str, Guest] = {}

    def come(name: str, *, voice: str = "hum", **options: Any) -> Guest:
        key = f"{name} {voice} {options}"
        if key not in guests:
            guests[key] = Guest.arrive(listening(voice), studio.url, permissions=["microphone"], **options)
            guests[key].log_in(getattr(studio.cast, name).email)
        return guests[key]

    yield come
    for guest in guests.values():
        guest.leave()


def newest() -> PromptRun:
    """The run that was asked for last."""
    return PromptRun.objects.order_by("-number")[0]


def takes_come(page: Page, count: int) -> None:
    expect(page.locator("#takes article.take")).to_have_count(count, timeout=90_000)


def test_a_hum_becomes_an_arrangement(studio: Studio, arrive: Callable[..., Guest]) -> None:
    """Count-in, record, listen, record again, use it: then the sketch engine arranges it, and the board says so."""
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/runs/new/")
    page.get_by_role("navigation", name="What to do").get_by_role("link", name="From a melody").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which tune?")
    assert "mode=melody_guided" in page.url
    page.get_by_label("Prompt").fill("a harbour at night")

    page.get_by_label("Tempo of the count-in").fill("240")
    page.get_by_role("button", name="Record").click()
    expect(page.locator("dw-hum")).to_have_attribute("data-state", "recording", timeout=10_000)
    meter = page.get_by_role("meter", name="Level of the microphone")
    expect(meter).not_to_have_attribute("aria-valuenow", "0")
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#hum-play")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#hum-play")).to_have_accessible_name("Pause what you hummed")

    page.get_by_role("button", name="Record again").click()
    expect(page.locator("dw-hum")).to_have_attribute("data-state", "recording", timeout=10_000)
    page.wait_for_timeout(4000)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Use this tune").click()
    expect(page.locator("#run-givens dw-wave canvas")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Prompt")).to_have_value("a harbour at night")  # nothing typed is lost
    upload = Upload.objects.order_by("-created_at")[0]
    assert (upload.declared, upload.role, upload.elements) == (
        "own_performance",
        "lead_vocal",
        ["melody", *upload.elements[1:]],
    )
    assert 3000 <= (upload.asset.duration_ms or 0) <= 30_000  # as long as it was hummed
    expect(page.get_by_label("Melody", exact=True)).to_have_value(f"upload:{upload.pk}|audio")

    page.get_by_label("Variations").fill("1")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 take of")
    expect(page.locator("main")).to_contain_text("From a melody: a harbour at night")
    expect(page.get_by_role("link", name=re.compile("^upload, "))).to_be_visible()
    takes_come(page, 1)
    run = newest()
    assert run.inputs.get().ref == f"upload:{upload.pk}"
    assert guest.problems == []


@pytest.mark.parametrize(("voice", "words"), [("silence", "Nothing was heard"), ("noise", "only noise")])
def test_what_is_no_tune_is_refused_before_it_is_sent(
    studio: Studio, arrive: Callable[..., Guest], voice: str, words: str
) -> None:
    before = Upload.objects.count()
    page = arrive("mara", voice=voice).page
    page.goto(f"/projects/{studio.song.pk}/runs/new/?mode=melody_guided")
    page.get_by_label("Count in", exact=True).uncheck()
    page.get_by_role("button", name="Record").click()
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("dw-hum")).to_contain_text(words)
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("dw-hum")).to_contain_text("Hum for 1 second at least")
    assert Upload.objects.count() == before


def test_a_stretch_of_a_take_leads_to_stems_of_it(studio: Studio, arrive: Callable[..., Guest]) -> None:
    """Dragging selects, the menu takes the stretch along, and the parts can be heard and used in turn."""
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/runs/{studio.take.run_id}/")
    wave = page.locator(f"#take-{studio.take.pk} > div > dw-wave")
    expect(wave).to_have_attribute("aria-valuemax", re.compile("[1-9]"))
    box = wave.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20, steps=6)
    page.mouse.up()
    expect(wave).to_have_attribute("range", re.compile(r"^\d+,\d+$"))
    start, end = (int(part) for part in (wave.get_attribute("range") or "").split(","))
    assert end - start == pytest.approx((studio.take.asset.duration_ms or 0) / 2, rel=0.03)
    page.locator(f"#take-{studio.take.pk} .meta dw-menu summary").click()
    page.get_by_role("link", name="Take apart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is it made of?")
    expect(page.locator("#id_source")).to_have_value(f"take:{studio.take.pk}|audio")
    expect(page.locator("#run-givens dw-wave")).to_have_attribute("range", re.compile(r"^\d+,\d+$"))
    page.get_by_role("button", name="Take it apart").click()
    takes_come(page, 1)
    run = newest()
    given = run.inputs.get()
    assert given.from_ms == pytest.approx(start, abs=100)
    made = run.takes.get()
    expect(page.locator(".parts > li")).to_have_count(made.stems.count())
    names = page.locator(".parts > li > span").all_inner_texts()
    assert {"Harmonic part", "Percussive part"} <= set(names)
    page.locator(".parts .play").first.click()
    expect(page.locator(".parts .play").first).to_have_attribute("aria-pressed", "true")
    assert guest.problems == []


def test_a_recording_is_written_down_as_notes(studio: Studio, arrive: Callable[..., Guest]) -> None:
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/runs/new/?mode=audio_to_notes&source=take:{studio.take.pk}")
    # The other model has weights whose licence nobody accepted here.
    page.get_by_label("Method").select_option("pyin")
    page.get_by_role("button", name="Write it down").click()
    takes_come(page, 1)
    made = newest().takes.get()
    with page.expect_download() as download:
        page.get_by_role("link", name="MIDI").click()
    assert Path(download.value.path()).read_bytes()[:4] == b"MThd"
    assert made.midi is not None
    assert guest.problems == []


def test_chords_are_played(studio: Studio, arrive: Callable[..., Guest]) -> None:
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/runs/new/?mode=chord_progression")
    page.get_by_label("Chords").fill("Dm | Bb | F | C")
    page.get_by_label("Variations").fill("1")
    page.get_by_label("Length").fill("8")
    page.get_by_role("button", name="Generate").click()
    takes_come(page, 1)
    expect(page.locator("aside")).to_contain_text("Dm | Bb | F | C")
    assert guest.problems == []


def test_an_engine_that_is_not_there_is_shown_with_what_it_takes(
    studio: Studio, arrive: Callable[..., Guest]
) -> None:
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/runs/new/?mode=lyrics_to_song")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is sung?")
    expect(page.locator(".engines")).to_contain_text("not here")
    expect(page.get_by_role("heading", name="Not here yet")).to_be_visible()
    expect(page.get_by_role("button", name="Generate")).to_have_count(0)
    page.get_by_role("navigation", name="What to do").get_by_role("link", name="From words").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("How many ideas?")
    expect(page.get_by_role("button", name="Generate")).to_be_visible()
    assert guest.problems == []


def test_the_form_works_without_script(studio: Studio, arrive: Callable[..., Guest]) -> None:
    guest = arrive("mara", java_script_enabled=False)
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/runs/new/")
    page.get_by_role("link", name="Chords", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which chords?")
    page.get_by_role("textbox", name="Chords").fill("Am | F")
    page.get_by_text("Keep these settings").click()
    page.get_by_label("Name").fill("two chords")
    page.get_by_role("button", name="Keep them").click()
    expect(page.locator("main")).to_contain_text("Kept as “two chords”.")
    expect(page.get_by_role("textbox", name="Chords")).to_have_value("Am | F")
    page.get_by_label("Variations").fill("1")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 take of")
    assert newest().words["chords"] == "Am | F"


def test_a_range_in_the_arranger_leads_to_the_part_of_the_clip(
    studio: Studio, arrive: Callable[..., Guest]
) -> None:
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/projects/{studio.song.pk}/arrangements/new/")
    page.get_by_label("Title").fill("Slow Harbour")
    page.get_by_role("button", name="Arrange").click()
    clip = page.locator(".clip").first
    clip.focus()
    page.get_by_role("button", name="Play the arrangement").focus()
    ruler = page.locator(".tl-ruler")
    box = ruler.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 10, steps=5)
    page.mouse.up()
    bar = page.get_by_role("group", name="Selected range")
    expect(bar).to_be_visible()
    link = bar.get_by_role("link", name=re.compile("^Replace "))
    expect(link).to_have_attribute(
        "href", re.compile(r"mode=section_replacement&source=(stem|take)%3A[0-9a-f-]+&from=0&to=\d+")
    )
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    page.keyboard.press("o")
    page.get_by_role("region", name="Selection").get_by_role("link", name="Take apart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is it made of?")
    expect(page.locator("#id_source")).not_to_have_value("")
    assert guest.problems == []
