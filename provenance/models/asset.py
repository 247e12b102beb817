"""Assets: immutable bytes named by their SHA-256. The bytes live in the blob store."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models

from provenance.models.recorded import Recorded


class Asset(Recorded):
    sha256 = models.CharField(max_length=64, unique=True, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    size = models.BigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=64)
    probe = models.JSONField(
        default=dict, help_text="What the file's header and content said when it came in."
    )

    class Meta:
        ordering: ClassVar = ["entry_id"]

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def duration_ms(self) -> int | None:
        value = self.probe.get("duration_ms")
        return int(value) if value is not None else None


class AssetAnalysis(models.Model):
    """What can be measured from an asset again at any time: peaks for drawing, loudness, fingerprint."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True, related_name="analysis")
    peaks = models.BinaryField(null=True, help_text="audiowaveform .dat version 2")
    lufs_milli = models.IntegerField(
        null=True, help_text="Integrated loudness in thousandths of LUFS; null: none."
    )
    true_peak_millibel = models.IntegerField(null=True, help_text="Hundredths of dBTP.")
    tempo_milli_bpm = models.IntegerField(null=True)
    key = models.CharField(max_length=16, blank=True)
    fingerprint = models.TextField(blank=True, help_text="Chromaprint, as fpcalc prints it.")

    fingerprint_terms = ArrayField(
        models.IntegerField(),
        default=list,
        help_text="Of the fingerprint, for finding likely matches by an index (audiofile.terms).",
    )

    class Meta:
        verbose_name_plural = "asset analyses"
        indexes: ClassVar = [GinIndex(fields=["fingerprint_terms"], name="analysis_terms")]

    def __str__(self) -> str:
        return f"analysis of {self.asset_id}"

    @property
    def lufs(self) -> float | None:
        return None if self.lufs_milli is None else self.lufs_milli / 1000

    @property
    def true_peak_dbtp(self) -> float | None:
        return None if self.true_peak_millibel is None else self.true_peak_millibel / 100
