"""Jobs: the row is the truth and the outbox; the message is only a hint. Quotas: how much an artist may ask."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from provenance.models.recorded import Recorded


class Job(models.Model):
    """Long work. Not a recorded row: progress changes all the time; its outcomes are recorded by their own events."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=8, default="cpu")
    priority = models.SmallIntegerField(default=0, help_text="Among the jobs of one share; by what it is.")
    share = models.CharField(
        max_length=64, blank=True, help_text="Towards whom it is fair: artist:<id>, or empty for the house."
    )
    lift = models.SmallIntegerField(default=0, help_text="By the label's staff: before or after everybody's.")
    put_first_at = models.DateTimeField(
        null=True, help_text="When it was put before the others of its share."
    )
    paused = models.BooleanField(default=False)
    overnight = models.BooleanField(default=False)
    hold_until = models.DateTimeField(null=True, help_text="Of overnight jobs: the night's beginning.")
    likeness = models.CharField(
        max_length=120, blank=True, help_text="Jobs with the same words take about as long for the same work."
    )
    work = models.PositiveBigIntegerField(
        default=0, help_text="How much there is to do; 0: that says nothing."
    )
    payload = models.JSONField(default=dict)
    title = models.CharField(max_length=160)
    subject = models.CharField(max_length=64, blank=True)
    stream = models.CharField(max_length=64)
    requested_by = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=160, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(
        default=0, help_text="Raised by each claim; a write with an older fence is void."
    )
    lease_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    used_ms = models.PositiveBigIntegerField(default=0, help_text="Time of workers, over all its runs.")
    left_at = models.DateTimeField(null=True, help_text="When a worker last let go of it.")

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["state", "queue", "-priority", "created_at"], name="job_queue"),
            models.Index(fields=["stream", "-created_at"], name="job_stream"),
            models.Index(fields=["queue", "left_at"], name="job_left"),
            models.Index(fields=["likeness", "-finished_at"], name="job_likeness"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    @property
    def percent(self) -> int:
        return 100 * self.progress_done // self.progress_total if self.progress_total else 0

    def held_at(self, now: dt.datetime) -> bool:
        """Whether it waits for the night."""
        return self.hold_until is not None and self.hold_until > now


class JobQuota(Recorded):
    """How much one artist may ask of the machines. None: no limit. `EVERYBODY`: for who has no quota of their own."""

    EVERYBODY: ClassVar[str] = "everybody"

    share = models.CharField(max_length=64, unique=True)
    waiting = models.PositiveIntegerField(null=True)
    running = models.PositiveIntegerField(null=True)
    gpu_minutes = models.PositiveIntegerField(null=True, help_text="A day, of the GPU queue's time.")

    def __str__(self) -> str:
        return self.share
