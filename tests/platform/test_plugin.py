"""The test environment itself."""

from __future__ import annotations

import os
import socket

import pytest
from django.db import connection

from tests import plugin


@pytest.mark.django_db
def test_tests_run_on_the_throw_away_server_and_never_over_a_network() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('fsync'), current_setting('listen_addresses'), current_database()"
        )
        assert cursor.fetchone() == ("off", "", "test_deadwax")
    assert os.environ["DATABASE_URL"] == os.environ[plugin.MARK]


def test_nothing_in_the_tests_can_reach_out() -> None:
    with pytest.raises(OSError, match="may not connect"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
