"""By clicks: a dataset misses a consent, it is asked for, given and signed; then exported, revoked, and refused."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from generation import services as studio
from generation.models import Upload
from tests.browser.conftest import Label
from tests.browser.signing_steps import enrol_passkey, sign_here
from tests.generation.conftest import tone_wav
from tests.support import needs

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]


@pytest.fixture
def recording(label: Label) -> Upload:
    mara = label.cast.mara
    project = studio.create_project(title="Slow Harbour", artist=label.cast.artist, actor=mara)
    return studio.import_upload(
        project, file=io.BytesIO(tone_wav(seconds=2)), filename="tide.wav", name="Tide", role="full_mix",
        declared="own_performance", actor=mara,
    )  # fmt: skip


def test_a_dataset_takes_a_recording_once_its_artist_agreed_and_lets_go_of_it_when_they_revoke(
    label: Label, recording: Upload, arrive: Callable[..., Any]
) -> None:
    mara, rights, owner = arrive("mara"), arrive("rights"), arrive("owner")
    enrol_passkey(mara, owner, name="Mara Lindqvist (fictional)")

    # 1. Rights begin a dataset; the recording may not come in, and the page says whom to ask.
    page = rights.page
    page.goto("/tools/")
    page.get_by_role("link", name="Datasets").click()
    page.get_by_role("link", name="Begin a dataset").first.click()
    page.get_by_label("Title").fill("Harbours")
    page.get_by_label("What for").fill("A model of our own pads.")
    page.get_by_label("Tools that are trained").fill("musicgen")
    page.get_by_role("button", name="Begin it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbours")
    dataset = rights.path

    def put_in() -> None:
        page.get_by_text("Something else, by its address").click()
        page.get_by_label("Recording", exact=True).fill(f"{label.url}/uploads/{recording.pk}/")
        page.get_by_role("button", name="Put it in", exact=True).click()

    with rights.refused(422):
        put_in()
        expect(page.get_by_role("alert")).to_contain_text("has not agreed to training on Slow Harbour")

    # 2. They ask, from the refusal itself; Mara reads it, agrees and signs.
    page.get_by_role("link", name="Ask for it").click()
    expect(page.get_by_label("What is agreed to")).to_have_value("training")
    expect(page.get_by_label("Only these tools")).to_have_value("musicgen")
    page.get_by_label("Who agrees").fill("Mara Lindqvist")
    page.get_by_label("Their account here").select_option(label="Mara Lindqvist (fictional)")
    page.get_by_label("In words").fill("Your catalogue, for a model of pads.")
    page.get_by_label("Briefs and prompts may go along").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training or fine-tuning a model")
    consent = rights.path
    mara.page.goto(consent)
    expect(mara.page.locator("main")).to_contain_text("Your catalogue, for a model of pads.")
    mara.page.get_by_role("button", name="I agree").click()
    expect(mara.page.locator("main")).to_contain_text("It counts once you signed that")
    mara.page.get_by_role("link", name="Sign it").click()
    sign_here(mara, "gave a consent")
    mara.page.goto(consent)
    expect(mara.page.locator("main .chip").first).to_have_text("in force")

    # 3. The recording comes in; a version is frozen, packed and taken away.
    page.goto(dataset)
    put_in()
    table = page.get_by_role("table", name="Recordings and what each stands on")
    expect(table).to_contain_text("Slow Harbour")
    expect(table).to_contain_text("no end")
    page.get_by_role("button", name="Freeze and export").click()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    with zipfile.ZipFile(waiting.value.path()) as archive:
        [line] = archive.read("manifest.jsonl").splitlines()
        assert json.loads(line)["sha256"] == recording.asset.sha256

    # 4. Mara sees what a revocation reaches before she confirms it.
    mara.page.goto(consent)
    mara.page.get_by_role("link", name="What would a revocation mean?").click()
    expect(mara.page.get_by_role("heading", level=1)).to_contain_text("What would end on")
    expect(mara.page.locator("main")).to_contain_text("Harbours, version 1")
    expect(mara.page.locator("main")).to_contain_text("whoever has it deletes it")
    mara.page.get_by_label("Why").fill("I changed my mind.")
    mara.page.get_by_role("button", name=re.compile("^Revoke it from")).click()
    expect(mara.page.locator("main .chip").first).to_have_text("revoked")

    # 5. The dataset refuses: nothing is exported, nothing handed out.
    page.goto(dataset)
    expect(page.locator("main")).to_contain_text("may not be used for training any more")
    expect(page.locator("main")).to_contain_text("was revoked")
    expect(page.get_by_role("button", name="Freeze and export")).to_have_count(0)
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    page.get_by_role("button", name="Take Slow Harbour out").click()
    expect(
        page.get_by_role("heading", name="Nothing is in yet")
    ).to_be_visible()  # the form below is the new page's
    with rights.refused(422):
        put_in()
        expect(page.get_by_role("alert")).to_contain_text("was revoked")
    assert [guest.problems for guest in (mara, rights, owner)] == [[], [], []]
