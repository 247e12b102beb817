"""What a method check compares: everything generated for a master, and every recording of people's in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import QuerySet

from generation import arrangement as doc
from generation.hearing import Piece
from generation.models import MaterialMark, MethodCheck, Project, Take, Upload
from generation.services.common import ref
from provenance.models import Asset, AssetAnalysis
from provenance.soundalikes import soundalikes

#: So many generated pieces are compared by sound at most; the rest is counted and leaves a rule undecided.
COMPARED: Final = 40
MOST_ELSEWHERE: Final = 10
#: A stem by itself is hardly ever found by the sound of its whole take, so those of bound kinds are compared too.
MOST_STEMS: Final = 12


@dataclass(frozen=True)
class Target:
    """A recording that pieces are looked for in: the master, or something of people's that was put into it."""

    sha256: str
    title: str


@dataclass(frozen=True)
class Material:
    """What the worker compares: pieces in the order of their weight, what is left out, and the recordings.

    `watched`: groups of pieces that a rule forbids or binds, or that nobody marked.
    """

    pieces: tuple[Piece, ...]
    sources: tuple[Piece, ...]
    left_out: int
    targets: tuple[Target, ...]
    own: frozenset[str]
    watched: frozenset[str]
    marks_seen: int


@dataclass(frozen=True)
class _Brought:
    """A project's uploads: what tools made elsewhere, what is somebody's own, and what each is called."""

    generated: tuple[Piece, ...]
    own: frozenset[str]
    names: dict[str, str]


def material_for(found: MethodCheck) -> Material:
    """Everything generated in the project, what of other projects is in it, and every recording of people's."""
    master, project = found.master, found.master.project
    assert master.wav is not None
    rows = MaterialMark.objects.filter(project=project).values_list("ref", "kind", "entry_id")
    marks = {name: kind for name, kind, _ in rows}
    bound = {kind for kind, use in found.method.parsed.material.items() if use != "freely"}
    takes = Take.objects.filter(run__project=project)
    kept = {ref("take", take) for take in takes.filter(state=Take.State.SHORTLISTED)}
    mixes, stems = _pieces(takes, marks)
    brought = _brought(project, marks)
    document = doc.parse(master.render.version.document)
    audible = document.audible_assets
    own_here = brought.own & set(audible)
    elsewhere = _from_elsewhere(project, own_here)
    pieces = (*mixes, *stems, *brought.generated, *elsewhere)
    made = {piece.sha256 for piece in pieces}

    def weight(piece: Piece) -> int:
        if piece.elsewhere:
            return 0
        return 0 if piece.kind in bound else 1 if piece.group in kept else 2

    sources = sorted((*mixes, *brought.generated, *elsewhere), key=weight)
    alone = [stem for stem in stems if stem.kind in bound]
    return Material(
        pieces=pieces,
        sources=(*sources[:COMPARED], *alone[: max(0, min(MOST_STEMS, COMPARED - len(sources)))]),
        left_out=max(0, len(sources) - COMPARED),
        targets=(
            Target(master.wav.sha256, "the master"),
            *(
                Target(sha256, brought.names.get(sha256, "a recording in it"))
                for sha256 in audible
                if sha256 not in made
            ),
        ),
        own=brought.own,
        watched=frozenset(piece.group for piece in sources if piece.kind in bound or not piece.kind),
        marks_seen=max((entry for _, _, entry in rows), default=0),
    )


def _pieces(takes: QuerySet[Take], marks: Mapping[str, str]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Takes, and their stems."""
    mixes, stems = [], []
    rows = takes.select_related("run__terms__tool", "asset").prefetch_related("stems__asset")
    for take in rows.order_by("run__number", "number"):
        mix = Piece(
            sha256=take.asset.sha256,
            group=ref("take", take),
            title=f"take {take.number} of prompt run {take.run.number}",
            kind=marks.get(ref("take", take)) or marks.get(ref("run", take.run_id), ""),
            tools=tuple(dict.fromkeys((take.run.engine, take.run.terms.tool.key))),
            mode=take.run.mode,
            duration_ms=take.asset.duration_ms or 0,
        )
        mixes.append(mix)
        stems += [
            replace(mix, sha256=stem.asset.sha256, duration_ms=stem.asset.duration_ms or 0, part=True)
            for stem in take.stems.all()
        ]
    return tuple(mixes), tuple(stems)


def _brought(project: Project, marks: Mapping[str, str]) -> _Brought:
    generated, own, names = [], set(), {}
    for upload in Upload.objects.filter(project=project).select_related("asset", "terms__tool"):
        title = f"the uploaded {upload.role.replace('_', ' ')}"
        names[upload.asset.sha256] = title
        if upload.declared == Upload.Declared.EXTERNAL_TOOL or upload.c2pa.get("generated"):
            generated.append(
                Piece(
                    sha256=upload.asset.sha256,
                    group=ref("upload", upload),
                    title=title,
                    kind=marks.get(ref("upload", upload), ""),
                    tools=(upload.terms.tool.key,) if upload.terms else (),
                    duration_ms=upload.asset.duration_ms or 0,
                )
            )
        elif upload.declared == Upload.Declared.OWN_PERFORMANCE:
            own.add(upload.asset.sha256)
    return _Brought(tuple(generated), frozenset(own), names)


def _from_elsewhere(project: Project, own: Iterable[str]) -> tuple[Piece, ...]:
    """Takes of other projects that sound like a recording declared as somebody's own here, by the fingerprint's index.

    Whose they are is not said: who may read this project need not know the other one.
    """
    wanted = sorted(own)
    others = Take.objects.exclude(run__project=project).select_related("run__terms__tool", "asset")
    alike = set(others.filter(asset__sha256__in=wanted).values_list("asset_id", flat=True))
    for analysis in AssetAnalysis.objects.filter(asset__sha256__in=wanted).exclude(fingerprint=""):
        found = soundalikes(analysis.fingerprint, among=Asset.objects.filter(pk__in=others.values("asset")))
        alike |= {one.asset.pk for one in found}
    return tuple(
        Piece(
            sha256=take.asset.sha256,
            group=ref("take", take),
            title="a take made in another project",
            kind="",
            tools=tuple(dict.fromkeys((take.run.engine, take.run.terms.tool.key))),
            mode=take.run.mode,
            duration_ms=take.asset.duration_ms or 0,
            elsewhere=True,
        )
        for take in others.filter(asset__in=alike).order_by("created_at")[:MOST_ELSEWHERE]
    )
