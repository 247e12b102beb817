"""Prompt runs, their takes, and what was heard of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import User
from generation.models.catalogue import ToolTerms
from generation.models.project import Brief, Project
from provenance.models import Asset, Job, Recorded


class PromptRun(Recorded):
    """One request to an engine for N variations. The prompt is sealed in the vault (`prompt`)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    brief = models.ForeignKey(Brief, null=True, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    engine = models.SlugField()
    mode = models.SlugField(default="text_to_music")
    parameters = models.JSONField(default=dict)
    seeds = models.JSONField(help_text="One integer per variation.")
    duration_ms = models.PositiveIntegerField()
    terms = models.ForeignKey(
        ToolTerms, on_delete=models.PROTECT, related_name="+", help_text="Terms in force when asked."
    )
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="run_number_once")
        ]

    def __str__(self) -> str:
        return f"prompt run {self.number}"

    @property
    def variations(self) -> int:
        return len(self.seeds)

    @property
    def prompt(self) -> str:
        """The prompt, while the vault still holds it."""
        import json

        return next((json.loads(bytes(i.content)) for i in self.entry.vault.all() if i.name == "prompt"), "")


class Take(Recorded):
    """One output of a run. `entry` is that of its last decision; `made_by` that of its making."""

    class State(models.TextChoices):
        NEW = "new", "New"
        SHORTLISTED = "shortlisted", "Kept"
        REJECTED = "rejected", "Let go"

    run = models.ForeignKey(PromptRun, on_delete=models.PROTECT, related_name="takes")
    number = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    midi = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField(
        default=dict, help_text="Engine, versions, digests, seed, device, as the engine stated them."
    )
    made_by = models.ForeignKey("provenance.Entry", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    #: Percent that the reader of a page has heard; `generation.reading` sets it.
    heard: int = 0

    class Meta:
        ordering: ClassVar = ["run", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="take_number_once")]

    def __str__(self) -> str:
        return f"take {self.number}"

    @property
    def reason(self) -> str:
        """Why it was kept or let go, while the vault still holds it."""
        import json

        return next((json.loads(bytes(i.content)) for i in self.entry.vault.all() if i.name == "reason"), "")


class TakeStem(Recorded):
    take = models.ForeignKey(Take, on_delete=models.PROTECT, related_name="stems")
    role = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["take", "role"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["take", "role"], name="take_stem_once")]

    def __str__(self) -> str:
        return self.name


class Listen(Recorded):
    """What one person has heard of a take: merged spans, so that "heard 64 %" is a fact."""

    take = models.ForeignKey(Take, on_delete=models.PROTECT, related_name="listens")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    spans_ms = models.JSONField(default=list, help_text="Sorted, disjoint [from, to] in ms.")
    blind = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["take", "user"], name="listen_once")]

    def __str__(self) -> str:
        return f"{self.user_id} heard {self.take_id}"

    @property
    def heard_ms(self) -> int:
        return sum(to - start for start, to in self.spans_ms)
