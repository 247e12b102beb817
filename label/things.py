"""What entries are about, as people know it: names and pages of subjects, and sounds that can be played.

Names come from rows that the reader may open; whatever else an entry names stays an id.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.urls import reverse

from artists.access import known_artists, visible_artists, visible_people
from artists.models import PersonKey, User
from generation.access import visible_datasets, visible_projects
from generation.models import (
    Arrangement,
    ArrangementVersion,
    Brief,
    Master,
    PromptRun,
    Render,
    Take,
    TakeStem,
    Tool,
    Upload,
)
from release.access import visible_recordings, visible_releases
from release.models import Declaration, Package

#: In the order of what people look for first.
NAMED: Final = ("project", "release", "artist", "recording", "work")


@dataclass(frozen=True)
class Thing:
    """A subject with its name. `url` is empty where it has no page of its own."""

    ref: str
    kind: str
    title: str
    url: str = ""


@dataclass(frozen=True)
class Sound:
    """An asset that the reader may hear."""

    sha256: str
    title: str
    audio: str
    peaks: str
    href: str
    lufs: str
    duration_ms: int | None


Rows = Iterable[tuple[Any, str, str]]
Find = Callable[[User, list[uuid.UUID]], Rows]


def things(user: User, refs: Iterable[str]) -> dict[str, Thing]:
    """Ref -> what it is, for those that `user` may open: one query a kind, for any number of refs."""
    wanted: dict[str, list[uuid.UUID]] = {}
    for ref in refs:
        kind, _, key = ref.partition(":")
        if kind in _FINDERS and (pk := _uuid(key)) is not None:
            wanted.setdefault(kind, []).append(pk)
    found = {}
    for kind, pks in wanted.items():
        for pk, title, url in _FINDERS[kind](user, pks):
            found[f"{kind}:{pk}"] = Thing(f"{kind}:{pk}", kind, title, url)
    return found


def named(user: User, text: str, *, limit: int = 6) -> list[Thing]:
    """Projects, releases, artists, recordings and works with `text` in their names, of those `user` may open."""
    text = text.strip()[:80]
    if not text:
        return []
    found: list[Thing] = []
    for kind, rows, name in (
        ("project", visible_projects(user), "title"),
        ("release", visible_releases(user), "title"),
        ("artist", visible_artists(user), "name"),
        ("recording", visible_recordings(user), "title"),
    ):
        pks = rows.filter(**{f"{name}__icontains": text}).order_by(name).values_list("pk", flat=True)
        found += _in_order(user, kind, list(dict.fromkeys(pks[: limit * 2]))[:limit])
    works = visible_recordings(user).filter(work__title__icontains=text).values_list("work", flat=True)
    return found + _in_order(user, "work", list(dict.fromkeys(works[: limit * 2]))[:limit])


def refs_about(user: User, ref: str) -> tuple[str, ...]:
    """What to look for when somebody asks about `ref`: an artist's projects and releases belong to the artist."""
    kind, _, key = ref.partition(":")
    pk = _uuid(key)
    if pk is None:
        return (ref,)
    if kind == "artist":
        recordings = list(visible_recordings(user).filter(artist=pk).values_list("pk", "work_id"))
        merged = known_artists(user).filter(Q(merged_into=pk) | Q(merged_into__merged_into=pk))
        return (
            ref,
            *(f"artist:{one}" for one in merged.values_list("pk", flat=True)),
            *(
                f"project:{one}"
                for one in visible_projects(user).filter(artist=pk).values_list("pk", flat=True)
            ),
            *(
                f"release:{one}"
                for one in visible_releases(user).filter(artist=pk).values_list("pk", flat=True)
            ),
            *(f"recording:{one}" for one, _ in recordings),
            *dict.fromkeys(f"work:{work}" for _, work in recordings),
        )
    if kind in {"release", "work"}:
        rule = Q(tracks__release=pk, tracks__active=True) if kind == "release" else Q(work=pk)
        on_it = list(visible_recordings(user).filter(rule).values_list("pk", "work_id", "master_id"))
        return tuple(
            dict.fromkeys(
                (
                    ref,
                    *(f"recording:{one}" for one, _, _ in on_it),
                    *(f"work:{work}" for _, work, _ in on_it),
                    *(f"master:{master}" for _, _, master in on_it),
                )
            )
        )
    return (ref,)


def sounds(user: User, digests: Iterable[str]) -> dict[str, Sound]:
    """Digest -> how to hear it, for assets of projects that `user` may open."""
    wanted = sorted(set(digests))
    if not wanted:
        return {}
    projects = visible_projects(user).values("pk")
    found: dict[str, Sound] = {}

    def take_in(
        rows: Iterable[Any], name: str, title: Callable[[Any], str], page: Callable[[Any], str]
    ) -> None:
        for row in rows:
            asset = row.wav if name == "master" else row.asset
            analysis = getattr(asset, "analysis", None)
            found.setdefault(
                asset.sha256,
                Sound(
                    asset.sha256, title(row), reverse(f"generation:{name}-audio", args=[row.pk]),
                    reverse(f"generation:{name}-peaks", args=[row.pk]), page(row),
                    "" if analysis is None or analysis.lufs is None else str(analysis.lufs), asset.duration_ms,
                ),
            )  # fmt: skip

    def run_page(run_id: uuid.UUID) -> str:
        return reverse("generation:run", args=[run_id])

    of_asset = {"asset__sha256__in": wanted}
    take_in(
        Take.objects.filter(run__project__in=projects, **of_asset).select_related("run", "asset__analysis"),
        "take", lambda row: f"Take {row.number} of prompt run {row.run.number}", lambda row: run_page(row.run_id),
    )  # fmt: skip
    take_in(
        TakeStem.objects.filter(take__run__project__in=projects, **of_asset).select_related(
            "take__run", "asset__analysis"
        ),
        "stem", lambda row: f"{row.name} of take {row.take.number}", lambda row: run_page(row.take.run_id),
    )  # fmt: skip
    take_in(
        Upload.objects.filter(project__in=projects, **of_asset).select_related("asset__analysis"),
        "upload", lambda row: row.name, lambda row: reverse("generation:project", args=[row.project_id]),
    )  # fmt: skip
    take_in(
        Render.objects.filter(version__arrangement__project__in=projects, **of_asset).select_related(
            "version", "asset__analysis"
        ),
        "render", lambda row: f"Render of version {row.version.number}",
        lambda row: reverse("generation:render", args=[row.pk]),
    )  # fmt: skip
    take_in(
        Master.objects.filter(
            render__version__arrangement__project__in=projects, wav__sha256__in=wanted
        ).select_related("wav__analysis"),
        "master", lambda row: f"Master {row.number}", lambda row: reverse("generation:master", args=[row.pk]),
    )  # fmt: skip
    return found


def _in_order(user: User, kind: str, pks: list[uuid.UUID]) -> list[Thing]:
    found = things(user, (f"{kind}:{pk}" for pk in pks))
    return [found[ref] for pk in pks if (ref := f"{kind}:{pk}") in found]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# -- one finder a kind: (user, keys) -> (key, title, address) ----------------------------------------------------------


def _page(name: str, key: Any) -> str:
    return reverse(name, args=[key])


def _in(rows: QuerySet[Any], path: str, user: User, pks: list[uuid.UUID]) -> QuerySet[Any]:
    return rows.filter(pk__in=pks, **{f"{path}__in": visible_projects(user).values("pk")})


def _projects(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, title in visible_projects(user).filter(pk__in=pks).values_list("pk", "title"):
        yield pk, title, _page("generation:project", pk)


def _artists(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, name in known_artists(user).filter(pk__in=pks).values_list("pk", "name"):
        yield pk, name, _page("artists:artist", pk)


def _releases(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, title in visible_releases(user).filter(pk__in=pks).values_list("pk", "title"):
        yield pk, title, _page("release:release", pk)


def _recordings(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, title in visible_recordings(user).filter(pk__in=pks).values_list("pk", "title"):
        yield pk, title, _page("release:recording", pk)


def _works(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = visible_recordings(user).filter(work__in=pks).values_list("work_id", "work__title", "pk")
    for pk, title, recording in rows:
        yield pk, title, _page("release:recording", recording)


def _briefs(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(Brief.objects.all(), "project", user, pks):
        yield row.pk, f"Brief {row.number}", _page("generation:brief", row.project_id)


def _runs(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(PromptRun.objects.all(), "project", user, pks):
        yield row.pk, f"Prompt run {row.number}", _page("generation:run", row.pk)


def _takes(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(Take.objects.select_related("run"), "run__project", user, pks):
        url = f"{_page('generation:run', row.run_id)}#take-{row.pk}"
        yield row.pk, f"Take {row.number} of prompt run {row.run.number}", url


def _stems(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(TakeStem.objects.select_related("take"), "take__run__project", user, pks):
        yield row.pk, f"{row.name} of take {row.take.number}", _page("generation:run", row.take.run_id)


def _uploads(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(Upload.objects.all(), "project", user, pks):
        yield row.pk, row.name, f"{_page('generation:project', row.project_id)}#upload-{row.pk}"


def _arrangements(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(Arrangement.objects.all(), "project", user, pks):
        yield row.pk, row.title, _page("generation:arrangement", row.pk)


def _versions(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = ArrangementVersion.objects.select_related("arrangement").defer("document")
    for row in _in(rows, "arrangement__project", user, pks):
        url = _page("generation:arrangement", row.arrangement_id)
        yield row.pk, f"Version {row.number} of {row.arrangement.title}", url


def _renders(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = Render.objects.select_related("version").defer("version__document")
    for row in _in(rows, "version__arrangement__project", user, pks):
        yield row.pk, f"Render of version {row.version.number}", _page("generation:render", row.pk)


def _masters(user: User, pks: list[uuid.UUID]) -> Rows:
    for row in _in(Master.objects.all(), "render__version__arrangement__project", user, pks):
        yield row.pk, f"Master {row.number}", _page("generation:master", row.pk)


def _declarations(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = Declaration.objects.select_related("master")
    for row in _in(rows, "master__render__version__arrangement__project", user, pks):
        yield (
            row.pk,
            f"Statement {row.number} on master {row.master.number}",
            _page("release:declaration", row.master_id),
        )


def _packages(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = Package.objects.filter(pk__in=pks, release__in=visible_releases(user)).select_related("release")
    for row in rows:
        yield row.pk, f"Package of {row.release.title}", _page("release:package", row.pk)


def _contributors(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, name in visible_people(user).filter(pk__in=pks).values_list("pk", "credit_name"):
        yield pk, name, ""


def _accounts(user: User, pks: list[uuid.UUID]) -> Rows:
    rows = User.objects.filter(pk__in=pks)
    if not user.is_label_staff:
        together = Q(collaborations__project__in=visible_projects(user).values("pk"))
        rows = rows.filter(
            Q(pk=user.pk) | together | Q(memberships__artist__in=visible_artists(user))
        ).distinct()
    for pk, name in rows.values_list("pk", "full_name"):
        yield pk, name, ""


def _tools(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, name in Tool.objects.filter(pk__in=pks).values_list("pk", "name"):
        yield pk, name, ""


def _datasets(user: User, pks: list[uuid.UUID]) -> Rows:
    for pk, title in visible_datasets(user).filter(pk__in=pks).values_list("pk", "title"):
        yield pk, title, _page("generation:dataset", pk)


_FINDERS: Final[Mapping[str, Find]] = {
    "project": _projects,
    "dataset": _datasets,
    "artist": _artists,
    "release": _releases,
    "recording": _recordings,
    "work": _works,
    "brief": _briefs,
    "run": _runs,
    "take": _takes,
    "stem": _stems,
    "upload": _uploads,
    "arrangement": _arrangements,
    "version": _versions,
    "render": _renders,
    "master": _masters,
    "declaration": _declarations,
    "package": _packages,
    "person": _contributors,
    "user": _accounts,
    "tool": _tools,
}


def keys_of(user: User, fingerprints: Iterable[str]) -> dict[str, str]:
    """Fingerprint -> what its owner calls the key, for one's own keys; staff read all."""
    rows = PersonKey.objects.filter(fingerprint__in=list(fingerprints))
    if not user.is_label_staff:
        rows = rows.filter(user=user)
    return dict(rows.values_list("fingerprint", "label"))
