"""The test environment itself."""

from __future__ import annotations

import os
import re
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
        fsync, listens, name = cursor.fetchone()
        # Each process of a parallel run has a database of its own on the same server.
        assert (fsync, listens) == ("off", "")
        assert re.fullmatch(r"test_deadwax(_gw\d+)?", name)
    assert os.environ["DATABASE_URL"] == os.environ[plugin.MARK]


def test_nothing_in_the_tests_can_reach_out() -> None:
    with pytest.raises(OSError, match="may not connect"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
