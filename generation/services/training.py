"""What stands behind a recording when a model is trained on it: whose work it is, and who agreed to that.

Read from the lineage: another artist's stem, somebody else's drum break or a generator's take counts wherever it
sounds. What nobody agreed to, or nobody answered, is an obstacle and never a permission.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from artists.models import Artist, Consent, ConsentUse
from artists.services import consents
from generation.models import Project, Take, TakeStem, Tool, ToolTerms, Upload
from generation.services.allowances import UNKNOWN, YES, Question, answers_to
from provenance.models import Asset
from provenance.queries import bodies_for_assets
from provenance.words import join

TRAINING: Final = Consent.Kind.TRAINING
#: Stands for a tool that nobody named: only a consent without a list of tools covers it.
ANY_TOOL: Final = "*"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """An agreement that a recording rests on, for the part of it that is `what`."""

    consent: Consent
    artist: Artist
    what: str


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a recording may not train a model, and what to do. `artist` is who has to be asked, `whose` what for."""

    code: str
    sentence: str
    artist: Artist | None = None
    whose: str = Consent.Whose.ARTIST
    upload: Upload | None = None
    tool: Tool | None = None
    consent: Consent | None = None


@dataclass(frozen=True)
class Basis:
    """All grounds and obstacles of one recording."""

    grounds: tuple[Ground, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def may_train(self) -> bool:
        return not self.obstacles

    @property
    def consents(self) -> tuple[Consent, ...]:
        return tuple({ground.consent.pk: ground.consent for ground in self.grounds}.values())

    @property
    def until(self) -> dt.date | None:
        """The last day on which all of it holds; None: no end is known."""
        ends = [consent.ends_on for consent in self.consents if consent.ends_on is not None]
        ends += [one.revoked_on - dt.timedelta(days=1) for one in self.consents if one.revoked_on is not None]
        return min(ends, default=None)

    @property
    def captions(self) -> bool:
        """Whether everybody who agreed lets words go along."""
        return bool(self.consents) and all(consent.captions for consent in self.consents)


def names_of(tools: Iterable[str]) -> list[frozenset[str]]:
    """Each tool under all its names: its key in the catalogue and the engine that runs it."""
    from generation.models import EngineOffer

    keys = {offer.name: offer.tool_key for offer in EngineOffer.objects.all()}
    found = []
    for tool in tools:
        same = {tool, keys.get(tool, tool)} | {name for name, key in keys.items() if key == tool}
        found.append(frozenset(same))
    return found or [frozenset({ANY_TOOL})]


def bases_of(
    recordings: Sequence[tuple[Asset, Project]],
    *,
    tools: Collection[str],
    territories: Collection[str],
    day: dt.date | None = None,
) -> list[Basis]:
    """For each recording and its project: what it rests on for these tools and places, on a day (today)."""
    walked = bodies_for_assets((asset.sha256, project.stream) for asset, project in recordings)
    inside = [
        {asset.sha256} | {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
        for (asset, _), bodies in zip(recordings, walked, strict=True)
    ]
    read = _Read(set().union(*inside) if inside else set(), {project for _, project in recordings})
    asked = _Asked(names_of(tools), territories, day)
    return [_basis(own, project, read, asked) for own, (_, project) in zip(inside, recordings, strict=True)]


class _Read:
    """Rows of everything that sounds in some recordings, in as many queries as for one."""

    def __init__(self, digests: set[str], projects: set[Project]) -> None:
        self.projects = {project.stream: project for project in projects}
        first = dict(
            Asset.objects.filter(sha256__in=digests, entry__stream__startswith="project:").values_list(
                "sha256", "entry__stream"
            )
        )
        missing = {stream for stream in first.values() if stream not in self.projects}
        rows = Project.objects.filter(pk__in=[stream.partition(":")[2] for stream in missing])
        self.projects |= {row.stream: row for row in rows.select_related("artist")}
        self.first = {sha256: self.projects[stream] for sha256, stream in first.items()}
        sounds = Q(asset__sha256__in=digests) | Q(midi__sha256__in=digests)
        uploads = Upload.objects.filter(sounds).select_related(
            "asset", "midi", "project__artist", "terms__tool"
        )
        self.uploads = list(uploads.prefetch_related("terms__rulings"))
        takes = Take.objects.filter(sounds).select_related(
            "asset", "midi", "run__terms__tool", "run__project"
        )
        self.takes = list(takes.prefetch_related("run__terms__rulings"))
        stems = TakeStem.objects.filter(asset__sha256__in=digests).select_related(
            "asset", "take__run__terms__tool", "take__run__project"
        )
        self.stems = list(stems.prefetch_related("take__run__terms__rulings"))
        refs = [f"upload:{row.pk}" for row in self.uploads]
        made = [*self.takes, *(stem.take for stem in self.stems)]
        refs += [f"take:{take.pk}" for take in made] + [f"run:{take.run_id}" for take in made]
        self.uses: dict[str, list[Consent]] = {}
        for use in ConsentUse.objects.filter(ref__in=refs).select_related(
            "consent__artist", "consent__entry"
        ):
            self.uses.setdefault(use.ref, []).append(use.consent)


class _Asked:
    """The question that is put to consents, each answer once."""

    def __init__(
        self, tools: Sequence[frozenset[str]], territories: Collection[str], day: dt.date | None
    ) -> None:
        self.tools, self.territories, self.day = tools, territories, day
        self._known: dict[object, tuple[Consent, ...] | None] = {}
        self._holds: dict[object, bool] = {}

    def covering(
        self, artist: Artist, *, project: object = None, upload: object = None
    ) -> tuple[Consent, ...] | None:
        """The consents that cover every tool; None where one is missing."""
        key = (artist.pk, project, upload)
        if key not in self._known:
            found = [
                consents.covering(
                    artist, TRAINING, engine=names, project=project, territories=self.territories, upload=upload,
                    day=self.day,
                )
                for names in self.tools
            ]  # fmt: skip
            self._known[key] = None if None in found else tuple(one for one in found if one is not None)
        return self._known[key]

    def holds(self, consent: Consent) -> bool:
        if consent.pk not in self._holds:
            self._holds[consent.pk] = consents.in_force(consent, self.day)
        return self._holds[consent.pk]

    def reaches(self, consent: Consent) -> bool:
        return all(
            consents.reaches(consent, engine=names, territories=self.territories) for names in self.tools
        )

    def why_not(self, artist: Artist, project: Project) -> str:
        """What is wrong with the consents that there are, in words; empty where nobody was asked."""
        rows = Consent.objects.filter(artist=artist, kind=TRAINING, whose=Consent.Whose.ARTIST)
        reasons = []
        for row in rows.select_related("entry"):
            if row.state == Consent.State.PROPOSED:
                reasons.append("one waits for an answer")
            elif row.state == Consent.State.DECLINED:
                reasons.append("one was declined")
            elif not self.holds(row):
                reasons.append(
                    "one was revoked"
                    if row.state == Consent.State.REVOKED
                    else "one is outside its term"
                    if consents.is_backed(row)
                    else "one is given and not signed yet"
                )
            elif row.projects and str(project.pk) not in row.projects:
                reasons.append("one is for other projects")
            elif not consents.covers_places(row, self.territories):
                reasons.append(f"one is for {join(row.territories)} only")
            elif not all(consents.reaches(row, engine=names) for names in self.tools):
                reasons.append(f"one is for {join(row.engines)} only")
        return join(dict.fromkeys(reasons))


def _basis(own: set[str], project: Project, read: _Read, asked: _Asked) -> Basis:
    grounds: list[Ground] = []
    found: dict[object, Obstacle] = {}
    # 1. Whose projects it was made in: an asset belongs where it first came into being.
    projects = {project.pk: project} | {row.pk: row for sha256, row in read.first.items() if sha256 in own}
    for row in projects.values():
        agreed = asked.covering(row.artist, project=row.pk)
        if agreed is None:
            found["artist", row.artist_id, row.pk] = _unasked(row, asked.why_not(row.artist, row))
            continue
        grounds += [
            Ground(consent=one, artist=row.artist, what=f"work of {row.artist.name}") for one in agreed
        ]
    # 2. What others brought in: uploads under a licence, and what tools elsewhere made.
    for upload in read.uploads:
        if upload.project_id not in projects or not _sounds(upload, own):
            continue
        if upload.declared == Upload.Declared.THIRD_PARTY:
            agreed = asked.covering(upload.project.artist, upload=upload.pk)
            if agreed is None:
                found["upload", upload.pk] = _theirs(upload)
            else:
                what = f"“{upload.name}”, somebody else's"
                grounds += [Ground(consent=one, artist=upload.project.artist, what=what) for one in agreed]
        elif upload.declared == Upload.Declared.EXTERNAL_TOOL or upload.c2pa.get("generated"):
            obstacle = _terms(upload.terms, f"“{upload.name}”", upload=upload)
            if obstacle is not None:
                found["terms", upload.terms_id or upload.pk] = obstacle
    # 3. What tools here made, and what they were allowed to be made with.
    made = {take.pk: take for take in read.takes if _sounds(take, own)}
    made |= {stem.take.pk: stem.take for stem in read.stems if stem.asset.sha256 in own}
    for take in made.values():
        obstacle = _terms(take.run.terms, f"take {take.number} of prompt run {take.run.number}")
        if obstacle is not None:
            found["terms", take.run.terms_id] = obstacle
    refs = [f"upload:{row.pk}" for row in read.uploads if row.project_id in projects and _sounds(row, own)]
    refs += [name for take in made.values() for name in (f"take:{take.pk}", f"run:{take.run_id}")]
    for consent in {one.pk: one for name in refs for one in read.uses.get(name, ())}.values():
        if not asked.holds(consent) or (consent.kind == TRAINING and not asked.reaches(consent)):
            found["consent", consent.pk] = _lapsed(consent, holds=asked.holds(consent))
        elif consent.kind == TRAINING:
            what = f"a model that learned from {consent.artist.name}"
            grounds.append(Ground(consent=consent, artist=consent.artist, what=what))
    return Basis(tuple(grounds), tuple(found.values()))


def _sounds(row: Upload | Take, own: set[str]) -> bool:
    return row.asset.sha256 in own or (row.midi is not None and row.midi.sha256 in own)


def _unasked(project: Project, why: str) -> Obstacle:
    name = project.artist.name
    reason = f" ({why})" if why else ""
    return Obstacle(
        code="no_consent",
        sentence=f"{name} has not agreed to training on {project.title}{reason}. Ask them.",
        artist=project.artist,
    )


def _theirs(upload: Upload) -> Obstacle:
    return Obstacle(
        code="third_party",
        sentence=f"“{upload.name}” in it is somebody else's, and its licence does not speak of training. Get their "
        "agreement, and say on the upload's page that it stands on it.",
        artist=upload.project.artist,
        whose=Consent.Whose.OTHER,
        upload=upload,
    )


def _terms(terms: ToolTerms | None, what: str, *, upload: Upload | None = None) -> Obstacle | None:
    """Why a tool's output may not train another model; None where it may."""
    if terms is None:
        return Obstacle(
            code="terms_unknown",
            sentence=f"{what} in it was made with a tool whose terms nobody stated. State them on its page.",
            upload=upload,
        )
    answer = answers_to(terms)[Question.OUTPUTS]
    if answer == YES:
        return None
    tool = terms.tool
    if answer == UNKNOWN:
        said = "do not say whether outputs may train a model. Rights answer that on the tool's page"
        code = "terms_open"
    else:
        said, code = "forbid training on outputs. Leave it out", "terms_forbid"
    return Obstacle(
        code=code,
        sentence=f"{what} in it was made with {tool.name}, whose terms {said}.",
        tool=tool,
        upload=upload,
    )


def _lapsed(consent: Consent, *, holds: bool) -> Obstacle:
    what = consent.get_kind_display().lower()
    said = "does not cover this" if holds else "no longer holds"
    return Obstacle(
        code="consent_over",
        sentence=f"Something in it was made under a consent of {consent.artist.name} for {what}, which {said}.",
        artist=consent.artist,
        consent=consent,
    )
