"""An artist's own statement of practice, version by version."""

from __future__ import annotations

import json
from typing import ClassVar

from django.db import models

from artists.method_rules import Rules, parse
from artists.models.artist import Artist
from artists.models.user import User
from provenance.models import Recorded


class Method(Recorded):
    """One version: its words are sealed (`statement`, `reason`), its rules public. Editing makes the next one."""

    #: Its words lie in its entry, and versions count for that very artist.
    stays_when_merged = True

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="methods")
    number = models.PositiveIntegerField()
    rules = models.JSONField(help_text="As artists.method_rules says.")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["artist", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artist", "number"], name="method_number_once")
        ]

    def __str__(self) -> str:
        return f"method {self.number}"

    @property
    def parsed(self) -> Rules:
        return parse(self.rules)

    @property
    def words(self) -> dict[str, str]:
        """The sealed words that are still in the vault."""
        return {item.name: json.loads(bytes(item.content)) for item in self.entry.vault.all()}

    @property
    def statement(self) -> str:
        return self.words.get("statement", "")

    @property
    def reason(self) -> str:
        return self.words.get("reason", "")
