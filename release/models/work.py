"""Works, recordings, and who contributed to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import Artist, Person
from generation.models import Master
from provenance.models import Recorded
from release.models.imprint import Imprint


class Work(Recorded):
    """A composition."""

    title = models.CharField(max_length=160)
    iswc = models.CharField(max_length=11, blank=True)
    language = models.CharField(max_length=3, default="zxx", help_text="ISO 639; zxx: no lyrics.")

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class Recording(Recorded):
    """One recording of a work: a master with an ISRC."""

    imprint = models.ForeignKey(Imprint, on_delete=models.PROTECT, related_name="recordings")
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="recordings")
    master = models.OneToOneField(Master, on_delete=models.PROTECT, related_name="recording")
    title = models.CharField(max_length=160)
    version_title = models.CharField(max_length=80, blank=True)
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="recordings")
    isrc = models.CharField(max_length=12, unique=True)
    explicit = models.BooleanField(default=False)
    p_line_year = models.PositiveIntegerField()
    p_line_owner = models.CharField(max_length=120)

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class Contribution(Recorded):
    """Who did what. Shares are of the work, in hundredths of a percent, and must total 100 %."""

    class Scope(models.TextChoices):
        WORK = "work", "Composition"
        RECORDING = "recording", "Recording"

    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="contributions")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contributions")
    role = models.CharField(max_length=40, help_text="DDEX contributor role, e.g. Composer, LeadVocalist.")
    share_bp = models.PositiveIntegerField(
        default=0, help_text="Basis points of the work's or recording's ownership."
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["scope", "entry_id"]

    def __str__(self) -> str:
        return f"{self.person_id} as {self.role}"
