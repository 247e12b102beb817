"""A job's state in words: `{% load jobs %}`."""

from __future__ import annotations

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

from label.templatetags.ui import clock
from provenance.jobs import Outlook, outlook_of
from provenance.services import Job

register = template.Library()


@register.filter
def about(seconds: float | None) -> str:
    """A time to wait as people say it: `under a minute`, `4 min`, `1 h 20 min`."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.simple_tag
def job_standing(job: Job, known: Outlook | None = None) -> str:
    """Where a job stands and when it will be done, as far as anybody knows. `known`: where it was asked for already."""
    if job.finished:
        return job.get_state_display().lower()
    if job.state == Job.State.RUNNING:
        if job.cancel_requested:
            return "stopping"
        if job.paused:
            return "stopping, to be on hold"
    told = known if known is not None else outlook_of(job)
    if job.state == Job.State.RUNNING:
        return "just begun" if told.eta_s is None else f"{clock(told.eta_s * 1000)} left"
    return _waiting(job, told)


def _waiting(job: Job, told: Outlook) -> str:
    match told.waits_for:
        case "pause":
            return "on hold"
        case "night" if job.hold_until:
            return f"for the night, from {date_format(localtime(job.hold_until), 'j M, H:i')} UTC"
        case "retry":
            return "tried again in a moment"
        case "running":
            many = (
                f"{told.limit} of this artist’s jobs run"
                if told.limit != 1
                else "one of this artist’s jobs runs"
            )
            return f"waits: {many}, as many as may" + _end(told)
        case "gpu_minutes":
            return f"waits for tomorrow: this artist’s {told.limit} GPU minutes of today are used"
        case "turn" if told.ahead is not None:
            place = "next" if not told.ahead else f"{told.ahead} before it"
            return place + _end(told)
        case _:
            return "waiting for a worker"


def _end(told: Outlook) -> str:
    return f", done in {about(told.eta_s)}" if told.eta_s is not None else ""
