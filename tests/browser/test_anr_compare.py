"""Demos side by side, what a file's credential says, and two people at one desk, in a real browser."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.artists.anr.conftest import AI, ANSWERS, encoded, tune
from tests.support import needs, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]


def send(label: Any, *numbers: int, seconds: float = 12.0) -> list[Any]:
    """Submissions with a sound each, as the page makes them, looked at by the worker of this run."""
    from artists.models import Submission
    from artists.services import incoming, submissions, upload_links

    link, _ = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    for number in numbers:
        data = encoded(tune(number, seconds=seconds))
        row, _ = incoming.begin(link, filename="song.wav", length=len(data), sender=f"s{number}")
        row = incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data))
        words = {"artist_name": f"Sender {number} (fictional)", "contact_email": f"s{number}@sender.invalid"}
        submissions.submit(link, files=[row], sender=f"s{number}", ai=AI, **{**ANSWERS, **words})
    looked_at()
    return list(Submission.objects.order_by("number"))


def looked_at() -> None:
    from artists.models import Submission

    wait_until(
        lambda: not Submission.objects.exclude(files__state="ready").exists(), what="looked at", timeout_s=120
    )


def credentialled(folder: Path) -> bytes:
    """A WAV that says of itself, signed by somebody unknown here, that a model made it."""
    from release import c2pa
    from release.labels import ElementOrigins
    from tests.release.certificates import issue

    song = folder / "song.wav"
    song.write_bytes(encoded(tune(7, seconds=6)))
    root = issue("Elsewhere root", ca=True)
    leaf = issue("Elsewhere desk", root)
    made = [ElementOrigins(element="melody", origins=frozenset({"trained_model"}))]
    manifest = c2pa.Manifest(
        title="Song", media_type="audio/wav", actions=c2pa.actions_for(made, when="2026-11-20T11:00:00Z")
    )
    signer = c2pa.Signer.from_files(leaf.pem + root.pem, leaf.key_pem, anchors_pem=root.pem)
    c2pa.sign(song, folder / "signed.wav", manifest, signer)
    return (folder / "signed.wav").read_bytes()


def test_three_demos_are_heard_side_by_side_and_decided_at_once(label: Any, arrive: Any) -> None:
    from playwright.sync_api import expect

    from artists.models import Submission, SubmissionAnswer
    from tests.browser.studio_steps import clock, plays_on

    send(label, 1, 2, 3)
    guest = arrive("anr")
    page = guest.page
    page.goto("/inbox/")
    page.wait_for_selector("dw-inbox:defined")
    for number in (1, 2, 3):
        page.get_by_label(f"Choose submission {number}").check()
    page.get_by_role("button", name="Compare chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 side by side")
    expect(page.locator("main")).not_to_contain_text("Sender 1")

    first, second = (page.locator(f"main button.play[data-title='Submission {number}']") for number in (1, 2))
    first.click()
    at = plays_on(page, after_s=0.6)
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    plays_on(page, after_s=0.3)
    assert clock(page) >= at, "the playhead stays when one goes to the next"

    # A kind no wants a reason: without one nothing is decided, and what was chosen is still there.
    page.locator("input[name=stage][value=declined]").check(force=True)
    page.get_by_label("Decide about 3 submissions").check()
    page.get_by_role("button", name="Decide", exact=True).click()
    became = page.get_by_role("status").filter(has_text="What became of them")
    expect(became.locator("li")).to_have_count(3)
    expect(became.locator(".good")).to_have_count(0)
    assert set(Submission.objects.values_list("stage", flat=True)) <= {"unheard", "heard"}
    expect(page.locator("input[name=stage][value=declined]")).to_be_checked()

    page.get_by_label("Why", exact=False).first.fill("Three times the same bar.")
    page.get_by_label("And answer each with").select_option("no")
    page.get_by_label("Decide about 3 submissions").check()
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(became.locator(".good")).to_have_count(3)
    assert set(Submission.objects.values_list("stage", flat=True)) == {"declined"}
    wait_until(lambda: SubmissionAnswer.objects.filter(state="sent").count() == 3, what="three answers")
    assert guest.problems == []


def test_what_a_files_credential_says_is_seen_once_its_name_may_be(
    label: Any, arrive: Any, tmp_path: Path
) -> None:
    """Uploaded by the page, as an outsider does; blind one learns only that there is a credential."""
    from playwright.sync_api import expect

    from artists.models import Submission
    from artists.services import upload_links

    _, secret = upload_links.make_upload_link(name="Spring (fictional)", actor=label.cast.anr)
    outsider = arrive()
    page = outsider.page
    page.goto(f"/submit/{secret}/")
    page.wait_for_selector("dw-resumable[data-ready]")
    page.set_input_files(
        "#id_files", {"name": "song.wav", "mimeType": "audio/wav", "buffer": credentialled(tmp_path)}
    )
    page.wait_for_selector("text=all here, and in order", timeout=60_000)
    page.fill("#id_artist_name", ANSWERS["artist_name"])
    page.fill("#id_contact_email", ANSWERS["contact_email"])
    for key in AI:
        page.check(f"input[name=ai_{key}][value=no]", force=True)
    page.check("input[name=rights][value=own]", force=True)
    page.check("input[name=consent]")
    page.get_by_role("button", name="Send it").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is here")
    assert Submission.objects.count() == 1, "pressed twice, sent once"
    looked_at()

    anr = arrive("anr")
    anr.page.goto("/inbox/")
    anr.page.wait_for_selector("dw-inbox:defined")
    facts = anr.page.locator(".heard .meta")
    expect(facts).to_contain_text("C2PA: found")
    expect(facts).not_to_contain_text("model")
    anr.page.get_by_role("button", name="Unblind").click()
    expect(facts).to_contain_text("C2PA: intact, says a model made it")
    expect(anr.page.locator("aside")).to_contain_text("AI: no")
    assert anr.problems == []


def test_a_button_that_is_pressed_twice_does_it_once(label: Any, arrive: Any) -> None:
    from playwright.sync_api import expect

    from artists.models import UploadLink
    from provenance.models import Entry

    [submission] = send(label, 1, seconds=4)
    guest = arrive("anr")
    page = guest.page
    page.goto(f"/submissions/{submission.pk}/")
    page.wait_for_selector("dw-inbox:defined")
    page.locator("input[name=vote][value=yes]").check(force=True)
    page.get_by_label("Because").fill("It has a voice.")
    page.get_by_role("button", name="Vote", exact=True).dblclick()
    expect(page.locator("aside .list")).to_contain_text("It has a voice.")
    page.goto("/inbox/links/")
    page.get_by_label("For whom or what").fill("Twice (fictional)")
    page.get_by_role("button", name="Make the link").dblclick()
    expect(page.locator("#made-link")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert Entry.objects.filter(kind="submission.voted").count() == 1
    assert UploadLink.objects.count() == 2, "the one of the submission, and this one"
    assert guest.problems == []


def test_two_at_one_desk_see_what_the_other_decided_before_they_decide(label: Any, arrive: Any) -> None:
    from playwright.sync_api import expect

    from artists.models import Submission

    [submission] = send(label, 1, seconds=4)
    first, second = arrive("anr"), arrive("owner")
    for guest in (first, second):
        guest.page.goto(f"/submissions/{submission.pk}/")
        guest.page.wait_for_selector("dw-inbox:defined")
    first.page.locator("input[name=stage][value=more]").check(force=True)
    first.page.get_by_role("button", name="Decide", exact=True).click()
    expect(first.page.locator(".desk h2").first).to_contain_text("Hear more")

    page = second.page
    page.locator("input[name=stage][value=declined]").check(force=True)
    page.locator("#id_why").fill("Not for us.")
    with second.refused(422):
        page.get_by_role("button", name="Decide", exact=True).click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Somebody has moved submission 1 to “Hear more” meanwhile")
    expect(alert).to_be_focused()
    expect(page.locator("#id_why")).to_have_value("Not for us.")
    assert Submission.objects.get().stage == "more"
    page.reload()
    expect(page.locator(".desk h2").first).to_contain_text("Hear more")
    page.wait_for_selector("dw-inbox:defined")
    page.locator("input[name=stage][value=declined]").check(force=True)
    page.locator("#id_why").fill("Not for us.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.locator(".desk h2").first).to_contain_text("Kind no")
    expect(page.locator(".desk")).to_contain_text("Its sender has no answer yet")
    assert second.problems == []
