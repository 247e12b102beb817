"""How a master was made, over the API: reading the account, publishing it, taking it back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from generation.access import master_for
from generation.api.base import Studio
from generation.models import Master
from generation.services import newest_check
from release import services
from release.access import reads_statement, require_publisher
from release.errors import UserFault
from release.how_made import Account, account, address_of
from release.models import HowMade

ID = "[0-9a-fA-F-]{36}"


class RuleLineSerializer(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["confirmed", "refuted", "undecided"])
    because = serializers.CharField()
    limits = serializers.CharField()
    grounds = serializers.ListField(child=serializers.CharField())
    entries = serializers.ListField(child=serializers.CharField())
    compared = serializers.IntegerField()


class HowMadeSerializer(serializers.Serializer[Any]):
    """What a stranger would read; `address` is empty while it is not public."""

    address = serializers.CharField()
    outdated = serializers.BooleanField(help_text="What is public shows an earlier check.")
    title = serializers.CharField()
    artist = serializers.CharField()
    statement = serializers.CharField()
    method_number = serializers.IntegerField()
    checked_entry = serializers.CharField()
    comparisons = serializers.IntegerField()
    measured = serializers.CharField(help_text="How often comparing sound is wrong.")
    lines = RuleLineSerializer(many=True)


class PublishInput(serializers.Serializer[Any]):
    slug = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=64, help_text="Empty: an address by chance."
    )


class HowMadeViewSet(Studio):
    """The public account of a master; `pk` is the master's id."""

    serializer_class = HowMadeSerializer
    queryset = HowMade.objects.none()
    lookup_value_regex = ID

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._account(master_for(self.user, pk))

    @extend_schema(request=PublishInput, responses=HowMadeSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        master = master_for(self.user, pk)
        require_publisher(self.user, master.project.artist)
        services.publish_how_made(master, slug=self.parsed(PublishInput)["slug"], actor=self.user)
        return self._account(master)

    @extend_schema(request=None, responses=HowMadeSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        master = master_for(self.user, pk)
        require_publisher(self.user, master.project.artist)
        row = HowMade.objects.filter(master=master, active=True).first()
        if row is not None:
            services.withdraw_how_made(row, actor=self.user)
        return self._account(master)

    def _account(self, master: Master) -> Response:
        check = newest_check(master)
        if check is None:
            raise UserFault("The master was not held against a method yet. Check it first.")
        row = HowMade.objects.filter(master=master, active=True).first()
        told: Account = account(check, public=row is not None or reads_statement(self.user, master))
        data = {name: getattr(told, name) for name in ("title", "artist", "statement", "method_number")}
        data |= {name: getattr(told, name) for name in ("checked_entry", "comparisons", "measured", "lines")}
        data |= {
            "address": address_of(row) if row else "",
            "outdated": row is not None and row.check_shown_id != check.pk,
        }
        return self.shown(HowMadeSerializer, data)
