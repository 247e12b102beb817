"""Jobs: how far they are, when they end, their turn; and how much each artist may ask of the machines."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists.access import artist_for
from generation import access, queue_reading, services
from generation.api.base import Studio, paged
from generation.api.serializers.fields import JobSerializer
from provenance.jobs import Outlook, outlooks
from provenance.services import Job

ID = "[0-9a-fA-F-]{36}"


class LiftInput(serializers.Serializer[Any]):
    to = serializers.ChoiceField(
        choices=(1, 0, -1), help_text="1: before everybody's, 0: in turn, -1: after."
    )


class QuotaInput(serializers.Serializer[Any]):
    """null: no limit."""

    waiting = serializers.IntegerField(allow_null=True, min_value=0, max_value=services.MOST_JOBS)
    running = serializers.IntegerField(allow_null=True, min_value=1, max_value=services.MOST_JOBS)
    gpu_minutes = serializers.IntegerField(
        allow_null=True, min_value=0, max_value=services.MINUTES_OF_A_DAY, help_text="A day."
    )


class QuotaSerializer(serializers.Serializer[Any]):
    artist = serializers.UUIDField(
        source="artist.pk", allow_null=True, default=None, help_text="null: who has no quota of their own."
    )
    artist_name = serializers.CharField(source="artist.name", default="")
    own = serializers.BooleanField(help_text="Whether it was set, for this artist or for everybody.")
    waiting = serializers.IntegerField(source="limits.waiting", allow_null=True)
    running = serializers.IntegerField(source="limits.running", allow_null=True)
    gpu_minutes = serializers.IntegerField(source="limits.gpu_minutes", allow_null=True)
    waiting_now = serializers.IntegerField(source="waiting")
    running_now = serializers.IntegerField(source="running")


class QueueSerializer(serializers.Serializer[Any]):
    """What runs and waits in the house. Of jobs that the reader may not see: how many."""

    running = serializers.IntegerField()
    waiting = serializers.IntegerField()
    others_running = serializers.IntegerField()
    others_waiting = serializers.IntegerField()
    mine_done_s = serializers.FloatField(
        allow_null=True, help_text="Seconds until all of the reader's own are done; null: nobody knows."
    )
    mine = serializers.SerializerMethodField()
    further = serializers.SerializerMethodField(help_text="Further jobs that the reader may see.")

    @extend_schema_field(JobSerializer(many=True))
    def get_mine(self, found: queue_reading.Queue) -> Any:
        return self._jobs(found.mine)

    @extend_schema_field(JobSerializer(many=True))
    def get_further(self, found: queue_reading.Queue) -> Any:
        return self._jobs(found.label)

    def _jobs(self, lines: list[queue_reading.Line]) -> Any:
        known = {str(line.job.pk): line.outlook for line in lines}
        context = {**self.context, "outlooks": known}
        return JobSerializer([line.job for line in lines], many=True, context=context).data


class JobViewSet(Studio):
    """Long work: how far it is, its turn, and its end."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    lookup_value_regex = ID

    @extend_schema(responses=paged(JobSerializer))
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(access.visible_jobs(self.user)) or []
        known = {str(job.pk): Outlook() for job in page} | outlooks(page)
        context = {**self.get_serializer_context(), "outlooks": known}
        return self.get_paginated_response(JobSerializer(page, many=True, context=context).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(JobSerializer, access.job_for(self.user, pk))

    @extend_schema(responses=QueueSerializer)
    @action(detail=False, methods=["get"])
    def queue(self, request: Request) -> Response:
        """One glance: mine, what else I may see, and a number of everybody else's."""
        return self.shown(QueueSerializer, queue_reading.queue_for(self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.cancel_job(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.retry_job(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """A waiting job is not started, a running one goes back at its next step; what is finished stays."""
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.pause_job(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.resume_job(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def first(self, request: Request, pk: str) -> Response:
        """Before the other waiting jobs of its artist."""
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.put_job_first(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def tonight(self, request: Request, pk: str) -> Response:
        """Not before the house's next night."""
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.leave_job_for_night(job, actor=self.user))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def now(self, request: Request, pk: str) -> Response:
        """Not to wait for the night."""
        job = access.job_for(self.user, pk, write=True)
        return self.shown(JobSerializer, services.start_job_now(job, actor=self.user))

    @extend_schema(request=LiftInput, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Before or after everybody's. For the owner and A&R."""
        job = access.job_to_order(self.user, pk)
        return self.shown(
            JobSerializer, services.lift_job(job, to=self.parsed(LiftInput)["to"], actor=self.user)
        )


class QuotaViewSet(Studio):
    """How much each artist may ask of the machines. For the owner and A&R."""

    serializer_class = QuotaSerializer
    queryset = Job.objects.none()
    lookup_value_regex = f"everybody|{ID}"

    @extend_schema(responses=paged(QuotaSerializer))
    def list(self, request: Request) -> Response:
        access.require_order_queue(self.user)
        return self.page_of(QuotaSerializer, queue_reading.allowances())

    @extend_schema(request=QuotaInput, responses=QuotaSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Set it whole. `everybody`: for who has none of their own."""
        access.require_order_queue(self.user)
        artist = None if pk == "everybody" else artist_for(self.user, pk)
        services.set_quota(artist, actor=self.user, **self.parsed(QuotaInput))
        found = next(row for row in queue_reading.allowances() if row.artist == artist)
        return self.shown(QuotaSerializer, found)
