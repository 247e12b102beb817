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


def test_an_inbox_of_five_is_worked_through_from_first_listen_to_answer_by_the_keyboard_alone(
    label: Any, arrive: Any
) -> None:
    """No pointer is used from the first page on. Played, noted at a moment and on a stretch, scored, voted, decided."""
    from artists.models import Submission
    from artists.services import upload_links

    link, _ = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    for number in range(1, 6):
        sent_with_sound(link, number)
    wait_until(
        lambda: not Submission.objects.exclude(files__state="ready").exists(), what="looked at", timeout_s=120
    )
    guest = arrive("anr")
    page, keys = guest.page, guest.page.keyboard
    page.goto(f"{label.url}/inbox/")
    decisions = {1: "declined", 2: "more", 3: "meet", 4: "snooze", 5: "declined"}
    for number, decision in decisions.items():
        page.wait_for_selector(f".desk h2:has-text('Submission {number}')")
        page.wait_for_selector("dw-inbox:defined")
        assert f"Sender {number}" not in page.inner_text("main"), "blind"
        one = Submission.objects.get(number=number)
        # 1. Listen; a note at the moment, and one on a stretch, while it plays.
        keys.press("Space")
        playing = "document.querySelector('dw-transport').seconds"
        wait_until(lambda script=playing: page.evaluate(script) > 0.6, what="it plays")
        keys.press("n")
        keys.type("Something begins here.")
        keys.press("Control+Enter")
        page.wait_for_selector(".feed :text('Something begins here.')")
        page.wait_for_selector("dw-inbox:defined")
        if number == 1:
            keys.press("r")
            page.wait_for_timeout(400)
            keys.press("r")
            keys.type("This stretch is it.")
            keys.press("Control+Enter")
            page.wait_for_selector(".feed :text('This stretch is it.')")
            moment, stretch = one.notes.order_by("created_at")
            assert 500 < moment.from_ms < stretch.from_ms < stretch.to_ms
            assert moment.file == one.files.get()
        wait_until(lambda row=one: Submission.objects.get(pk=row.pk).stage == "heard", what="heard")
        # 2. Score: the first one shows the name.
        for key in "43254":
            keys.press(key)
        wait_until(
            lambda row=one: len(row.scores.get().values) == 5 if row.scores.exists() else False, what="scores"
        )
        page.wait_for_selector(f".desk h2:has-text('Sender {number}')")
        page.wait_for_selector("dw-inbox:defined")
        # 3. Vote, with a reason.
        keys.press("v")
        keys.press("Space")
        keys.press("Tab")
        keys.type("It has a voice.")
        keys.press("Enter")
        page.wait_for_selector("aside .list :text('It has a voice.')")
        page.wait_for_selector("dw-inbox:defined")
        # 4. Decide, or put aside.
        if decision == "snooze":
            keys.press("s")
            continue
        keys.press("d")
        while page.evaluate("document.activeElement.value") != decision:
            keys.press("ArrowRight")
        keys.press("Space")
        keys.press("Tab")
        keys.type("Because of the voice.")
        keys.press("Enter")
        # 5. The answer of that outcome, with the sender's name in it, changed and sent.
        page.wait_for_selector("#id_body:focus")
        assert f"Hello Sender {number} (fictional)," in page.input_value("#id_body")
        keys.press("Control+End")
        keys.type("\nP.S. We mean it.")
        keys.press("Control+Enter")
        wait_until(lambda row=one: Submission.objects.get(pk=row.pk).answered_at is not None, what="answered")
    page.wait_for_selector("h1:has-text('All heard')")
    stages = dict(Submission.objects.values_list("number", "stage"))
    assert stages == {1: "declined", 2: "more", 3: "meet", 4: "heard", 5: "declined"}
    assert Submission.objects.get(number=4).snoozed_until is not None
    wait_until(lambda: not Submission.objects.exclude(answers=None).exclude(answers__state="sent").exists(),
               what="sent")  # fmt: skip
    assert guest.problems == []


def test_a_file_that_is_cut_at_its_end_goes_on_after_the_page_was_closed(
    label: Any, browser: Any, tmp_path: Any
) -> None:
    """The connection dies at 95 %, the page is closed and opened anew, the same file is chosen again."""
    from artists.models import Incoming
    from artists.services import incoming, upload_links

    _, secret = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    data = encoded(tune(2, seconds=960, rate=44_100), rate=44_100)
    piece = 4 * 1024 * 1024
    file = tmp_path / "long song.wav"
    file.write_bytes(data)
    context = browser.new_context()
    sent: list[int] = []
    broken = {"line": True}

    def line(route: Any) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        offset = int(route.request.headers["upload-offset"])
        if broken["line"] and offset + piece > len(data) * 0.95:
            return route.abort("connectionreset")
        sent.append(offset)
        return route.continue_()

    page = context.new_page()
    context.route(re.compile("/incoming/"), line)
    page.goto(f"{label.url}/submit/{secret}/")
    page.set_input_files("#id_files", file)
    page.wait_for_selector("text=The connection is away", timeout=60_000)
    there = incoming.offset_of(Incoming.objects.get())
    assert there > len(data) * 0.85
    page.close(run_before_unload=False)

    broken["line"] = False
    page = context.new_page()
    page.goto(f"{label.url}/submit/{secret}/")
    page.set_input_files("#id_files", file)
    page.wait_for_selector("text=all here, went on at 9", timeout=60_000)
    assert len(sent) == len(set(sent)), "no piece that had arrived was sent again"
    row = Incoming.objects.get()
    assert row.state == Incoming.State.WHOLE
    with incoming.opened_part(row) as part:
        assert part.read() == data


def test_files_are_dropped_on_the_page_and_each_that_is_no_sound_says_what_to_do(
    label: Any, browser: Any
) -> None:
    from artists.services import upload_links

    _, secret = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    page = browser.new_context().new_page()
    page.goto(f"{label.url}/submit/{secret}/")
    page.wait_for_selector("dw-resumable[data-ready]")
    good = encoded(tune(4, seconds=1))
    for name, data, says in (
        ("notes.txt", b"no sound", "Only sound can be sent"),
        ("broken.wav", b"RIFF" + b"\0" * 400, "export your sound as WAV or FLAC"),
        ("nothing.wav", b"", "The file is empty"),
        ("song.wav", good, "all here, and in order"),
    ):
        page.evaluate(
            """([name, bytes]) => {
                const carried = new DataTransfer();
                carried.items.add(new File([new Uint8Array(bytes)], name));
                const drop = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
                document.querySelector(".drop b").dispatchEvent(drop);
            }""",
            [name, list(data)],
        )
        line = page.locator(".files li", has_text=name)
        line.locator(".error, .good").wait_for()
        assert says in line.inner_text(), name
    assert page.locator("input[name=upload]").count() == 1, "the good one alone is sent with the form"


def sent_with_sound(link: Any, number: int) -> Any:
    """A submission as the page makes it, by a sender of its own."""
    import io

    from artists.services import incoming, submissions

    data = encoded(tune(number, seconds=8))
    row, _ = incoming.begin(link, filename="song.wav", length=len(data), sender=f"s{number}")
    row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
    answers = {
        **ANSWERS,
        "artist_name": f"Sender {number} (fictional)",
        "contact_email": f"s{number}@sender.invalid",
    }
    return submissions.submit(link, files=[row], sender=f"s{number}", ai=AI, **answers)
