"""Rows that carry provenance: none can be written without an entry of the same transaction."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.db import models

from provenance.models.entry import Entry


class RecordedRowsStay(TypeError):
    """A recorded row was about to be deleted. Change its state instead."""


class Recorded(models.Model):
    """Base of provenance-bearing models.

    A trigger on every such table demands, on INSERT and UPDATE, that `entry` was written in the current transaction
    and, on UPDATE, that it is another entry than before. DELETE and TRUNCATE are refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordedRowsStay(
            f"{type(self).__name__} rows are part of the record: change their state instead."
        )
