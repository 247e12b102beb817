"""Agreements with artists, and their options: rights to go on that end on a day unless they are taken."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from artists.models.anr import Submission
from artists.models.artist import Artist
from provenance.models import Asset, Entry, Recorded


class Agreement(Recorded):
    """Title, money, conditions and reasons lie in the vault; term, territory and shares stand in the log."""

    class Kind(models.TextChoices):
        RECORDING = "recording", "Recording"
        PUBLISHING = "publishing", "Publishing"
        LICENCE = "licence", "Licence"
        DISTRIBUTION = "distribution", "Distribution"
        MANAGEMENT = "management", "Management"
        OTHER = "other", "Other"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OFFERED = "offered", "Offered"
        SIGNED = "signed", "Signed"
        ENDED = "ended", "Ended"
        TERMINATED = "terminated", "Terminated"
        DROPPED = "dropped", "Dropped"

    #: Signed is reached by both signatures only.
    NEXT: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.DRAFT: (Status.OFFERED, Status.DROPPED),
        Status.OFFERED: (Status.DRAFT, Status.SIGNED, Status.DROPPED),
        Status.SIGNED: (Status.ENDED, Status.TERMINATED),
        Status.ENDED: (),
        Status.TERMINATED: (),
        Status.DROPPED: (),
    }
    #: Nobody leaves an agreement without saying why.
    WANTS_REASON: ClassVar[tuple[str, ...]] = (Status.TERMINATED, Status.DROPPED)

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="agreements")
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.RECORDING)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    terms_version = models.PositiveSmallIntegerField(default=1)
    terms_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)
    territories = ArrayField(
        models.CharField(max_length=5), default=list, help_text="ISO 3166-1, or Worldwide."
    )
    shares = models.JSONField(default=list)
    answer_due = models.DateField(null=True)
    advance_due = models.DateField(null=True)
    advance_paid_on = models.DateField(null=True)
    amends = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="amendments",
        help_text="A signed agreement whose place this one takes once it is signed.",
    )  # fmt: skip
    document = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    signed_by_label = models.DateTimeField(null=True)
    signed_by_artist = models.DateTimeField(null=True)
    label_signature = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    artist_signature = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"agreement {self.pk}"

    @property
    def stream(self) -> str:
        return f"agreement:{self.pk}"


#: How an open option is answered.
OUTCOMES = [("taken", "Taken"), ("let_go", "Let go")]


class AgreementOption(Recorded):
    """One option. What it is about lies in the vault of `words_entry`; that its day has passed is derived."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN = "taken", "Taken"
        LET_GO = "let_go", "Let go"

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="option_rows")
    terms_version = models.PositiveSmallIntegerField(help_text="The version of the terms it belongs to.")
    number = models.PositiveSmallIntegerField()
    by = models.DateField(help_text="Taken by this day, or gone.")
    notice_days = models.PositiveSmallIntegerField(
        default=0, help_text="So long before its day the other side must have been told."
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    words_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["by", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "terms_version", "number"], name="agreement_option_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["by"], name="agreement_option_due", condition=models.Q(state="open"))
        ]

    def __str__(self) -> str:
        return f"option {self.number} of {self.agreement_id}"

    @property
    def deadline(self) -> dt.date:
        """The last day to take it: its day, less the notice."""
        return self.by - dt.timedelta(days=self.notice_days)

    @property
    def lapsed(self) -> bool:
        return self.state == self.State.OPEN and self.deadline < timezone.now().date()
