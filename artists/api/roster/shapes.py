"""What goes in and out about artists."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from artists import access
from artists.models import Artist, ArtistDocument, TeamMember, User
from artists.services import bulk

FILTERS = [
    OpenApiParameter("words", str, description="Beginnings of words of the name, in any script; or an ISNI."),
    OpenApiParameter("kind", str, enum=Artist.Kind.values),
    OpenApiParameter("status", str, enum=Artist.Status.values),
    OpenApiParameter("tag", str),
    OpenApiParameter("manager", str, description="An account's id, `me`, or `none`."),
]


class ArtistSerializer(serializers.ModelSerializer[Artist]):
    since = serializers.DateField(
        write_only=True, required=False, help_text="From which day the status counts; today if left out."
    )
    reason = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="For a change of status; sealed.",
    )
    another = serializers.BooleanField(
        write_only=True,
        required=False,
        default=False,
        help_text="It is another artist, however alike the names are.",
    )
    alias_of = serializers.PrimaryKeyRelatedField(
        queryset=Artist.objects.none(),
        required=False,
        allow_null=True,
        help_text="For an alias: whose it is.",
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    has_picture = serializers.SerializerMethodField(help_text="Whether `/api/artists/<id>/picture/` answers.")

    class Meta:
        model = Artist
        fields = (
            "id", "name", "sort_name", "kind", "alias_of", "status", "status_since", "since", "reason", "isni",
            "is_ai_persona", "tags", "about", "has_picture", "merged_into", "another",
        )  # fmt: skip
        read_only_fields = ("id", "status_since", "merged_into")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            cast(Any, fields["alias_of"]).queryset = access.visible_artists(request.user)
        return fields

    def get_has_picture(self, row: Artist) -> bool:
        return row.picture_id is not None


class TeamSerializer(serializers.ModelSerializer[TeamMember]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), required=False, allow_null=True)
    name = serializers.CharField(
        max_length=160, required=False, allow_blank=True, help_text="An outsider's; sealed."
    )
    contact = serializers.CharField(max_length=300, required=False, allow_blank=True, help_text="Sealed.")

    class Meta:
        model = TeamMember
        fields = ("id", "role", "user", "name", "contact")
        read_only_fields = ("id",)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated and access.may_edit_roster(request.user):
            cast(Any, fields["user"]).queryset = access.colleagues_of_the_house(request.user)
        return fields


class DocumentSerializer(serializers.ModelSerializer[ArtistDocument]):
    file = serializers.FileField(write_only=True)
    name = serializers.CharField(read_only=True)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, help_text="Sealed.")
    size = serializers.IntegerField(read_only=True)

    class Meta:
        model = ArtistDocument
        fields = ("id", "kind", "dated", "name", "note", "size", "file")
        read_only_fields = ("id",)


class PictureSerializer(serializers.Serializer[Any]):
    picture = serializers.FileField()


class MergeSerializer(serializers.Serializer[Any]):
    into = serializers.UUIDField(help_text="The artist that stays.")
    reason = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, default="", help_text="Sealed."
    )


class SeparateSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, default="", help_text="Sealed."
    )


class LinkSerializer(serializers.Serializer[Any]):
    person = serializers.UUIDField()


class ActsSerializer(serializers.Serializer[Any]):
    user = serializers.UUIDField(help_text="An account with the role artist.")


class BulkSerializer(serializers.Serializer[Any]):
    artists = serializers.ListField(child=serializers.UUIDField(), max_length=bulk.MAX_ARTISTS)
    action = serializers.ChoiceField(choices=["status", "manager", "tag", "untag"])
    status = serializers.ChoiceField(choices=Artist.Status.choices, required=False)
    since = serializers.DateField(required=False)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    manager = serializers.UUIDField(required=False, help_text="An account of label staff.")
    tag = serializers.CharField(max_length=40, required=False)
    dry_run = serializers.BooleanField(default=True, help_text="Only say what would happen.")


class EffectSerializer(serializers.Serializer[Any]):
    artist = serializers.UUIDField(source="artist.pk")
    name = serializers.CharField(source="artist.name")
    says = serializers.CharField()
    will = serializers.BooleanField(help_text="Whether anything happens to this one.")


class RosterFileSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()
    dry_run = serializers.BooleanField(default=True, help_text="Only say what each line would do.")


class OutcomeSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    name = serializers.CharField()
    what = serializers.ChoiceField(choices=["new", "contributor", "there", "bad"])
    message = serializers.CharField()


class ReportSerializer(serializers.Serializer[Any]):
    encoding = serializers.CharField()
    separator = serializers.CharField()
    unknown_columns = serializers.ListField(child=serializers.CharField())
    lines = OutcomeSerializer(many=True)
