"""What a project may put on its timelines: its own takes, stems, uploads and renders, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generation.errors import BadValue
from generation.models import Project, Render, Take, TakeStem, ToolTerms, Upload
from generation.services.allowances import Verdict, allowance_of
from provenance.elements import role_label
from provenance.models import Asset


@dataclass(frozen=True, kw_only=True)
class Material:
    """One thing that can be placed. `kind` is take, stem, upload or render, `pk` that row's."""

    kind: str
    pk: str
    asset: Asset
    name: str
    group: str
    role: str
    terms: str
    origin: str
    kept: bool = False
    playable: Asset | None = None


def materials(project: Project) -> list[Material]:
    """Everything that the project has, kept takes first, then uploads, other takes, renders."""
    takes = (
        Take.objects.filter(run__project=project)
        .select_related("run__terms__tool", "asset__analysis")
        .prefetch_related("stems__asset__analysis", "run__inputs", "run__terms__rulings")
        .order_by("-run__number", "number")
    )
    kept: list[Material] = []
    others: list[Material] = []
    for take in takes:
        (kept if take.state == Take.State.SHORTLISTED else others).extend(_of_take(take))
    # Notes make no sound: they are given to modes, never placed.
    uploads = (
        Upload.objects.filter(project=project, midi=None)
        .select_related("asset__analysis", "playback", "terms__tool")
        .prefetch_related("terms__rulings")
    )
    renders = Render.objects.filter(version__arrangement__project=project, asset__isnull=False)
    return [
        *kept,
        *map(_of_upload, uploads),
        *others,
        *map(_of_render, renders.select_related("asset__analysis", "version")),
    ]


def check_assets(project: Project, digests: Iterable[str]) -> None:
    """Return when all belong to the project. Raises `BadValue`: a digest alone gives nobody another project's sound."""
    wanted = set(digests)
    rows = (
        Take.objects.filter(run__project=project, asset__sha256__in=wanted).values_list(
            "asset__sha256", flat=True
        ),
        TakeStem.objects.filter(take__run__project=project, asset__sha256__in=wanted).values_list(
            "asset__sha256", flat=True
        ),
        Upload.objects.filter(project=project, midi=None, asset__sha256__in=wanted).values_list(
            "asset__sha256", flat=True
        ),
        Render.objects.filter(version__arrangement__project=project, asset__sha256__in=wanted).values_list(
            "asset__sha256", flat=True
        ),
    )
    for found in rows:
        wanted -= set(found)
    if wanted:
        raise BadValue(
            f"The sound {min(wanted)[:12]}… does not belong to this project. Use its takes, stems and uploads.",
            field="document",
            code="foreign_asset",
        )


def _of_take(take: Take) -> list[Material]:
    sold = _sold(take.run.terms)
    origin = "trained_model" if take.run.terms.trained_model else "procedural"
    group = f"Run {take.run.number}, take {take.number}"
    kept = take.state == Take.State.SHORTLISTED
    rows: list[tuple[str, Take | TakeStem, str, str]] = [("take", take, role_label(take.role), take.role)]
    rows += [("stem", stem, stem.name, stem.role) for stem in take.stems.all()]
    return [
        Material(
            kind=kind,
            pk=str(row.pk),
            asset=row.asset,
            name=f"take {take.number}, {name}",
            group=group,
            role=role,
            terms=sold,
            origin=origin,
            kept=kept,
        )
        for kind, row, name, role in rows
    ]


def _of_upload(upload: Upload) -> Material:
    origins = {"own_performance": "human", "third_party": "third_party", "external_tool": "trained_model"}
    if upload.terms is not None:
        sold = _sold(upload.terms)
    elif upload.terms_open:
        sold = _SOLD[Verdict.ASKS]
    else:
        sold = "may be sold" if upload.may_be_sold else "may not be sold"
    return Material(
        kind="upload",
        pk=str(upload.pk),
        asset=upload.asset,
        name=upload.name,
        group="Uploads",
        role=upload.role,
        terms=sold,
        origin="trained_model" if upload.c2pa.get("generated") else origins[upload.declared],
        playable=upload.playback,
    )


def _of_render(render: Render) -> Material:
    assert render.asset is not None
    return Material(
        kind="render",
        pk=str(render.pk),
        asset=render.asset,
        name=f"render of version {render.version.number}",
        group="Renders",
        role="full_mix",
        terms="",
        origin="mixed",
    )


_SOLD = {
    Verdict.MAY: "may be sold", Verdict.CREDIT: "may be sold", Verdict.ASKS: "sale not clear",
    Verdict.MAY_NOT: "may not be sold",
}  # fmt: skip


def _sold(terms: ToolTerms) -> str:
    return _SOLD[allowance_of(terms).verdict]
