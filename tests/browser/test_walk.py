"""One song from the brief to the package, with real clicks and keys, and a stranger who asks about it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import studio_steps as studio
from tests.browser.conftest import Label
from tests.support import needs

pytestmark = [needs("chromium", "ffmpeg", "fpcalc"), pytest.mark.django_db(transaction=True)]

TITLE = "Slow Harbour"


def test_a_song_goes_from_its_brief_to_a_package_that_a_stranger_can_check(
    label: Label, arrive: Callable[..., Any], tmp_path: Path
) -> None:
    from label.demo.sounds import choir_pads, sung_lead

    voice, choir, text = tmp_path / "voice pass 3.wav", tmp_path / "choir.wav", tmp_path / "lyrics.wav"
    voice.write_bytes(sung_lead(studio.SECONDS))
    choir.write_bytes(choir_pads(studio.SECONDS))
    text.write_text("These are words, not sound.\n")

    mara = arrive("mara")
    studio.start_project(mara, TITLE)
    studio.write_brief(mara)
    studio.ask_for_takes(mara, variations=3)
    studio.watch_them_come(mara, variations=3)
    studio.compare_takes(mara)
    studio.decide_blind(mara)

    mara.page.get_by_role("link", name=TITLE).first.click()
    studio.upload_refused(mara, text)
    studio.upload_own(mara, voice)
    studio.upload_from_tool(mara, choir)
    studio.arrange(mara, title=TITLE)
    studio.edit_by_hand(mara)
    studio.hear_the_arrangement(mara)
    studio.name_version(mara, "voice over the tide")
    owner = arrive("owner")
    studio.save_at_the_same_time(mara, owner, who="Odile Fabel (fictional)")
    studio.render_and_master(mara)
    for guest in (mara, owner):
        assert guest.problems == []
