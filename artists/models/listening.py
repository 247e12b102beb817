"""Listening links and what came back by them. Names and words lie in the vault."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from artists.models.user import User
from provenance.models import Entry, Recorded


class ListeningLink(Recorded):
    """Lets one named outsider hear a few things. `things`: `{"kind": "take|render|master|release|submission", "id"}`.

    One thing may be several sounds; each has a name of its own (`master:<id>`, `recording:<id>`).
    """

    secret_sha256 = models.CharField(max_length=64, unique=True)
    things = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    revoked = models.BooleanField(default=False)
    may_download = models.BooleanField(default=False)
    asks_notes = models.BooleanField(default=False)
    made_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(null=True)
    sent = models.JSONField(default=dict, help_text="Sound -> when its first bytes left.")
    heard = models.JSONField(
        default=dict,
        help_text="Sound -> which parts were played, as milliseconds, merged; as its player said.",
    )
    heard_ms = models.PositiveIntegerField(default=0, help_text="Played in all, repetitions included.")

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [GinIndex(fields=["things"], name="listening_link_things")]

    def __str__(self) -> str:
        return f"listening link {self.pk}"

    @property
    def open(self) -> bool:
        return not self.revoked and self.expires_at > timezone.now()

    @property
    def stream(self) -> str:
        return f"listening-link:{self.pk}"


class ListeningNote(Recorded):
    """A recipient's word about one sound. The text lies in the entry's vault."""

    link = models.ForeignKey(ListeningLink, on_delete=models.PROTECT, related_name="notes")
    thing = models.CharField(max_length=80, help_text="The sound: master:<id> and the like.")
    at_ms = models.PositiveIntegerField(null=True, help_text="None: about all of it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["thing", "at_ms", "created_at"]
        indexes: ClassVar = [models.Index(fields=["thing"], name="listening_note_thing")]

    def __str__(self) -> str:
        return f"note on {self.thing}"
