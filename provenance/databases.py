"""Two ways to the one database: the application's role for all work, the owner's for migrations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.db import connection


def app_role() -> str:
    """The role that the application connects as; empty where one role does everything."""
    role: str = settings.DATABASE_APP_ROLE
    return role


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """The default connection is the owner's meanwhile, where DATABASE_OWNER_URL names one. Not inside a transaction."""
    owner: dict[str, Any] | None = settings.DATABASE_OWNER
    if owner is None:
        yield
        return
    before = dict(connection.settings_dict)
    _switch({**owner, "NAME": before["NAME"]})
    try:
        yield
    finally:
        _switch(before)


def _switch(wanted: dict[str, Any]) -> None:
    connection.close()
    cast(Any, connection).close_pool()  # PostgreSQL's alone
    connection.settings_dict.update(wanted)
