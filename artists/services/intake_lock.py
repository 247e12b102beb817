"""One intake of submitted bytes at a time: numbers without gaps, limits that hold, and no bytes deleted under it."""

from __future__ import annotations

from typing import Final

from django.db import connection

_LOCK: Final = 0x616E_7273


def hold_intake() -> None:
    """Wait for the lock; it is held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
