"""A real browser on a real stack: web, dispatch and worker of this test run, and people who log in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cast import Cast, make_cast
from tests.fixtures_stack import LiveStack
from tests.release.conftest import cover  # noqa: F401 - a fixture
from tests.support import accept_licences, chromium_path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium. Playwright keeps an event loop in this thread, which Django would take for async code."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
            yield chromium
            chromium.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@dataclass
class Label:
    """An installation with its people, an imprint with ranges of numbers, and a contributor who can be credited."""

    url: str
    cast: Cast
    imprint: Any
    person: Any


@pytest.fixture
def label(transactional_db: None, request: pytest.FixtureRequest) -> Label:
    from artists import services as people
    from generation import services as studio
    from release import services as house

    cast = make_cast(fast=False)
    studio.seed_catalogue(actor=cast.rights)
    accept_licences(cast.rights)
    imprint = house.create_imprint(
        name="Lock Groove (fictional)", p_line_owner="Lock Groove (fictional)",
        c_line_owner="Lock Groove (fictional)", isrc_prefix="QZDWX", gtin_prefix="2000000",
        catalogue_prefix="LGR", dpid="PADPIDAFICTIONAL1W", is_fictional=True, actor=cast.owner,
    )  # fmt: skip
    person = people.create_person(
        credit_name="Mara Lindqvist (fictional)", ipi="99999999919", artist=cast.artist, actor=cast.owner
    )
    stack: LiveStack = request.getfixturevalue("live_stack")
    # By its name: an IP address can have no passkeys.
    return Label(stack.url.replace("127.0.0.1", "localhost"), cast, imprint, person)


@pytest.fixture
def arrive(browser: Any, label: Label) -> Iterator[Callable[..., Any]]:
    """`arrive("mara")` opens a browser of one's own and logs in; `arrive()` is a stranger from the street."""
    from tests.browser.guests import Guest

    guests: list[Guest] = []

    def come(name: str = "", **options: Any) -> Guest:
        guest = Guest.arrive(browser, label.url, **options)
        guests.append(guest)
        if name:
            guest.log_in(getattr(label.cast, name).email)
        return guest

    yield come
    for guest in guests:
        guest.leave()
