"""Promises of the log to people, and people's signatures over their entries."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from provenance.models.entry import Entry


class Receipt(models.Model):
    """The log's signed promise to somebody that these entries stand in the log by `merge_by`.

    The person keeps the note; our copy only helps to audit. An entry that was withheld contradicts it.
    """

    actor_id = models.CharField(max_length=64)
    leaves = ArrayField(models.CharField(max_length=64), help_text="Leaf hashes in hex.")
    note = models.BinaryField(help_text="The signed note, exact bytes.")
    issued_at = models.DateTimeField()
    merge_by = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["actor_id", "id"], name="receipt_actor"),
            GinIndex(fields=["leaves"], name="receipt_leaves"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"


class EntrySignature(models.Model):
    """That the person who made `entry` signed it: `signature` is the entry of kind `session.signed` that says so."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="signed_by")
    signature = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="signs")

    def __str__(self) -> str:
        return f"signature of entry {self.entry_id}"
