"""Projects and their briefs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from artists.models import Artist, User
from provenance.models import Recorded


class Project(Recorded):
    """One song in the making."""

    title = models.CharField(max_length=160)
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="projects")
    created_at = models.DateTimeField(auto_now_add=True)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def stream(self) -> str:
        return f"project:{self.pk}"


class ProjectMember(Recorded):
    """A collaborator: somebody outside the artist who may see, and perhaps change, one project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="collaborations")
    can_edit = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "user"], name="project_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.project_id}"


class Brief(Recorded):
    """The intent before generating; each saving is a new row. The words are in the vault.

    Sealed under the names `purpose`, `mood`, `avoid`, `prompt`; read them with `words`.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="briefs")
    number = models.PositiveIntegerField()
    genre = models.CharField(max_length=60, blank=True)
    tempo_milli_bpm = models.PositiveIntegerField(null=True)
    key = models.CharField(max_length=24, blank=True, help_text='For example "D minor".')
    metre = models.CharField(max_length=8, default="4/4")
    instruments = models.JSONField(default=list, help_text="List of names.")
    structure = models.JSONField(default=list, help_text="List of section names in order.")
    energy_percent = models.JSONField(
        default=list, help_text="Energy arc: integers 0-100, evenly spaced in time."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="brief_number_once")
        ]

    def __str__(self) -> str:
        return f"brief {self.number}"

    @property
    def words(self) -> dict[str, Any]:
        """The sealed words that are still in the vault."""
        import json

        return {item.name: json.loads(bytes(item.content)) for item in self.entry.vault.all()}

    @property
    def words_erased(self) -> bool:
        """Whether something was said that the vault no longer holds."""
        import json

        said = json.loads(bytes(self.entry.body))["private"]
        return not set(said) <= {item.name for item in self.entry.vault.all()}

    @property
    def energy_arc(self) -> str:
        """The arc as drawing wants it: numbers from 0 to 1, with commas."""
        return ",".join(f"{percent / 100:g}" for percent in self.energy_percent)
