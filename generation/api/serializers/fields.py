"""Fields and rows that several of the studio's serializers share."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from provenance.jobs import Outlook, outlook_of
from provenance.services import Asset, Job


def url_field(kind: str, action: str, source: str = "pk") -> _Address:
    """A read-only address of the API."""
    return _Address(kind, action, source=source)


@extend_schema_field(serializers.URLField(allow_null=True))
class _Address(serializers.Field[Any, Any, Any, Any]):
    def __init__(self, kind: str, action: str, *, source: str) -> None:
        super().__init__(read_only=True, source=source)
        self.kind, self.action = kind, action

    def to_representation(self, value: Any) -> str:
        return reverse(f"api:{self.kind}-{self.action}", args=[value], request=self.context.get("request"))


class JobSerializer(serializers.ModelSerializer[Job]):
    eta_s = serializers.SerializerMethodField(
        help_text="Seconds to its end by what like jobs took, of a waiting one after those ahead; null: nobody knows."
    )
    ahead = serializers.SerializerMethodField(
        help_text="How many of everybody's start before it, while it waits."
    )
    waits_for = serializers.SerializerMethodField(
        help_text="worker, turn, night, pause, retry; running, gpu_minutes: its artist is at a limit; empty: nothing."
    )

    class Meta:
        model = Job
        fields = (
            "id", "kind", "title", "state", "progress_done", "progress_total", "note", "eta_s", "ahead", "waits_for",
            "attempts", "paused", "overnight", "hold_until", "lift", "cancel_requested", "error_code",
            "error_message", "created_at", "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_eta_s(self, job: Job) -> float | None:
        return self._outlook(job).eta_s

    def get_ahead(self, job: Job) -> int | None:
        return self._outlook(job).ahead

    def get_waits_for(self, job: Job) -> str:
        return self._outlook(job).waits_for

    def _outlook(self, job: Job) -> Outlook:
        """Asked for once for all jobs of an answer, where they are known."""
        context = cast("dict[str, Any]", self.context)
        known: dict[str, Outlook] = context.setdefault("outlooks", {})
        if str(job.pk) not in known:
            known[str(job.pk)] = outlook_of(job)
        return known[str(job.pk)]


class SoundSerializer(serializers.Serializer[Asset]):
    """An asset that can be heard: by digest, with what was measured."""

    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    media_type = serializers.CharField()
    duration_ms = serializers.IntegerField(allow_null=True)
    lufs = serializers.SerializerMethodField(
        help_text="Integrated loudness; null: silence, or not measured yet."
    )
    true_peak_dbtp = serializers.SerializerMethodField()

    def get_lufs(self, asset: Asset) -> float | None:
        analysis = getattr(asset, "analysis", None)
        return analysis.lufs if analysis else None

    def get_true_peak_dbtp(self, asset: Asset) -> float | None:
        analysis = getattr(asset, "analysis", None)
        return analysis.true_peak_dbtp if analysis else None
