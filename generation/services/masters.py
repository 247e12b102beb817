"""Renders and masters: asking for them, and the terms of everything inside."""

from __future__ import annotations

import math
import uuid
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from artists.models import User
from generation import arrangement as doc
from generation import events, queue
from generation.errors import BadValue, NotPossible
from generation.models import ArrangementVersion, Master, Render, Take, ToolTerms, Upload
from generation.modes import MODES
from generation.services.allowances import Allowance, Verdict, allowance_of
from generation.services.common import locked, next_number, ref
from generation.services.resting import sampled
from generation.services.sounds import Sounds, sounds_of
from provenance import queries
from provenance.authorship import EntryBody
from provenance.ledger import record
from provenance.models import Asset

TARGET_LUFS = (-30.0, -5.0)
CEILING_DBTP = (-9.0, 0.0)


def request_render(version: ArrangementVersion, *, actor: User) -> Render:
    """Ask for the audio of a version. The same version always gives the same samples."""
    document = doc.parse(version.document)
    if not document.length_samples:
        raise NotPossible("Nothing sounds in this version. Add a clip, or unmute a track, and save it first.")
    project = version.arrangement.project
    with transaction.atomic():
        render_id = uuid.uuid4()
        entry = record(
            events.RenderRequested(
                stream=project.stream,
                subjects=(
                    ref("render", render_id),
                    ref("version", version),
                    ref("arrangement", version.arrangement_id),
                ),
                number=version.number,
                digest=version.digest,
            ),
            actor=actor,
        )
        job = queue.enqueue_render(version, render_id=str(render_id), actor=actor)
        return Render.objects.create(id=render_id, entry=entry, version=version, job=job, requested_by=actor)


def request_master(
    render: Render, *, target_lufs: float = -14.0, ceiling_dbtp: float = -1.0, actor: User
) -> Master:
    """Ask for a master at a loudness target. Raises `NotPossible` while the render is not finished."""
    if render.asset_id is None:
        raise NotPossible("The render is not finished. Wait for it, or start it again.")
    target = _level(target_lufs, TARGET_LUFS, field="target_lufs", what="target", unit="LUFS")
    ceiling = _level(ceiling_dbtp, CEILING_DBTP, field="ceiling_dbtp", what="ceiling", unit="dBTP")
    project = render.version.arrangement.project
    with transaction.atomic():
        locked(project)
        master_id = uuid.uuid4()
        number = next_number(Master.objects.filter(render__version__arrangement__project=project))
        entry = record(
            events.MasterRequested(
                stream=project.stream,
                subjects=(ref("master", master_id), ref("render", render)),
                number=number,
                target_lufs_milli=round(target * 1000),
                ceiling_millibel=round(ceiling * 100),
            ),
            actor=actor,
        )
        job = queue.enqueue_master(project, master_id=str(master_id), number=number, actor=actor)
        return Master.objects.create(
            id=master_id,
            entry=entry,
            render=render,
            number=number,
            target_lufs_milli=round(target * 1000),
            ceiling_millibel=round(ceiling * 100),
            job=job,
            requested_by=actor,
        )


@dataclass(frozen=True, kw_only=True)
class TermsUse:
    """Something inside a master and the terms it came under. `terms` is None for third-party licences.

    `allowance` says whether it may be sold, and with which credit. Either `take` or `upload` is set.
    """

    terms: ToolTerms | None
    asset: Asset
    why: str
    allowance: Allowance
    take: Take | None = None
    upload: Upload | None = None

    @property
    def is_generator(self) -> bool:
        """Whether a trained model made something new here. One that takes apart or writes down adds nothing."""
        if self.terms is not None and not self.terms.trained_model:
            return False
        if self.take is not None:
            mode = MODES.get(self.take.run.mode)
            return mode is None or mode.creates
        return self.upload is not None and self.upload.declared == Upload.Declared.EXTERNAL_TOOL


def lineage_terms(master: Master, *, bodies: Iterable[EntryBody] | None = None) -> list[TermsUse]:
    """The terms of everything in the master's lineage. Bytes that were made here count wherever they turn up.

    `bodies`: the entries that made it and what it was made from, where they are at hand.
    """
    if master.wav is None:
        return []
    if bodies is None:
        bodies = queries.bodies_for_asset(master.wav.sha256, decisions=False, stream=master.project.stream)
    return terms_by_master(sounds_of([(master, bodies)]))[master.pk]


def terms_by_master(sounds: Sounds) -> dict[object, list[TermsUse]]:
    """Master id -> `lineage_terms`."""
    generated = [
        (asset, take) for take in sounds.takes for asset in (take.asset, take.midi) if asset is not None
    ]
    generated += [(stem.asset, stem.take) for stem in sounds.stems]
    projects = {master.project.pk for master in sounds.inside}
    uploads = [upload for upload in sounds.uploads if upload.project_id in projects]
    standing = sampled(upload for upload in uploads if not upload.may_be_sold)
    return {
        master.pk: _terms(
            master,
            [(asset, take) for asset, take in generated if asset.sha256 in own],
            [
                upload
                for upload in uploads
                if upload.asset.sha256 in own or (upload.midi is not None and upload.midi.sha256 in own)
            ],
            standing,
        )
        for master, own in sounds.inside.items()
    }


def _terms(
    master: Master,
    made: Sequence[tuple[Asset, Take]],
    uploads: Iterable[Upload],
    standing: Container[object],
) -> list[TermsUse]:
    found: dict[tuple[object, object], TermsUse] = {}
    own = {take.run.terms_id for _, take in made if take.run.project_id == master.project.pk}
    for asset, take in made:
        terms, here = take.run.terms, take.run.project_id == master.project.pk
        if not here and terms.pk in own:
            continue  # the same bytes of the same tool in another project add nothing, and are its own business
        what = f"take {take.number} of prompt run {take.run.number}" if here else "a take of another project"
        found[("take", take.pk)] = TermsUse(
            terms=terms,
            asset=asset,
            why=f"{what} was made with {terms.tool.name}",
            allowance=allowance_of(terms),
            take=take,
        )
    for upload in uploads:
        if upload.project_id != master.project.pk:
            continue
        stated = _of_upload(upload, sampled=upload.pk in standing)
        if stated is not None:
            found[("upload", upload.pk)] = TermsUse(
                terms=upload.terms, asset=upload.asset, why=stated[0], allowance=stated[1], upload=upload
            )
    return list(found.values())


def _of_upload(upload: Upload, *, sampled: bool = False) -> tuple[str, Allowance] | None:
    """Why an upload is under terms and what they allow; None for the artist's own."""
    name = f"“{upload.name}”"
    if upload.terms is not None:
        return f"{name} was made with {upload.terms.tool.name}", allowance_of(upload.terms)
    if upload.declared == Upload.Declared.THIRD_PARTY:
        return f"{name} is somebody else's, under licence", licence_allowance(upload, sampled=sampled)
    if upload.declared == Upload.Declared.EXTERNAL_TOOL or upload.c2pa.get("generated"):
        by = (
            f"was made with {upload.tool_name or 'an AI tool'}"
            if upload.terms_open
            else ("carries the credential of a model")
        )
        return f"{name} {by}, under terms that nobody has stated", Allowance(
            verdict=Verdict.ASKS, sentence="nobody knows whether something in it may be sold."
        )
    return None


def upload_allowance(upload: Upload) -> Allowance:
    """Whether what was brought in may be sold by itself."""
    stated = _of_upload(upload, sampled=bool(not upload.may_be_sold and sampled([upload])))
    return stated[1] if stated is not None else Allowance(verdict=Verdict.MAY)


def licence_allowance(upload: Upload, *, sampled: bool = False) -> Allowance:
    """What the licence of somebody else's material allows, as it was declared, or their consent in its place."""
    if not upload.may_be_sold and not sampled:
        return Allowance(
            verdict=Verdict.MAY_NOT,
            sentence="something in it came under a licence that does not cover selling, and stands on no consent for "
            "sampling.",
        )
    if upload.attribution:
        return Allowance(
            verdict=Verdict.CREDIT, sentence="a licence in it asks for a credit.", credit=upload.attribution
        )
    return Allowance(verdict=Verdict.MAY)


def _level(value: float, limits: tuple[float, float], *, field: str, what: str, unit: str) -> float:
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        raise BadValue(f"The {what} lies between {low:g} and {high:g} {unit}.", field=field)
    return float(value)
