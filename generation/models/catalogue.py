"""Tools and the dated terms under which their output may be used; what the workers can run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import User
from provenance.models import Asset, Recorded


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
    model = models.CharField(max_length=80, blank=True, help_text="The model that these terms are about.")
    model_version = models.CharField(max_length=40, blank=True)
    plan = models.CharField(max_length=60, blank=True)
    licence = models.CharField(max_length=120)
    commercial = models.CharField(max_length=8, choices=Answer.choices)
    store_release = models.CharField(max_length=8, choices=Answer.choices)
    attribution = models.CharField(max_length=200, blank=True, help_text="Credit that is owed; empty: none.")
    output_owner = models.CharField(max_length=80, blank=True)
    training_licence = models.CharField(
        max_length=12, default="unknown", help_text="licensed, unlicensed or unknown"
    )
    training_on_outputs = models.CharField(
        max_length=8, choices=Answer.choices, default=Answer.UNKNOWN, help_text="Outputs may train a model."
    )
    marks = models.CharField(max_length=80, blank=True, help_text="Watermark, C2PA.")
    terms_url = models.CharField(max_length=300, blank=True, help_text="Where the terms stand.")
    snapshot = models.ForeignKey(
        Asset,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The terms as they read that day.",
    )
    revenue_cap_usd = models.PositiveBigIntegerField(
        null=True, help_text="Free below this yearly revenue in US dollars; none: no cap."
    )
    downloads = models.CharField(
        max_length=8, choices=Answer.choices, default=Answer.UNKNOWN, help_text="Outputs may leave the tool."
    )
    retroactive = models.CharField(
        max_length=8,
        choices=Answer.choices,
        default=Answer.UNKNOWN,
        help_text="These terms say that they hold for what was made before them, too.",
    )
    input_licence = models.CharField(
        max_length=200, blank=True, help_text="What the tool may do with what it is given."
    )
    voice_rule = models.CharField(max_length=200, blank=True, help_text="What it asks about voices.")
    notes = models.CharField(max_length=400, blank=True)
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


class TermsRuling(Recorded):
    """What the rights team found about a question that a version of terms leaves open. The newest counts.

    The version itself stays as it was read; the reason is sealed in the vault (`reason`).
    """

    class Question(models.TextChoices):
        COMMERCIAL = "commercial", "May it be sold?"
        STORE_RELEASE = "store_release", "May it be released in stores?"
        REVENUE_CAP = "revenue_cap", "Is the label's revenue below the cap?"
        TRAINING = "training_licence", "Was it trained under licences?"
        OUTPUTS = "train_on_outputs", "May outputs train another model?"

    terms = models.ForeignKey(ToolTerms, on_delete=models.PROTECT, related_name="rulings")
    question = models.CharField(max_length=16, choices=Question.choices)
    answer = models.CharField(max_length=3, choices=[("yes", "Yes"), ("no", "No")])
    source = models.CharField(max_length=200)
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["terms", "-created_at", "-entry_id"]

    def __str__(self) -> str:
        return f"{self.question}: {self.answer}"


class LicenceAcceptance(Recorded):
    """A person accepted the licence of a trained model's weights, as one version of the terms names it."""

    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="acceptances")
    terms = models.ForeignKey(ToolTerms, on_delete=models.PROTECT, related_name="+")
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(auto_now_add=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["-accepted_at", "-entry_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tool"], condition=models.Q(active=True), name="licence_accepted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tool_id} by {self.accepted_by_id}"


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
