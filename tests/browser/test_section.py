"""A section of a take is chosen and replaced by keys alone; a take that fails says so beside its siblings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from generation import services
from generation.models import EngineOffer, PromptRun, Take
from tests.browser.conftest import Label
from tests.fixtures_stack import LiveStack
from tests.support import needs, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]


@pytest.fixture
def live_stack(transactional_db: None) -> Iterator[LiveStack]:
    """As everywhere, with an engine more: tones in every mode, so that no weights are needed."""
    stack = LiveStack(modules="tests.browser.modes_worker")
    try:
        stack.start_broker()
        stack.start_dispatch()
        stack.start_worker(concurrency=1)
        stack.url = stack.start_web()
        yield stack
    finally:
        stack.stop()


def test_a_section_is_replaced_by_keys_alone(label: Label, arrive: Callable[..., Any]) -> None:
    """Select by keys, open the menu by keys, ask by keys. What is new is marked on the takes."""
    wait_until(lambda: EngineOffer.objects.filter(name="modes").exists(), timeout_s=60, what="the engine")
    mara = label.cast.mara
    song = services.create_project(title="Slow Harbour", artist=label.cast.artist, actor=mara)
    first = services.request_run(
        song, brief=None, engine="modes", duration_s=8, variations=1, prompt="a tone", base_seed=4, actor=mara
    )
    wait_until(lambda: Take.objects.filter(run=first).exists(), timeout_s=60, what="the take")
    take = Take.objects.get(run=first)
    guest = arrive("mara")
    page = guest.page
    page.goto(f"/runs/{take.run_id}/")
    wave = page.locator(f"#take-{take.pk} > div > dw-wave")
    wave.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(wave).to_have_attribute("range", "0,3000")
    expect(wave).to_have_attribute("aria-valuetext", re.compile("selected from 0 seconds to 3 seconds"))
    page.locator(f"#take-{take.pk} .meta dw-menu summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Replace a section")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f"#take-{take.pk} .meta dw-menu summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which section?")
    expect(page.get_by_label("From", exact=True)).to_have_value("0:00.0")
    expect(page.get_by_label("To", exact=True)).to_have_value("0:03.0")
    page.get_by_label("Fail").fill("2")
    page.get_by_label("Variations").fill("3")
    page.get_by_label("Variations").press("Enter")
    expect(page.locator("#takes article.take")).to_have_count(2, timeout=60_000)
    expect(page.locator("#run-failures")).to_contain_text("Not made.")
    run = PromptRun.objects.exclude(pk=take.run_id).get()
    assert run.section_ms == (0, 3000)
    expect(page.locator("#takes dw-wave[section]").first).to_be_visible()
    expect(page.get_by_role("link", name="take 1 of run 1")).to_have_attribute(
        "href", re.compile(f"#take-{take.pk}")
    )
    assert guest.problems == []
