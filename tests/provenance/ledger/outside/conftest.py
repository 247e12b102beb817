"""One log that outsiders saw, told once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction

from tests.provenance.ledger.signed_story import Story, tell
from tests.provenance.outside.conftest import office  # noqa: F401 - a fixture


@pytest.fixture(scope="package")
def story(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    office: Any,  # noqa: F811
) -> Iterator[Story]:
    """The log's keys are rotated, so they lie in a folder of their own; the database is rolled back at the end."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        folder = tmp_path_factory.mktemp("data")
        patch.setattr(django_settings, "DEADWAX_DATA", folder)
        patch.setattr(django_settings, "DEADWAX_OUTSIDE", folder / "outside.toml")
        (folder / "outside.toml").write_text(
            '[[timestamp]]\nname = "office"\nurl = "http://127.0.0.1:9/"\nroots = "'
            f'{office.folder / "root.pem"}"\n'
        )
        told = tell(office)
        assert told.plain, "made before a test adds to it"
        yield told
        transaction.set_rollback(True)
