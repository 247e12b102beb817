"""Tools, their terms and licences over the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework import serializers

from generation.models import (
    EngineOffer,
    TermsRuling,
    Tool,
    ToolTerms,
)
from generation.services import allowances, licences


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
