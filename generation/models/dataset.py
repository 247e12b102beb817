"""Datasets: recordings that were put together to train a model, their frozen versions, and models made from them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from artists.models import User
from generation.models.project import Project
from provenance.models import Asset, Job, Recorded


class Dataset(Recorded):
    """A named list of recordings of one or more artists. Its stream is its own; consents are asked for its tools."""

    title = models.CharField(max_length=120)
    purpose = models.CharField(max_length=400, help_text="Which model is trained, and what for.")
    tools = models.JSONField(
        default=list, help_text="Tools that are trained with it, by their keys; empty: any."
    )
    territories = models.JSONField(
        default=list, help_text='Where it is used: ISO 3166 codes, or ["Worldwide"].'
    )
    made_for = models.ForeignKey(User, on_delete=models.PROTECT, related_name="datasets")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def stream(self) -> str:
        return f"dataset:{self.pk}"


class DatasetMember(Recorded):
    """A recording in a dataset. `ref` names its row, as what is given to a run does; leaving keeps the row."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="members")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="dataset_members")
    ref = models.CharField(max_length=48)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=20, default="full_mix", help_text="What it is among parts.")
    active = models.BooleanField(default=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "asset"],
                condition=models.Q(active=True),
                name="dataset_member_once",
            )
        ]

    def __str__(self) -> str:
        return self.ref


class DatasetVersion(Recorded):
    """What a dataset held when it was exported, frozen: nothing of it changes later.

    `lines`: per recording its asset, artist, project, part and the consents that it stood on. `manifest_sha256` and
    `asset` (a ZIP) are there once a worker has packed it.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    tools = models.JSONField(default=list)
    territories = models.JSONField(default=list)
    lines = models.JSONField(default=list)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_once")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def consents(self) -> frozenset[str]:
        """Ids of every consent that something in it stood on."""
        return frozenset(pk for line in self.lines for pk in line["consents"])


class ModelOrigin(Recorded):
    """What weights that nobody published were made from: a dataset's version, or an outsider's catalogue.

    The newest active row of an engine's model counts, and only while its weights have this digest.
    """

    class Basis(models.TextChoices):
        DATASET = "dataset", "A dataset of this label"
        OUTSIDE = "outside", "An outsider's catalogue, with a document"
        PUBLISHED = "published", "Published by others, with its card"

    engine = models.SlugField()
    name = models.CharField(max_length=80)
    weights_sha256 = models.CharField(max_length=64)
    basis = models.CharField(max_length=9, choices=Basis.choices)
    version = models.ForeignKey(DatasetVersion, null=True, on_delete=models.PROTECT, related_name="models")
    source = models.CharField(max_length=200, blank=True, help_text="Whose catalogue, or where its card is.")
    document = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["engine", "name", "-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["engine", "name"], condition=models.Q(active=True), name="model_origin_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.engine}/{self.name}"

    def facts(self) -> dict[str, Any]:
        """As the API and the ledger name it."""
        return {
            "engine": self.engine,
            "name": self.name,
            "weights_sha256": self.weights_sha256,
            "origin": self.basis,
            "source": self.source,
        }
