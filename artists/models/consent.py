"""Who agreed to what, what it was used for, and what an artist answers to others' training."""

from __future__ import annotations

import datetime as dt
import json
from typing import ClassVar

from django.db import models

from artists.models.artist import Artist
from artists.models.user import User
from provenance.models import Asset, Recorded


class Consent(Recorded):
    """One agreement. Its words, the giver's name and the fee are sealed (`giver`, `words`, `fee`) in `made_by`.

    It is in force while it is given, backed (signed by its giver's key, or on a document) and within its term.
    """

    class Kind(models.TextChoices):
        TRAINING = "training", "Training or fine-tuning a model"
        VOICE = "voice", "A replica of a voice"
        LIKENESS = "likeness", "A replica of a likeness"
        SAMPLING = "sampling", "Sampling a recording"
        BUNDLE = "bundle", "Showing data in an evidence bundle"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for an answer"
        GIVEN = "given", "Given"
        DECLINED = "declined", "Declined"
        REVOKED = "revoked", "Revoked"

    class After(models.TextChoices):
        STOP = "stop", "All must stop"
        SELL_OFF = "sell_off", "What is out may be sold for some days more"
        STAYS = "stays", "What is out may stay, nothing new may be made"

    class Whose(models.TextChoices):
        ARTIST = "artist", "The artist's own"
        OTHER = "other", "Somebody else's, that the artist works with"

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="consents")
    whose = models.CharField(
        max_length=6, choices=Whose.choices, default=Whose.ARTIST,
        help_text="Whose catalogue it is. Somebody else's covers only the uploads that are said to stand on it.",
    )  # fmt: skip
    captions = models.BooleanField(
        default=False, help_text="Training: briefs and prompts may go along as captions."
    )
    giver = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="consents",
        help_text="Their account, where they have one: they answer and sign themselves.",
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    engines = models.JSONField(default=list, help_text="Tools that it covers; empty: all.")
    projects = models.JSONField(
        default=list, help_text="Ids of projects that it covers; empty: all of the artist."
    )
    territories = models.JSONField(default=list, help_text='ISO 3166 codes; ["Worldwide"] for all.')
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    after = models.CharField(max_length=8, choices=After.choices, default=After.STOP)
    sell_off_days = models.PositiveIntegerField(default=0)
    document = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_on = models.DateField(null=True)
    made_by = models.ForeignKey("provenance.Entry", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def words(self) -> dict[str, str]:
        """Who gives it, what for in words, and the fee: what is still in the vault."""
        return {item.name: json.loads(bytes(item.content)) for item in self.made_by.vault.all()}

    def within(self, day: dt.date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class ConsentUse(Recorded):
    """Something that was made under a consent: a run, an upload, a dataset's member or version: `run:<id>`."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="uses")
    ref = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["created_at"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["consent", "ref"], name="consent_use_once")]

    def __str__(self) -> str:
        return self.ref


class TrainingChoice(Recorded):
    """An artist's answers to others who would train on their work; the newest counts.

    `answers`: the four uses of cawg.training-mining -> allowed, notAllowed or constrained.
    """

    stays_when_merged = True

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="training_choices")
    number = models.PositiveIntegerField()
    answers = models.JSONField()
    chosen_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["artist", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artist", "number"], name="training_choice_number_once")
        ]

    def __str__(self) -> str:
        return f"training choice {self.number}"
