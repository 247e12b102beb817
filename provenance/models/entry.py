"""The record itself: entries that are never changed, and the vault whose content may be erased."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models


class Entry(models.Model):
    """One thing that happened. `body` is the evidence; the other columns only help to find it.

    Rows are inserted by `provenance.ledger.record` alone. Triggers refuse UPDATE, DELETE and TRUNCATE, set `xid` and
    `recorded_at`, and refuse a row whose columns do not agree with its body.
    """

    kind = models.CharField(max_length=64)
    basis = models.CharField(max_length=16)
    at = models.DateTimeField(help_text="When it happened, as the body says.")
    stream = models.CharField(max_length=64)
    actor_type = models.CharField(max_length=8)
    actor_id = models.CharField(max_length=64)
    refs = ArrayField(models.CharField(max_length=80), help_text="Subjects and assets, for look-up.")
    body = models.BinaryField(help_text="Exact canonical JSON bytes.")
    leaf_hash = models.BinaryField(unique=True)
    xid = models.BigIntegerField(
        null=True, editable=False, help_text="Transaction that wrote it; set by a trigger."
    )
    recorded_at = models.DateTimeField(
        null=True, editable=False, help_text="Database clock; set by a trigger."
    )

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "entries"
        indexes: ClassVar = [
            GinIndex(fields=["refs"], name="entry_refs"),
            models.Index(fields=["stream", "id"], name="entry_stream"),
            models.Index(fields=["kind", "id"], name="entry_kind"),
            models.Index(fields=["actor_id", "id"], name="entry_actor"),
            # A reader of many streams looks into each for a kind or a person.
            models.Index(fields=["stream", "kind", "id"], name="entry_stream_kind"),
            models.Index(fields=["stream", "actor_id", "id"], name="entry_stream_actor"),
            models.Index(fields=["actor_id", "kind", "id"], name="entry_actor_kind"),
            models.Index(fields=["xid"], name="entry_xid"),
            # Nearly all is observed: the rest is looked for.
            models.Index(fields=["basis", "id"], name="entry_basis", condition=~models.Q(basis="observed")),
            # Entries are written in about the order of their dates.
            BrinIndex(fields=["at"], name="entry_at", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {bytes(self.leaf_hash).hex()[:12]}"


class VaultItem(models.Model):
    """One private value of an entry with its salt. Deleting the row erases it; the commitment stays in the entry."""

    # The constraint's index finds an entry's items, too.
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="vault", db_index=False)
    name = models.CharField(max_length=64)
    salt = models.BinaryField()
    content = models.BinaryField(help_text="Canonical JSON bytes of the value.")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["entry", "name"], name="vault_item_once")]

    def __str__(self) -> str:
        return f"{self.name} of entry {self.entry_id}"
