"""What others say about the log: time-stamping authorities, witnesses, and places that keep copies of checkpoints."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from provenance.models.tree import Checkpoint


class TimestampToken(models.Model):
    """An RFC 3161 token: the authority saw the checkpoint's exact bytes at `gen_time`."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="tokens")
    authority = models.CharField(max_length=64, help_text="The authority's name in our settings.")
    token = models.BinaryField(help_text="DER TimeStampToken (CMS SignedData), exact bytes.")
    gen_time = models.DateTimeField(help_text="The time that the authority states.")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["checkpoint_id", "authority"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "authority"], name="timestamp_token_once")
        ]

    def __str__(self) -> str:
        return f"{self.authority} saw checkpoint {self.checkpoint_id}"


class Cosignature(models.Model):
    """A witness's line under a checkpoint (C2SP tlog-cosignature): it saw no other log of this name and size."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=128, help_text="The name of the witness's key.")
    key = models.CharField(max_length=300, help_text="The witness's verifier key as it was trusted then.")
    line = models.TextField(help_text="The signature line of the note, without its newline.")
    at = models.DateTimeField(help_text="The time that the witness signed.")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["checkpoint_id", "witness"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosignature_once")
        ]

    def __str__(self) -> str:
        return f"{self.witness} on checkpoint {self.checkpoint_id}"


class OutsidePlace(models.Model):
    """How far one outside place (authority, witness, copy) has come, and since when it fails.

    Working state of the publisher. What a place gave us stands in tokens and cosignatures.
    """

    name = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=16, help_text="timestamp, witness, folder, http or mail.")
    reached_size = models.BigIntegerField(default=0, help_text="Size of the newest checkpoint it has.")
    reached_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=400, blank=True, help_text="The last refusal, in words.")
    next_at = models.DateTimeField(null=True, help_text="Not tried again before.")

    class Meta:
        ordering: ClassVar = ["kind", "name"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
