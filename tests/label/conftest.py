"""One song at every stage, made once a module within a transaction that is rolled back at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.cast import make_cast
from tests.release.conftest import cover  # noqa: F401 - a fixture
from tests.scenes import Scene, make_scene


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any, cover: bytes) -> Iterator[Scene]:  # noqa: F811
    """Tests that use it are `django_db` ones: what they change is rolled back to here."""
    from django.db import transaction

    from provenance import sequencer

    with django_db_blocker.unblock(), transaction.atomic():
        made = make_scene(make_cast(), cover)
        sequencer.drain()
        yield made
        transaction.set_rollback(True)


def as_(user: Any) -> Client:
    """A browser of that person; None is somebody from the street."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
