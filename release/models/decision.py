"""What people state and approve about a master or a release."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from artists.models import User
from generation.models import Master
from provenance.models import Recorded
from release.models.release import Release


class Declaration(Recorded):
    """The artist's own statement about a master, element by element. The words are sealed (`statements`).

    `claims` says which origin the artist states for an element, so that it can be held against the evidence.
    """

    master = models.ForeignKey(Master, on_delete=models.PROTECT, related_name="declarations")
    number = models.PositiveIntegerField()
    claims = models.JSONField(help_text="Element -> stated origin (human, none, ...).")
    evidence_leaf = models.CharField(
        max_length=64, help_text="Leaf hash of the newest entry that was shown beside it."
    )
    approved = models.BooleanField(default=False, help_text="The artist approved this declaration.")
    declared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["master", "number"], name="declaration_number_once")
        ]

    def __str__(self) -> str:
        return f"declaration {self.number}"

    @property
    def statements(self) -> dict[str, Any]:
        import json

        return next(
            (json.loads(bytes(i.content)) for i in self.entry.vault.all() if i.name == "statements"), {}
        )


class Resolution(Recorded):
    """Somebody with the right settled a statement against the evidence, with a reason (sealed)."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="resolutions")
    element = models.CharField(max_length=40)
    origin = models.CharField(max_length=16, help_text="What counts from now on.")
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.element}: {self.origin}"


class Approval(Recorded):
    """A release approval. It names the digest of what was approved, so a later change needs a new one."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="approvals")
    role = models.CharField(max_length=16)
    state_digest = models.CharField(max_length=64, help_text="SHA-256 of the release's canonical state.")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"approval of {self.release_id}"
