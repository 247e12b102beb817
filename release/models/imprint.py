"""The company's imprints and the numbers they give out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from provenance.models import Recorded


class Imprint(Recorded):
    name = models.CharField(max_length=80, unique=True)
    p_line_owner = models.CharField(max_length=120)
    c_line_owner = models.CharField(max_length=120)
    dpid = models.CharField(max_length=18, blank=True, help_text="DDEX party id, PADPIDA...")
    isrc_prefix = models.CharField(max_length=5, help_text="Country and registrant, e.g. QZXXX.")
    gtin_prefix = models.CharField(max_length=11, help_text="Company prefix of the barcodes.")
    catalogue_prefix = models.CharField(max_length=8)
    is_fictional = models.BooleanField(
        default=False, help_text="Numbers of the demo label; they must not leave the house."
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class NumberAllocation(Recorded):
    """A number that was given out: gapless within its series, never twice, never again."""

    class Kind(models.TextChoices):
        ISRC = "isrc", "ISRC"
        GTIN = "gtin", "GTIN"
        CATALOGUE = "catalogue", "Catalogue number"

    imprint = models.ForeignKey(Imprint, on_delete=models.PROTECT, related_name="numbers")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    series = models.CharField(max_length=20, help_text="Prefix, and year where the kind has one.")
    n = models.PositiveIntegerField()
    value = models.CharField(max_length=20)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "series", "n"], name="number_once_in_series"),
            models.UniqueConstraint(fields=["kind", "value"], name="number_value_once"),
        ]

    def __str__(self) -> str:
        return self.value
