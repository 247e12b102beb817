"""What makes entries findable by words. Derived: it can be thrown away and made again at any time."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from provenance.models.entry import Entry


class SearchText(models.Model):
    """The words of one entry: its sentence, its public fields, and the private values that the vault still holds.

    A trigger on the vault empties `words` in the very transaction that erases a private value.
    """

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, primary_key=True, related_name="+")
    leaf_index = models.BigIntegerField(unique=True, help_text="Entries are read in the order of the log.")
    words = SearchVectorField(null=True, help_text="Null: to be read again.")
    stream = models.TextField(default="", help_text="The entry's, so that a search need not join.")
    family = models.CharField(max_length=32, default="", help_text="What the stream begins with.")

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="search_words"),
            models.Index(fields=["entry"], name="search_again", condition=models.Q(words=None)),
            models.Index(fields=["family", "entry"], name="search_family"),
            models.Index(fields=["stream"], name="search_stream"),
        ]

    def __str__(self) -> str:
        return f"words of entry {self.entry_id}"
