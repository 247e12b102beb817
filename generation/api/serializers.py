"""How the studio's things look over the API."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from generation import services
from generation.models import (
    Arrangement,
    ArrangementVersion,
    Brief,
    EngineOffer,
    Master,
    Project,
    ProjectMember,
    PromptRun,
    Render,
    RunInput,
    Take,
    TakeFailure,
    TakeStem,
    TermsRuling,
    Tool,
    ToolTerms,
    Upload,
)
from generation.services import allowances, licences
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


class TermsSerializer(serializers.ModelSerializer[ToolTerms]):
    tool: Any = serializers.SlugRelatedField(slug_field="key", read_only=True)
    blocked_by = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=64
    )
    snapshot_sha256 = serializers.SerializerMethodField(
        help_text="Digest of the text that was kept; or empty."
    )
    verdict = serializers.SerializerMethodField(help_text="may, with_credit, asks or may_not.")
    open_questions = serializers.SerializerMethodField(help_text="What rights have to answer before a sale.")

    class Meta:
        model = ToolTerms
        fields: tuple[str, ...] = (
            "id", "tool", "version", "model", "model_version", "plan", "licence", "terms_url", "snapshot_sha256",
            "output_owner", "commercial", "store_release", "revenue_cap_usd", "downloads", "retroactive",
            "attribution", "input_licence", "marks", "training_licence", "training_on_outputs", "voice_rule",
            "blocked_by", "trained_model", "notes", "source", "source_date", "certainty", "verdict", "open_questions",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = ("id", "tool", "version")

    def get_snapshot_sha256(self, terms: ToolTerms) -> str:
        return terms.snapshot.sha256 if terms.snapshot else ""

    def get_verdict(self, terms: ToolTerms) -> str:
        return allowances.allowance_of(terms).verdict.value

    def get_open_questions(self, terms: ToolTerms) -> list[str]:
        return [str(question) for question in allowances.open_questions(terms)]


class ToolTermsInput(TermsSerializer):
    """A new reading, with the text of the terms where it is sent as multipart."""

    snapshot = serializers.FileField(required=False, allow_null=True, write_only=True)

    class Meta(TermsSerializer.Meta):
        fields = (
            *(
                name
                for name in TermsSerializer.Meta.fields
                if name not in ("id", "tool", "version", "snapshot_sha256", "verdict", "open_questions")
            ),
            "snapshot",
        )
        read_only_fields = ()


class TermsAnswerInput(serializers.Serializer[Any]):
    """An answer to what a version of terms leaves open."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    question = serializers.ChoiceField(choices=TermsRuling.Question.choices)
    answer = serializers.ChoiceField(choices=["yes", "no"])
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    reason = serializers.CharField(max_length=2000)


class LicenceInput(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version of the terms that was read."
    )


class LicenceSerializer(serializers.Serializer[Any]):
    """A licence that the engines here need, and who accepted it."""

    tool = serializers.CharField(source="tool.key")
    name = serializers.CharField(source="tool.name")
    terms_version = serializers.IntegerField(source="terms.version")
    licence = serializers.CharField(source="terms.licence")
    engines = serializers.ListField(child=serializers.CharField())
    accepted = serializers.BooleanField(source="holds")
    accepted_by = serializers.SerializerMethodField()
    accepted_at = serializers.SerializerMethodField()

    def get_accepted_by(self, one: licences.Needed) -> str:
        return one.acceptance.accepted_by.full_name if one.acceptance else ""

    def get_accepted_at(self, one: licences.Needed) -> dt.datetime | None:
        return one.acceptance.accepted_at if one.acceptance else None


class ToolSerializer(serializers.ModelSerializer[Tool]):
    terms = TermsSerializer(many=True, read_only=True, help_text="Newest first; the first is in force.")

    class Meta:
        model = Tool
        fields = ("key", "provider", "name", "is_fictional", "terms")


class EngineSerializer(serializers.ModelSerializer[EngineOffer]):
    capabilities = serializers.DictField(read_only=True)

    class Meta:
        model = EngineOffer
        fields = ("name", "title", "version", "tool_key", "available", "unavailable_reason", "capabilities")
        read_only_fields = fields


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
