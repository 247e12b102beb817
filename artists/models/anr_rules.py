"""What the label sets for its inbox: kind answers, questions of the form, days. Words to people lie in the vault."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from provenance.models import Entry, Recorded


class AnswerTemplate(Recorded):
    """A kind answer: the label's own, or a built-in one that the label changed. Each change is a new version.

    Subject and body lie in the vault of `words_entry`; a built-in one whose words were erased, or which was restored,
    reads as it was delivered (artists/data/anr.toml).
    """

    class Outcome(models.TextChoices):
        DECLINED = "declined", "Kind no"
        MORE = "more", "Hear more"
        MEET = "meet", "Meet"
        OFFER = "offer", "Offer"
        OTHER = "other", "Anything else"

    key = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=60)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    language = models.CharField(max_length=12, default="en", help_text="BCP 47: en, de, pt-BR.")
    active = models.BooleanField(default=True)
    restored = models.BooleanField(default=False, help_text="It reads as it was delivered again.")
    number = models.PositiveIntegerField(default=1, help_text="Of the version.")
    words_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["outcome", "language", "entry_id"]

    def __str__(self) -> str:
        return f"{self.key}, version {self.number}"

    @property
    def stream(self) -> str:
        return f"anr:answer:{self.pk}"


class Question(Recorded):
    """One of the label's own on the upload form, beside those about AI and rights. Answers lie in the vault."""

    title = models.CharField(max_length=120)
    hint = models.CharField(max_length=160, blank=True)
    required = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    asked_since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["asked_since"]

    def __str__(self) -> str:
        return self.title


class InboxRules(Recorded):
    """One row at the most; without it the defaults count."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    label_name = models.CharField(max_length=80, blank=True, help_text="How the label signs its answers.")
    promise_days = models.PositiveSmallIntegerField(
        default=14, help_text="So soon somebody gets an answer, unless a link says otherwise."
    )
    keep_declined_days = models.PositiveSmallIntegerField(
        default=365, help_text="So long sound and contact of declined submissions are kept; 0: until asked."
    )

    class Meta:
        verbose_name_plural = "inbox rules"

    def __str__(self) -> str:
        return "rules of the inbox"
