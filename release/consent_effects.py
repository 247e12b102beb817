"""What hangs on a consent: the takes, masters and releases that were made under it, and what its end means for each.

Computed from the lineage: a master hangs on a consent where something that was made under it sounds in it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone

from artists.models import Consent, ConsentUse
from artists.services import consents
from generation.models import Master, Take, TakeStem, Upload
from provenance.authorship import EntryBody
from provenance.queries import bodies_for_assets
from release.models import Release

Fate = Literal["free", "may_be_sold", "must_stop", "not_out"]


@dataclass(frozen=True)
class Effect:
    """What a consent's end means for one release. `until`: the last day of a sell-off."""

    release: Release
    fate: Fate
    until: dt.date | None
    sentence: str


@dataclass(frozen=True)
class Effects:
    consent: Consent
    ended_on: dt.date | None
    takes: tuple[Take, ...]
    uploads: tuple[Upload, ...]
    masters: tuple[Master, ...]
    releases: tuple[Effect, ...]

    @property
    def must_stop(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.releases if one.fate == "must_stop")


def ended_on(consent: Consent) -> dt.date | None:
    """The first day on which it no longer holds: its revocation or the end of its term; None while neither is near."""
    ends = [consent.ends_on + dt.timedelta(days=1)] if consent.ends_on else []
    if consent.state == Consent.State.REVOKED and consent.revoked_on:
        ends.append(consent.revoked_on)
    return min(ends, default=None)


def effects_of(consent: Consent, *, as_of: dt.date | None = None) -> Effects:
    """Everything that was made under a consent. Before its end: what would happen if it ended today."""
    day = as_of or timezone.now().date()
    end = ended_on(consent)
    refs = list(ConsentUse.objects.filter(consent=consent).values_list("ref", flat=True))
    takes, uploads = _things(refs)
    digests = _digests(takes, uploads)
    masters = _masters({*(take.run.project_id for take in takes), *_projects(digests)}, digests)
    rows = Release.objects.filter(tracks__active=True, tracks__recording__master__in=masters).distinct()
    effects = tuple(_effect(consent, row, end or day, day) for row in rows.select_related("artist"))
    return Effects(consent, end, tuple(takes), tuple(uploads), tuple(masters), effects)


def _effect(consent: Consent, release: Release, end: dt.date, day: dt.date) -> Effect:
    out = release.packages.filter(asset__isnull=False).order_by("created_at").first()
    was_out = out is not None and out.created_at.date() < end
    if day < end:
        return Effect(release, "free", None, f"{release.title} may be sold; the consent holds.")
    if not was_out:
        return Effect(
            release,
            "not_out",
            None,
            f"{release.title} was not out when the consent ended, and must not go out.",
        )
    if consent.after == Consent.After.STAYS:
        return Effect(release, "may_be_sold", None, f"{release.title} was out before and may stay on sale.")
    if consent.after == Consent.After.SELL_OFF:
        until = end + dt.timedelta(days=consent.sell_off_days)
        if day <= until:
            return Effect(
                release, "may_be_sold", until, f"{release.title} may be sold until {until:%d %B %Y}."
            )
    return Effect(release, "must_stop", None, f"{release.title} must be taken down.")


@dataclass(frozen=True)
class Lapse:
    """A consent that no longer carries what hangs on it."""

    consent: Consent
    sentence: str


def lapses_by_master(made: Iterable[tuple[Master, Iterable[EntryBody]]]) -> dict[object, list[Lapse]]:
    """Master id -> consents under which something in it was made and that do not hold today."""
    rows = {
        master: {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
        for master, bodies in made
    }
    found: dict[object, list[Lapse]] = {master.pk: [] for master in rows}
    streams = {master.project.artist_id for master in rows}
    uses: dict[Consent, list[str]] = {}
    for use in ConsentUse.objects.filter(consent__artist__in=streams).select_related("consent__entry"):
        uses.setdefault(use.consent, []).append(use.ref)
    for consent, refs in uses.items():
        if consents.in_force(consent):
            continue
        digests = _digests(*_things(refs))
        for master, own in rows.items():
            if own & digests:
                found[master.pk].append(Lapse(consent, _said(consent)))
    return found


def _said(consent: Consent) -> str:
    what = consent.get_kind_display().lower()
    if consent.state == Consent.State.REVOKED and consent.revoked_on:
        return f"the consent for {what} was revoked on {consent.revoked_on:%d %B %Y}."
    if not consent.within(timezone.now().date()):
        return f"the consent for {what} is over."
    return f"the consent for {what} is neither signed nor on a document."


def _things(refs: Iterable[str]) -> tuple[list[Take], list[Upload]]:
    keys: Mapping[str, list[uuid.UUID]] = {"run": [], "take": [], "upload": []}
    for ref in refs:
        kind, _, key = ref.partition(":")
        if kind in keys:
            keys[kind].append(uuid.UUID(key))
    takes = Take.objects.filter(run__in=keys["run"]) | Take.objects.filter(pk__in=keys["take"])
    uploads = Upload.objects.filter(pk__in=keys["upload"]).select_related("asset", "project")
    return list(takes.select_related("run__project", "asset")), list(uploads)


def _digests(takes: Iterable[Take], uploads: Iterable[Upload]) -> set[str]:
    takes = list(takes)
    stems = TakeStem.objects.filter(take__in=takes).values_list("asset__sha256", flat=True)
    return {*(take.asset.sha256 for take in takes), *stems, *(upload.asset.sha256 for upload in uploads)}


def _projects(digests: set[str]) -> set[uuid.UUID]:
    return set(Upload.objects.filter(asset__sha256__in=digests).values_list("project_id", flat=True))


def _masters(projects: set[uuid.UUID], digests: set[str]) -> list[Master]:
    rows = Master.objects.filter(render__version__arrangement__project__in=projects, wav__isnull=False)
    made = list(rows.select_related("wav", "render__version__arrangement__project__artist"))
    every = bodies_for_assets((master.wav.sha256, master.project.stream) for master in made if master.wav)
    return [
        master
        for master, bodies in zip(made, every, strict=True)
        if digests & {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
    ]
