"""Around asking an engine: sweeps, again like this one, replays, presets, and prompts from the artist's own history."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from artists.models import User
from generation import access, services
from generation.api.base import Studio
from generation.api.inputs import ParametersField, RunInput, given_inputs
from generation.models import Preset, Sweep, Take, TakeReplay
from generation.modes import MODES
from generation.services.presets import Suggestion

_MAX_INT = 2**53 - 1


class ThingSerializer(serializers.Serializer[Any]):
    ref = serializers.CharField(help_text="What to send as `ref` of an input.")
    title = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField(), help_text="audio, notes, or both.")
    duration_ms = serializers.IntegerField(allow_null=True, help_text="null: notes alone.")


class SweepInput(RunInput):
    parameter = serializers.CharField(max_length=60, help_text="The one that differs from run to run.")
    values = serializers.ListField(max_length=8, help_text="2 to 8 values; every run has the same seeds.")


class SweepSerializer(serializers.ModelSerializer[Sweep]):
    values = serializers.ListField(read_only=True)
    runs: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Sweep
        fields = ("id", "project", "number", "parameter", "values", "runs", "created_at")
        read_only_fields = fields


class AgainInput(serializers.Serializer[Any]):
    """What is to be different; left out: other seeds and nothing else. One change keeps the take's own seed."""

    variations = serializers.IntegerField(required=False, min_value=1, max_value=30)
    prompt = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    negative_prompt = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    lyrics = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    chords = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    language = serializers.CharField(required=False, allow_blank=True, max_length=35)
    targets = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=16)
    section_ms = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1), required=False, min_length=2,
        max_length=2,
    )  # fmt: skip
    duration_s = serializers.FloatField(required=False)
    base_seed = serializers.IntegerField(required=False, min_value=0, max_value=_MAX_INT)
    parameters = ParametersField(required=False, help_text="Merged; null takes one back to the default.")
    acknowledge_warnings = serializers.BooleanField(required=False)


class ReplaySerializer(serializers.ModelSerializer[TakeReplay]):
    state = serializers.CharField(source="job.state", read_only=True)
    verdict = serializers.ChoiceField(
        choices=TakeReplay.Verdict.choices, allow_blank=True, read_only=True,
        help_text="Empty while nobody has tried; within_tolerance: at most report.tolerance_millibel apart.",
    )  # fmt: skip
    report = serializers.DictField(read_only=True)

    class Meta:
        model = TakeReplay
        fields = ("id", "take", "state", "verdict", "report", "created_at")
        read_only_fields = fields


class PresetSerializer(serializers.ModelSerializer[Preset]):
    parameters = ParametersField(required=False)
    targets = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=16)
    for_project = serializers.BooleanField(
        write_only=True, default=False, help_text="For everybody who works on the project."
    )
    of_project = serializers.SerializerMethodField()

    class Meta:
        model = Preset
        fields = (
            "id", "name", "engine", "mode", "parameters", "targets", "language", "duration_s", "variations",
            "for_project", "of_project",
        )  # fmt: skip

    @extend_schema_field(serializers.BooleanField())
    def get_of_project(self, preset: Preset) -> bool:
        return preset.project_id is not None


class SuggestionSerializer(serializers.Serializer[Suggestion]):
    prompt = serializers.CharField()
    run = serializers.UUIDField(source="run.pk")
    kept = serializers.IntegerField(help_text="Takes of it that were kept.")


def requested(values: dict[str, Any], user: User) -> dict[str, Any]:
    """What `RunInput` parsed, as arguments of `services.request_run`. Fetching is the permission check."""
    values = dict(values)
    values["brief"] = brief = access.brief_for(user, values["brief"]) if values.get("brief") else None
    if not values.get("prompt") and MODES[values["mode"]].prompt != "none" and brief is not None:
        values["prompt"] = services.brief_values(brief).prompt
    values["inputs"] = given_inputs(values.get("inputs", ()))
    if values.get("again_of"):
        values["again_of"] = access.take_for(user, values["again_of"])
    else:
        values.pop("again_of", None)
    return values


class PresetViewSet(Studio):
    """Named settings: those of a project are under the project."""

    serializer_class = PresetSerializer
    queryset = Preset.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(PresetSerializer, access.preset_for(self.user, pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_preset(access.preset_for(self.user, pk, write=True), actor=self.user)
        return Response(status=204)


class SweepViewSet(Studio):
    """Runs that differ in one parameter alone."""

    serializer_class = SweepSerializer
    queryset = Sweep.objects.none()
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(SweepSerializer, access.sweep_for(self.user, pk))


def shown_replays(take: Take) -> Any:
    return take.replays.select_related("job")
