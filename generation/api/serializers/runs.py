"""Projects, briefs, runs, takes and uploads over the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from generation import services
from generation.api.serializers.fields import JobSerializer, SoundSerializer, url_field
from generation.api.serializers.tools import TermsSerializer
from generation.models import (
    Brief,
    Project,
    ProjectMember,
    PromptRun,
    RunInput,
    Take,
    TakeFailure,
    TakeStem,
    Upload,
)


class ProjectSerializer(serializers.ModelSerializer[Project]):
    artist_name = serializers.CharField(source="artist.name", read_only=True)

    class Meta:
        model = Project
        fields = ("id", "title", "artist", "artist_name", "created_at", "archived")
        read_only_fields = fields


class MemberSerializer(serializers.ModelSerializer[ProjectMember]):
    name = serializers.CharField(source="user.full_name", read_only=True)

    class Meta:
        model = ProjectMember
        fields = ("user", "name", "can_edit", "active")
        read_only_fields = fields


class BriefSerializer(serializers.Serializer[Brief]):
    """A brief. Words that were erased from the vault read as empty."""

    id = serializers.UUIDField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    mood = serializers.CharField(required=False, allow_blank=True, max_length=400)
    genre = serializers.CharField(required=False, allow_blank=True, max_length=60)
    tempo_bpm = serializers.FloatField(required=False, allow_null=True, help_text="20 to 300.")
    key = serializers.CharField(required=False, allow_blank=True, max_length=40)
    metre = serializers.CharField(required=False, allow_blank=True, max_length=8)
    instruments = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=64
    )
    structure = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, max_length=64
    )
    energy = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1), required=False, max_length=64
    )
    avoid = serializers.ListField(child=serializers.CharField(max_length=120), required=False, max_length=64)
    prompt = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text="Empty: built from the rest."
    )

    def to_representation(self, brief: Brief) -> dict[str, Any]:
        values = services.brief_values(brief)
        names = (
            "purpose", "mood", "genre", "tempo_bpm", "key", "metre", "instruments", "structure", "energy", "avoid",
            "prompt",
        )  # fmt: skip
        return {
            "id": str(brief.pk),
            "number": brief.number,
            "created_at": brief.created_at,
            **{name: getattr(values, name) for name in names},
        }


class GivenSerializer(serializers.ModelSerializer[RunInput]):
    sha256 = serializers.CharField(source="asset.sha256", read_only=True)

    class Meta:
        model = RunInput
        fields = ("role", "ref", "title", "kind", "part", "sha256", "from_ms", "to_ms")
        read_only_fields = fields


class TakeFailureSerializer(serializers.ModelSerializer[TakeFailure]):
    message = serializers.CharField(read_only=True, help_text="Empty once it is erased.")

    class Meta:
        model = TakeFailure
        fields = ("number", "seed", "code", "message")
        read_only_fields = fields


class RunSerializer(serializers.ModelSerializer[PromptRun]):
    """A prompt run. Words that were erased from the vault read as empty."""

    prompt = serializers.CharField(read_only=True)
    negative_prompt = serializers.SerializerMethodField()
    lyrics = serializers.SerializerMethodField()
    chords = serializers.SerializerMethodField()
    targets = serializers.ListField(child=serializers.CharField(), read_only=True)
    section_ms = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, allow_null=True, help_text="[from, to], or null."
    )
    inputs = GivenSerializer(many=True, read_only=True)
    failures = TakeFailureSerializer(many=True, read_only=True, help_text="Takes that could not be made.")
    terms = TermsSerializer(read_only=True)
    job = JobSerializer(read_only=True)
    seeds = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    parameters = serializers.DictField(read_only=True)
    variations = serializers.IntegerField(read_only=True)

    class Meta:
        model = PromptRun
        fields = (
            "id", "project", "brief", "number", "engine", "mode", "prompt", "negative_prompt", "lyrics", "language",
            "chords", "targets", "section_ms", "inputs", "parameters", "variations", "seeds", "duration_ms", "again_of",
            "sweep", "terms", "job", "failures", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_negative_prompt(self, run: PromptRun) -> str:
        return run.words.get("negative_prompt", "")

    def get_lyrics(self, run: PromptRun) -> str:
        return run.words.get("lyrics", "")

    def get_chords(self, run: PromptRun) -> str:
        return run.words.get("chords", "")


class StemSerializer(serializers.ModelSerializer[TakeStem]):
    sound = SoundSerializer(source="asset", read_only=True)
    audio = url_field("stem", "audio")

    class Meta:
        model = TakeStem
        fields = ("id", "role", "name", "sound", "audio")
        read_only_fields = fields


class TakeSerializer(serializers.ModelSerializer[Take]):
    reason = serializers.CharField(read_only=True)
    facts = serializers.DictField(read_only=True)
    sound = SoundSerializer(source="asset", read_only=True)
    stems = StemSerializer(many=True, read_only=True)
    audio = url_field("take", "audio")

    class Meta:
        model = Take
        fields = (
            "id",
            "run",
            "number",
            "seed",
            "state",
            "reason",
            "facts",
            "sound",
            "stems",
            "audio",
            "created_at",
        )
        read_only_fields = fields


class UploadSerializer(serializers.ModelSerializer[Upload]):
    sound = SoundSerializer(source="asset", read_only=True)
    terms = TermsSerializer(read_only=True, allow_null=True)
    elements = serializers.ListField(child=serializers.CharField(), read_only=True)
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    kind = serializers.CharField(read_only=True, help_text="audio, or notes.")
    terms_open = serializers.BooleanField(
        read_only=True, help_text="An AI tool made it, under terms nobody stated."
    )
    terms_snapshot = serializers.CharField(source="terms_snapshot.sha256", read_only=True, default="")
    receipt = serializers.CharField(source="receipt.sha256", read_only=True, default="")
    credential = serializers.CharField(
        source="c2pa.state",
        read_only=True,
        default="",
        help_text="trusted, valid, invalid, broken; empty: none.",
    )
    audio = url_field("upload", "audio")

    class Meta:
        model = Upload
        fields = (
            "id", "project", "name", "kind", "role", "declared", "captured", "elements", "terms", "tool_name",
            "terms_open", "plan", "made_on", "terms_snapshot", "receipt", "licence", "attribution", "may_be_sold",
            "may_be_input", "credential", "warnings", "sound", "audio", "created_at",
        )  # fmt: skip
        read_only_fields = fields
