"""Releases, their tracks and artwork."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import Artist, User
from provenance.models import Asset, Job, Recorded
from release.models.imprint import Imprint
from release.models.work import Recording


class Release(Recorded):
    class Kind(models.TextChoices):
        SINGLE = "Single", "Single"
        EP = "EP", "EP"
        ALBUM = "Album", "Album"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        PACKAGED = "packaged", "Packaged"
        WITHDRAWN = "withdrawn", "Withdrawn"

    imprint = models.ForeignKey(Imprint, on_delete=models.PROTECT, related_name="releases")
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="releases")
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SINGLE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    gtin = models.CharField(max_length=14, blank=True)
    catalogue_number = models.CharField(max_length=20, blank=True)
    genre = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=3, default="en")
    release_date = models.DateField(null=True, blank=True)
    original_date = models.DateField(null=True, blank=True)
    territories = models.JSONField(default=list, help_text='ISO 3166 codes; ["Worldwide"] for all.')
    p_line_year = models.PositiveIntegerField(null=True)
    p_line_owner = models.CharField(max_length=120, blank=True)
    c_line_year = models.PositiveIntegerField(null=True)
    c_line_owner = models.CharField(max_length=120, blank=True)
    deny_ai_training = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def stream(self) -> str:
        return f"release:{self.pk}"


class Track(Recorded):
    """A recording's place on a release. A track that was taken off stays, inactive."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="tracks")
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="tracks")
    number = models.PositiveIntegerField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["release", "number"]

    def __str__(self) -> str:
        return f"track {self.number}"


class Artwork(Recorded):
    """A cover that passed the checks; the newest one counts. Its origin is declared like everything else."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="artworks")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(
        max_length=16, help_text="human, trained_model, mixed, procedural or third_party"
    )
    likeness = models.BooleanField(
        default=False, help_text="It shows a likeness of somebody that a model made."
    )
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-entry_id"]

    def __str__(self) -> str:
        return f"artwork of {self.release_id}"


class Package(Recorded):
    """What leaves the house: one archive and its parts. `asset` is empty until the job is done."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="packages")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    parts = models.JSONField(default=list, help_text="[{path, sha256, size, media_type, role}]")
    checks = models.JSONField(
        default=dict, help_text="What was validated, with which schema, and the findings."
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"package of {self.release_id}"
