"""The log over the entries: leaves in their final order, Merkle nodes, signed checkpoints."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from provenance.models.entry import Entry


class Leaf(models.Model):
    """An entry's place in the log. Indexes are contiguous from 0; written by the sequencer only."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="leaf")
    stream = models.CharField(max_length=64)
    stream_seq = models.BigIntegerField(help_text="Place within its stream, from 0.")
    prev = models.BinaryField(null=True, help_text="Leaf hash of the entry before it in the stream.")

    class Meta:
        ordering: ClassVar = ["index"]
        verbose_name_plural = "leaves"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "stream_seq"], name="leaf_stream_seq")
        ]

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Node(models.Model):
    """Hash of a complete subtree of 2**level leaves, the `index`-th of its level (RFC 9162)."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["level", "index"], name="node_once")]

    def __str__(self) -> str:
        return f"node {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed statement of the tree's size and root: a C2SP tlog-checkpoint in a signed note."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.BinaryField(help_text="The signed note, exact bytes.")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["size"]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"
