"""The browser keeps receipts while their owner works; a stranger with the file can hold them against the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provenance.models import Receipt
from tests.browser.studio_steps import start_project
from tests.support import needs, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), needs("chromium")]
PHONE = {"viewport": {"width": 320, "height": 640}}


def in_browser(page: Any, actor: str) -> list[dict[str, Any]]:
    kept = page.evaluate(f"localStorage.getItem('dw:receipts:{actor}')")
    return json.loads(kept)["receipts"] if kept else []


def test_receipts_are_kept_downloaded_and_checked(
    label: Any, arrive: Callable[..., Any], tmp_path: Path
) -> None:
    mara = arrive("mara")
    start_project(mara, "Slow Harbour")
    actor = str(label.cast.mara.pk)
    issued = wait_until(
        lambda: [bytes(row.note).decode() for row in Receipt.objects.filter(actor_id=actor)], what="a receipt"
    )
    wait_until(lambda: len(in_browser(mara.page, actor)) == len(issued), what="the browser's own copy")
    assert [item["note"] for item in in_browser(mara.page, actor)] == issued
    assert not any(cookie["name"] == "deadwax_receipt" for cookie in mara.page.context.cookies())

    page = mara.page
    page.goto(f"{label.url}/ledger/receipts/")
    page.get_by_text("This browser keeps them by itself").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all of mine").click()
    file = tmp_path / "receipts.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["receipts"] == issued
    page.get_by_role("button", name="Check those against the log").click()
    page.get_by_role("heading", name="Every promise is kept").wait_for()

    stranger = arrive(**PHONE)
    phone = stranger.page
    phone.goto(f"{label.url}/ledger/receipts/check/")
    phone.set_input_files("#id_file", file)
    phone.get_by_role("button", name="Check them").click()
    phone.get_by_role("heading", name="Every promise is kept").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
