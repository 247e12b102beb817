"""In a real browser: a file goes on after a cut, and the inbox is worked through by keys."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.artists.anr.conftest import AI, ANSWERS, encoded, tune
from tests.support import needs, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]


def test_an_upload_goes_on_after_a_cut_and_the_submission_arrives(label: Any, browser: Any) -> None:
    from artists.models import Incoming, Submission
    from artists.services import incoming, upload_links

    _, secret = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    data = encoded(tune(1, seconds=240, rate=44_100), rate=44_100)
    assert len(data) > 5 * 4 * 1024 * 1024, "several pieces"
    page = browser.new_context().new_page()
    sent = {"bytes": 0, "cut": 0}

    def piece(route: Any) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        offset = int(route.request.headers["upload-offset"])
        if offset > len(data) * 0.75 and not sent["cut"]:
            sent["cut"] = offset
            return route.abort("connectionreset")
        sent["bytes"] += len(route.request.post_data_buffer or b"")
        return route.continue_()

    page.route(re.compile("/incoming/"), piece)
    page.goto(f"{label.url}/submit/{secret}/")
    file = {"name": "long song.wav", "mimeType": "audio/wav", "buffer": data}
    page.set_input_files("#id_files", file)
    page.wait_for_selector("text=all here", timeout=60_000)
    assert sent["cut"] > 0
    assert sent["bytes"] == len(data), "nothing that had arrived was sent again"
    row = Incoming.objects.get()
    assert row.state == Incoming.State.WHOLE
    with incoming.opened_part(row) as part:
        assert part.read() == data

    page.fill("#id_artist_name", ANSWERS["artist_name"])
    page.fill("#id_contact_email", ANSWERS["contact_email"])
    page.fill("#id_tools", ANSWERS["tools"])
    for key, value in AI.items():
        page.check(f"input[name=ai_{key}][value={value}]", force=True)
    page.check("input[name=rights][value=own]", force=True)
    page.check("input[name=consent]")
    page.click("text=Send it")
    page.wait_for_url(re.compile("/sent/"))
    assert page.inner_text("h1") == "It is here"
    assert Submission.objects.get().file_count == 1


def test_the_inbox_is_worked_through_by_keys(label: Any, arrive: Any) -> None:
    from artists.models import Submission
    from artists.services import submissions, upload_links

    link, _ = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    for number in range(3):
        answers = {**ANSWERS, "artist_name": f"Sender {number} (fictional)"}
        submissions.submit(
            link, files=[], sender=f"s{number}", ai=AI, playlist="https://a.invalid/b", **answers
        )
    page = arrive("anr").page
    page.goto(f"{label.url}/inbox/")
    page.wait_for_selector("dw-inbox:defined")
    assert "Sender 0" not in page.inner_text("main"), "blind"
    page.keyboard.press("j")
    page.wait_for_selector(".queue .here:has-text('Submission 2')")
    page.keyboard.press("k")
    page.wait_for_selector(".queue .here:has-text('Submission 1')")
    page.keyboard.press("4")
    page.wait_for_selector(".desk h2:has-text('Sender 0')")
    page.wait_for_selector("dw-inbox:defined")
    for key in "3251":
        page.keyboard.press(key)
    first = Submission.objects.get(number=1)
    values = {"coherence": 4, "harmony": 3, "dynamics": 2, "timbre": 5, "mix": 1}
    wait_until(lambda: first.scores.get().values == values, what="five scores")
    page.keyboard.press("n")
    page.keyboard.type("The best thing here.")
    page.click("text=Keep the note")
    page.wait_for_selector(".feed :text('The best thing here.')")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("s")
    wait_until(lambda: Submission.objects.get(number=1).snoozed_until is not None, what="put aside")
    page.wait_for_selector(".desk h2:has-text('Submission 2')")
    page.keyboard.press("d")
    assert page.evaluate("document.activeElement.name") == "stage"
