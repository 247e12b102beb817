"""Listening links: where they are made, what a recipient finds, and what is told afterwards to whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from artists.models import ListeningLink
from artists.services import listening, review
from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db
RECIPIENT = "Radio Nine (fictional)"


def made(scene: Scene, *things: tuple[str, Any], **options: Any) -> tuple[ListeningLink, str]:
    named = [{"kind": kind, "id": str(row.pk)} for kind, row in things]
    return listening.make_listening_link(recipient=RECIPIENT, things=named, **options, actor=scene.cast.anr)


def at(name: str, secret: str, *number: int) -> str:
    return reverse(f"label:{name}", args=[secret, *number])


# -- made -------------------------------------------------------------------------------------------------------------
def test_the_way_to_a_link_stands_where_the_sound_is(scene: Scene) -> None:
    pages = {
        reverse("generation:run", args=[scene.run.pk]): ("take", scene.take.pk),
        reverse("generation:render", args=[scene.render.pk]): ("render", scene.render.pk),
        reverse("generation:master", args=[scene.master.pk]): ("master", scene.master.pk),
        reverse("release:release", args=[scene.release.pk]): ("release", scene.release.pk),
        reverse("artists:submission", args=[scene.anr.submission.pk]): (
            "submission",
            scene.anr.submission.pk,
        ),
    }
    cast = scene.cast
    for page, (kind, pk) in pages.items():
        address = f"{reverse('label:listening-links')}?{kind}={pk}"
        makers = [cast.owner, cast.anr, *([] if kind == "submission" else [cast.release])]
        for maker in makers:
            assert address in as_(maker).get(page).content.decode(), page
        asked = as_(cast.anr).get(address).content.decode()
        assert f'name="{kind}" value="{pk}"' in asked, "the form has it already"
        for reader in {cast.rights, cast.mara, cast.release} - set(makers):
            assert address not in as_(reader).get(page).content.decode(), page


def test_nobody_lets_others_hear_what_they_may_not_judge(scene: Scene) -> None:
    demo = {"kind": "submission", "id": str(scene.anr.submission.pk)}
    said = {"recipient": RECIPIENT, "things": [demo]}
    codes = {
        person: as_(getattr(scene.cast, person))
        .post(reverse("api:listening-list"), said, content_type="application/json")
        .status_code
        for person in ("anr", "release", "rights", "mara", "stranger")
    }
    assert codes == {"anr": 201, "release": 403, "rights": 403, "mara": 403, "stranger": 403}


def test_a_demo_goes_out_without_its_sender_s_name_and_stays_blind_in_the_house(scene: Scene) -> None:
    _, secret = made(scene, ("submission", scene.anr.submission), asks_notes=True)
    nobody = as_(None)
    page = nobody.get(at("listen", secret)).content.decode()
    assert f"Submission {scene.anr.submission.number}" in page
    assert "Glass Ferry" not in page
    audio = nobody.get(at("listen-audio", secret, 1))
    assert (audio.status_code, "Glass" in audio.get("Content-Disposition", "")) == (200, False)
    nobody.post(at("listen-note", secret, 1), {"text": "Sign them.", "at": "0:01"})
    notes = reverse("label:listening-notes", args=["submission", scene.anr.submission.pk])
    anr = as_(scene.cast.anr)
    assert "Sign them." not in anr.get(notes).content.decode(), "first one's own ears"
    assert "Glass Ferry" not in anr.get(reverse("label:listening-links")).content.decode()
    review.score(scene.anr.submission, values={"mix": 3}, actor=scene.cast.anr)
    assert "Sign them." in anr.get(notes).content.decode()


# -- opened -----------------------------------------------------------------------------------------------------------
def test_a_recipient_finds_what_is_for_them_and_the_house_what_became_of_it(scene: Scene) -> None:
    link, secret = made(scene, ("release", scene.release), ("take", scene.take), note="For Friday.")
    nobody = as_(None)
    page = nobody.get(at("listen", secret))
    words = page.content.decode()
    for said in (RECIPIENT, "For Friday.", scene.release.title, "for listening only", "What is noted here"):
        assert said in words, said
    assert "Download" not in words
    for address in (at("listen", secret), at("listen-audio", secret, 1), at("listen-peaks", secret, 1)):
        answer = nobody.get(address)
        assert "noindex" in answer["X-Robots-Tag"], address
        assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("same-origin", "private, no-store")
    assert nobody.get(at("listen-cover", secret, 1))["Content-Type"] == "image/jpeg"
    part = nobody.get(at("listen-audio", secret, 1), headers={"Range": "bytes=0-99"})
    assert (part.status_code, part["Content-Range"].partition("/")[0]) == (206, "bytes 0-99")
    for number in (0, 3, 99):
        assert nobody.get(at("listen-audio", secret, number)).status_code == 404, number
    assert nobody.post(at("listen-take", secret, 1)).status_code == 403
    told = nobody.post(at("listen-heard", secret, 1), {"spans": [[0, 700]]}, content_type="application/json")
    assert told.status_code == 204
    link.refresh_from_db()
    name = f"recording:{scene.recording.pk}"
    assert (list(link.sent), link.heard) == ([name], {name: [[0, 700]]})
    shown = as_(scene.cast.release).get(reverse("label:listening-links")).content.decode()
    assert "played 0:01 of" in shown
    assert "not sent" in shown
    over_api = as_(scene.cast.anr).get(reverse("api:listening-detail", args=[link.pk])).json()
    assert [(one["name"], one["heard_ms"], bool(one["sent_at"])) for one in over_api["sounds"]] == [
        (name, 700, True),
        (f"take:{scene.take.pk}", 0, False),
    ]


def test_a_note_at_a_moment_stands_beside_the_master_for_those_whose_it_is(scene: Scene) -> None:
    _, secret = made(scene, ("release", scene.release), asks_notes=True)
    nobody = as_(None)
    kept = nobody.post(at("listen-note", secret, 1), {"text": "The choir lifts it.", "at": "0:01.5"})
    assert (kept.status_code, kept["Location"]) == (302, at("listen", secret))
    for data in (
        {"text": " "},
        {"text": "x", "at": "soon"},
        {"text": "x", "at": "nan"},
        {"text": "x", "at": "9" * 400},
    ):
        refused = nobody.post(at("listen-note", secret, 1), data)
        assert refused.status_code == 422, data
    fragment = nobody.post(
        at("listen-note", secret, 1), {"text": "Once more."}, headers={"HX-Request": "true"}
    )
    assert (fragment.status_code, b"Once more." in fragment.content, b"<html" in fragment.content) == (
        200,
        True,
        False,
    )
    notes = reverse("label:listening-notes", args=["master", scene.master.pk])
    found = {
        person: as_(getattr(scene.cast, person)).get(notes).content.decode()
        for person in ("anr", "rights", "mara", "collaborator")
    }
    assert all("The choir lifts it." in found[person] for person in ("anr", "rights", "mara"))
    assert (RECIPIENT in found["anr"], RECIPIENT in found["mara"]) == (True, False)
    assert found["collaborator"].strip() == ""


@pytest.mark.parametrize("end", ["revoked", "expired", "never was"])
def test_behind_a_link_that_is_over_there_is_nothing(
    scene: Scene, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, secret = made(scene, ("release", scene.release), may_download=True, asks_notes=True)
    if end == "revoked":
        listening.revoke_listening_link(link, actor=scene.cast.owner)
    elif end == "expired":
        later = link.expires_at + dt.timedelta(seconds=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
    else:
        secret = "x" * 32
    nobody = as_(None)
    page = nobody.get(at("listen", secret))
    assert page.status_code == (404 if end == "never was" else 410)
    assert "ask whoever sent it for a new one" in page.content.decode().lower()
    assert "noindex" in page["X-Robots-Tag"]
    assert scene.release.title not in page.content.decode()
    for name in ("listen-audio", "listen-peaks", "listen-cover"):
        assert nobody.get(at(name, secret, 1)).status_code == 404, name
    for name in ("listen-heard", "listen-note", "listen-take"):
        assert nobody.post(at(name, secret, 1), {"text": "x"}).status_code == 404, name


def test_a_list_of_links_costs_the_same_for_many_as_for_few(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        made(scene, ("release", scene.release), ("take", scene.take), ("render", scene.render))
    client = as_(scene.cast.anr)
    client.get(reverse("label:listening-links"))
    with django_assert_max_num_queries(24):
        client.get(reverse("label:listening-links"))
