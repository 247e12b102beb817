"""Today: each role's first question, answered for what they may see."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def today(user: Any) -> tuple[str, str, str]:
    """The headline, what waits, and the whole page."""
    answer = as_(user).get("/")
    assert answer.status_code == 200
    text = html.unescape(answer.content.decode())
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", text)
    waits = re.search(r"<h2>Waits for you</h2>(.*?)</aside>", text, re.DOTALL)
    assert heading is not None
    assert waits is not None
    return heading[1], waits[1], text


@pytest.mark.parametrize("role", ["owner", "release", "rights"])
def test_label_staff_see_the_gates_that_are_closed(scene: Scene, role: str) -> None:
    headline, waits, page = today(getattr(scene.cast, role))
    assert headline.startswith(timezone.now().strftime("%A"))
    assert "declared human, but the ledger says trained model" in waits
    assert "Second Side" in page
    assert "New release" in page


def test_an_artist_sees_what_only_they_can_do_and_no_gates(scene: Scene) -> None:
    _, waits, page = today(scene.cast.mara)
    assert f"Declare what you did in {scene.unreleased.project.title}" in waits
    assert f"/masters/{scene.unreleased.pk}/declaration/" in waits
    assert f"/masters/{scene.master.pk}/declaration/" not in waits, "that one is declared"
    assert "but the ledger says" not in waits
    assert "New release" not in page


def test_a_stranger_sees_an_empty_desk(scene: Scene) -> None:
    headline, waits, page = today(scene.cast.stranger)
    assert headline.endswith("nothing waits")
    assert "Nothing." in waits
    assert scene.project.title not in page


def test_a_release_past_its_date_with_a_closed_gate_is_late(scene: Scene) -> None:
    from release import services

    services.change_release(
        scene.draft, actor=scene.cast.release, release_date=timezone.now().date() - dt.timedelta(days=3)
    )
    headline, waits, _ = today(scene.cast.release)
    assert headline.endswith(("are late", "is late"))
    assert "due 3 days ago" in waits


def test_running_work_is_shown_to_those_whose_it_is(scene: Scene) -> None:
    from generation import services

    services.request_run(
        scene.project,
        brief=None,
        engine="sketch",
        duration_s=8,
        variations=2,
        prompt="slow",
        actor=scene.cast.mara,
    )
    shown = today(scene.cast.mara)[2]
    assert "2 variations by Sketch" in shown
    assert re.search(r'class="eta">(next|\d+ before it|waiting for a worker)', shown)
    assert "Nothing runs now." in today(scene.cast.stranger)[2]


def test_a_signing_certificate_that_ends_soon_is_told_to_staff(
    scene: Scene, tmp_path: Path, settings: Any
) -> None:
    from tests.release.certificates import issue

    root = issue("Pressing root", ca=True)
    leaf = issue("Etching desk", root, end_s=9 * 86400 + 600)
    settings.DEADWAX_C2PA_CERT, settings.DEADWAX_C2PA_KEY = tmp_path / "chain.pem", tmp_path / "key.pem"
    settings.DEADWAX_C2PA_CERT.write_text(leaf.pem + root.pem)
    settings.DEADWAX_C2PA_KEY.write_text(leaf.key_pem)
    assert "The certificate that signs audio ends in 9 days" in today(scene.cast.owner)[1]
    assert "certificate" not in today(scene.cast.mara)[1]
