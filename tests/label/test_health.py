"""Health is for machines: figures, and nothing about anybody."""

from __future__ import annotations

import pytest
from django.urls import reverse

from provenance.models import Entry
from tests.label.conftest import as_
from tests.scenes import Scene


@pytest.mark.django_db
def test_it_counts_the_ledger_and_names_nobody(scene: Scene) -> None:
    answer = as_(None).get(reverse("label:health"))
    assert answer.status_code == 200
    found = answer.json()
    assert found["ok"] is True
    assert found["entries"] == Entry.objects.count()
    assert set(found) == {"ok", "entries", "waiting"}
    assert "Set-Cookie" not in answer.headers
