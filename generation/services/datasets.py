"""Datasets: put together from recordings whose artists agreed, frozen, and exported for trainers."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from artists.models import Consent, User
from artists.services import consents
from generation import events, queue
from generation.errors import BadValue, NotPossible
from generation.models import Dataset, DatasetMember, DatasetVersion, Take
from generation.prompting import build_prompt
from generation.services.briefs import brief_values
from generation.services.common import next_number, ref, text, texts
from generation.services.givens import Thing, readable_thing
from generation.services.training import Basis, Obstacle, bases_of
from provenance import assets
from provenance.blobs import Staged
from provenance.events import AssetRef
from provenance.ledger import Actor, record

MOST_RECORDINGS: Final = 2000
MOST_TOOLS: Final = 20
WORKER: Final = Actor.worker("datasets")
_PLACE = re.compile("[A-Z]{2}")


class MayNotTrain(NotPossible):
    """A recording may not train a model. `obstacles` say why, whom to ask and where."""

    code = "may_not_train"

    def __init__(self, obstacles: Collection[Obstacle], *, what: str) -> None:
        self.obstacles = tuple(obstacles)
        super().__init__(
            f"{what} may not be used for training. {' '.join(one.sentence for one in obstacles)}"
        )


@dataclass(frozen=True)
class Member:
    """A recording of a dataset with what it rests on today."""

    row: DatasetMember
    basis: Basis


def create_dataset(
    *,
    title: str,
    purpose: str,
    tools: Iterable[str] = (),
    territories: Iterable[str] = ("Worldwide",),
    actor: User,
) -> Dataset:
    """Begin a dataset. Its tools and places are what consents are asked about; they stay as they are."""
    title = text(title, field="title", what="title", most=120, required=True)
    purpose = text(purpose, field="purpose", what="purpose", most=400, required=True)
    named = tuple(dict.fromkeys(texts(tools, field="tools", what="tools", most=MOST_TOOLS, each=64)))
    places = tuple(dict.fromkeys(texts(territories, field="territories", what="territories", each=10)))
    if not places or any(one != "Worldwide" and not _PLACE.fullmatch(one) for one in places):
        raise BadValue("Give territories as two-letter codes, or Worldwide.", field="territories")
    dataset = Dataset(
        title=title, purpose=purpose, tools=list(named), territories=list(places), made_for=actor
    )
    with transaction.atomic():
        dataset.entry = record(
            events.DatasetCreated(
                stream=dataset.stream, subjects=(dataset.stream,), title=title, purpose=purpose, tools=named,
                territories=places,
            ),
            actor=actor,
        )  # fmt: skip
        dataset.save(force_insert=True)
    return dataset


def add_recording(dataset: Dataset, *, thing: str, actor: User) -> DatasetMember:
    """Put a recording in: `master:<id>`, `stem:`, `upload:`, `take:` or `render:` of what *actor* may open.

    Raises `MayNotTrain` unless everybody whose work sounds in it agreed.
    """
    found = readable_thing(thing, user=actor, field="recording")
    if found.audio is None:
        raise BadValue(f"The {found.title} has no sound. Choose a recording.", field="recording")
    asset = found.audio
    with transaction.atomic():
        row = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if row.members.filter(asset=asset, active=True).exists():
            raise NotPossible(f"The {found.title} of {found.project.title} is in the dataset already.")
        if row.members.filter(active=True).count() >= MOST_RECORDINGS:
            raise NotPossible(f"A dataset holds at most {MOST_RECORDINGS} recordings. Begin another.")
        [basis] = bases_of([(asset, found.project)], tools=row.tools, territories=row.territories)
        if not basis.may_train:
            raise MayNotTrain(basis.obstacles, what=_called(found))
        member = DatasetMember(
            dataset=row, project=found.project, ref=thing, asset=asset, part=found.sounds_like, added_by=actor
        )
        artist = found.project.artist
        member.entry = record(
            events.DatasetRecordingAdded(
                stream=row.stream,
                subjects=(row.stream, ref("dataset-member", member), thing, found.project.stream),
                inputs=(AssetRef(role=found.sounds_like, sha256=asset.sha256),),
                title=row.title,
                recording=f"{found.title} of {found.project.title}",
                artist=str(artist.pk),
                artist_name=artist.name,
                sha256=asset.sha256,
                consents=tuple(str(one.pk) for one in basis.consents),
            ),
            actor=actor,
        )
        member.save(force_insert=True)
        _note(basis.consents, ref("dataset-member", member), actor=actor)
    return member


def remove_recording(member: DatasetMember, *, actor: User) -> DatasetMember:
    """Take a recording out. Versions that were exported with it stay as they are."""
    with transaction.atomic():
        rows = DatasetMember.objects.select_for_update(of=("self",)).select_related(
            "dataset", "project__artist", "asset"
        )
        row = rows.get(pk=member.pk)
        if not row.active:
            raise NotPossible("It is not in the dataset any more.")
        artist = row.project.artist
        row.entry = record(
            events.DatasetRecordingRemoved(
                stream=row.dataset.stream,
                subjects=(row.dataset.stream, ref("dataset-member", row), row.ref, row.project.stream),
                title=row.dataset.title,
                recording=f"{row.ref.partition(':')[0]} of {row.project.title}",
                artist=str(artist.pk),
                artist_name=artist.name,
                sha256=row.asset.sha256,
            ),
            actor=actor,
        )
        row.active = False
        row.save()
    return row


def members_of(dataset: Dataset, *, day: dt.date | None = None) -> list[Member]:
    """Every recording that is in, with what it rests on today (or on a day)."""
    rows = list(dataset.members.filter(active=True).select_related("asset", "project__artist", "added_by"))
    bases = bases_of(
        [(row.asset, row.project) for row in rows], tools=dataset.tools, territories=dataset.territories, day=day
    )  # fmt: skip
    return [Member(row, basis) for row, basis in zip(rows, bases, strict=True)]


def request_export(dataset: Dataset, *, actor: User) -> DatasetVersion:
    """Freeze what is in the dataset as a version, and have it packed. Raises `MayNotTrain` where a consent ended."""
    with transaction.atomic():
        row = Dataset.objects.select_for_update().get(pk=dataset.pk)
        members = members_of(row)
        if not members:
            raise NotPossible("There is no recording in the dataset yet. Put one in first.")
        if obstacles := {one.sentence: one for member in members for one in member.basis.obstacles}:
            raise MayNotTrain(obstacles.values(), what="What is in the dataset")
        if row.versions.filter(job__state__in=("queued", "running")).exists():
            raise NotPossible("A version is being packed. Wait for it, or cancel it.")
        version = DatasetVersion(
            dataset=row,
            number=next_number(row.versions.all()),
            tools=list(row.tools),
            territories=list(row.territories),
            lines=[_line(member) for member in members],
            requested_by=actor,
        )
        agreed = {one.pk: one for member in members for one in member.basis.consents}
        version.entry = record(
            events.DatasetFrozen(
                stream=row.stream,
                subjects=(row.stream, ref("dataset-version", version)),
                inputs=tuple(AssetRef(role=line["part"], sha256=line["sha256"]) for line in version.lines),
                title=row.title,
                number=version.number,
                recordings=len(members),
                tools=tuple(row.tools),
                territories=tuple(row.territories),
                lines={line["sha256"]: tuple(line["consents"]) for line in version.lines},
            ),
            actor=actor,
        )
        version.job = queue.enqueue_dataset(
            row, version_id=str(version.pk), number=version.number, actor=actor
        )
        version.save(force_insert=True)
        _note(agreed.values(), ref("dataset-version", version), actor=actor)
    return version


def version_to_pack(version_id: str) -> DatasetVersion:
    return DatasetVersion.objects.select_related("dataset", "job").get(pk=uuid.UUID(version_id))


def require_exportable(version: DatasetVersion) -> None:
    """Return while every consent that a frozen version stands on holds. Raises `MayNotTrain`."""
    if obstacles := obstacles_of(version):
        raise MayNotTrain(obstacles, what=f"Version {version.number} of {version.dataset.title}")


def obstacles_of(version: DatasetVersion, *, day: dt.date | None = None) -> tuple[Obstacle, ...]:
    """What stands against using a frozen version today; a consent that was given anew counts like the first."""
    return tuple(
        {
            one.sentence: one for basis in bases_of_version(version, day=day) for one in basis.obstacles
        }.values()
    )


def bases_of_version(version: DatasetVersion, *, day: dt.date | None = None) -> list[Basis]:
    rows = DatasetMember.objects.filter(pk__in=[line["member"] for line in version.lines])
    found = [(row.asset, row.project) for row in rows.select_related("asset", "project__artist")]
    return bases_of(found, tools=version.tools, territories=version.territories, day=day)


def finish_export(
    version: DatasetVersion, *, archive: Staged, manifest_sha256: str, captions: int
) -> DatasetVersion:
    """Keep the archive of a version. Called inside the worker's fenced transaction."""
    row = DatasetVersion.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=version.pk)
    if row.asset_id is not None:
        return row
    require_exportable(row)
    row.entry = record(
        events.DatasetExported(
            stream=row.dataset.stream,
            subjects=(row.dataset.stream, ref("dataset-version", row), f"asset:{archive.sha256}"),
            title=row.dataset.title,
            number=row.number,
            recordings=len(row.lines),
            captions=captions,
            manifest_sha256=manifest_sha256,
            archive_sha256=archive.sha256,
            size_bytes=archive.size,
        ),
        actor=WORKER,
    )
    row.asset = assets.register(archive, entry=row.entry, media_type="application/zip")
    row.manifest_sha256 = manifest_sha256
    row.save()
    return row


def caption_of(member: DatasetMember) -> str:
    """The words that asked for a recording, while the vault holds them: a take's prompt, else the newest brief."""
    kind, _, key = member.ref.partition(":")
    if kind in ("take", "stem"):
        rows = Take.objects.filter(pk=key) if kind == "take" else Take.objects.filter(stems__pk=key)
        take = rows.select_related("run__entry", "run__brief__entry").first()
        if take is not None and (prompt := take.run.prompt):
            return prompt
    brief = member.project.briefs.select_related("entry").order_by("-number").first()
    if brief is None:
        return ""
    values = brief_values(brief)
    return values.prompt or build_prompt(values)


def consents_of_lines(version: DatasetVersion) -> dict[str, Consent]:
    """Id -> the consents that a version was frozen with."""
    rows = Consent.objects.filter(pk__in=version.consents).select_related("artist", "entry")
    return {str(row.pk): row for row in rows}


def _line(member: Member) -> dict[str, Any]:
    row = member.row
    return {
        "member": str(row.pk),
        "ref": row.ref,
        "sha256": row.asset.sha256,
        "part": row.part,
        "artist": str(row.project.artist_id),
        "artist_name": row.project.artist.name,
        "project": str(row.project_id),
        "captions": member.basis.captions,
        "consents": [str(one.pk) for one in member.basis.consents],
        "until": member.basis.until.isoformat() if member.basis.until else "",
    }


def _note(agreed: Iterable[Consent], name: str, *, actor: User) -> None:
    """In the stream of each artist: whoever agreed sees what for."""
    for consent in agreed:
        consents.note_use([consent], ref=name, stream=f"artist:{consent.artist_id}", actor=actor)


def _called(thing: Thing) -> str:
    return f"The {thing.title} of {thing.project.title}"
