"""Entries' dates against timestamp tokens: what came into the log after a token cannot be older than it.

The database's clock and the triggers keep the application from dating back. Its owner can write any date, but not a
token: an entry that stands behind a stamped checkpoint was written after that stamp, whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from provenance.derivation import BACKDATE_LIMIT_S

MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Dated:
    tokens: int
    entries: int
    """How many entries have a token before them."""


def check(*, fault: Callable[[str], None]) -> Dated:
    """Name entries dated before a token that they came after, and ones dated after a token that covers them.

    An entry may wait for its place as long as receipts allow, and clocks may differ by as much as the trigger allows.
    Backfilled entries state older facts and say so.
    """
    slack_s = BACKDATE_LIMIT_S + settings.DEADWAX_MERGE_DELAY_S
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT checkpoint_id, min(gen_time), max(gen_time) FROM provenance_timestamptoken GROUP BY 1 ORDER BY 1"
        )
        points = cursor.fetchall()
        after = None
        for place, (size, _, last) in enumerate(points):
            after = last if after is None else max(after, last)
            end = points[place + 1][0] if place + 1 < len(points) else 1 << 62
            cursor.execute(
                'SELECT e.id, e."at" FROM provenance_leaf l JOIN provenance_entry e ON e.id = l.entry_id'
                ' WHERE l."index" >= %s AND l."index" < %s AND e.basis <> \'backfilled\''
                ' AND e."at" < %s - make_interval(secs => %s) ORDER BY 1 LIMIT %s',
                [size, end, after, slack_s, MAX_NAMED],
            )
            for key, at in cursor.fetchall():
                fault(
                    f"entry {key} is dated {at:%Y-%m-%d %H:%M}, but came into the log after the timestamp of"
                    f" {after:%Y-%m-%d %H:%M} over the {size} entries before it"
                )
        start = 0
        for size, first, _ in points:
            cursor.execute(
                'SELECT e.id, e."at" FROM provenance_leaf l JOIN provenance_entry e ON e.id = l.entry_id'
                ' WHERE l."index" >= %s AND l."index" < %s'
                ' AND e."at" > %s + make_interval(secs => %s) ORDER BY 1 LIMIT %s',
                [start, size, first, BACKDATE_LIMIT_S, MAX_NAMED],
            )
            for key, at in cursor.fetchall():
                fault(
                    f"entry {key} is dated {at:%Y-%m-%d %H:%M}, but the timestamp of {first:%Y-%m-%d %H:%M} covers it"
                    " already"
                )
            start = size
        cursor.execute(
            'SELECT count(*) FROM provenance_leaf WHERE "index" >= %s', [points[0][0] if points else 1 << 62]
        )
        return Dated(len(points), cursor.fetchone()[0])
