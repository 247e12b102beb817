"""Mistakes in the settings of the job system, told at the start."""

from __future__ import annotations

from typing import Any

from django.core import checks

from provenance.jobs import choosing
from provenance.jobs.night import BadNight


def check_night(**_: Any) -> list[checks.CheckMessage]:
    try:
        choosing.night()
    except BadNight as error:
        return [checks.Error(f"DEADWAX_NIGHT_HOURS: {error}", id="provenance.E010")]
    return []
