"""Prompt runs, what they are given, their takes, and what was heard of them."""

from __future__ import annotations

import json
import uuid
from typing import ClassVar

from django.db import models

from artists.models import User
from generation.attribution_modes import GivenAsset, part_of
from generation.models.catalogue import ToolTerms
from generation.models.project import Brief, Project
from provenance.models import Asset, Job, Recorded

#: What of a run lies sealed in the vault, by name.
WORDS = ("prompt", "negative_prompt", "lyrics", "chords")


class Sweep(Recorded):
    """Runs that differ in one parameter alone: the same seeds, one run per value."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="sweeps")
    number = models.PositiveIntegerField()
    parameter = models.CharField(max_length=60)
    values = models.JSONField(help_text="In the order in which they were asked for.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="sweep_number_once")
        ]

    def __str__(self) -> str:
        return f"sweep {self.number} over {self.parameter}"


class PromptRun(Recorded):
    """One request to an engine for N variations. Its words (`WORDS`) are sealed in the vault.

    `duration_ms` is what was asked for; where the mode makes something as long as its source, that length, 0 while
    only an engine can tell (notes). The section counts from the beginning of what is given.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    brief = models.ForeignKey(Brief, null=True, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    engine = models.SlugField()
    mode = models.SlugField(default="text_to_music")
    parameters = models.JSONField(default=dict)
    seeds = models.JSONField(help_text="One integer per variation.")
    duration_ms = models.PositiveIntegerField()
    section_from_ms = models.PositiveIntegerField(null=True)
    section_to_ms = models.PositiveIntegerField(null=True)
    targets = models.JSONField(default=list, help_text="Roles of parts that were asked for.")
    language = models.CharField(max_length=35, blank=True, help_text="BCP 47; empty: the engine chooses.")
    again_of = models.ForeignKey(
        "generation.Take", null=True, on_delete=models.PROTECT, related_name="asked_again"
    )
    sweep = models.ForeignKey(Sweep, null=True, on_delete=models.PROTECT, related_name="runs")
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
    def words(self) -> dict[str, str]:
        """The sealed words that are still in the vault, by name; what was never said is not there either."""
        return {
            item.name: json.loads(bytes(item.content))
            for item in self.entry.vault.all()
            if item.name in WORDS
        }

    @property
    def words_said(self) -> tuple[str, ...]:
        """Names of the words that were said, whether or not the vault still holds them."""
        said = json.loads(bytes(self.entry.body))["private"]
        return tuple(name for name in WORDS if name in said)

    @property
    def words_erased(self) -> tuple[str, ...]:
        """Names of words that were said and are erased: what was asked can then not be asked again."""
        held = {item.name for item in self.entry.vault.all()}
        return tuple(name for name in self.words_said if name not in held)

    @property
    def prompt(self) -> str:
        """The prompt, while the vault still holds it."""
        return self.words.get("prompt", "")

    @property
    def section_ms(self) -> tuple[int, int] | None:
        if self.section_from_ms is None or self.section_to_ms is None:
            return None
        return self.section_from_ms, self.section_to_ms


class RunInput(Recorded):
    """Something that a run is given under a role of its mode, whole or a stretch of it. `ref` names its row."""

    class Kind(models.TextChoices):
        AUDIO = "audio", "Sound"
        NOTES = "notes", "Notes"

    run = models.ForeignKey(PromptRun, on_delete=models.PROTECT, related_name="inputs")
    role = models.CharField(max_length=20)
    ref = models.CharField(
        max_length=48, help_text="take:<id>, stem:<id>, upload:<id>, render:<id>, master:<id>"
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    part = models.CharField(max_length=20, default="full_mix", help_text="What it is among parts.")
    from_ms = models.PositiveIntegerField(null=True)
    to_ms = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["run", "role"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "role"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.title}"


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
    kept = models.JSONField(
        default=list, help_text="Stretches that are an input, untouched: role, from_ms, to_ms, at_ms."
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
    def role(self) -> str:
        """What its sound is among parts: the one that was asked for, its source's, an effect, else the full mix."""
        given = [GivenAsset(role=one.role, sha256="", part=one.part) for one in self.run.inputs.all()]
        return part_of(self.run.mode, self.run.targets, given)

    @property
    def reason(self) -> str:
        """Why it was kept or let go, while the vault still holds it."""
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


class TakeFailure(Recorded):
    """A take that could not be made while its siblings could. What the engine said is sealed (`message`)."""

    run = models.ForeignKey(PromptRun, on_delete=models.PROTECT, related_name="failures")
    number = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    code = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["run", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="take_failure_once")]

    def __str__(self) -> str:
        return f"take {self.number} failed"

    @property
    def message(self) -> str:
        """Why, while the vault still holds it."""
        return next((json.loads(bytes(i.content)) for i in self.entry.vault.all() if i.name == "message"), "")


class TakeReplay(Recorded):
    """A take made once more from its entry, and how close it came. `verdict` is empty while nobody has tried."""

    class Verdict(models.TextChoices):
        BIT_EQUAL = "bit_equal", "Equal bit by bit"
        WITHIN_TOLERANCE = "within_tolerance", "Equal within tolerance"
        NOT_REPRODUCIBLE = "not_reproducible", "Not reproducible here"

    take = models.ForeignKey(Take, on_delete=models.PROTECT, related_name="replays")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=16, choices=Verdict.choices, blank=True)
    report = models.JSONField(
        default=dict, help_text="Measures (units in the names), reasons, changed facts."
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"replay of {self.take_id}"


class Preset(models.Model):
    """Named settings of an engine for a mode: a person's own, or a project's where `project` is set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="presets")
    name = models.CharField(max_length=60)
    engine = models.SlugField()
    mode = models.SlugField()
    parameters = models.JSONField(default=dict)
    targets = models.JSONField(default=list)
    language = models.CharField(max_length=35, blank=True)
    duration_s = models.FloatField(null=True)
    variations = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "engine", "mode", "name"],
                condition=models.Q(project=None),
                name="own_preset_once",
            ),
            models.UniqueConstraint(
                fields=["project", "engine", "mode", "name"],
                condition=models.Q(project__isnull=False),
                name="project_preset_once",
            ),
        ]

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
