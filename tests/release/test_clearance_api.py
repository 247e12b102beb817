"""Terms, answers, licences and what may go where, over the API: everybody reads, the owner and rights write."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from generation import services as studio
from provenance.models import Entry
from tests.label.conftest import as_

pytestmark = pytest.mark.django_db

READ: dict[str, Any] = {
    "licence": "Invented", "commercial": "unknown", "store_release": "yes", "source": "Invented",
    "source_date": "2026-11-20", "certainty": "confirmed",
}  # fmt: skip


def send(client: Any, path: str, data: dict[str, Any]) -> Any:
    return client.post(f"/api/tools/{path}/", data, content_type="application/json")


def test_terms_are_recorded_answered_and_accepted_by_rights_alone(house):
    rights, artist = as_(house.cast.rights), as_(house.cast.mara)
    before = Entry.objects.count()
    for path, data in (
        ("fabelton-choir/terms", READ),
        (
            "suno-paid/answer",
            {"version": 1, "question": "store_release", "answer": "yes", "source": "x", "reason": "y"},
        ),
        ("ace-step/accept", {"version": 1}),
        ("musicgen/withdraw", {"reason": "x"}),
    ):
        assert send(artist, path, data).status_code == 403, path
    assert Entry.objects.count() == before

    made = send(rights, "fabelton-choir/terms", READ)
    assert (made.status_code, made.json()["verdict"], made.json()["open_questions"]) == (
        201,
        "asks",
        ["commercial"],
    )
    kept = rights.post(
        "/api/tools/fabelton-choir/terms/",
        READ | {"commercial": "yes", "snapshot": SimpleUploadedFile("terms.txt", b"as they read")},
    )
    assert (kept.status_code, len(kept.json()["snapshot_sha256"])) == (201, 64)
    answer = {
        "version": 1,
        "question": "store_release",
        "answer": "yes",
        "source": "A letter",
        "reason": "They wrote.",
    }
    assert send(rights, "suno-paid/answer", answer).json()["verdict"] == "may"
    assert send(rights, "suno-paid/answer", answer | {"question": "commercial"}).status_code == 400
    assert send(rights, "suno-paid/answer", answer | {"version": 99}).status_code == 404
    assert send(rights, "ace-step/accept", {"version": 1}).json()["accepted"] is True
    assert send(rights, "ace-step/accept", {"version": 2}).status_code == 400
    assert send(rights, "musicgen/withdraw", {"reason": "Not for us."}).json()["accepted"] is False
    listed = {row["tool"]: row["accepted"] for row in artist.get("/api/tools/licences/").json()["results"]}
    assert listed == {"musicgen": False}


def test_what_may_go_where_is_read_by_who_may_read_the_master(house):
    master = house.master(parts=("voice", "choir"), tool="suno-paid")
    path = f"/api/evidence/{master.pk}/receivers/"
    found = {row["receiver"]: row for row in as_(house.cast.mara).get(path).json()["results"]}
    assert found["believe"]["verdict"] == "may_not"
    assert found["spotify"]["verdict"] == "asks"
    assert {reason["by"] for reason in found["believe"]["reasons"]} == {"terms", "receiver"}
    assert all(reason["source"] and reason["certainty"] for reason in found["believe"]["reasons"])
    assert as_(house.cast.stranger).get(path).status_code == 404


def test_terms_of_an_import_are_stated_over_the_api(house):
    from tests.release.conftest import tone

    mara = as_(house.cast.mara)
    project = studio.create_project(title="Elsewhere", artist=house.cast.artist, actor=house.cast.mara)
    sent = mara.post(
        f"/api/projects/{project.pk}/uploads/new/",
        {
            "file": SimpleUploadedFile("out.wav", tone(440)), "role": "pads", "declared": "external_tool",
            "tool_name": "Some Machine (fictional)", "plan": "Pro", "made_on": "2026-10-03",
            "receipt": SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 invented"),
        },
    )  # fmt: skip
    upload = sent.json()
    assert (sent.status_code, upload["terms_open"], upload["plan"], upload["kind"]) == (
        201,
        True,
        "Pro",
        "audio",
    )
    assert len(upload["receipt"]) == 64
    path = f"/api/uploads/{upload['id']}/terms/"
    assert as_(house.cast.anr).post(path, {"tool": "aiva-pro"}).status_code == 403
    assert as_(house.cast.stranger).post(path, {"tool": "aiva-pro"}).status_code == 404
    stated = mara.post(path, {"tool": "aiva-pro"}, content_type="application/json").json()
    assert (stated["terms_open"], stated["terms"]["tool"]) == (False, "aiva-pro")
