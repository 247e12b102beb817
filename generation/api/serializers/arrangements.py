"""Arrangements, renders and masters over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generation import services
from generation.api.serializers.fields import JobSerializer, SoundSerializer, url_field
from generation.models import (
    Arrangement,
    ArrangementVersion,
    Master,
    Render,
)


class VersionSerializer(serializers.ModelSerializer[ArrangementVersion]):
    parent = serializers.IntegerField(source="parent.number", read_only=True, allow_null=True, default=None)  # type: ignore[assignment]
    document = serializers.DictField(read_only=True)
    saved_by = serializers.CharField(source="saved_by.full_name", read_only=True)

    class Meta:
        model = ArrangementVersion
        fields = (
            "id",
            "arrangement",
            "number",
            "parent",
            "name",
            "digest",
            "saved_by",
            "saved_at",
            "document",
        )
        read_only_fields = fields


class VersionLineSerializer(VersionSerializer):
    """A version in a list: without its document."""

    document = None  # type: ignore[assignment]

    class Meta:
        model = ArrangementVersion
        fields = ("id", "arrangement", "number", "parent", "name", "digest", "saved_by", "saved_at")
        read_only_fields = fields


class ArrangementSerializer(serializers.ModelSerializer[Arrangement]):
    head = serializers.SerializerMethodField()

    class Meta:
        model = Arrangement
        fields = ("id", "project", "title", "created_at", "head")
        read_only_fields = fields

    @extend_schema_field(VersionSerializer)
    def get_head(self, arrangement: Arrangement) -> dict[str, Any]:
        return dict(VersionSerializer(services.head_of(arrangement), context=self.context).data)


class RenderSerializer(serializers.ModelSerializer[Render]):
    job = JobSerializer(read_only=True)
    sound = SoundSerializer(source="asset", read_only=True, allow_null=True)
    audio = url_field("render", "audio")

    class Meta:
        model = Render
        fields = ("id", "version", "job", "sound", "audio", "created_at")
        read_only_fields = fields


class MasterSerializer(serializers.ModelSerializer[Master]):
    job = JobSerializer(read_only=True)
    report = serializers.DictField(
        read_only=True, help_text="Measures before and after, integers with units."
    )
    sound = SoundSerializer(source="wav", read_only=True, allow_null=True)
    wav = url_field("master", "wav")
    flac = url_field("master", "flac")

    class Meta:
        model = Master
        fields = (
            "id", "number", "render", "target_lufs_milli", "ceiling_millibel", "job", "report", "sound", "wav", "flac",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class MaterialSerializer(serializers.Serializer[Any]):
    """Something that the project's arrangements may place."""

    kind = serializers.CharField()
    id = serializers.UUIDField(source="pk")
    asset = serializers.CharField(source="asset.sha256")
    name = serializers.CharField()
    group = serializers.CharField()
    role = serializers.CharField()
    origin = serializers.CharField()
    terms = serializers.CharField()
    kept = serializers.BooleanField()
    duration_ms = serializers.IntegerField(source="asset.duration_ms", allow_null=True)
