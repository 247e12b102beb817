"""A connection as the application's own role, as a real installation has it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from label.supervisor.postgres import APP_ROLE
from provenance import grants


@pytest.fixture
def app(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Raw SQL with the rights of web, workers and dispatch. Each statement commits by itself."""
    grants.apply(APP_ROLE)
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        dbname=settings["NAME"],
        user=APP_ROLE,
        autocommit=True,
    ) as opened:
        yield opened
