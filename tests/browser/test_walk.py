"""One song from the brief to the package, with real clicks and keys, and a stranger who asks about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import house_steps as house
from tests.browser import signing_steps as signing
from tests.browser import studio_steps as studio
from tests.browser.conftest import Label
from tests.support import needs

pytestmark = [needs("chromium", "ffmpeg", "fpcalc"), pytest.mark.django_db(transaction=True)]

TITLE = "Slow Harbour"
LOOKS = ("By its bytes", "By its credentials", "By its sound")


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
    master = mara.path
    house.read_the_proof(mara)
    house.declare_against_evidence(mara)

    coordinator = arrive("release")
    house.make_recording(coordinator, master, title=TITLE, person=label.person.credit_name)
    planned = house.plan_release(coordinator, title=TITLE)
    house.fill_in(coordinator)
    house.add_track(coordinator)
    house.give_cover(coordinator, *_covers(tmp_path))
    house.contradiction_closes_gate(coordinator)
    house.declare_honestly(mara)
    declaration = mara.path
    signing.enrol_passkey(mara, owner, name="Mara Lindqvist (fictional)")
    signing.sign_declaration(mara, declaration)
    signing.sign_session(mara, TITLE)
    rights = arrive("rights")
    house.approve(rights, planned)
    signing.enrol_passkey(rights, owner, name="Ria Echter (fictional)")
    signing.sign_approval(rights, planned)
    package = house.build_package(coordinator, planned, tmp_path)

    stranger = arrive()
    _ask_as_a_stranger(stranger, package, tmp_path)
    for guest in (mara, owner, coordinator, rights, stranger):
        assert guest.problems == []
    _verify(package)


def _covers(folder: Path) -> tuple[Path, Path]:
    """One that is too small, and one that receivers take."""
    from PIL import Image

    from release.demo_cover import demo_cover

    good, small = folder / "cover.jpg", folder / "small.jpg"
    good.write_bytes(demo_cover(TITLE, 7, artist="Nightjar Assembly (fictional)"))
    Image.open(good).resize((800, 800)).save(small)
    return small, good


def _ask_as_a_stranger(stranger: Any, package: Path, folder: Path) -> None:
    """The packaged file is known in all three ways, a copy by its sound alone, another's file in none."""
    (wav,) = package.rglob("*.wav")
    main = house.ask_about(stranger, wav)
    assert "Known, and intact" in main.inner_text()
    assert TITLE in main.inner_text()
    assert [house.look_state(main, title) for title in LOOKS] == ["passed", "passed", "passed"]

    for copy in (
        house.convert(wav, folder / "copy.flac", "-ar", "48000"),
        house.convert(wav, folder / "copy.mp3", "-b:a", "128k"),
    ):
        main = house.ask_about(stranger, copy)
        assert "Known, but not the file that left the house" in main.inner_text()
        assert [house.look_state(main, title) for title in LOOKS] == ["open", "open", "passed"]

    noise = folder / "foreign.wav"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=12:c=pink:seed=5", str(noise)], check=True
    )
    main = house.ask_about(stranger, noise)
    assert "Not known here" in main.inner_text()
    assert TITLE not in main.inner_text()
    assert [house.look_state(main, title) for title in LOOKS] == ["open", "open", "open"]


def _verify(package: Path) -> None:
    """The whole ledger derives again, and the bundle in the package verifies without us."""
    from django.core.management import call_command

    from provenance import sequencer

    while sequencer.run_once():
        pass
    call_command("ledger_verify")
    (bundle,) = package.rglob("evidence*.zip")
    verifier = Path(__file__).resolve().parents[2] / "provenance" / "verifier.py"
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), str(bundle)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
