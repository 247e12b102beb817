"""Arrangements: a tree of saved documents. Saving never overwrites; who saves on an outdated version is told."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from artists.models import User
from generation import arrangement as doc
from generation import events
from generation.errors import BadValue, Conflict, NotPossible
from generation.models import Arrangement, ArrangementVersion, Project, Take
from generation.services.common import next_number, ref, text
from generation.services.material import check_assets
from provenance.elements import ROLES
from provenance.events import AssetRef
from provenance.ledger import record
from provenance.models import Asset

#: So many edits of one save stand in its entry; the count of the rest does, too.
MAX_EDITS = 200


def create_arrangement(
    project: Project, *, title: str, takes: Sequence[Take] = (), actor: User
) -> Arrangement:
    """Start a timeline; version 1 lays out the stems of *takes*, one track a stem, from the beginning.

    The first take sounds; the tracks of further takes come muted, because two takes at once are seldom music.
    """
    title = text(title, field="title", what="title", most=120, required=True)
    for take in takes:
        if take.run.project_id != project.pk:
            raise BadValue("This take belongs to another project.", field="takes")
        if take.state != Take.State.SHORTLISTED:
            raise NotPossible(f"Keep take {take.number} first; an arrangement starts from kept takes.")
    document = _first_document(takes)
    with transaction.atomic():
        arrangement = Arrangement(project=project, title=title)
        version = ArrangementVersion(
            arrangement=arrangement,
            number=1,
            parent=None,
            document=doc.to_json(document),
            digest=doc.digest(document),
            saved_by=actor,
        )
        entry = record(
            events.ArrangementCreated(
                stream=project.stream,
                subjects=(
                    ref("arrangement", arrangement),
                    ref("version", version),
                    *(ref("take", take) for take in takes),
                ),
                inputs=tuple(AssetRef(role="clip", sha256=sha256) for sha256 in document.assets),
                title=title,
                digest=version.digest,
                tracks=len(document.tracks),
                clips=sum(1 for _ in document.clips()),
                takes=tuple(f"{take.run.number}.{take.number}" for take in takes),
            ),
            actor=actor,
        )
        arrangement.entry = version.entry = entry
        arrangement.save(force_insert=True)
        version.save(force_insert=True)
    return arrangement


def head_of(arrangement: Arrangement) -> ArrangementVersion:
    """The version saved last."""
    return arrangement.versions.select_related("saved_by", "arrangement__project").order_by("-number")[0]


def save_version(
    arrangement: Arrangement,
    *,
    document: object,
    base_version: int,
    name: str = "",
    note: str = "",
    as_branch: bool = False,
    actor: User,
) -> ArrangementVersion:
    """Save *document* as the next version after *base_version*.

    Raises `BadDocument` for a document that is none, `Conflict` when somebody saved after the base already (it carries
    their version; nothing of the caller's is lost: save again with `as_branch`). An unchanged document saves nothing.
    """
    new = doc.parse(document)
    name = text(name, field="name", what="name", most=80)
    note = text(note, field="note", what="note", most=500)
    with transaction.atomic():
        arrangement = (
            Arrangement.objects.select_for_update(of=("self",))
            .select_related("project")
            .get(pk=arrangement.pk)
        )
        base = arrangement.versions.filter(number=base_version).first()
        if base is None:
            raise BadValue(f"There is no version {base_version} of this arrangement.", field="base_version")
        digest = doc.digest(new)
        if digest == base.digest and not as_branch:
            return name_version(base, name=name, actor=actor) if name and name != base.name else base
        children = base.children.exists()
        if children and not as_branch:
            latest = _latest_after(arrangement, base)
            raise Conflict(
                f"{latest.saved_by.full_name} saved version {latest.number} in the meantime. "
                "Yours is not lost: save it as a branch, or look at theirs first.",
                latest=latest,
            )
        old = doc.parse(base.document)
        check_assets(arrangement.project, set(new.assets) - set(old.assets))
        changes = doc.edits(old, new)
        counts = Counter(edit.kind for edit in changes)
        version = ArrangementVersion(
            arrangement=arrangement,
            number=next_number(arrangement.versions.all()),
            parent=base,
            name=name,
            document=doc.to_json(new),
            digest=digest,
            saved_by=actor,
        )
        version.entry = record(
            events.ArrangementSaved(
                stream=arrangement.project.stream,
                subjects=(ref("arrangement", arrangement), ref("version", version)),
                inputs=tuple(
                    AssetRef(role="clip", sha256=sha256)
                    for sha256 in new.assets
                    if sha256 not in set(old.assets)
                ),
                number=version.number,
                parent=base.number,
                branch=bool(as_branch and children),
                digest=digest,
                name=name,
                summary=_summary(counts),
                edit_counts=dict(counts),
                edits=tuple(_nameless(edit.to_json()) for edit in changes[:MAX_EDITS]),
                edits_left_out=max(0, len(changes) - MAX_EDITS),
                note=note,
            ),
            actor=actor,
        )
        version.save(force_insert=True)
    return version


def name_version(version: ArrangementVersion, *, name: str, actor: User) -> ArrangementVersion:
    """Give a version a name, so that it is found again."""
    name = text(name, field="name", what="name", most=80, required=True)
    with transaction.atomic():
        rows = ArrangementVersion.objects.select_for_update(of=("self",)).select_related(
            "arrangement__project"
        )
        row = rows.get(pk=version.pk)
        if row.name == name:
            return row
        row.entry = record(
            events.VersionNamed(
                stream=row.arrangement.project.stream,
                subjects=(ref("version", row), ref("arrangement", row.arrangement)),
                number=row.number,
                name=name,
            ),
            actor=actor,
        )
        row.name = name
        row.save()
    return row


def _first_document(takes: Sequence[Take]) -> doc.Arrangement:
    if not takes:
        return doc.empty()
    first = takes[0]
    document = doc.empty(
        sample_rate_hz=_rate(first.asset),
        tempo_milli_bpm=_tempo(first.facts.get("tempo_milli_bpm")),
        metre=str(first.facts.get("metre") or "4/4"),
    )
    for place, take in enumerate(takes):
        stems = sorted(take.stems.select_related("asset"), key=lambda stem: ROLES.index(stem.role))
        rows = [(stem.name, stem.role, stem.asset) for stem in stems] or [
            ("full mix", "full_mix", take.asset)
        ]
        for name, role, asset in rows:
            title = name if place == 0 else f"{name}, take {take.number}"
            document = doc.add_track(document, name=title[:1].upper() + title[1:], role=role)
            document = doc.add_clip(
                document,
                document.tracks[-1].id,
                asset=asset.sha256,
                name=f"take {take.number}, {name}",
                length_samples=_length(asset, document.sample_rate_hz),
            )
            if place:
                muted = dataclasses.replace(document.tracks[-1], mute=True)
                document = dataclasses.replace(document, tracks=(*document.tracks[:-1], muted))
    return doc.parse(doc.to_json(document))


def _rate(asset: Asset) -> int:
    return int(asset.probe.get("sample_rate_hz") or 44_100)


def _length(asset: Asset, rate: int) -> int:
    """The asset's length in samples of the document's rate."""
    return max(1, int(asset.probe["samples"]) * rate // _rate(asset))


def _tempo(value: object) -> int:
    low, high = 10_000, 999_000
    return value if type(value) is int and low <= value <= high else 120_000


def _latest_after(arrangement: Arrangement, base: ArrangementVersion) -> ArrangementVersion:
    """The version with the highest number that descends from *base*."""
    line = {base.pk}
    latest = base.pk
    for pk, parent in arrangement.versions.order_by("number").values_list("pk", "parent_id"):
        if parent in line:
            line.add(pk)
            latest = pk
    return ArrangementVersion.objects.select_related("saved_by").get(pk=latest)


def _summary(counts: Counter[str]) -> str:
    if not counts:
        return "no edits"
    return ", ".join(f"{count} × {kind.replace('.', ' ')}" for kind, count in sorted(counts.items()))


def _nameless(edit: dict[str, Any]) -> dict[str, Any]:
    """The edit without names that people gave to tracks and clips: entries cannot be erased."""
    return {
        key: _nameless(value) if isinstance(value, dict) else value
        for key, value in edit.items()
        if key != "name"
    }
