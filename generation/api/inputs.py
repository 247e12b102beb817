"""What the API takes. The services check the values; these check that they are there and of the right kind."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from generation.models import Upload
from generation.services import MAX_VARIATIONS
from provenance.elements import ROLES

_MAX_INT = 2**53 - 1


class ProjectInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=160)
    artist = serializers.UUIDField()


class MemberInput(serializers.Serializer[Any]):
    user = serializers.UUIDField()
    can_edit = serializers.BooleanField(default=False)


class RunInput(serializers.Serializer[Any]):
    brief = serializers.UUIDField(required=False, help_text="Left out: the prompt stands alone.")
    engine = serializers.CharField(max_length=50)
    duration_s = serializers.FloatField()
    variations = serializers.IntegerField(
        help_text=f"1 to {MAX_VARIATIONS}.", min_value=-_MAX_INT, max_value=_MAX_INT
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text="Empty: the brief's."
    )
    base_seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=_MAX_INT)
    parameters = serializers.DictField(required=False)
    acknowledge_warnings = serializers.BooleanField(
        default=False, help_text="The prompt draws warnings, and they were read."
    )


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


class NoInput(serializers.Serializer[Any]):
    """Nothing is to be sent."""


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    error = FaultSerializer()
    latest = serializers.DictField(help_text="The version that was saved in the meantime.")
