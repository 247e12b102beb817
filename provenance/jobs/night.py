"""The house's night: the hours in which work that can wait is done."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from dataclasses import dataclass

_WRITTEN = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?(?: +(\S+))?")


class BadNight(ValueError):
    """The setting cannot be read; the message says what to write."""


@dataclass(frozen=True)
class Night:
    """From `begins` to `ends` on the clocks of `zone`; across midnight where it begins later than it ends."""

    begins: dt.time
    ends: dt.time
    zone: zoneinfo.ZoneInfo

    @classmethod
    @functools.lru_cache(maxsize=16)
    def parse(cls, text: str) -> Night:
        """As in the setting: `22-6`, `23:30-5 Europe/Berlin`. Raises BadNight."""
        advice = f"{text!r} are no night hours: write them like 22-6 or 23:30-5 Europe/Berlin."
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise BadNight(advice)
        from_h, from_min, to_h, to_min, zone = found.groups()
        try:
            begins = dt.time(int(from_h) % 24 if int(from_h) <= 24 else 99, int(from_min or 0))
            ends = dt.time(int(to_h) % 24 if int(to_h) <= 24 else 99, int(to_min or 0))
            night = cls(begins, ends, zoneinfo.ZoneInfo(zone or "UTC"))
        except (ValueError, OSError, KeyError) as error:  # KeyError: no such zone
            raise BadNight(advice) from error
        if begins == ends:
            raise BadNight(f"{advice} The night may not end when it begins.")
        return night

    def is_now(self, now: dt.datetime) -> bool:
        clock = now.astimezone(self.zone).time()
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def next_after(self, now: dt.datetime) -> dt.datetime:
        """When the next night begins that has not begun yet."""
        today = now.astimezone(self.zone).date()
        for day in (today, today + dt.timedelta(days=1), today + dt.timedelta(days=2)):
            begins = dt.datetime.combine(day, self.begins, self.zone)
            if begins > now:
                return begins
        raise AssertionError("one of three days has a later beginning")

    def day_begins(self, now: dt.datetime) -> dt.datetime:
        """The midnight before *now*: a day's GPU minutes are counted from it."""
        return dt.datetime.combine(now.astimezone(self.zone).date(), dt.time(), self.zone)
