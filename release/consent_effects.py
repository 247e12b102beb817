"""What hangs on a consent: what was made under it, what learned from it, and what its end means for each.

Computed from the lineage: a master hangs on a consent where something that was made under it sounds in it; what a model
made hangs on the consents of everything that the model learned from.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from artists.models import Artist, Consent, ConsentUse
from artists.services import consents
from generation.models import (
    DatasetMember,
    DatasetVersion,
    Master,
    ModelOrigin,
    Project,
    Take,
    TakeStem,
    Upload,
)
from generation.services.model_origins import models_of
from generation.services.sounds import Sounds
from provenance.queries import bodies_for_assets
from provenance.words import join
from release.models import Artwork, Release

Fate = Literal["free", "may_be_sold", "must_stop", "not_out"]
After = Consent.After


@dataclass(frozen=True)
class Effect:
    """What a consent's end means for one release. `until`: the last day of a sell-off."""

    release: Release
    fate: Fate
    until: dt.date | None
    sentence: str


@dataclass(frozen=True)
class Handed:
    """A version of a dataset that holds something of a consent, and what has to become of it."""

    version: DatasetVersion
    sentence: str


@dataclass(frozen=True)
class Effects:
    consent: Consent
    ended_on: dt.date | None
    takes: tuple[Take, ...]
    uploads: tuple[Upload, ...]
    masters: tuple[Master, ...]
    releases: tuple[Effect, ...]
    members: tuple[DatasetMember, ...] = ()
    versions: tuple[Handed, ...] = ()
    models: tuple[ModelOrigin, ...] = ()
    over: bool = False
    """Whether it is over, or what would be if it were."""

    @property
    def must_stop(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.releases if one.fate == "must_stop")

    @property
    def counted(self) -> str:
        """How much of what there is, in words."""
        rows: tuple[tuple[int, str, str], ...] = (
            (len(self.takes), "take", "takes"),
            (len(self.uploads), "upload", "uploads"),
            (len(self.masters), "master", "masters"),
            (len(self.releases), "release", "releases"),
            (len(self.members), "recording in a dataset", "recordings in datasets"),
            (len(self.versions), "export", "exports"),
            (len(self.models), "model", "models"),
        )
        return join(f"{number} {one if number == 1 else many}" for number, one, many in rows if number)

    @property
    def nothing(self) -> bool:
        return not (self.takes or self.uploads or self.releases or self.members or self.versions)


def ended_on(consent: Consent) -> dt.date | None:
    """The first day on which it no longer holds: its revocation or the end of its term; None while neither is near."""
    ends = [consent.ends_on + dt.timedelta(days=1)] if consent.ends_on else []
    if consent.state == Consent.State.REVOKED and consent.revoked_on:
        ends.append(consent.revoked_on)
    return min(ends, default=None)


def effects_of(
    consent: Consent, *, as_of: dt.date | None = None, revoked_on: dt.date | None = None
) -> Effects:
    """Everything that was made under a consent, and what becomes of it once it is over.

    `revoked_on`: as if it were revoked from that day on, before anybody does so.
    """
    day = as_of or timezone.now().date()
    end = min(filter(None, (ended_on(consent), revoked_on)), default=None)
    if revoked_on is not None:
        day = max(day, revoked_on)
    refs = list(ConsentUse.objects.filter(consent=consent).values_list("ref", flat=True))
    rows = _by_kind(refs)
    takes, uploads = _things(rows)
    digests = _digests(takes, uploads)
    masters = _masters({*(take.run.project.artist_id for take in takes), *_artists(digests)}, digests)
    releases = Release.objects.filter(
        Q(tracks__active=True, tracks__recording__master__in=masters) | Q(artworks__in=_covers(rows))
    ).distinct()
    over = end is not None and day >= end
    effects = tuple(_effect(consent, row, end, day) for row in releases.select_related("artist"))
    members = DatasetMember.objects.filter(pk__in=rows["dataset-member"], active=True)
    versions = list(
        DatasetVersion.objects.filter(pk__in=rows["dataset-version"]).select_related("dataset", "asset")
    )
    return Effects(
        consent,
        end,
        tuple(takes),
        tuple(uploads),
        tuple(masters),
        effects,
        tuple(members.select_related("dataset", "project__artist")),
        tuple(Handed(row, _handed(consent, row, over=over)) for row in versions),
        tuple(models_of(versions)),
        over,
    )


def _effect(consent: Consent, release: Release, end: dt.date | None, day: dt.date) -> Effect:
    if end is None or day < end:
        return Effect(release, "free", None, f"{release.title} may be sold; the consent holds.")
    out = release.packages.filter(asset__isnull=False).order_by("created_at").first()
    was_out = out is not None and out.created_at.date() < end
    if not was_out:
        return Effect(
            release,
            "not_out",
            None,
            f"{release.title} was not out when the consent ended, and must not go out.",
        )
    if consent.after == After.STAYS:
        return Effect(release, "may_be_sold", None, f"{release.title} was out before and may stay on sale.")
    if consent.after == After.SELL_OFF:
        until = end + dt.timedelta(days=consent.sell_off_days)
        if day <= until:
            return Effect(
                release, "may_be_sold", until, f"{release.title} may be sold until {until:%d %B %Y}."
            )
    return Effect(release, "must_stop", None, f"{release.title} must be taken down.")


def _handed(consent: Consent, version: DatasetVersion, *, over: bool) -> str:
    packed = f"packed on {version.created_at:%d %B %Y}" if version.asset_id else "never packed"
    if not over:
        return f"{packed}; it may be used while the consent holds."
    if not version.asset_id:
        return f"{packed}; it is not handed out any more."
    rest = (
        "what was trained with it may stay as it is, and trains nothing new"
        if consent.after == After.STAYS
        else "whoever has it deletes it"
    )
    return f"{packed}; it is not handed out any more, and {rest}."


@dataclass(frozen=True)
class Lapse:
    """A consent that something in a master was made under, and what is wrong with it today; empty: nothing."""

    consent: Consent
    sentence: str = ""

    def for_places(self, territories: Iterable[str]) -> str:
        """What is wrong with it where a release is sold."""
        if self.sentence:
            return self.sentence
        places = list(territories)
        if not places or consents.covers_places(self.consent, places):
            return ""
        what = self.consent.get_kind_display().lower()
        return f"the consent for {what} is for {join(self.consent.territories)} only, and the release goes further."


def consents_by_master(sounds: Sounds) -> dict[object, list[Lapse]]:
    """Master id -> the consents under which something in it was made, each with what is wrong with it today."""
    owners: dict[str, set[str]] = {}
    for take in sounds.takes:
        for name in (f"take:{take.pk}", f"run:{take.run_id}"):
            owners.setdefault(name, set()).update(one.sha256 for one in (take.asset, take.midi) if one)
    for stem in sounds.stems:
        for name in (f"take:{stem.take_id}", f"run:{stem.take.run_id}"):
            owners.setdefault(name, set()).add(stem.asset.sha256)
    for upload in sounds.uploads:
        digests = {one.sha256 for one in (upload.asset, upload.midi) if one}
        owners.setdefault(f"upload:{upload.pk}", set()).update(digests)
    uses: dict[Consent, set[str]] = {}
    refs: dict[Consent, set[str]] = {}
    found = ConsentUse.objects.filter(ref__in=owners).select_related("consent__entry", "consent__artist")
    for use in found:
        uses.setdefault(use.consent, set()).update(owners[use.ref])
        refs.setdefault(use.consent, set()).add(use.ref)
    wrong = {consent: _wrong(consent) for consent in uses}
    for consent in uses:
        # An upload that was said to stand on another agreement since stands on that one.
        others = [one for one in uses if one.kind == consent.kind and one != consent and not wrong[one]]
        if all(
            name.startswith("upload:") and any(name in refs[one] for one in others) for name in refs[consent]
        ):
            wrong[consent] = ""
    return {
        master.pk: [Lapse(consent, wrong[consent]) for consent, digests in uses.items() if own & digests]
        for master, own in sounds.inside.items()
    }


def _wrong(consent: Consent) -> str:
    if consents.in_force(consent) or consents.stands_in(consent) is not None:
        return ""
    return _said(consent)


@dataclass(frozen=True)
class Unasked:
    """Another artist's sound in a master, brought in without a licence or that artist's consent."""

    artist: Artist
    upload: Upload

    @property
    def sentence(self) -> str:
        return f"“{self.upload.name}” in it is a recording of {self.artist.name}, who has not agreed to sampling."


def unsampled_by_master(sounds: Sounds) -> dict[object, list[Unasked]]:
    """Master id -> sounds that were brought in as the artist's own, and that came into being in another's project."""
    rows = sounds.inside
    every = frozenset[str]().union(*rows.values())
    projects = {master.project.pk for master in rows}
    uploads = [
        upload
        for upload in sounds.uploads
        if upload.project_id in projects
        and upload.asset.sha256 in every
        and upload.declared != Upload.Declared.THIRD_PARTY
    ]
    found: dict[object, list[Unasked]] = {master.pk: [] for master in rows}
    first = {upload.pk: sounds.came_in[upload.pk].partition(":") for upload in uploads}
    keys = {key for kind, _, key in first.values() if kind == "project"}
    makers = {str(row.pk): row.artist for row in Project.objects.filter(pk__in=keys).select_related("artist")}
    for upload in uploads:
        maker = makers.get(first[upload.pk][2])
        if maker is None or maker.pk == upload.project.artist_id:
            continue
        if consents.covering(maker, Consent.Kind.SAMPLING, project=upload.project_id) is not None:
            continue
        for master, own in rows.items():
            if master.project.pk == upload.project_id and upload.asset.sha256 in own:
                found[master.pk].append(Unasked(maker, upload))
    return found


def wrong_with_cover(cover: Artwork, release: Release) -> str:
    """What is missing for a likeness that a model made on a cover; empty where nothing is."""
    if not cover.likeness:
        return ""
    uses = ConsentUse.objects.filter(ref=f"artwork:{cover.pk}").select_related(
        "consent__entry", "consent__artist"
    )
    said = [Lapse(use.consent, _wrong(use.consent)).for_places(release.territories) for use in uses]
    if "" in said:
        return ""
    return said[0] if said else "nobody agreed to the likeness that it shows."


def _said(consent: Consent) -> str:
    what = consent.get_kind_display().lower()
    if consent.state == Consent.State.REVOKED and consent.revoked_on:
        return f"the consent for {what} was revoked on {consent.revoked_on:%d %B %Y}."
    if not consent.within(timezone.now().date()):
        return f"the consent for {what} is over."
    return f"the consent for {what} is neither signed nor on a document."


def _by_kind(refs: Iterable[str]) -> Mapping[str, list[uuid.UUID]]:
    keys: dict[str, list[uuid.UUID]] = {
        kind: [] for kind in ("run", "take", "upload", "artwork", "dataset-member", "dataset-version")
    }
    for ref in refs:
        kind, _, key = ref.partition(":")
        if kind in keys:
            keys[kind].append(uuid.UUID(key))
    return keys


def _things(keys: Mapping[str, list[uuid.UUID]]) -> tuple[list[Take], list[Upload]]:
    takes = Take.objects.filter(Q(run__in=keys["run"]) | Q(pk__in=keys["take"]))
    uploads = Upload.objects.filter(pk__in=keys["upload"]).select_related("asset", "midi", "project")
    return list(takes.select_related("run__project", "asset", "midi")), list(uploads)


def _covers(keys: Mapping[str, list[uuid.UUID]]) -> list[Artwork]:
    return list(Artwork.objects.filter(pk__in=keys["artwork"]))


def _digests(takes: Iterable[Take], uploads: Iterable[Upload]) -> set[str]:
    takes = list(takes)
    stems = TakeStem.objects.filter(take__in=takes).values_list("asset__sha256", flat=True)
    rows: list[Take | Upload] = [*takes, *uploads]
    both = [one for row in rows for one in (row.asset, row.midi)]
    return {*(one.sha256 for one in both if one is not None), *stems}


def _artists(digests: set[str]) -> set[uuid.UUID]:
    rows = Upload.objects.filter(Q(asset__sha256__in=digests) | Q(midi__sha256__in=digests))
    return set(rows.values_list("project__artist_id", flat=True))


def _masters(artists: set[uuid.UUID], digests: set[str]) -> list[Master]:
    """Masters of some artists in which something of these sounds: what is made in one project is used in another."""
    rows = Master.objects.filter(render__version__arrangement__project__artist__in=artists, wav__isnull=False)
    made = list(rows.select_related("wav", "render__version__arrangement__project__artist"))
    every = bodies_for_assets((master.wav.sha256, master.project.stream) for master in made if master.wav)
    return [
        master
        for master, bodies in zip(made, every, strict=True)
        if digests & {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
    ]
