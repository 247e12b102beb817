"""What of the house is inside masters: takes, stems and uploads, read once for everything that is asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Q

from generation.models import Master, Take, TakeStem, ToolTerms, Upload
from provenance.authorship import EntryBody
from provenance.models import Asset


@dataclass(frozen=True)
class Sounds:
    """What holds any of the bytes in some masters, as sound or as notes, in the order of the lists of a project.

    `inside`: the digests in each master's lineage. `takes` also holds those that the stems are of, and both and the
    uploads may be of other projects. `came_in`: by upload, the stream in which its bytes were first recorded.
    """

    inside: Mapping[Master, frozenset[str]]
    takes: Sequence[Take]
    stems: Sequence[TakeStem]
    uploads: Sequence[Upload]
    came_in: Mapping[object, str]


def sounds_of(made: Iterable[tuple[Master, Iterable[EntryBody]]]) -> Sounds:
    """The sounds of masters by the entries that made each, in as many queries for many as for one."""
    inside = {
        master: frozenset(item.sha256 for body in bodies for item in (*body.inputs, *body.outputs))
        for master, bodies in made
    }
    every = frozenset[str]().union(*inside.values())
    # By the keys of assets: a condition on the digests of two joined tables reads all takes and uploads there are.
    keys = list(Asset.objects.filter(sha256__in=every).order_by().values_list("pk", flat=True))
    stems = list(TakeStem.objects.filter(asset__in=keys).order_by("role").select_related("asset"))
    # Notes count like sound: a take that was made from another's notes stands on that one's terms, too.
    held = Q(asset__in=keys) | Q(midi__in=keys)
    rows = Take.objects.filter(held | Q(pk__in={stem.take_id for stem in stems}))
    takes = list(rows.select_related("asset", "midi", "run__project"))
    uploads = list(
        Upload.objects.filter(held)
        .select_related("asset", "midi", "project")
        .annotate(first_stream=F("asset__entry__stream"))
    )
    _give_terms(takes, uploads)
    place = {take.pk: at for at, take in enumerate(takes)}
    stems.sort(key=lambda stem: place[stem.take_id])
    for stem in stems:
        stem.take = takes[place[stem.take_id]]
    return Sounds(inside, takes, stems, uploads, {upload.pk: upload.first_stream for upload in uploads})


def _give_terms(takes: Iterable[Take], uploads: Iterable[Upload]) -> None:
    """The few terms that all of it came under, with what rights ruled about them, read once."""
    wanted = {take.run.terms_id for take in takes}
    wanted |= {upload.terms_id for upload in uploads if upload.terms_id is not None}
    rows = ToolTerms.objects.filter(pk__in=wanted).select_related("tool").prefetch_related("rulings")
    terms = {row.pk: row for row in rows}
    for take in takes:
        take.run.terms = terms[take.run.terms_id]
    for upload in uploads:
        if upload.terms_id is not None:
            upload.terms = terms[upload.terms_id]
