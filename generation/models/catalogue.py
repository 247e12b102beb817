"""Tools and the dated terms under which their output may be used; what the workers can run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from provenance.models import Recorded


class Tool(Recorded):
    """A generator, here or elsewhere: `key` is what engines and imports refer to."""

    key = models.SlugField(unique=True)
    provider = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    is_fictional = models.BooleanField(default=False, help_text="Sample data of the demo label.")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ToolTerms(Recorded):
    """One dated version of a tool's terms. Never changed: a later version is another row."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        UNKNOWN = "unknown", "Unknown"

    class Certainty(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        SECONDARY = "secondary", "Secondary report"
        MEMORY = "memory", "From memory"
        UNKNOWN = "unknown", "Not confirmed"

    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField()
    plan = models.CharField(max_length=60, blank=True)
    licence = models.CharField(max_length=120)
    commercial = models.CharField(max_length=8, choices=Answer.choices)
    store_release = models.CharField(max_length=8, choices=Answer.choices)
    attribution = models.CharField(max_length=200, blank=True, help_text="Credit that is owed; empty: none.")
    output_owner = models.CharField(max_length=80, blank=True)
    training_licence = models.CharField(
        max_length=12, default="unknown", help_text="licensed, unlicensed or unknown"
    )
    marks = models.CharField(max_length=80, blank=True, help_text="Watermark, C2PA.")
    blocked_by = models.JSONField(default=list, help_text="Receivers that refuse it.")
    trained_model = models.BooleanField(default=True, help_text="False for rules and chance.")
    source = models.CharField(max_length=200)
    source_date = models.DateField()
    certainty = models.CharField(max_length=10, choices=Certainty.choices)

    class Meta:
        ordering: ClassVar = ["tool", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tool", "version"], name="tool_terms_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.tool_id} v{self.version}"


class EngineOffer(models.Model):
    """What a worker said it can run, refreshed when it starts; pages read this because they must not import engines."""

    name = models.SlugField(primary_key=True)
    title = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    tool_key = models.SlugField()
    available = models.BooleanField(default=False)
    unavailable_reason = models.TextField(blank=True)
    capabilities = models.JSONField(default=dict)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.title
