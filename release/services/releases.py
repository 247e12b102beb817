"""Releases: their data, tracks, cover and approvals."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from artists.models import Artist, Role, User
from artists.services import consents
from provenance import assets, imagefile
from provenance.events import AssetRef
from provenance.ledger import HasActor, record
from release import artwork as covers
from release import identifiers
from release.errors import BadField, GatesClosed, UserFault
from release.events import (
    ArtworkUploaded,
    ReleaseApproved,
    ReleaseChanged,
    ReleaseCreated,
    TrackAdded,
    TrackMoved,
    TrackRemoved,
)
from release.gates import blocking
from release.models import Approval, Artwork, Imprint, Recording, Release, Track
from release.reading import CHANGEABLE, state_digest
from release.services.declarations import STATED_ORIGINS
from release.services.numbers import allocate_catalogue_number, allocate_gtin
from release.services.states import lapse, open_for_changes, set_state
from release.training import denied_by_default

#: Origins of a cover in which a model had a part.
MADE_BY_MODELS = frozenset({"trained_model", "mixed", "unknown"})
APPROVERS = (Role.OWNER, Role.RIGHTS)
APPROVAL_GATES = frozenset({"not_approved", "approval_unsigned"})


def create_release(*, imprint: Imprint, artist: Artist, title: str, kind: str, actor: HasActor) -> Release:
    """Plan a release with its barcode and catalogue number."""
    title = title.strip()
    if not title:
        raise BadField("Write the title.", field="title")
    if kind not in Release.Kind.values:
        raise BadField(f"Choose one of: {', '.join(Release.Kind.values)}.", field="kind")
    year = timezone.now().year
    with transaction.atomic():
        release = Release(
            imprint=imprint,
            artist=artist,
            title=title,
            kind=kind,
            gtin=allocate_gtin(imprint, actor=actor),
            catalogue_number=allocate_catalogue_number(imprint, actor=actor),
            territories=["Worldwide"],
            p_line_year=year,
            p_line_owner=imprint.p_line_owner,
            c_line_year=year,
            c_line_owner=imprint.c_line_owner,
            deny_ai_training=denied_by_default(artist),
        )
        release.entry = record(
            ReleaseCreated(
                stream=release.stream,
                subjects=(f"artist:{artist.pk}",),
                release=str(release.pk),
                title=title,
                release_kind=kind,
                gtin=release.gtin,
                catalogue_number=release.catalogue_number,
            ),
            actor=actor,
        )
        release.save(force_insert=True)
    return release


def change_release(release: Release, *, actor: User, **values: Any) -> Release:
    """Change release data. An approval names what it approved, so it lapses."""
    if unknown := set(values) - CHANGEABLE:
        raise BadField(f"These cannot be changed: {', '.join(sorted(unknown))}.")
    if "gtin" in values:
        values["gtin"] = identifiers.check_gtin(values["gtin"])
        if Release.objects.filter(gtin=values["gtin"]).exclude(pk=release.pk).exists():
            raise BadField("Another release has this barcode already.", field="gtin")
    if "kind" in values and values["kind"] not in Release.Kind.values:
        raise BadField(f"Choose one of: {', '.join(Release.Kind.values)}.", field="kind")
    if "title" in values and not str(values["title"]).strip():
        raise BadField("Write the title.", field="title")
    if "territories" in values:
        values["territories"] = check_territories(values["territories"])
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        changed = tuple(sorted(name for name, value in values.items() if getattr(release, name) != value))
        if not changed:
            return release
        open_for_changes(release)
        for name in changed:
            setattr(release, name, values[name])
        release.entry = record(
            ReleaseChanged(
                stream=release.stream,
                release=str(release.pk),
                title=release.title,
                fields=changed,
                values={name: values[name] for name in changed},
            ),
            actor=actor,
        )
        release.save()
        lapse(release, actor=actor)
    return release


def check_territories(values: list[str]) -> list[str]:
    """`Worldwide` alone, or ISO 3166-1 alpha-2 codes. Raises `BadField`."""
    cleaned = sorted({str(value).strip() for value in values if str(value).strip()})
    if not cleaned:
        raise BadField("Name at least one territory, or Worldwide.", field="territories")
    if cleaned == ["Worldwide"]:
        return cleaned
    wrong = [value for value in cleaned if not re.fullmatch(r"[A-Z]{2}", value)]
    if wrong:
        raise BadField(
            f"{', '.join(wrong)}: write two capital letters per country, such as DE, or Worldwide alone.",
            field="territories",
        )
    return cleaned


def add_track(release: Release, *, recording: Recording, actor: User) -> Track:
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        open_for_changes(release)
        active = Track.objects.filter(release=release, active=True)
        if active.filter(recording=recording).exists():
            raise BadField(f"{recording.title} is on this release already.")
        number = active.count() + 1
        track = Track(release=release, recording=recording, number=number)
        track.entry = record(
            TrackAdded(
                stream=release.stream,
                subjects=(f"recording:{recording.pk}",),
                release=str(release.pk),
                recording=str(recording.pk),
                title=recording.title,
                number=number,
            ),
            actor=actor,
        )
        track.save(force_insert=True)
        lapse(release, actor=actor)
    return track


def remove_track(track: Track, *, actor: User) -> None:
    """Take a track off; those behind it move up."""
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=track.release_id)
        open_for_changes(release)
        track = _still_on(track)
        entry = record(
            TrackRemoved(
                stream=release.stream,
                subjects=(f"recording:{track.recording_id}",),
                release=str(release.pk),
                recording=str(track.recording_id),
                title=track.recording.title,
            ),
            actor=actor,
        )
        track.active, track.entry = False, entry
        track.save()
        for place, other in enumerate(
            Track.objects.filter(release=release, active=True).order_by("number"), 1
        ):
            if other.number != place:
                other.number, other.entry = place, entry
                other.save()
        lapse(release, actor=actor)


def move_track(track: Track, *, number: int, actor: User) -> None:
    """Put a track at another place; the others make room."""
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=track.release_id)
        open_for_changes(release)
        track = _still_on(track)
        tracks = list(Track.objects.filter(release=release, active=True).order_by("number"))
        if not 1 <= number <= len(tracks):
            raise BadField(f"Choose a place from 1 to {len(tracks)}.", field="number")
        order = [other for other in tracks if other.pk != track.pk]
        order.insert(number - 1, track)
        if [other.pk for other in order] == [other.pk for other in tracks]:
            return
        entry = record(
            TrackMoved(
                stream=release.stream,
                subjects=(f"recording:{track.recording_id}",),
                release=str(release.pk),
                recording=str(track.recording_id),
                title=track.recording.title,
                before=track.number,
                number=number,
            ),
            actor=actor,
        )
        for place, other in enumerate(order, 1):
            if other.number != place:
                other.number, other.entry = place, entry
                other.save()
        lapse(release, actor=actor)


def _still_on(track: Track) -> Track:
    """The track as it is now; the caller holds its release's lock."""
    track = Track.objects.select_related("recording").get(pk=track.pk)
    if not track.active:
        raise BadField(f"{track.recording.title} is not on the release any more.")
    return track


def upload_artwork(
    release: Release, *, file: BinaryIO, filename: str, origin: str, likeness: bool = False, actor: User
) -> Artwork:
    """Check and keep a cover. Raises the artwork checks' errors before anything is stored for good.

    `likeness`: a model had a part in it and it shows somebody. Raises `ConsentMissing` unless they agreed to that.
    """
    if origin not in STATED_ORIGINS:
        raise BadField(f"Say who or what made the cover: {', '.join(STATED_ORIGINS)}.", field="origin")
    likeness = bool(likeness) and origin in MADE_BY_MODELS
    agreed = (
        consents.require(release.artist, "likeness_reference", territories=release.territories)
        if likeness
        else ()
    )
    data = file.read(imagefile.LIMIT_BYTES + 1)
    report = covers.check_artwork(data, filename=filename)
    staged = assets.ingest(data)
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        open_for_changes(release)
        entry = record(
            ArtworkUploaded(
                stream=release.stream,
                outputs=(AssetRef(role="artwork", sha256=staged.sha256),),
                authorship={
                    "rules": "1",
                    "outputs": {
                        staged.sha256: {
                            "role": "other",
                            "claims": [{"element": "artwork", "origin": origin}],
                            "regions": [],
                        }
                    },
                },
                release=str(release.pk),
                origin=origin,
                width_px=report.width_px,
                height_px=report.height_px,
                likeness=likeness,
            ),
            actor=actor,
        )
        asset = assets.register(staged, entry=entry, media_type=report.media_type)
        artwork = Artwork.objects.create(
            release=release,
            asset=asset,
            origin=origin,
            width_px=report.width_px,
            height_px=report.height_px,
            likeness=likeness,
            uploaded_by=actor,
            entry=entry,
        )
        consents.note_use(agreed, ref=f"artwork:{artwork.pk}", stream=release.stream, actor=actor)
        lapse(release, actor=actor)
    return artwork


def approve_release(release: Release, *, actor: User) -> Approval:
    """Approve the release as it stands. Every gate but the approval and its signature must be open."""
    if not actor.has_role(*APPROVERS):
        raise UserFault("A release is approved by rights or by the owner.", code="forbidden")
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        open_for_changes(release)
        closed = [gate for gate in blocking(release) if gate.code not in APPROVAL_GATES]
        if closed:
            raise GatesClosed(f"{closed[0].sentence} Clear the gates first ({len(closed)} closed).")
        digest = state_digest(release)
        entry = record(
            ReleaseApproved(
                stream=release.stream,
                release=str(release.pk),
                title=release.title,
                role=actor.role,
                state_digest=digest,
            ),
            actor=actor,
        )
        approval = Approval.objects.create(
            release=release, role=actor.role, state_digest=digest, approved_by=actor, entry=entry
        )
        set_state(release, Release.State.APPROVED, actor=actor)
    return approval


def withdraw_release(release: Release, *, actor: User) -> None:
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release.pk)
        set_state(release, Release.State.WITHDRAWN, actor=actor)


def is_due(release: Release, *, today: dt.date | None = None) -> bool:
    """Whether its date has come without a package."""
    day = today or timezone.now().date()
    return bool(
        release.release_date
        and release.release_date <= day
        and release.state not in {"packaged", "withdrawn"}
    )
