"""Fixtures for all tests, and the guards around them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests import plugin, support

pytest_plugins = ["tests.fixtures_stack"]


def pytest_configure(config: pytest.Config) -> None:
    """Register our mark; refuse to run without the throw-away server."""
    config.addinivalue_line(
        "markers", "needs(*names): skip, or fail under DEADWAX_REQUIRE_ALL=1, without these parts"
    )
    if plugin.MARK not in os.environ:
        raise pytest.UsageError(
            "no throw-away database: run `python3 manage.py test`, or pytest with -p tests.plugin"
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips and failures of `needs()` come before any fixture."""
    support.enforce(item)


@pytest.fixture(autouse=True, scope="session")
def _guard_database(request: pytest.FixtureRequest) -> None:
    """The database in use is the throw-away one, whatever the environment said."""
    from django.conf import settings

    used = settings.DATABASES["default"]
    expected = os.environ[plugin.MARK]
    assert str(used["HOST"]).replace("/", "%2F") in expected, (
        f"tests would use the database at {used['HOST']!r}"
    )
    assert "dw-test-" in str(settings.DEADWAX_DATA), f"tests would write into {settings.DEADWAX_DATA}"


@pytest.fixture(autouse=True, scope="session")
def _closed_sockets() -> Iterator[None]:
    """Nothing in the tests reaches out: unix sockets and this machine only."""
    original = socket.socket.connect
    original_ex = socket.socket.connect_ex

    def check(address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in {
            "127.0.0.1",
            "::1",
            "localhost",
            "0.0.0.0",
            "",
        }:
            raise OSError(f"tests may not connect to {address[0]}")

    def connect(self: socket.socket, address: Any) -> None:
        check(address)
        original(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return original_ex(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
    yield
    socket.socket.connect = original  # type: ignore[method-assign]
    socket.socket.connect_ex = original_ex  # type: ignore[method-assign]


def flush_everything() -> None:
    """Empty all tables of the throw-away database, recorded ones too.

    Their triggers refuse TRUNCATE whatever the session says (ENABLE ALWAYS), so the cluster's owner takes them
    off and puts
    them back as they were within one transaction. Nothing but a test can do this: it needs the owner's rights.
    """
    from django.db import connection, transaction

    host = str(connection.settings_dict["HOST"]).replace("/", "%2F")
    assert host in os.environ[plugin.MARK], "only the throw-away database may be flushed"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text, t.tgname, t.tgenabled FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND n.nspname = 'public' AND (t.tgtype & 32) <> 0 AND t.tgenabled <> 'D'"
        )
        guards = cursor.fetchall()
        tables = [
            name
            for name in connection.introspection.django_table_names(only_existing=True, include_views=False)
            if name not in _KEPT_TABLES
        ]
        for table, trigger, _ in guards:
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
        names = ", ".join(connection.ops.quote_name(name) for name in tables)
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        for table, trigger, enabled in guards:
            mode = {"A": "ALWAYS ", "R": "REPLICA "}.get(enabled, "")
            cursor.execute(f'ALTER TABLE {table} ENABLE {mode}TRIGGER "{trigger}"')


_KEPT_TABLES = frozenset({"django_migrations", "django_content_type", "auth_permission"})


@pytest.fixture(autouse=True, scope="session")
def _flush_by_owner() -> Iterator[None]:
    """`transaction=True` tests end with a flush; let it pass the guards of recorded tables."""
    from django.test import TransactionTestCase

    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: flush_everything()
    yield
    TransactionTestCase._fixture_teardown = original
