"""What attackers can do to the database, from the application up to its owner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def guards_off(*tables: str) -> Iterator[None]:
    """As a superuser: take every trigger off, change what you like, put them back as they were."""
    for table in tables:
        sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    for table in tables:
        names = sql("SELECT tgname, tgisinternal FROM pg_trigger WHERE tgrelid = %s::regclass", table)
        for name, internal in names:
            sql(f'ALTER TABLE {table} ENABLE {"" if internal else "ALWAYS"} TRIGGER "{name}"')


def contents(*tables: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sql(f"SELECT t::text FROM {table} t ORDER BY 1") for table in tables}
