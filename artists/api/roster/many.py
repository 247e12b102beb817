"""Many artists at once: one change for all, a roster from a file, the roster as a file."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, roster_file, services
from artists.api.roster.base import ArtistViews
from artists.api.roster.shapes import (
    FILTERS,
    BulkSerializer,
    EffectSerializer,
    OutcomeSerializer,
    ReportSerializer,
    RosterFileSerializer,
)
from artists.models import STAFF_ROLES
from artists.roster_filter import RosterFilter
from artists.services import bulk


class ManyViews(ArtistViews):
    @extend_schema(request=BulkSerializer, responses={200: EffectSerializer(many=True)})
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """One change for many artists, each an entry of its own; all or nothing. With `dry_run` nothing is done."""
        access.require_role(self.user, *access.ROSTER_WRITERS)
        values = self.checked(BulkSerializer)
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
        values = self.checked(RosterFileSerializer)
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

    @extend_schema(parameters=FILTERS, request=None, responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=False, methods=["post"])
    def export(self, request: Request) -> HttpResponse:
        """The artists of a filter as CSV. That somebody took it along is an entry."""
        access.require_role(self.user, *STAFF_ROLES)
        artists = list(RosterFilter.parse(request.query_params).artists(self.user))
        services.record_export(artists, actor=self.user)
        return HttpResponse(
            roster_file.write(services.export_rows(artists)), content_type="text/csv; charset=utf-8"
        )
