"""What the API takes. The services check the values; these check that they are there and of the right kind."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from release.credits import CREDIT_CHOICES
from release.models import Release
from release.services import STATED_ORIGINS

ORIGINS = [(origin.value, origin.label) for origin in STATED_ORIGINS]


class ReleaseInput(serializers.Serializer[Any]):
    imprint = serializers.UUIDField()
    artist = serializers.UUIDField()
    title = serializers.CharField(max_length=160)
    kind = serializers.ChoiceField(choices=Release.Kind.choices)


class ReleasePatch(serializers.Serializer[Any]):
    """Whatever is left out stays as it is."""

    title = serializers.CharField(max_length=160, required=False)
    kind = serializers.ChoiceField(choices=Release.Kind.choices, required=False)
    genre = serializers.CharField(max_length=60, required=False, allow_blank=True)
    language = serializers.RegexField(r"^[a-z]{2,3}$", required=False, help_text="ISO 639, such as en.")
    release_date = serializers.DateField(required=False, allow_null=True)
    original_date = serializers.DateField(required=False, allow_null=True)
    territories = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, max_length=300,
        help_text='["Worldwide"], or ISO 3166 codes.',
    )  # fmt: skip
    p_line_year = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=9999)
    p_line_owner = serializers.CharField(max_length=120, required=False, allow_blank=True)
    c_line_year = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=9999)
    c_line_owner = serializers.CharField(max_length=120, required=False, allow_blank=True)
    gtin = serializers.CharField(max_length=20, required=False)
    deny_ai_training = serializers.BooleanField(required=False)


class TrackInput(serializers.Serializer[Any]):
    recording = serializers.UUIDField()


class TrackPatch(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, max_value=999, help_text="The place to move it to.")


class ArtworkInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)
    origin = serializers.ChoiceField(choices=ORIGINS, help_text="Who or what made it; receivers are told.")
    likeness = serializers.BooleanField(
        required=False,
        default=False,
        help_text="It shows somebody, as a model made them: they have to have agreed.",
    )


class RecordingInput(serializers.Serializer[Any]):
    master = serializers.UUIDField()
    imprint = serializers.UUIDField()
    title = serializers.CharField(max_length=160)
    version_title = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    work = serializers.UUIDField(required=False, help_text="Left out: a new composition.")
    iswc = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    language = serializers.RegexField(
        r"^[a-z]{2,3}$", required=False, default="zxx", help_text="zxx: no words."
    )
    explicit = serializers.BooleanField(default=False)


class RecordingPatch(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=160, required=False)
    version_title = serializers.CharField(max_length=80, required=False, allow_blank=True)
    explicit = serializers.BooleanField(required=False)


class CreditInput(serializers.Serializer[Any]):
    person = serializers.UUIDField()
    role = serializers.ChoiceField(choices=CREDIT_CHOICES)
    share_bp = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=10_000,
        help_text="Hundredths of a percent of the work or the recording.",
    )


class CreditsInput(serializers.Serializer[Any]):
    """All credits: they replace those that stand."""

    credits = CreditInput(many=True, max_length=200)  # type: ignore[call-arg]


class DeclarationInput(serializers.Serializer[Any]):
    master = serializers.UUIDField()
    claims = serializers.DictField(
        child=serializers.CharField(max_length=20),
        required=False,
        default=dict,
        help_text="Element -> stated origin.",
    )
    statements = serializers.DictField(
        child=serializers.CharField(max_length=2000, allow_blank=True), required=False, default=dict,
        help_text="Element -> what the artist did, in words. Kept sealed.",
    )  # fmt: skip
    approve = serializers.BooleanField(default=False)


class ResolutionInput(serializers.Serializer[Any]):
    declaration = serializers.UUIDField()
    element = serializers.CharField(max_length=40)
    origin = serializers.ChoiceField(choices=ORIGINS)
    reason = serializers.CharField(max_length=1000)
