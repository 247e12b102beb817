"""What belongs to an artist: picture, team, people, accounts, documents."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, services
from artists.api.roster.base import ArtistViews
from artists.api.roster.people import PersonSerializer
from artists.api.roster.shapes import (
    ActsSerializer,
    ArtistSerializer,
    DocumentSerializer,
    LinkSerializer,
    PictureSerializer,
    TeamSerializer,
)
from provenance import assets
from provenance.imagefile import LIMIT_BYTES
from provenance.thumbnails import small_picture


class PartViews(ArtistViews):
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
        file = self.checked(PictureSerializer)["picture"]
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
            made = services.add_team_member(artist, **self.checked(TeamSerializer), actor=self.user)
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
        person = access.person_for(self.user, self.checked(LinkSerializer)["person"], write=True)
        change = services.link_person if request.method == "POST" else services.unlink_person
        change(artist, person=person, actor=self.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ActsSerializer, responses={204: None})
    @action(detail=True, methods=["post", "delete"])
    def members(self, request: Request, pk: str) -> Response:
        """Let an account act as the artist, or end that."""
        artist = access.artist_for(self.user, pk, write=True)
        wanted = self.checked(ActsSerializer)["user"]
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
            values = self.checked(DocumentSerializer)
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
