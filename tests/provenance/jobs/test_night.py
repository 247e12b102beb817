"""The house's night: across midnight, in its own time zone, and told clearly when it is written wrongly."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from provenance.jobs.night import BadNight, Night


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_a_night_goes_across_midnight() -> None:
    night = Night.parse("22-6")
    hours = [hour for hour in range(24) if night.is_now(at(f"2026-11-21T{hour:02d}:30"))]
    assert hours == [0, 1, 2, 3, 4, 5, 22, 23]
    assert night.next_after(at("2026-11-21T12:00")) == at("2026-11-21T22:00")
    assert night.next_after(at("2026-11-21T23:00")) == at("2026-11-22T22:00")


def test_a_night_is_of_its_zone_also_when_clocks_change() -> None:
    night = Night.parse("23:30-5 Europe/Berlin")
    assert night.next_after(at("2026-10-24T12:00")) == at("2026-10-24T21:30")
    assert night.next_after(at("2026-10-25T12:00")) == at("2026-10-25T22:30")
    assert night.is_now(at("2026-10-25T23:00"))
    assert night.day_begins(at("2026-10-25T22:45")) == at("2026-10-24T22:00")


@pytest.mark.parametrize(
    "text", ["", "night", "22", "25-6", "22-6 Nowhere/Town", "22:61-6", "6-6", "24-0", "-1-6"]
)
def test_what_is_no_night_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadNight, match="22-6"):
        Night.parse(text)
    with override_settings(DEADWAX_NIGHT_HOURS=text):
        assert "provenance.E010" in {found.id for found in run_checks()}
