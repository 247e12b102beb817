"""The roster: artists, the people behind them, and who acts for whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models.user import User
from provenance.models import Recorded


class Artist(Recorded):
    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        DUO = "duo", "Duo"
        GROUP = "group", "Group"
        ALIAS = "alias", "Alias"

    class Status(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        SIGNED = "signed", "Signed"
        ALUMNI = "alumni", "Alumni"

    name = models.CharField(max_length=120)
    sort_name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.SIGNED)
    isni = models.CharField(max_length=16, blank=True)
    is_ai_persona = models.BooleanField(
        default=False, help_text="An invented artist that looks or sounds like a person."
    )
    method = models.TextField(blank=True, help_text="How this artist works with AI, in their words.")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ArtistMembership(Recorded):
    """A user who acts as an artist."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artist", "user"], name="artist_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.artist_id}"


class Person(Recorded):
    """Somebody who contributes to a work or a recording. The legal name is sealed in the vault."""

    credit_name = models.CharField(max_length=120)
    ipi = models.CharField(max_length=11, blank=True)
    isni = models.CharField(max_length=16, blank=True)
    society = models.CharField(max_length=32, blank=True)
    country = models.CharField(max_length=2, blank=True)
    artist = models.ForeignKey(Artist, null=True, blank=True, on_delete=models.PROTECT, related_name="people")

    class Meta:
        ordering: ClassVar = ["credit_name"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.credit_name
