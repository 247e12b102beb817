"""Arrangements: a tree of saved documents, their renders and masters."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import User
from generation.models.project import Project
from provenance.models import Asset, Job, Recorded


class Arrangement(Recorded):
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="arrangements")
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class ArrangementVersion(Recorded):
    """One saved document (its form: generation/arrangement.py). Saving again makes the next version."""

    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    name = models.CharField(max_length=80, blank=True)
    document = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical document.")
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["arrangement", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["arrangement", "number"], name="arrangement_version_once")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Render(Recorded):
    """The audio of one version. `asset` is empty until the job is done."""

    version = models.ForeignKey(ArrangementVersion, on_delete=models.PROTECT, related_name="renders")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"render of version {self.version_id}"


class Master(Recorded):
    """The release-ready render: 24-bit WAV and FLAC at a loudness target, with measures before and after."""

    render = models.ForeignKey(Render, on_delete=models.PROTECT, related_name="masters")
    number = models.PositiveIntegerField(help_text="Within the project.")
    target_lufs_milli = models.IntegerField(default=-14000)
    ceiling_millibel = models.IntegerField(default=-100, help_text="Hundredths of dBTP.")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    wav = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    flac = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    report = models.JSONField(default=dict, help_text="Measures before and after, integers with units.")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"master {self.number}"

    @property
    def project(self) -> Project:
        return self.render.version.arrangement.project

    @property
    def target_lufs(self) -> float:
        return self.target_lufs_milli / 1000

    @property
    def ceiling_dbtp(self) -> float:
        return self.ceiling_millibel / 100
