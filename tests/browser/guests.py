"""People in a browser: one context each, with everything that the page complains about collected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect

from tests.cast import PASSWORD

DESK = {"width": 1360, "height": 900}
PHONE = {"width": 320, "height": 700}
#: What a browser writes into its console for a refusal that a test asked for.
_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")
#: Milliseconds by which every answer and every island of a page comes later: with a few hundred, a test that acts
#: before the page is ready fails always instead of once in a while.
LAG = int(os.environ.get("DEADWAX_TEST_LAG", "0"))
_LATE_ISLANDS = """{
  let parsed = false;  // what the page brings with it comes before; islands of their own come after
  document.addEventListener("DOMContentLoaded", () => parsed = true);
  const define = customElements.define.bind(customElements);
  customElements.define = (...island) => parsed ? setTimeout(() => define(...island), %d) : define(...island);
}"""


@dataclass
class Guest:
    """One person's browser. `problems` holds console errors, page errors and answers of 400 and more."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    #: Statuses that the step at hand provokes on purpose.
    _allowed: set[int] = field(default_factory=set)
    #: Addresses of whole pages that were loaded, by a full load or by a swap.
    visits: list[str] = field(default_factory=list)

    @classmethod
    def arrive(cls, browser: Browser, base: str, **options: Any) -> Guest:
        context: BrowserContext = browser.new_context(
            viewport=options.pop("viewport", DESK), base_url=base, accept_downloads=True, **options
        )
        context.set_default_timeout(15_000)
        guest = cls(context.new_page(), base)
        if LAG:
            wire = context.new_cdp_session(guest.page)
            wire.send("Network.enable")
            wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
            limits = {"latency": LAG, "downloadThroughput": -1, "uploadThroughput": -1, "offline": False}
            wire.send("Network.emulateNetworkConditions", limits)
            context.add_init_script(_LATE_ISLANDS % LAG)
        if options.get("java_script_enabled", True):
            # Nothing is done while a part of the page that one sees still waits for its script.
            guest.page.add_locator_handler(guest.page.locator(":not(:defined)").first, lambda: None)
        guest.page.on("console", guest._on_console)
        guest.page.on("pageerror", lambda error: guest.problems.append(f"page error: {error}"))
        guest.page.on("response", guest._on_response)
        guest.page.on("request", guest._on_request)
        return guest

    def log_in(self, email: str) -> None:
        """By the form, as everybody does."""
        self.page.goto("/login/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    @contextmanager
    def refused(self, *statuses: int) -> Iterator[None]:
        """Within, answers of these statuses are what the test wants to see."""
        self._allowed |= set(statuses)
        try:
            yield
            self.page.wait_for_timeout(100)  # the console hears of it a moment after the page
        finally:
            self._allowed -= set(statuses)

    def rail(self, name: str) -> None:
        """Go to one of the house's rooms by its link."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()

    def leave(self) -> None:
        self.page.context.close()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def _on_console(self, message: Any) -> None:
        if message.type != "error":
            return
        refusal = _REFUSAL.search(message.text)
        if not (refusal and int(refusal[1]) in self._allowed):
            self.problems.append(f"{self.path}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._allowed:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")

    def _on_request(self, request: Request) -> None:
        if request.resource_type == "document":
            self.visits.append(urlsplit(request.url).path)
