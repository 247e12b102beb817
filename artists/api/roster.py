"""The roster over the API: the same services and the same access functions as the pages."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, roster_file, services
from artists.models import STAFF_ROLES, Artist, ArtistDocument, Person, SavedFilter, TeamMember, User
from artists.roster_filter import RosterFilter
from artists.services import bulk
from provenance import assets
from provenance.errors import UserFault
from provenance.imagefile import LIMIT_BYTES
from provenance.thumbnails import small_picture
from provenance.words import join


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
            "is_ai_persona", "tags", "method", "has_picture", "merged_into", "another",
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


class SavedFilterSerializer(serializers.ModelSerializer[SavedFilter]):
    class Meta:
        model = SavedFilter
        fields = ("id", "page", "name", "query")
        read_only_fields = ("id",)
        validators: ClassVar[list[Any]] = []


class PersonSerializer(serializers.ModelSerializer[Person]):
    legal_name = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=160,
        help_text="Kept sealed, never shown.",
    )
    artist = serializers.PrimaryKeyRelatedField(
        queryset=Artist.objects.none(), required=False, allow_null=True, help_text="An artist you may see."
    )

    class Meta:
        model = Person
        fields = ("id", "credit_name", "legal_name", "ipi", "isni", "society", "country", "artist")
        read_only_fields = ("id",)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and request.user.is_authenticated:
            cast(Any, fields["artist"]).queryset = access.visible_artists(request.user)
        return fields


class MeSerializer(serializers.ModelSerializer[User]):
    role = serializers.CharField(read_only=True)

    class Meta:
        model = User
        fields = ("id", "email", "full_name", "role")
        read_only_fields = fields


_FILTERS = [
    OpenApiParameter("words", str, description="Beginnings of words of the name, in any script; or an ISNI."),
    OpenApiParameter("kind", str, enum=Artist.Kind.values),
    OpenApiParameter("status", str, enum=Artist.Status.values),
    OpenApiParameter("tag", str),
    OpenApiParameter("manager", str, description="An account's id, `me`, or `none`."),
]


class ArtistViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Artist]
):
    """Artists on the roster. One that was merged says so in `merged_into`."""

    serializer_class = ArtistSerializer
    queryset = Artist.objects.none()

    def get_queryset(self) -> QuerySet[Artist]:
        if getattr(self, "swagger_fake_view", False):
            return Artist.objects.none()
        if self.action == "list":
            return RosterFilter.parse(self.request.query_params).artists(self.user)
        return access.known_artists(self.user)

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def _checked(self, kind: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        form = kind(data=self.request.data, context=self.get_serializer_context(), **options)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    @extend_schema(parameters=_FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put an artist on the roster. 409 where it may be there already, unless `another` says that it is not."""
        access.require_role(self.user, *access.ROSTER_WRITERS)
        values = self._checked(ArtistSerializer)
        values.pop("reason", None)
        if not values.pop("another", False) and (alike := services.likenesses(values["name"])):
            names = join((f"{one.artist.name} ({one.why}, {one.artist.pk})" for one in alike), limit=4)
            raise UserFault(
                f"There may be the same artist already: {names}. If not, send another: true.", code="conflict"
            )
        artist = services.create_artist(**values, actor=self.user)
        return Response(self.get_serializer(artist).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change fields; `status` goes on with its day and reason as `since` and `reason` say."""
        artist = access.artist_for(self.user, pk, write=True)
        form = ArtistSerializer(
            artist, data=request.data, partial=True, context=self.get_serializer_context()
        )
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        values.pop("another", None)
        state, since, reason = values.pop("status", None), values.pop("since", None), values.pop("reason", "")
        with transaction.atomic():
            artist = services.change_artist(artist, actor=self.user, **values)
            if state is not None:
                artist = services.change_status(
                    artist, status=state, since=since, reason=reason, actor=self.user
                )
        return Response(self.get_serializer(artist).data)

    @extend_schema(methods=["GET"], responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    @extend_schema(methods=["PUT"], request=PictureSerializer, responses={200: ArtistSerializer})
    @action(detail=True, methods=["get", "put"])
    def picture(self, request: Request, pk: str) -> Response | HttpResponse:
        """The picture (JPEG, 480 pixels), or a new one: JPEG or PNG, 400 pixels or more on each side."""
        artist = access.artist_for(self.user, pk, write=request.method == "PUT")
        if request.method == "GET":
            if artist.picture is None:
                raise Http404("No picture yet.")
            return HttpResponse(small_picture(artist.picture.sha256), content_type="image/jpeg")
        file = self._checked(PictureSerializer)["picture"]
        artist = services.set_picture(
            artist, data=file.read(LIMIT_BYTES + 1), filename=file.name or "", actor=self.user
        )
        return Response(self.get_serializer(artist).data)

    @extend_schema(methods=["GET"], responses={200: TeamSerializer(many=True)})
    @extend_schema(methods=["POST"], request=TeamSerializer, responses={201: TeamSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def team(self, request: Request, pk: str) -> Response:
        """Who works for the artist; it gives no rights."""
        artist = access.artist_for(self.user, pk, write=request.method == "POST")
        members = artist.team.filter(active=True).select_related("user")
        if request.method == "POST":
            made = services.add_team_member(artist, **self._checked(TeamSerializer), actor=self.user)
            members = members.filter(pk=made.pk)
        rows = services.colleagues(members)
        found = [
            {
                "id": one.member.pk,
                "role": one.member.role,
                "user": one.member.user_id,
                "name": one.name,
                "contact": one.contact,
            }
            for one in rows
        ]
        return Response(found[0], status=201) if request.method == "POST" else Response(found)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path="team/(?P<member>[^/]+)")
    def team_member(self, request: Request, pk: str, member: str) -> Response:
        artist = access.artist_for(self.user, pk, write=True)
        row = access.team_member_for(self.user, member, write=True)
        if row.artist_id != artist.pk:
            raise Http404("No such colleague of this artist.")
        services.remove_team_member(row, actor=self.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["GET"], responses={200: PersonSerializer(many=True)})
    @extend_schema(methods=["POST", "DELETE"], request=LinkSerializer, responses={204: None})
    @action(detail=True, methods=["get", "post", "delete"], pagination_class=None)
    def people(self, request: Request, pk: str) -> Response:
        """The people behind the artist; a person that is known already is put behind, or taken from behind."""
        artist = access.artist_for(self.user, pk, write=request.method != "GET")
        if request.method == "GET":
            rows = services.people_behind(artist)
            return Response(PersonSerializer(rows, many=True, context=self.get_serializer_context()).data)
        person = access.person_for(self.user, self._checked(LinkSerializer)["person"], write=True)
        change = services.link_person if request.method == "POST" else services.unlink_person
        change(artist, person=person, actor=self.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ActsSerializer, responses={204: None})
    @action(detail=True, methods=["post", "delete"])
    def members(self, request: Request, pk: str) -> Response:
        """Let an account act as the artist, or end that."""
        artist = access.artist_for(self.user, pk, write=True)
        wanted = self._checked(ActsSerializer)["user"]
        if request.method == "POST":
            account = access.accounts_of_artists(self.user).filter(pk=wanted).first()
            if account is None:
                raise Http404("No such account of an artist.")
            services.add_artist_member(artist, user=account, actor=self.user)
        else:
            row = artist.memberships.filter(user=wanted, active=True).first()
            if row is None:
                raise Http404("This account does not act for them.")
            services.remove_artist_member(row, actor=self.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["GET"], responses={200: DocumentSerializer(many=True)})
    @extend_schema(methods=["POST"], request=DocumentSerializer, responses={201: DocumentSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def documents(self, request: Request, pk: str) -> Response:
        """Documents on file; a new one as multipart, up to 50 MB."""
        artist = access.artist_for(self.user, pk, write=request.method == "POST")
        rows = artist.documents.filter(active=True).select_related("asset")
        if request.method == "POST":
            values = self._checked(DocumentSerializer)
            file = values.pop("file")
            made = services.add_document(
                artist, file=file, filename=file.name or "", **values, actor=self.user
            )
            rows = rows.filter(pk=made.pk)
        found = [
            {
                "id": one.row.pk,
                "kind": one.row.kind,
                "dated": one.row.dated,
                "name": one.name,
                "note": one.note,
                "size": one.row.asset.size,
            }
            for one in services.filed(rows)
        ]
        return Response(found[0], status=201) if request.method == "POST" else Response(found)

    @extend_schema(methods=["GET"], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @extend_schema(methods=["DELETE"], request=None, responses={204: None})
    @action(detail=True, methods=["get", "delete"], url_path="documents/(?P<document>[^/]+)")
    def document(self, request: Request, pk: str, document: str) -> Any:
        """The bytes of a document; or take it off the file."""
        writing = request.method == "DELETE"
        artist = access.artist_for(self.user, pk, write=writing)
        row = access.document_for(self.user, document, write=writing)
        if row.artist_id != artist.pk:
            raise Http404("No such document of this artist.")
        if writing:
            services.remove_document(row, actor=self.user)
            return Response(status=status.HTTP_204_NO_CONTENT)
        name = services.filed([row])[0].name
        return assets.serve(request._request, row.asset, filename=name, as_attachment=True)

    @extend_schema(request=MergeSerializer, responses={200: ArtistSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make this artist a part of another; answers with the one that stays."""
        artist = access.artist_for(self.user, pk, write=True)
        values = self._checked(MergeSerializer)
        into = access.artist_for(self.user, values["into"], write=True)
        return Response(
            self.get_serializer(
                services.merge_artists(artist, into=into, reason=values["reason"], actor=self.user)
            ).data
        )

    @extend_schema(request=SeparateSerializer, responses={200: ArtistSerializer})
    @action(detail=True, methods=["post"])
    def separate(self, request: Request, pk: str) -> Response:
        """Take a merge back; the owner's."""
        artist = access.artist_for(self.user, pk)
        access.require_role(self.user, "owner")
        values = self._checked(SeparateSerializer)
        return Response(
            self.get_serializer(services.separate_artists(artist, **values, actor=self.user)).data
        )

    @extend_schema(request=BulkSerializer, responses={200: EffectSerializer(many=True)})
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """One change for many artists, each an entry of its own; all or nothing. With `dry_run` nothing is done."""
        access.require_role(self.user, *access.ROSTER_WRITERS)
        values = self._checked(BulkSerializer)
        artists = list(
            access.visible_artists(self.user).filter(pk__in=values.pop("artists")).order_by("name")
        )
        dry_run = values.pop("dry_run")
        if "manager" in values:
            house = access.colleagues_of_the_house(self.user)
            values["manager"] = house.filter(pk=values["manager"]).first()
        wish = bulk.Wish(**values)
        effects = bulk.plan(artists, wish) if dry_run else bulk.apply(artists, wish, actor=self.user)
        return Response(EffectSerializer(effects, many=True).data)

    @extend_schema(request={"multipart/form-data": RosterFileSerializer}, responses={200: ReportSerializer})
    @action(detail=False, methods=["post"], url_path="import")
    def take_in(self, request: Request) -> Response:
        """A roster as CSV: good lines in, bad ones reported with what to do. With `dry_run` only the report."""
        access.require_role(self.user, *access.ROSTER_WRITERS)
        values = self._checked(RosterFileSerializer)
        reading = roster_file.read(values["file"].read(roster_file.LIMIT_BYTES + 1))
        outcomes = services.import_rows(reading, actor=self.user, really=not values["dry_run"])
        return Response(
            {
                "encoding": reading.encoding,
                "separator": reading.separator,
                "unknown_columns": list(reading.unknown),
                "lines": OutcomeSerializer(outcomes, many=True).data,
            }
        )

    @extend_schema(parameters=_FILTERS, request=None, responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=False, methods=["post"])
    def export(self, request: Request) -> HttpResponse:
        """The artists of a filter as CSV. That somebody took it along is an entry."""
        access.require_role(self.user, *STAFF_ROLES)
        artists = list(RosterFilter.parse(request.query_params).artists(self.user))
        services.record_export(artists, actor=self.user)
        return HttpResponse(
            roster_file.write(services.export_rows(artists)), content_type="text/csv; charset=utf-8"
        )


class SavedFilterViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[SavedFilter]):
    """Your kept filters of the roster and of the board."""

    serializer_class = SavedFilterSerializer
    queryset = SavedFilter.objects.none()
    pagination_class = None

    def get_queryset(self) -> QuerySet[SavedFilter]:
        if getattr(self, "swagger_fake_view", False):
            return SavedFilter.objects.none()
        return access.saved_filters(cast(User, self.request.user))

    def create(self, request: Request) -> Response:
        """Keep a filter; one of the same page and name is written over."""
        form = SavedFilterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = services.save_filter(**form.validated_data, actor=cast(User, request.user))
        return Response(SavedFilterSerializer(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        services.forget_filter(access.saved_filter_for(cast(User, request.user), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PersonViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Person]):
    """Contributors: people who are credited and hold shares."""

    serializer_class = PersonSerializer
    queryset = Person.objects.none()

    def get_queryset(self) -> QuerySet[Person]:
        if getattr(self, "swagger_fake_view", False):
            return Person.objects.none()
        return access.visible_people(cast(User, self.request.user))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = cast(User, request.user)
        access.require_role(user, *access.PEOPLE_WRITERS)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        person = services.create_person(**form.validated_data, actor=user)
        return Response(self.get_serializer(person).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is known of a contributor; an empty legal name leaves the sealed one."""
        user = cast(User, request.user)
        person = access.person_for(user, pk, write=True)
        form = self.get_serializer(person, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        values = {name: value for name, value in form.validated_data.items() if name != "artist"}
        return Response(self.get_serializer(services.change_person(person, **values, actor=user)).data)


class MeViewSet(viewsets.GenericViewSet[User]):
    """Who the token belongs to."""

    serializer_class = MeSerializer
    queryset = User.objects.none()
    pagination_class = None

    def list(self, request: Request) -> Response:
        return Response(self.get_serializer(request.user).data)
