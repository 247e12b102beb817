"""Releases, their tracks and covers, approvals, and packages with their files."""

from __future__ import annotations

from typing import ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from artists.access import artist_for
from generation.api.base import Studio, paged, sound
from provenance.assets import serve
from release import access, services
from release.api import inputs
from release.api.catalogue import ID
from release.api.serializers import (
    ApprovalSerializer,
    ArtworkSerializer,
    GatesSerializer,
    PackageSerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
    TrackSerializer,
)
from release.errors import UserFault
from release.gates import gates
from release.models import Package, Release, Track


class ReleaseViewSet(Studio):
    """Releases, from their plan to their package."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()
    lookup_value_regex = ID

    @extend_schema(responses=paged(ReleaseSerializer))
    def list(self, request: Request) -> Response:
        return self.page_of(ReleaseSerializer, access.visible_releases(self.user))

    @extend_schema(request=inputs.ReleaseInput, responses={201: ReleaseDetailSerializer})
    def create(self, request: Request) -> Response:
        access.require_writer(self.user)
        values = self.parsed(inputs.ReleaseInput)
        release = services.create_release(
            imprint=access.imprint_for(self.user, values["imprint"]),
            artist=artist_for(self.user, values["artist"]),
            title=values["title"],
            kind=values["kind"],
            actor=self.user,
        )
        return self.shown(ReleaseDetailSerializer, release, status=201)

    @extend_schema(responses=ReleaseDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(ReleaseDetailSerializer, access.release_for(self.user, pk))

    @extend_schema(request=inputs.ReleasePatch, responses=ReleaseDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        release = access.release_for(self.user, pk, write=True)
        values = self.parsed(inputs.ReleasePatch)
        return self.shown(
            ReleaseDetailSerializer, services.change_release(release, actor=self.user, **values)
        )

    @extend_schema(responses=GatesSerializer)
    @action(detail=True, methods=["get"])
    def gates(self, request: Request, pk: str) -> Response:
        found = gates(access.release_for(self.user, pk))
        ready = not any(gate.level == "block" for gate in found)
        return self.shown(GatesSerializer, {"open": ready, "gates": found})

    @extend_schema(request=inputs.TrackInput, responses={201: TrackSerializer})
    @action(detail=True, methods=["post"])
    def tracks(self, request: Request, pk: str) -> Response:
        release = access.release_for(self.user, pk, write=True)
        recording = access.recording_for(self.user, self.parsed(inputs.TrackInput)["recording"])
        track = services.add_track(release, recording=recording, actor=self.user)
        return self.shown(TrackSerializer, track, status=201)

    @extend_schema(request={"multipart/form-data": inputs.ArtworkInput}, responses={201: ArtworkSerializer})
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def artwork(self, request: Request, pk: str) -> Response:
        release = access.release_for(self.user, pk, write=True)
        values = self.parsed(inputs.ArtworkInput)
        cover = services.upload_artwork(
            release,
            file=values["file"],
            filename=values["file"].name or "",
            origin=values["origin"],
            likeness=values["likeness"],
            actor=self.user,
        )
        return self.shown(ArtworkSerializer, cover, status=201)

    @extend_schema(request=None, responses={201: ApprovalSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        release = access.release_to_approve(self.user, pk)
        return self.shown(ApprovalSerializer, services.approve_release(release, actor=self.user), status=201)

    @extend_schema(request=None, responses=ReleaseDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        release = access.release_for(self.user, pk, write=True)
        services.withdraw_release(release, actor=self.user)
        return self.shown(ReleaseDetailSerializer, access.release_for(self.user, pk))

    @extend_schema(responses=paged(PackageSerializer))
    @action(detail=True, methods=["get"])
    def packages(self, request: Request, pk: str) -> Response:
        rows = access.release_for(self.user, pk).packages.select_related("job", "asset")
        return self.page_of(PackageSerializer, rows)

    @extend_schema(request=None, responses={201: PackageSerializer})
    @packages.mapping.post
    def request_package(self, request: Request, pk: str) -> Response:
        release = access.release_for(self.user, pk, write=True)
        return self.shown(PackageSerializer, services.request_package(release, actor=self.user), status=201)


class TrackViewSet(Studio):
    """Places of recordings on releases."""

    serializer_class = TrackSerializer
    queryset = Track.objects.none()
    lookup_value_regex = ID

    @extend_schema(request=inputs.TrackPatch, responses=TrackSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Move it to another place; the others make room."""
        track = access.track_for(self.user, pk, write=True)
        services.move_track(track, number=self.parsed(inputs.TrackPatch)["number"], actor=self.user)
        return self.shown(TrackSerializer, access.track_for(self.user, pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it off the release. The ledger keeps that it was there."""
        services.remove_track(access.track_for(self.user, pk, write=True), actor=self.user)
        return Response(status=204)


class PackageViewSet(Studio):
    """What leaves the house."""

    serializer_class = PackageSerializer
    queryset = Package.objects.none()
    lookup_value_regex = ID
    file_actions: ClassVar[frozenset[str]] = frozenset({"files"})

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(PackageSerializer, access.package_for(self.user, pk))

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "path", OpenApiTypes.STR, description="Path of a part; package.zip or nothing: all of it."
            )
        ]
    )
    @sound("The file.", "application/octet-stream")
    @action(detail=True, methods=["get"])
    def files(self, request: Request, pk: str) -> HttpResponseBase:
        package = access.package_for(self.user, pk)
        asset, name = services.package_part(package, request.query_params.get("path") or "package.zip")
        if asset is None:
            raise UserFault(
                "The package has no such part. Its list of parts names them all.", code="not_found"
            )
        return serve(request._request, asset, filename=name, as_attachment=True)

    @extend_schema(request=None, responses=PackageSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return self._steer(pk, "cancel")

    @extend_schema(request=None, responses=PackageSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        return self._steer(pk, "retry")

    def _steer(self, pk: str, act: str) -> Response:
        package = access.package_for(self.user, pk, write=True)
        services.steer_package(package, action=act, actor=self.user)
        return self.shown(PackageSerializer, access.package_for(self.user, pk))
