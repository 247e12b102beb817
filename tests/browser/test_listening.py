"""A take is heard in the browser while it is made: it begins before the take is there, and goes on as more comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from generation import services
from generation.models import Listen
from provenance.models import Job
from tests.browser.conftest import Label
from tests.browser.studio_steps import clock, plays_on, take
from tests.fixtures_stack import LiveStack
from tests.support import needs, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]


@pytest.fixture
def live_stack(transactional_db: None) -> Iterator[LiveStack]:
    """As everywhere, but the worker's engine makes sound about as fast as one listens."""
    stack = LiveStack(modules="tests.generation.slow_worker")
    try:
        stack.start_broker()
        stack.start_dispatch()
        stack.start_worker(concurrency=1)
        stack.url = stack.start_web()
        yield stack
    finally:
        stack.stop()


def test_a_take_sounds_while_it_is_made_and_its_sibling_is_judged_meanwhile(
    label: Label, arrive: Callable[..., Any]
) -> None:
    mara = label.cast.mara
    wait_until(
        lambda: services.catalogue.EngineOffer.objects.filter(available=True).exists(), what="an offer"
    )
    project = services.create_project(title="Slow Harbour", artist=label.cast.artist, actor=mara)
    run = services.request_run(
        project, brief=None, engine="sketch", duration_s=8, variations=2, prompt="slow pads", actor=mara
    )
    guest = arrive("mara")
    page = guest.page
    page.goto(f"{label.url}/runs/{run.pk}/")
    making = page.locator("#making-1")
    making.get_by_role("button", name="Play take 1, being made").click(timeout=30_000)
    expect(making.get_by_role("button", name="Pause take 1, being made")).to_be_visible()
    assert plays_on(page, after_s=1.0) > 0.9
    assert run.takes.count() == 0, "it sounds before it is there"
    assert plays_on(page, after_s=2.0) > 2.9, "it goes on while more comes"

    # The take is finished: the board has it, and what sounds goes on to its end.
    expect(take(page, 1)).to_be_visible(timeout=30_000)
    expect(page.locator("#making-2")).to_be_visible(timeout=10_000)
    expect(page.locator("#making-1")).to_have_count(0)
    wait_until(lambda: clock(page) >= 7.9, timeout_s=20, what="the end of what is heard")
    assert Listen.objects.count() == 0, "no take was heard: it was none yet"

    take(page, 1).locator("> .play").click()
    plays_on(page, after_s=0.5)
    assert Job.objects.get(pk=run.job_id).state in {"running", "done"}
    expect(page.locator("#takes article.take")).to_have_count(2, timeout=30_000)
    assert guest.problems == []
