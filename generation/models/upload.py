"""What artists bring in themselves, with what they declare about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import User
from generation.models.catalogue import ToolTerms
from generation.models.project import Project
from provenance.models import Asset, Recorded


class Upload(Recorded):
    class Declared(models.TextChoices):
        OWN_PERFORMANCE = "own_performance", "My own performance"
        THIRD_PARTY = "third_party", "Somebody else's, with a licence"
        EXTERNAL_TOOL = "external_tool", "Made with an AI tool elsewhere"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20)
    declared = models.CharField(max_length=16, choices=Declared.choices)
    elements = models.JSONField(
        default=list, help_text="Elements the declaration covers, e.g. melody, lyrics."
    )
    terms = models.ForeignKey(ToolTerms, null=True, on_delete=models.PROTECT, related_name="+")
    licence = models.CharField(max_length=200, blank=True, help_text="Third party: which licence, from whom.")
    may_be_sold = models.BooleanField(default=True, help_text="Third party: the licence covers selling.")
    c2pa = models.JSONField(default=dict, help_text="What a manifest in the file said, if there was one.")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.name
