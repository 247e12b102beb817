"""What the scene lacks and some addresses are asked with; made when it is first asked for."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from tests.scenes import Scene


def leaf(scene: Scene) -> str:
    return bytes(scene.take.entry.leaf_hash).hex()


def signing_request(scene: Scene) -> str:
    from artists import services

    return services.signing_request(scene.cast.mara, scene.project.stream, "session").nonce


def signing_key(scene: Scene) -> Any:
    return scene.cast.mara.signing_keys.get().pk


def document(scene: Scene) -> Any:
    from artists.services import add_document

    found = scene.cast.artist.documents.first()
    return (
        found
        or add_document(
            scene.cast.artist,
            file=io.BytesIO(b"%PDF-1.7 a fictional contract"),
            filename="contract.pdf",
            kind="contract",
            actor=scene.cast.owner,
        )
    ).pk


def colleague(scene: Scene) -> Any:
    from artists.services import add_team_member

    found = scene.cast.artist.team.first()
    return (
        found
        or add_team_member(scene.cast.artist, role="manager", user=scene.cast.anr, actor=scene.cast.owner)
    ).pk


def preset(scene: Scene) -> Any:
    from generation.models import Preset

    row, _ = Preset.objects.get_or_create(
        owner=scene.cast.mara, project=scene.project, name="Warm", engine="sketch", mode="text_to_music"
    )
    return row.pk


def sweep(scene: Scene) -> Any:
    from django.db import transaction

    from generation.events import SweepRequested
    from generation.models import Sweep
    from provenance.ledger import record

    if found := scene.project.sweeps.first():
        return found.pk
    said = {"number": 1, "parameter": "density", "values": (0, 1)}
    with transaction.atomic():
        event = SweepRequested(
            stream=scene.project.stream, engine="sketch", mode="text_to_music", runs=0, **said
        )
        entry = record(event, actor=scene.cast.mara)
        return Sweep.objects.create(project=scene.project, entry=entry, **said).pk


def consent(scene: Scene) -> Any:
    from artists.models import Consent
    from artists.services import consents

    found = Consent.objects.filter(artist=scene.cast.artist).first()
    return (
        found
        or consents.propose_consent(
            scene.cast.artist,
            kind="voice",
            giver_name="Vera Klang (fictional)",
            words="A replica of her voice.",
            starts_on=dt.date(2026, 1, 1),
            actor=scene.cast.rights,
        )
    ).pk


def dataset(scene: Scene) -> Any:
    from generation.models import Dataset
    from generation.services import datasets

    found = Dataset.objects.first()
    return (
        found
        or datasets.create_dataset(title="Harbours", purpose="A model of pads.", actor=scene.cast.rights)
    ).pk
