"""What the API takes. The services check the values; these check that they are there and of the right kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generation.models import Upload
from generation.modes import MODES, TEXT_TO_MUSIC
from generation.services import MAX_VARIATIONS, RunGiven
from provenance.elements import ROLES

_MAX_INT = 2**53 - 1


class ProjectInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=160)
    artist = serializers.UUIDField()


class MemberInput(serializers.Serializer[Any]):
    user = serializers.UUIDField()
    can_edit = serializers.BooleanField(default=False)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ParametersField(serializers.DictField):
    """Names and values; what an engine offers is in its capabilities."""


class GivenInput(serializers.Serializer[Any]):
    role = serializers.CharField(
        max_length=20, help_text="A role of the mode: source, melody, reference or notes."
    )
    ref = serializers.CharField(
        max_length=48, help_text="take:<id>, stem:<id>, upload:<id>, render:<id> or master:<id>."
    )
    kind = serializers.CharField(
        required=False, allow_blank=True, max_length=5, default="",
        help_text="audio or notes; empty: what it is and the mode takes.",
    )  # fmt: skip
    from_ms = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**31 - 1, help_text="Only from here on."
    )
    to_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class RunInput(serializers.Serializer[Any]):
    brief = serializers.UUIDField(required=False, help_text="Left out: the prompt stands alone.")
    engine = serializers.CharField(max_length=50)
    mode = serializers.ChoiceField(choices=sorted(MODES), default=TEXT_TO_MUSIC)
    duration_s = serializers.FloatField(
        required=False, allow_null=True, default=None,
        help_text="Left out where the result is as long as what is given.",
    )  # fmt: skip
    variations = serializers.IntegerField(
        help_text=f"1 to {MAX_VARIATIONS}.", min_value=-_MAX_INT, max_value=_MAX_INT
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text="Empty: the brief's."
    )
    negative_prompt = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")
    lyrics = serializers.CharField(required=False, allow_blank=True, max_length=20_000, default="")
    language = serializers.CharField(
        required=False, allow_blank=True, max_length=35, default="", help_text="BCP 47."
    )
    chords = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, default="", help_text="Such as `Dm | Bb | F | C`."
    )
    targets = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, max_length=16, default=list,
        help_text="Roles of parts.",
    )  # fmt: skip
    section_ms = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1), required=False, allow_null=True,
        min_length=2, max_length=2, help_text="[from, to] in what is given.",
    )  # fmt: skip
    inputs = GivenInput(many=True, required=False)
    base_seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=_MAX_INT)
    parameters = ParametersField(required=False)
    acknowledge_warnings = serializers.BooleanField(
        default=False, help_text="The prompt draws warnings, and they were read."
    )
    material = serializers.CharField(
        required=False, allow_blank=True, max_length=20, default="", help_text="What the takes are for."
    )
    again_of = serializers.UUIDField(
        required=False, allow_null=True, help_text="A take like which more is asked."
    )
    overnight = serializers.BooleanField(default=False, help_text="Wait for the night.")


def given_inputs(values: Iterable[Mapping[str, Any]]) -> tuple[RunGiven, ...]:
    """What `GivenInput` parsed, as services take it."""
    return tuple(RunGiven(**value) for value in values)


class DecisionInput(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    blind = serializers.BooleanField(default=False)


class HeardInput(serializers.Serializer[Any]):
    spans = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(min_value=0, max_value=_MAX_INT), min_length=2, max_length=2
        ),
        max_length=2000,
        help_text="[from, to] in milliseconds.",
    )
    blind = serializers.BooleanField(default=False)


class UploadInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)
    name = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")
    role = serializers.ChoiceField(choices=ROLES)
    declared = serializers.ChoiceField(choices=Upload.Declared.choices)
    elements = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=32, help_text="Left out: all."
    )
    tool = serializers.CharField(required=False, max_length=50, help_text="Key of the tool that made it.")
    licence = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    may_be_sold = serializers.BooleanField(default=True)
    prompt = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")
    tool_name = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=80,
        default="",
        help_text="A tool that the catalogue lacks.",
    )
    plan = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    made_on = serializers.DateField(required=False, allow_null=True, default=None)
    terms_snapshot = serializers.FileField(required=False, allow_null=True, default=None)
    receipt = serializers.FileField(required=False, allow_null=True, default=None)
    attribution = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    may_be_input = serializers.BooleanField(
        default=False, help_text="Third party: the licence covers giving it to AI tools."
    )


class StatedTermsInput(serializers.Serializer[Any]):
    tool = serializers.CharField(max_length=50, help_text="Key of the tool: its terms in force count.")
    plan = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    made_on = serializers.DateField(required=False, allow_null=True, default=None)
    terms_snapshot = serializers.FileField(required=False, allow_null=True, default=None)
    receipt = serializers.FileField(required=False, allow_null=True, default=None)


class ArrangementInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120)
    takes = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=16, default=list)


class SaveInput(serializers.Serializer[Any]):
    document = serializers.DictField(help_text="Arrangement document, version 1.")
    base_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    name = serializers.CharField(required=False, allow_blank=True, max_length=80, default="")
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    as_branch = serializers.BooleanField(default=False)


class NameInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)


class MasterInput(serializers.Serializer[Any]):
    target_lufs = serializers.FloatField(default=-14.0)
    ceiling_dbtp = serializers.FloatField(default=-1.0)


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000)


class AgreementInput(serializers.Serializer[Any]):
    consent = serializers.UUIDField(help_text="For sampling, or for training on somebody else's catalogue.")


class NoInput(serializers.Serializer[Any]):
    """Nothing is to be sent."""


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    error = FaultSerializer()
    latest = serializers.DictField(help_text="The version that was saved in the meantime.")
