"""What generated material is for, and how a master stands against its artist's method."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from artists.models import Method, User
from generation.models.arrangement import Master
from generation.models.project import Project
from provenance.models import Job, Recorded


class MaterialMark(Recorded):
    """The artist's word for what a prompt run, a take or an upload is. A take's own mark counts before its run's."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="marks")
    ref = models.CharField(max_length=48, help_text="run:<id>, take:<id> or upload:<id>")
    kind = models.CharField(max_length=20)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "ref"], name="material_mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.ref} is {self.kind}"


class MethodCheck(Recorded):
    """A master held against one version of its artist's method. `outcomes` is empty until the job is done."""

    master = models.ForeignKey(Master, on_delete=models.PROTECT, related_name="method_checks")
    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    outcomes = models.JSONField(default=list, help_text="As generation.method_check.Outcome.")
    comparisons = models.PositiveIntegerField(default=0)
    done = models.BooleanField(default=False)
    marks_seen = models.BigIntegerField(default=0, help_text="The newest mark's entry that it knows of.")
    requested_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"method check of {self.master_id}"

    @property
    def tally(self) -> list[tuple[str, int]]:
        """How many rules there are of each verdict, what is refuted first."""
        found = [
            (verdict, len(self.with_verdict(verdict))) for verdict in ("refuted", "undecided", "confirmed")
        ]
        return [(verdict, many) for verdict, many in found if many]

    def with_verdict(self, verdict: str) -> list[dict[str, Any]]:
        return [outcome for outcome in self.outcomes if outcome["verdict"] == verdict]
