"""The numbers of the job system and the pure decisions that follow from them."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import Final

MAX_ATTEMPTS = 5
"""A job whose fifth run dies or fails is failed for good."""
LEASE_S = float(os.environ.get("DEADWAX_JOB_LEASE_S") or 8)
"""A worker that has not renewed for this long counts as dead. Long enough for a slow disk, short enough for a
person."""
HEARTBEAT_S = min(1.0, LEASE_S / 4)
SILENCE_LIMIT_S = 900.0
"""The heartbeat stops renewing for a handler that has reported no progress for this long: it hangs."""
CANCEL_GRACE_S = float(os.environ.get("DEADWAX_JOB_CANCEL_GRACE_S") or 15)
"""A handler that has not noticed its cancellation for this long is ended with its process."""
PROGRESS_EVERY_S = 0.2
"""Progress reports in between are kept in memory: an engine may report hundreds of times a second."""
REPUBLISH_S = 4.0
"""A hint older than this whose queue is empty has been lost."""
HOLD_LIMIT = dt.timedelta(hours=24)
"""So long a job waits for somebody outside who is away (an error with `hold_s`) without using up its attempts."""
QUEUES: Final = ("quick", "cpu", "gpu")
"""`quick`: what somebody sits and waits for, and what takes seconds. It has a worker that does nothing else, so that
neither long work nor a GPU's can be in its way. `cpu`, `gpu`: work that takes its time."""
FAIR_WINDOW: Final = dt.timedelta(hours=1)
"""Whose jobs had the least of the workers' time for so long is next."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one share may ask. None: without a limit. `waiting` does not count the quick queue."""

    waiting: int | None = 200
    running: int | None = None
    gpu_minutes: int | None = None


def backoff_s(attempts: int) -> float:
    """Seconds to wait after that many failed runs: 1, 2, 4, 8, ... at most 60."""
    return float(min(60, 2 ** max(0, attempts - 1)))
