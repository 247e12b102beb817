"""How the record stands: what is wrong in words and since when, for staff all of it, for others what is theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from label.health import Health
from provenance import keys
from provenance.models import Entry, OutsidePlace, Receipt
from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def page(user: Any) -> str:
    answer = as_(user).get(reverse("label:ledger-health"))
    assert answer.status_code == 200
    return answer.content.decode()


def told(user: Any) -> dict[str, Any]:
    return as_(user).get(reverse("api:ledger-health")).json()


def test_staff_see_all_of_it_and_others_what_is_theirs(scene: Scene) -> None:
    for user in scene.cast.staff:
        shown = page(user)
        assert "Guards in the database" in shown
        assert "triggers are on and unchanged" in shown
        assert str(keys.verifier_key()) in shown
        assert {"protection", "outside", "c2pa"} <= told(user).keys()
    for user in (scene.cast.mara, scene.cast.collaborator, scene.cast.stranger):
        shown = page(user)
        for words in ("Guards in the database", "database role", "outside.toml", "Certificate for audio"):
            assert words not in shown
        assert not {"protection", "outside", "c2pa"} & told(user).keys()
        assert "Unsigned, by person" not in shown
    assert scene.cast.mara.full_name not in page(scene.cast.stranger)
    assert scene.draft.title not in page(scene.cast.stranger)


def test_the_figures_are_those_of_the_log(scene: Scene) -> None:
    data = told(scene.cast.owner)
    assert data["ok"] is True
    assert data["log"]["waiting"] == 0
    assert data["log"]["entries"] == data["log"]["leaves"] == data["log"]["checkpoint_size"]
    assert data["log"]["entries_last_hour"] == data["log"]["entries"]
    assert data["protection"]["missing"] == []
    assert data["unsigned"]["entries"] > 0
    assert not any(user.full_name in str(data) for user in (scene.cast.mara, scene.cast.owner))


def test_declarations_and_approvals_that_are_due_are_named(scene: Scene) -> None:
    assert scene.draft.pk not in {one.release.pk for one in Health(scene.cast.owner).outstanding}, (
        "all is signed"
    )
    master = scene.draft.tracks.get().recording.master
    scene.house.declare(master, sign=False, performance__pads="human")
    due = Health(scene.cast.owner).outstanding
    assert scene.draft.pk in {one.release.pk for one in due}
    assert {one.release.pk for one in due}.isdisjoint({scene.release.pk}), "what has left is not due any more"
    mine = [one for one in Health(scene.cast.mara).outstanding if one.mine]
    assert mine
    assert "you sign it" in page(scene.cast.mara)
    assert Health(scene.cast.stranger).outstanding == []
    owner = {person.name: person for person in Health(scene.cast.owner).people}
    assert owner[scene.cast.mara.full_name].entries > 3
    assert [person.name for person in Health(scene.cast.mara).people] == [scene.cast.mara.full_name]


def test_a_place_that_fails_is_said_with_why_and_since_when(scene: Scene) -> None:
    since = timezone.now() - dt.timedelta(hours=3)
    OutsidePlace.objects.create(
        name="dfn", kind="timestamp", reached_size=2, reached_at=since, failing_since=since, failures=4,
        error="connection refused",
    )  # fmt: skip
    shown = page(scene.cast.owner)
    assert "One thing to look at" in shown
    assert "dfn fails" in shown
    assert "connection refused" in shown
    assert "3\xa0hours" in shown
    data = told(scene.cast.rights)
    assert data["ok"] is False
    assert [place["name"] for place in data["outside"]] == ["dfn"]
    assert "dfn" not in page(scene.cast.mara)


def test_an_entry_that_waits_too_long_is_trouble_for_everybody(scene: Scene) -> None:
    from generation import services as studio

    studio.reset_take(scene.take, actor=scene.cast.mara)
    health = Health(scene.cast.mara)
    assert health.log.waiting == 1
    assert health.troubles == [], "a second is no trouble"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE provenance_entry DISABLE TRIGGER deadwax_append_only")
        cursor.execute(
            "UPDATE provenance_entry SET recorded_at = now() - interval '10 minutes' WHERE id ="
            " (SELECT max(id) FROM provenance_entry)"
        )
        cursor.execute("ALTER TABLE provenance_entry ENABLE ALWAYS TRIGGER deadwax_append_only")
    for user in (scene.cast.mara, scene.cast.owner):
        assert ["waits" in one.words for one in Health(user).troubles] == [True]
    assert "1 entry waits for a place in the log" in page(scene.cast.mara)


def test_a_receipt_that_was_not_kept_is_trouble(scene: Scene) -> None:
    now = timezone.now()
    entry = Entry.objects.filter(leaf__isnull=False).first()
    assert entry is not None
    kept, broken = bytes(entry.leaf_hash).hex(), "ab" * 32
    for leaf, actor in ((kept, scene.cast.mara), (broken, scene.cast.stranger)):
        Receipt.objects.create(
            actor_id=str(actor.pk), leaves=[leaf], note=b"n", issued_at=now - dt.timedelta(hours=2),
            merge_by=now - dt.timedelta(hours=1),
        )  # fmt: skip
    assert Health(scene.cast.owner).receipts.overdue == 1
    assert Health(scene.cast.owner).receipts.given == 2
    assert Health(scene.cast.mara).receipts.overdue == 0
    assert Health(scene.cast.stranger).receipts.overdue == 1
    assert "was not kept" in page(scene.cast.stranger)


def test_a_guard_that_was_taken_off_is_said_at_once(scene: Scene) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE provenance_entry DISABLE TRIGGER deadwax_append_only")
    data = told(scene.cast.owner)
    assert data["ok"] is False
    assert "deadwax_append_only" in page(scene.cast.owner)
    assert "deadwax_append_only" not in page(scene.cast.mara)


def test_it_takes_a_fixed_number_of_queries(scene: Scene, django_assert_max_num_queries: Any) -> None:
    client = as_(scene.cast.owner)
    client.get(reverse("label:ledger-health"))
    with django_assert_max_num_queries(45):
        client.get(reverse("label:ledger-health"))
