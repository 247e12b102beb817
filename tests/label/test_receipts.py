"""Whoever changes something gets a receipt, by page, by htmx and over the API; anybody can check it."""

from __future__ import annotations

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from provenance import receipts, sequencer
from provenance.models import Entry, Receipt
from tests.cast import Cast, make_cast
from tests.label.conftest import as_

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def new_project(client: Client, title: str, cast: Cast, **headers: str):
    return client.post(
        reverse("generation:project-new"), {"title": title, "artist": cast.artist.pk}, headers=headers
    )


def noted(answer) -> receipts.Promise:
    promise, _ = receipts.parse(base64.b64decode(answer["Deadwax-Receipt"]))
    return promise


def test_a_form_post_and_an_htmx_post_answer_with_one_receipt_of_what_they_committed(cast):
    client = as_(cast.mara)
    for title, headers in (("Slow Harbour", {}), ("Low Tide", {"HX-Request": "true"})):
        before = set(Entry.objects.values_list("pk", flat=True))
        answer = new_project(client, title, cast, **headers)
        assert answer.status_code in (200, 204, 302, 303)
        fresh = Entry.objects.exclude(pk__in=before).filter(actor_type="human").order_by("pk")
        promise = noted(answer)
        assert promise.actor_id == str(cast.mara.pk)
        assert list(promise.leaves) == [bytes(entry.leaf_hash).hex() for entry in fresh]
        row = Receipt.objects.latest("pk")
        assert answer.cookies["deadwax_receipt"].value == f"{cast.mara.pk}.{row.pk}"
    assert "Deadwax-Receipt" not in client.get(reverse("label:ledger"))
    assert "Deadwax-Receipt" not in new_project(client, "", cast), "nothing was committed"


def test_the_api_answers_with_a_receipt_too(cast):
    client = as_(cast.mara)
    answer = client.post(
        "/api/projects/",
        {"title": "Over the wire", "artist": str(cast.artist.pk)},
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    promise = noted(answer)
    page = client.get(reverse("api:receipts")).json()
    assert page["results"][-1]["leaves"] == list(promise.leaves)
    last = page["results"][-1]["id"]
    assert client.get(reverse("api:receipts"), {"after": last}).json() == {"more": False, "results": []}
    sequencer.drain()
    sent = {"receipts": [page["results"][-1]["note"], "nonsense"]}
    told = as_(None).post(reverse("api:receipt-check"), sent, content_type="application/json").json()
    assert [item["state"] for item in told["answers"]] == ["kept", "unreadable"]
    assert [place["leaf"] for place in told["answers"][0]["places"]] == list(promise.leaves)


def test_a_receipt_too_long_for_a_header_is_named_by_its_address(cast, monkeypatch):
    monkeypatch.setattr("label.middleware._MAX_HEADER", 10)
    client = as_(cast.mara)
    answer = new_project(client, "Slow Harbour", cast)
    assert "Deadwax-Receipt" not in answer
    assert len(client.get(answer["Deadwax-Receipt-At"]).json()["results"]) == 1


def test_nothing_fails_when_no_receipt_can_be_issued(cast, monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("DEADWAX_LOG_KEY_FILE", str(tmp_path / "absent.pem"))
    answer = new_project(as_(cast.mara), "Slow Harbour", cast)
    assert answer.status_code in (302, 303)
    assert "Deadwax-Receipt" not in answer
    assert Entry.objects.filter(kind="project.created").count() == 1
    assert "no receipt could be issued" in caplog.text


def test_the_page_the_file_and_the_check_go_together(cast):
    client, stranger = as_(cast.mara), as_(None)
    new_project(client, "Slow Harbour", cast)
    assert "not yet" in client.get(reverse("label:receipts")).content.decode()
    sequencer.drain()
    assert "chip good" in client.get(reverse("label:receipts")).content.decode()
    file = client.get(reverse("label:receipts-file"))
    assert 'filename="deadwax-receipts.json"' in file["Content-Disposition"]
    upload = SimpleUploadedFile("receipts.json", file.content)
    told = stranger.post(reverse("label:receipts-check"), {"file": upload})
    assert "Every promise is kept" in told.content.decode()
    assert "Slow Harbour" not in told.content.decode()
    single = json.loads(file.content)["receipts"][0].replace("\n", "\r\n")
    told = stranger.post(reverse("label:receipts-check"), {"receipts": single})
    assert "Every promise is kept" in told.content.decode()


def test_a_broken_promise_is_said_first(cast, monkeypatch):
    monkeypatch.setattr("django.conf.settings.DEADWAX_MERGE_DELAY_S", -60, raising=False)
    (row,) = receipts.issue(str(cast.mara.pk), ["ab" * 32])
    told = (
        as_(None)
        .post(reverse("label:receipts-check"), {"receipts": bytes(row.note).decode()})
        .content.decode()
    )
    assert "1 promise broken" in told
    assert "ab" * 6 in told


@pytest.mark.parametrize("form", [{}, {"receipts": "  "}, {"receipts": "nonsense"}, {"receipts": "{}"}])
def test_a_stranger_who_sends_nonsense_is_told_what_to_do(form):
    told = as_(None).post(reverse("label:receipts-check"), form)
    assert told.status_code == 422
    assert 'role="alert"' in told.content.decode()


def test_everybody_sees_only_their_own(cast):
    new_project(as_(cast.mara), "Slow Harbour", cast)
    stranger = as_(cast.stranger)
    assert stranger.get(reverse("label:receipts-new"), {"after": "x"}).json()["receipts"] == []
    assert stranger.get(reverse("api:receipts")).json()["results"] == []
    assert json.loads(stranger.get(reverse("label:receipts-file")).content)["receipts"] == []
    (own,) = as_(cast.mara).get(reverse("label:receipts-new"), {"after": 0}).json()["receipts"]
    assert f"\nfor {cast.mara.pk}\n" in own["note"]
